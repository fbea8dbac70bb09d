"""The county's story: a broken road at a junction where two villages and two cells meet, from the photo to the reporter's answer."""

import pytest

from gridmap.access import Actor, Grant, Role
from gridmap.flows.intake import receive
from gridmap.flows.step import step
from gridmap.flows.tick import tick
from gridmap.geometry.datums import Datum, from_wgs84
from gridmap.incidents import Channel, Incident, Report, State
from gridmap.incidents.life import Satisfied, Step, Taken
from gridmap.store import Store, clocks, contacts, incidents, lives
from tests.builders import ALL, OPERATOR
from tests.small_land import CELLS, EAST, WEST
from tests.store.test_deadlines import COLLAPSE, at, county, now_of
from tests.store.test_lives import DESK, ROADS

__all__ = ["county"]
JUNCTION = (113.02 - 0.00003, 28.01 + 0.00002)  # three metres inside the west village's fourth cell, WGS84
WATCHING = Actor("w4", "account-w4", "W4", (Grant(Role.WORKER, CELLS[3]),))


def photographed(store: Store, issue: str) -> Incident:
    """The worker's report with the point of a phone's map; whoever told the worker left a number."""
    lon, lat = from_wgs84(*JUNCTION, Datum.GCJ02)
    report = Report(
        issue=issue,
        channel=Channel.WORKER,
        text="路面破损 IMG_0303.jpg",
        lon=lon,
        lat=lat,
        datum="gcj02",
        accuracy_m=8.0,
        contact="0700-1234567",
    )
    return now_of(store, receive(store, report, now=at("03-03 10:30"), actor=WATCHING).incident)


def test_a_broken_road_on_a_border_is_found_its_cell_its_office_and_its_answer_and_every_step_is_timed(county: Store) -> None:
    one = photographed(county, "E0113")
    assert abs(one.lon - JUNCTION[0]) < 1e-6, "read as WGS84 it would lie in the east village, half a kilometre away"  # type: ignore[operator]
    assert (one.village, one.cell, one.worker, one.office, one.state) == (WEST, CELLS[3], "W4", "ROADS", State.DISPATCHED)
    assert one.border_m is not None
    assert one.border_m < 3.1
    shares = {each["code"]: each["share"] for each in one.candidates}
    assert {CELLS[3], CELLS[1], EAST} <= shares.keys(), "within the phone's accuracy it may be the neighbours'"
    assert max(shares, key=lambda code: shares[code]) == CELLS[3]
    why = [reason.text("en") for reason in one.reasons]
    assert "The point was converted from gcj02, which moved it by 668 m." in why
    assert "Worker A04 (W4) stands at Cell 4 (430102001001004) as its worker." in why
    assert why[-1] == 'By subject: Urban management (ROADS) is competent for "Damaged road" (E0113) in the whole county.'
    assert (one.due_at, one.clock) == (at("03-03 16:30"), "acknowledge")

    days = [
        ("03-03 10:41", Step.ACKNOWLEDGE, ROADS, {}),
        ("03-03 11:00", Step.START, ROADS, {}),
        ("03-05 16:20", Step.HANDLE, ROADS, {"reason": "路面已修补", "photo": "IMG_0305.jpg"}),
        ("03-06 09:05", Step.INSPECT, WATCHING, {"photo": "IMG_0306.jpg"}),
        ("03-06 09:30", Step.REPLY, DESK, {"reason": "已修好，谢谢上报"}),
        ("03-06 09:31", Step.CLOSE, DESK, {}),
        ("03-09 15:00", Step.CALL_BACK, DESK, {"satisfied": str(Satisfied.YES)}),
    ]
    for when, each, actor, given in days:
        assert tick(county, now=at(when), holder="service", actor=OPERATOR).escalated == 0, "nothing was late"
        one = step(county, one.number, Taken(step=each, actor="", **given), revision=one.revision, now=at(when), actor=actor)
        if each is Step.ACKNOWLEDGE:
            assert one.due_at == at("03-10 10:30"), "five work days from the dispatch"
    assert (one.state, one.replied, one.satisfied, one.keeper) == (State.CLOSED, True, Satisfied.YES, "ROADS")

    with county.read(ALL) as tx:
        log = incidents.history(tx, one.id)
        assert [(row.at, row.what) for row in log[1:]] == [(at(when), f"incident.{each}") for when, each, *_ in days]
        assert [row.actor for row in log[1:]] == [actor.name for _, _, actor, _ in days]
        assert lives.replayed(tx, one) == one.life
        took = {
            run.clock.name: (run.clock.started, run.clock.stopped, run.clock.breached(at("04-01 00:00")))
            for run in clocks.of_incident(tx, one.id)
        }
        assert [each.kept_until for each in contacts.of_incident(tx, one.id, at=at("03-06 10:00"))] == [at("04-05 09:31")]
    assert took == {
        "acknowledge": (at("03-03 10:30"), at("03-03 10:41"), False),
        "handle": (at("03-03 10:30"), at("03-05 16:20"), False),
        "inspect": (at("03-05 16:20"), at("03-06 09:05"), False),
    }


@pytest.mark.parametrize("told_at_once", [True, False])
def test_said_as_a_collapse_the_same_road_has_two_urgent_hours(county: Store, told_at_once: bool) -> None:
    one = photographed(county, COLLAPSE.code if told_at_once else "E0113")
    one = step(county, one.id, Taken(step=Step.ACKNOWLEDGE, actor=""), revision=1, now=at("03-03 10:41"), actor=ROADS)
    if not told_at_once:
        assert one.due_at == at("03-10 10:30")
        said = Taken(step=Step.RETYPE, actor="", issue=COLLAPSE.code, reason="已塌陷")
        one = step(county, one.id, said, revision=one.revision, now=at("03-03 10:50"), actor=DESK)
    assert (one.issue, one.due_at, one.office, one.cell) == (COLLAPSE.code, at("03-03 12:30"), "ROADS", CELLS[3])
