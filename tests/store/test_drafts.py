"""Drafts change until they are published; they start from what is in force."""

from dataclasses import replace

import pytest

from gridmap.errors import DraftMissing
from gridmap.grid import Area, Level
from gridmap.store import drafts, editions
from tests.builders import ALL
from tests.store import build
from tests.store.build import DAY, NOON, land


def test_a_new_draft_starts_as_a_copy_of_the_edition_in_force(store):
    build.settle(store)
    with store.begin(ALL) as tx:
        editions.add(tx, land(0.2), in_force_from=NOON + 10 * DAY, recorded_at=NOON)
        drafts.put(tx, "spring", [], at=NOON + DAY)
        assert drafts.areas(tx, "spring") == land()
        (head,) = drafts.heads(tx)
    assert (head.name, head.base, head.updated_at, head.areas) == ("spring", 1, NOON + DAY, 4)


def test_a_draft_starts_empty_where_nothing_is_in_force(store):
    with store.begin(ALL) as tx:
        drafts.put(tx, "import", land()[:1], at=NOON)
        assert drafts.areas(tx, "import") == land()[:1]
        assert drafts.heads(tx)[0].base is None


def test_areas_of_the_same_code_are_changed_and_others_are_added(store):
    with store.begin(ALL) as tx:
        drafts.put(tx, "import", land()[:3], at=NOON)
        renamed = replace(land(0.1)[2], name="改名网格", households=71)
        drafts.put(tx, "import", [renamed, land(0.1)[3]], at=NOON + DAY)
        assert drafts.areas(tx, "import") == (*land()[:2], renamed, land(0.1)[3])
        assert drafts.heads(tx)[0].updated_at == NOON + DAY


def test_of_two_areas_for_one_code_the_last_counts(store):
    with store.begin(ALL) as tx:
        drafts.put(tx, "import", [land()[0], replace(land()[0], name="后来的")], at=NOON)
        assert [area.name for area in drafts.areas(tx, "import")] == ["后来的"]


def test_a_whole_level_can_be_replaced(store):
    with store.begin(ALL) as tx:
        drafts.put(tx, "import", land(), at=NOON)
        only = Area("330100001001009", Level.CELL, "唯一网格", "330100001001", land()[1].shape)
        drafts.put(tx, "import", [only], at=NOON, replace_level=Level.CELL)
        assert drafts.areas(tx, "import") == (*land()[:2], only)


def test_areas_can_be_taken_out_and_unknown_codes_are_passed_over(store):
    with store.begin(ALL) as tx:
        drafts.put(tx, "import", land(), at=NOON)
        drafts.put(tx, "import", [], at=NOON, gone=["330100001001002", "nothing"])
        drafts.put(tx, "import", [], at=NOON)
        assert drafts.areas(tx, "import") == land()[:3]


def test_a_dropped_draft_is_gone_with_its_areas_and_others_stay(store):
    with store.begin(ALL) as tx:
        drafts.put(tx, "a", land(), at=NOON)
        drafts.put(tx, "b", land()[:1], at=NOON)
        drafts.drop(tx, "a")
        assert [head.name for head in drafts.heads(tx)] == ["b"]
        drafts.put(tx, "a", land()[:2], at=NOON)
        assert drafts.areas(tx, "a") == land()[:2]


def test_a_draft_that_is_not_there_is_refused_with_the_names_of_those_that_are(store):
    with store.begin(ALL) as tx:
        drafts.put(tx, "import", land(), at=NOON)
        for ask in (lambda: drafts.areas(tx, "x"), lambda: drafts.drop(tx, "x"), lambda: drafts.some(tx, "x", codes=["1"])):
            with pytest.raises(DraftMissing, match="Drafts: import"):
                ask()


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 101])
def test_a_draft_has_a_name_that_can_be_typed(store, name):
    with store.begin(ALL) as tx, pytest.raises(drafts.DraftNameUnusable):
        drafts.put(tx, name, land(), at=NOON)
