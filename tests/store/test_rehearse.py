"""A draft is rehearsed: told is what then comes true, to whoever may know it, and nothing is changed."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from shapely import box

from gridmap.access import ANONYMOUS, Actor, Grant, Role, SignInNeeded, operator
from gridmap.errors import DraftMissing, EditionMissing
from gridmap.flows.publish import check_draft, publish
from gridmap.flows.rehearse import TABLES, DraftUnsound, Rehearsal, rehearse
from gridmap.flows.rehome import ASKED, Rehoming, rehome
from gridmap.grid import Area, Households, Level
from gridmap.store import Store, drafts, editions, incidents, land, people
from tests.builders import ALL, OPERATOR
from tests.closing import close
from tests.small_land import AREAS, CELLS, EAST, LONG_AGO, NOW, POSTS, TOWN, WEST, settle
from tests.store.test_rematch import IN_CELL_4, take_in

PLANNER = Actor("planner", "account-planner", None, (Grant(Role.PLANNER),))
BOTH = Actor("both", "account-both", None, (Grant(Role.PLANNER), Grant(Role.DISPATCHER)))
EASTERN = Actor("eastern", "account-eastern", None, (Grant(Role.PLANNER, EAST), Grant(Role.DISPATCHER, EAST)))
DAY = timedelta(days=1)
SPLIT = 113.008
NEW = f"{EAST}001"


@pytest.fixture
def county(store: Store) -> Store:
    """In cell 1 and 2 a household each 0.001 degrees of a line; a draft in which cell 2 takes the east of cell 1, and the east village
    is one cell."""
    settle(store)
    lon = np.arange(113.0005, 113.04, 0.001)
    with store.begin(ALL) as tx:
        land.put_households(
            tx, Households(np.array([f"h{n}" for n in range(len(lon))]), lon, np.full(len(lon), 28.005), np.full(len(lon), 2))
        )
        drafts.put(tx, "autumn", redrawn(), at=NOW)
    return store


def redrawn() -> tuple[Area, ...]:
    shapes = {CELLS[0]: box(113.0, 28.0, SPLIT, 28.01), CELLS[1]: box(SPLIT, 28.0, 113.02, 28.01)}
    whole = Area(NEW, Level.CELL, "东1网格", EAST, box(113.02, 28.0, 113.04, 28.02), "East 1")
    return (*(replace(area, shape=shapes.get(area.code, area.shape)) for area in AREAS), whole)


def told(store: Store, actor: Actor = OPERATOR) -> Rehearsal:
    return rehearse(store, "autumn", now=NOW, actor=actor)


def test_a_draft_tells_what_it_would_change_and_changes_nothing(county: Store) -> None:
    one, _ = take_in(county, lon=113.009), take_in(county, lon=IN_CELL_4[0], lat=IN_CELL_4[1])
    before = snapshot(county)
    found = told(county).as_dict("en")
    assert snapshot(county) == before
    assert (found["against"], found["households"], found["moved"], found["other_worker"], found["received"]) == (1, 80, 44, 4, 2)
    assert {fate: count for fate, count in found["fates"].items() if count} == {"kept": 2, "resized": 2, "new": 1}
    assert [(each["before"], each["after"], each["households"], each["name_after"]) for each in found["moves"]] == [
        (None, NEW, 40, None),
        (CELLS[0], CELLS[1], 4, "Worker A02"),
    ]
    loads = {each["worker"]: (each["households_before"], each["households_after"], each["incidents_after"]) for each in found["workers"]}
    assert loads == {"W1": (20, 16, 0), "W2": (20, 24, 1), "W3": (0, 0, 0), "W4": (0, 0, 1), None: (0, 40, 0)}
    assert [(each["number"], each["cell_after"], each["worker_after"]) for each in found["incidents"]] == [(one.number, CELLS[1], "W2")]
    assert [each["village"] for each in found["sheets"]] == [WEST, EAST]
    assert [row["household"] for row in told(county).table("households", "en")[1] if row["before"]] == ["h8", "h9"]


def snapshot(store: Store) -> list[object]:
    with store.read(ALL) as tx:
        return [drafts.heads(tx), drafts.areas(tx, "autumn"), editions.heads(tx), incidents.list_(tx, limit=1000)]


def test_what_would_change_hands_is_what_a_person_is_asked_about_once_it_is_in_force(county: Store) -> None:
    """The same incidents, whatever their accuracy, state and datum; also those that are there because of a leave or a moved pin."""
    points = [(113.0 + 0.0013 * n, 28.0005 + 0.0011 * (n % 17)) for n in range(30)]
    for n, (lon, lat) in enumerate(points):
        take_in(county, lon=lon, lat=lat, accuracy_m=(None, 5.0, 300.0, 2500.0)[n % 4], issue=("E0113", "D02")[n % 2])
    close(county, take_in(county, lon=113.009).id, "done", now=NOW, actor=operator("desk"))
    with county.begin(ALL) as tx:
        people.put_posts(tx, [replace(POSTS[2], worker="W6", since=LONG_AGO - DAY)])  # cell 3 has another worker than the one who was told
    expected = {one.number for one in told(county).changing_hands or ()}
    publish(county, "autumn", now=NOW, actor=OPERATOR)
    rehome(county, Rehoming.ASK, now=NOW, holder="here", actor=OPERATOR)
    with county.read(ALL) as tx:
        everything = incidents.list_(tx, limit=1000)
        asked = {one.number for one in everything if any(row.what == ASKED for row in incidents.history(tx, one.id))}
    assert expected == asked
    assert len(expected) > 10


def test_a_first_draft_is_all_new(store: Store) -> None:
    with store.begin(ALL) as tx:
        drafts.put(tx, "autumn", redrawn(), at=NOW)
    found = told(store).as_dict("zh")
    assert (found["against"], found["received"], found["changing_hands"], found["fates"]["new"]) == (None, None, None, 5)


def test_each_is_told_what_is_theirs_to_know(county: Store) -> None:
    take_in(county, lon=113.009)
    whole = told(county, BOTH).as_dict("en")
    assert (whole["households"], whole["changing_hands"], whole["villages_left_out"]) == (80, 1, 0)
    planner = told(county, PLANNER).as_dict("en")
    assert (planner["households"], planner["changing_hands"], planner["received"], planner["incidents"]) == (80, None, None, [])
    assert {each["incidents_before"] for each in planner["workers"]} == {None}
    eastern = told(county, EASTERN)
    part = eastern.as_dict("en")
    assert (part["households"], part["moved"], part["changing_hands"], part["received"], part["villages_left_out"]) == (40, 40, 0, 0, 1)
    for name in TABLES:
        assert not any(cell in str(eastern.table(name, "en")[1]) for cell in CELLS), name
    with pytest.raises(SignInNeeded):
        told(county, ANONYMOUS)


def test_a_draft_that_is_not_whole_is_refused_with_what_is_wrong(county: Store) -> None:
    with county.begin(ALL) as tx:
        drafts.put(tx, "autumn", [replace(AREAS[-1], parent=f"{TOWN}099")], at=NOW)
    with pytest.raises(DraftUnsound, match="plan check autumn"):
        told(county)
    with pytest.raises(DraftMissing):
        rehearse(county, "none", now=NOW, actor=OPERATOR)
    with pytest.raises(EditionMissing):
        rehearse(county, "autumn", against=9, now=NOW, actor=OPERATOR)


@pytest.mark.parametrize("policy", list(Rehoming))
def test_the_gate_lists_what_would_change_hands_with_the_countys_rule_and_a_place(county: Store, policy: Rehoming) -> None:
    one, _ = take_in(county, lon=113.009), take_in(county, lon=IN_CELL_4[0], lat=IN_CELL_4[1])
    asked = {"at": NOW, "policy": str(policy)}
    [finding] = [each for each in check_draft(county, "autumn", actor=BOTH, **asked) if each.code == "incidents_change_hands"]  # type: ignore[arg-type]
    assert (finding.facts["count"], finding.facts["incidents"]) == (1, f"{one.number} W1→W2")
    assert (str(finding.severity), finding.lon, finding.lat) == ("note", one.lon, one.lat)
    assert finding.text("zh") != finding.text("en")
    assert "{" not in finding.text("zh")
    codes = {each.code for each in check_draft(county, "autumn", actor=PLANNER, **asked)}  # type: ignore[arg-type]
    assert "incidents_change_hands" not in codes
