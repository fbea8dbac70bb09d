"""Households, land, workers, posts, offices, catalogue and rules are put and found again."""

from dataclasses import replace

import numpy as np
import pytest
from shapely import LineString, box
from sqlalchemy.exc import IntegrityError

from gridmap.catalogue import By, Grade, IssueType, Kind, Limit, Rule
from gridmap.duty import Duty, Post, Worker
from gridmap.grid import Households
from gridmap.store import catalogues, land, offices, people
from tests.builders import ALL
from tests.store.build import DAY, NOON, OFFICES, WORKERS


def _households(count: int, seed: int = 1) -> Households:
    rng = np.random.default_rng(seed)
    ids = np.array([f"h{n:06d}" for n in range(count)])
    return Households(ids, rng.uniform(119, 121, count), rng.uniform(29, 31, count), rng.integers(0, 40, count))


def test_households_come_back_bit_for_bit_by_id(store):
    given = _households(2500)
    shuffled = np.random.default_rng(2).permutation(len(given))
    with store.begin(ALL) as tx:
        land.put_households(tx, Households(given.ids[shuffled], given.lon[shuffled], given.lat[shuffled], given.counts[shuffled]))
    with store.read(ALL) as tx:
        found = land.households(tx)
    for name in ("ids", "lon", "lat", "counts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(given, name), strict=name != "ids")
    assert found.counts.dtype == np.int64


def test_new_households_replace_the_old_ones_and_none_is_no_fault(store):
    with store.begin(ALL) as tx:
        assert len(land.households(tx)) == 0
        land.put_households(tx, _households(10))
        land.put_households(tx, _households(3, seed=5))
        assert len(land.households(tx)) == 3
        land.put_households(tx, _households(0))
        assert land.households(tx).total == 0


def test_each_kind_of_land_is_replaced_by_itself(store):
    river, rail, street = LineString([(0, 0), (1, 1)]), box(0, 0, 0.1, 0.1), LineString([(0, 1), (1, 0)])
    with store.begin(ALL) as tx:
        land.put_lines(tx, "barrier", [river, rail], ["河", "铁路"])
        land.put_lines(tx, "street", [street], ["一号路"])
        land.put_lines(tx, "barrier", [rail], ["铁路"])
        assert land.shapes(tx, "barrier") == [("铁路", rail)]
        assert land.shapes(tx, "street") == [("一号路", street)]
        assert land.shapes(tx, "bridge") == []


def test_an_unknown_kind_of_land_is_refused(store):
    with store.begin(ALL) as tx, pytest.raises(ValueError, match="lake"):
        land.put_lines(tx, "lake", [], [])


def test_workers_are_added_and_brought_up_to_date(store):
    with store.begin(ALL) as tx:
        people.put_workers(tx, WORKERS)
        people.put_workers(tx, [replace(WORKERS[0], phone="new"), Worker("w3", "网格员甲03")])
        assert people.workers(tx) == (replace(WORKERS[0], phone="new"), WORKERS[1], Worker("w3", "网格员甲03"))
        assert people.worker(tx, "w2") == WORKERS[1]
        assert people.worker(tx, "nobody") is None


def test_posts_are_found_by_area_and_by_the_instant_at_which_they_are_held(store):
    ended = Post("w1", "a", Duty.WORKER, NOON, NOON + DAY)
    successor = Post("w2", "a", Duty.WORKER, NOON + DAY)
    other = Post("w1", "b", Duty.BACKUP, NOON)
    with store.begin(ALL) as tx:
        people.put_workers(tx, WORKERS)
        people.put_posts(tx, [other, successor, ended])
        assert people.posts(tx) == (ended, successor, other)
        assert people.posts(tx, at=NOON + DAY) == (successor, other)
        assert people.posts(tx, at=NOON, areas=["a", "zzz"]) == (ended,)
        assert people.posts(tx, areas=[]) == ()
        assert people.posts(tx, at=NOON - DAY) == ()
        assert all(post.held_at(NOON) == (post in people.posts(tx, at=NOON)) for post in (ended, successor, other))


def test_the_same_post_put_again_gets_its_new_end(store):
    with store.begin(ALL) as tx:
        people.put_workers(tx, WORKERS)
        people.put_posts(tx, [Post("w1", "a", Duty.WORKER, NOON)])
        people.put_posts(tx, [Post("w1", "a", Duty.WORKER, NOON, NOON + DAY)])
        assert people.posts(tx) == (Post("w1", "a", Duty.WORKER, NOON, NOON + DAY),)


@pytest.mark.parametrize("wrong", [Post("nobody", "a", Duty.WORKER, NOON), Post("w1", "a", Duty.WORKER, NOON, NOON)])
def test_the_database_refuses_a_post_of_nobody_and_one_that_ends_before_it_begins(store, wrong):
    with store.begin(ALL) as tx:
        people.put_workers(tx, WORKERS)
    with pytest.raises(IntegrityError), store.begin(ALL) as tx:
        people.put_posts(tx, [wrong])


def test_offices_are_added_and_brought_up_to_date(store):
    with store.begin(ALL) as tx:
        offices.put(tx, OFFICES)
        offices.put(tx, [replace(OFFICES[1], phone="12345")])
        assert offices.all_(tx) == (OFFICES[0], replace(OFFICES[1], phone="12345"))
        assert offices.get(tx, "c1") == OFFICES[0]
        assert offices.get(tx, "none") is None


def test_issue_types_are_added_and_brought_up_to_date(store):
    pothole = IssueType("pothole", "roads", Kind.COMPONENT, "路面坑洼", Limit.parse("2 WD"), "Pothole", "Roads", Grade.GENERAL, False)
    quarrel = IssueType("quarrel", "disputes", Kind.DISPUTE, "邻里纠纷", Limit.parse("24 UH"), grade=Grade.COMPLEX, subject_first=True)
    with store.begin(ALL) as tx:
        catalogues.put_issue_types(tx, [quarrel, pothole])
        catalogues.put_issue_types(tx, [replace(pothole, grade=Grade.DIFFICULT)])
        assert catalogues.issue_types(tx) == (replace(pothole, grade=Grade.DIFFICULT), quarrel)
        assert catalogues.issue_type(tx, "quarrel") == quarrel
        assert catalogues.issue_type(tx, "unknown") is None


def test_rules_are_replaced_as_a_whole_and_come_by_rank(store):
    late = Rule("d1", "*", By.SUBJECT, rank=200)
    first = Rule("c1", "pothole", By.TERRITORY, "township", "330100001", 10)
    second = Rule("d1", "roads", By.OWNER, rank=10)
    with store.begin(ALL) as tx:
        offices.put(tx, OFFICES)
        catalogues.put_rules(tx, [Rule("d1", "old", By.OWNER)])
        catalogues.put_rules(tx, [late, first, second])
        assert catalogues.rules(tx) == (first, second, late)
        catalogues.put_rules(tx, [])
        assert catalogues.rules(tx) == ()
