"""Another type or pin: matched and routed again by what is in force, in one transaction with the step."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gridmap.access import Actor, Grant, Role, operator
from gridmap.catalogue import By, IssueType, Kind, Limit, Rule, Urgency
from gridmap.duty import Leave
from gridmap.errors import PointUnusable, Refusal
from gridmap.flows.intake import receive
from gridmap.flows.rematch import IssueMissing, PinFar, PinUnreadable, PlaceBeyond
from gridmap.flows.step import step
from gridmap.flows.tick import tick
from gridmap.geometry.crs import distance_km
from gridmap.geometry.datums import Datum, from_wgs84
from gridmap.incidents import Channel, Incident, Report, State
from gridmap.incidents.life import EvidenceMissing, Step, StepImpossible, Taken, Template
from gridmap.incidents.public import PublicCount, PublicState
from gridmap.store import Store, catalogues, clocks, history, incidents, lives, people, public
from tests.builders import ALL
from tests.small_land import CELLS, EAST, IN_CELL_1, IN_EAST, NOW, OUTSIDE, TOWN, WEST, settle

SHANGHAI = ZoneInfo("Asia/Shanghai")
COLLAPSE = IssueType("E0120", "E01", Kind.EVENT, "路面塌陷", Limit.parse("2 UH"), "Road collapse")
COUNTY = Actor("county", "account-county", None, (Grant(Role.DISPATCHER),))
DESK = Actor("desk", "account-desk", None, (Grant(Role.DISPATCHER, TOWN),))
VILLAGE = Actor("village", "account-village", None, (Grant(Role.DISPATCHER, WEST),))
ROADS = Actor("roads", "account-roads", None, (Grant(Role.HANDLER, None, "ROADS"),))
IN_CELL_4 = (113.015, 28.015)
HOUR = timedelta(hours=1)


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    with store.begin(ALL) as tx:
        catalogues.put_issue_types(tx, [COLLAPSE])
    return store


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def take_in(store: Store, now: datetime = NOW, **more: object) -> Incident:
    lon, lat = IN_CELL_1
    facts = {"issue": "E0113", "channel": Channel.HOTLINE, "text": "x", "lon": lon, "lat": lat, "datum": "wgs84"}
    answer = receive(store, Report(**(facts | more)), now=now, actor=operator("intake"))  # type: ignore[arg-type]
    return now_of(store, answer.incident)


def now_of(store: Store, id: str) -> Incident:
    with store.read(ALL) as tx:
        return incidents.get(tx, id)


def go(store: Store, one: Incident, taken: Step, actor: Actor = COUNTY, now: datetime = NOW, **more: str) -> Incident:
    given = {"reason": "because", **more}
    made = step(store, one.id, Taken(step=taken, actor="", **given), revision=one.revision, now=now, actor=actor)  # type: ignore[arg-type]
    with store.read(ALL) as tx:
        assert made == incidents.get(tx, one.id)
        assert lives.replayed(tx, made) == made.life
        assert lives.clocked(tx, made, now) == clocks.of_incident(tx, made.id)
    return made


def pin(point: Sequence[float]) -> str:
    return ",".join(map(str, point))


def shown(store: Store) -> list[PublicCount]:
    with store.read(ALL) as tx:
        return list(public.counts(tx, states=list(PublicState), limit=9))


def test_a_road_that_turns_out_to_be_collapsed_falls_from_five_work_days_to_two_urgent_hours(county: Store) -> None:
    one = go(county, take_in(county, at("03-03 09:00")), Step.ACKNOWLEDGE, ROADS, at("03-03 09:30"))
    assert (one.due_at, one.urgency) == (at("03-10 09:00"), Urgency.ROUTINE)
    urgent = go(county, one, Step.RETYPE, DESK, at("03-03 10:00"), issue="E0120")
    assert (urgent.issue, urgent.urgency, urgent.state, urgent.office) == ("E0120", Urgency.AT_ONCE, State.ACKNOWLEDGED, "ROADS")
    assert (urgent.due_at, urgent.clock) == (at("03-03 11:00"), "handle"), "from the first dispatch: used time stays used"
    with county.read(ALL) as tx:
        runs = {run.clock.key: run for run in clocks.of_incident(tx, one.id)}
        assert not runs["acknowledge.1"].clock.breached(at("03-03 12:00")), "what was in time stays so"
    assert tick(county, now=at("03-03 10:45"), holder="x", actor=operator()).escalated == 1


def test_another_type_goes_to_its_office_and_waits_to_be_acknowledged_there(county: Store) -> None:
    one = go(county, take_in(county), Step.ACKNOWLEDGE, ROADS)
    moved = go(county, one, Step.RETYPE, DESK, NOW + HOUR, issue="C0101")
    assert (moved.state, moved.office, moved.issue, moved.clock) == (State.DISPATCHED, "WATER", "C0101", "acknowledge")
    with county.read(ALL) as tx:
        last = incidents.history(tx, one.id)[-1]
        assert lives.left(tx, 0)[one.id].offices == {"ROADS"}
    assert last.facts == {
        "reason": "because", "issue": "C0101", "office": "WATER", "template": "repair", "revision": 3, "from_office": "ROADS",
        "from_issue": "E0113",
    }  # fmt: skip


def test_a_dispute_has_steps_of_its_own_and_is_not_shown_to_everybody(county: Store) -> None:
    one = take_in(county)
    assert len(shown(county)) == 1
    quarrel = go(county, one, Step.RETYPE, issue="D02")
    assert (quarrel.template, quarrel.office) == (Template.DISPUTE, "CW")
    assert shown(county) == []
    again = go(county, quarrel, Step.RETYPE, DESK, issue="E0113")
    assert (again.template, again.office) == (Template.REPAIR, "ROADS")
    [square] = shown(county)
    assert (square.issue, square.first) == ("E0113", one.recorded_at.date())


def test_a_pin_that_is_moved_finds_another_cell_and_worker_and_moves_no_clock(county: Store) -> None:
    one = go(county, take_in(county, accuracy_m=30.0), Step.ACKNOWLEDGE, ROADS)
    moved = go(county, one, Step.RELOCATE, VILLAGE, NOW + HOUR, place=pin(IN_CELL_4))
    assert (moved.cell, moved.worker, moved.backup, moved.office, moved.state) == (CELLS[3], "W4", None, "ROADS", State.ACKNOWLEDGED)
    assert ((moved.lon, moved.lat), moved.how, moved.due_at) == (IN_CELL_4, "inside", one.due_at)
    assert shown(county)[0].lon != IN_CELL_4[0]
    with county.read(ALL) as tx:
        left = lives.left(tx, 0)[one.id]
        facts = incidents.history(tx, one.id)[-1].facts
        assert (left.workers, left.areas) == ({"W1", "W5"}, {CELLS[0]})
    assert facts["from_place"] == "113.005,28.005"


def test_who_verifies_goes_on_verifying_and_what_nobody_takes_is_for_a_person(county: Store) -> None:
    unplaced = take_in(county, lon=None, lat=None, datum="", place="by the bridge")
    assert (unplaced.state, unplaced.cell) == (State.TRIAGE, None)
    looked = go(county, go(county, unplaced, Step.ASK_VERIFY), Step.RELOCATE, place=pin(IN_CELL_1))
    assert (looked.state, looked.office, looked.cell, looked.due_at) == (State.VERIFYING, "ROADS", CELLS[0], None)
    placed = go(county, unplaced_again := take_in(county, lon=None, lat=None, datum="", place="x"), Step.RELOCATE, place=pin(IN_CELL_1))
    assert (placed.state, placed.worker, placed.clock) == (State.DISPATCHED, "W1", "acknowledge")
    assert placed.keeper == unplaced_again.keeper == "C0"
    lost = go(county, placed, Step.RELOCATE, place=pin(OUTSIDE))
    assert (lost.state, lost.office, lost.village, lost.clock) == (State.TRIAGE, None, None, "handle")
    assert sum(each.count for each in shown(county)) == 1, "the one that is being looked into"


def test_a_pin_with_a_datum_keeps_it_until_somebody_moves_it(county: Store) -> None:
    lon, lat = from_wgs84(*IN_CELL_1, Datum.GCJ02)
    one = take_in(county, lon=lon, lat=lat, datum="gcj02", accuracy_m=400.0)
    retyped = go(county, one, Step.RETYPE, issue="E0120")
    assert (retyped.lon, retyped.lat, retyped.candidates) == (one.lon, one.lat, one.candidates)
    assert [each.key for each in retyped.reasons].count("reason.point.converted") == 1
    moved = go(county, go(county, retyped, Step.RELOCATE, place=pin(IN_CELL_4)), Step.RETYPE, issue="E0113")
    assert ((moved.lon, moved.lat), moved.how, moved.cell) == (IN_CELL_4, "inside", CELLS[3])


def test_a_pin_far_outside_is_a_slip_and_one_just_outside_is_for_a_person(county: Store) -> None:
    one = take_in(county)
    for far in ((1.0, 2.0), (-79.0, 40.0), (113.5, 28.01)):
        with pytest.raises(PinFar, match="Longitude comes first") as refused:
            go(county, one, Step.RELOCATE, place=pin(far))
        told = float(str(refused.value.facts["distance_km"]).replace(",", ""))
        assert told == pytest.approx(distance_km(far, IN_CELL_1), abs=5), "to the land, whose other end is 4 km on"
    assert now_of(county, one.id) == one
    outside = go(county, one, Step.RELOCATE, place="113.3,28.01")
    assert (outside.state, outside.how) == (State.TRIAGE, "outside")
    assert any("outside the county" in reason.text("en") for reason in outside.reasons)


def test_a_desk_moves_no_pin_out_of_its_jurisdiction(county: Store) -> None:
    one = take_in(county)
    for place in (IN_EAST, OUTSIDE):
        with pytest.raises(PlaceBeyond, match="county"):
            go(county, one, Step.RELOCATE, VILLAGE, place=pin(place))
    assert now_of(county, one.id) == one
    assert go(county, one, Step.RELOCATE, DESK, place=pin(IN_EAST)).village == EAST


def test_what_cannot_be_is_refused_and_changes_nothing(county: Store) -> None:
    one = take_in(county)
    for taken, more, refusal in (
        (Step.RETYPE, {"issue": "X9"}, IssueMissing),
        (Step.RETYPE, {}, EvidenceMissing),
        (Step.RELOCATE, {}, EvidenceMissing),
        (Step.RELOCATE, {"place": "by the bridge"}, PinUnreadable),
        (Step.RELOCATE, {"place": "1,2,3"}, PinUnreadable),
        (Step.RELOCATE, {"place": "28.005,113.005"}, PinUnreadable),
        (Step.RELOCATE, {"place": "nan,28"}, PointUnusable),
        (Step.RELOCATE, {"place": "500,28"}, PointUnusable),
    ):
        with pytest.raises(refusal):
            go(county, one, taken, **more)
    assert now_of(county, one.id) == one
    handled = go(county, go(county, one, Step.ACKNOWLEDGE, ROADS), Step.HANDLE, ROADS)
    with pytest.raises(StepImpossible):
        go(county, handled, Step.RETYPE, issue="X9")


def test_step_and_place_are_kept_together_or_not_at_all(county: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    one = take_in(county)

    def fail(*_: object) -> None:
        raise Refusal

    monkeypatch.setattr(public, "put", fail)
    with pytest.raises(Refusal):
        go(county, one, Step.RELOCATE, place=pin(IN_CELL_4))
    assert now_of(county, one.id) == one
    with county.read(ALL) as tx:
        assert len(history.rows(tx, limit=99)) == 1


def test_what_is_in_force_now_decides_not_what_was_when_it_came(county: Store) -> None:
    one = take_in(county)
    with county.begin(ALL) as tx:
        people.put_leaves(tx, [Leave("W1", NOW)])
        catalogues.put_rules(tx, [Rule("WATER", "E01", By.SUBJECT)])
    again = go(county, one, Step.RETYPE, issue="E0113", now=NOW + HOUR)
    assert (again.worker, again.office, again.state) == ("W5", "WATER", State.DISPATCHED)
    assert again.clock == "acknowledge"


def test_the_office_of_first_contact_is_the_territorys_centre_and_then_whoever_acknowledged(county: Store) -> None:
    one = take_in(county)
    assert (one.keeper, one.office, one.homed_in) == ("CW", "ROADS", 1)
    assert take_in(county, lon=IN_EAST[0], lat=IN_EAST[1]).keeper == "CT"
    assert go(county, one, Step.ACKNOWLEDGE, ROADS).keeper == "ROADS"
