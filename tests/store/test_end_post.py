"""A post that ends, and what ends with it."""

from datetime import timedelta

import pytest

from gridmap.access import Action, Role, may
from gridmap.duty import Duty, Post
from gridmap.flows.act import act_as
from gridmap.flows.end_post import PostEnded, PostMissing, PostTermUnusable, end_post
from gridmap.store import Store, history, people
from tests.accounts import person
from tests.builders import ALL, OPERATOR
from tests.small_land import CELLS, LONG_AGO, NOW, settle

HELD = Post("W1", CELLS[0], Duty.WORKER, LONG_AGO)


@pytest.fixture
def land(store: Store) -> Store:
    settle(store)
    return store


def test_a_post_that_ends_takes_its_role_along_at_that_moment(land: Store) -> None:
    person(land, "worker", worker="W1")
    tomorrow = NOW + timedelta(days=1)
    ended = end_post(land, HELD, until=tomorrow, reason=" moved away ", actor=OPERATOR, now=NOW)
    assert ended.until == tomorrow
    before, after = (act_as(land, "worker", login="root", now=at) for at in (tomorrow - timedelta(seconds=1), tomorrow))
    assert [grant.role for grant in before.grants] == [Role.WORKER]
    assert not may(after, Action.INCIDENT_READ)
    with land.read(ALL) as tx:
        last = history.rows(tx, after=0, limit=100)[-1]
    assert (last.what, last.subject, last.facts["reason"]) == ("post.end", "worker:W1", "moved away")


def test_what_is_no_post_or_has_ended_or_would_end_in_the_past_is_refused(land: Store) -> None:
    with pytest.raises(PostMissing):
        end_post(land, Post("W1", CELLS[1], Duty.WORKER, LONG_AGO), actor=OPERATOR, now=NOW)
    with pytest.raises(PostTermUnusable):
        end_post(land, HELD, until=NOW - timedelta(days=1), actor=OPERATOR, now=NOW)
    end_post(land, HELD, actor=OPERATOR, now=NOW)
    with pytest.raises(PostEnded):
        end_post(land, HELD, actor=OPERATOR, now=NOW + timedelta(seconds=1))
    with land.read(ALL) as tx:
        assert [post.until for post in people.posts(tx, worker="W1")] == [NOW]
