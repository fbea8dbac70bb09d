"""The clocks of incidents: what is due when, by the steps that were really taken, and what was kept of it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gridmap.access import operator
from gridmap.catalogue import Kind, Limit
from gridmap.flows.intake import receive
from gridmap.flows.step import step
from gridmap.incidents import Channel, Incident, Report
from gridmap.incidents.deadlines import Timed
from gridmap.incidents.life import Step, Taken
from gridmap.limits import CalendarRow, DayKind
from gridmap.store import Store, calendars, catalogues, clocks, incidents
from tests.builders import ALL, OPERATOR
from tests.small_land import IN_CELL_1, ROAD, IssueType, settle
from tests.store import build

SHANGHAI = ZoneInfo("Asia/Shanghai")
COLLAPSE = IssueType("E0505", "E01", Kind.EVENT, "路面塌陷", Limit.parse("2 UH"), "Road collapse")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def lay(store: Store) -> None:
    """The small land, with a type of two urgent hours."""
    settle(store)
    with store.begin(ALL) as tx:
        catalogues.put_issue_types(tx, [COLLAPSE])


@pytest.fixture
def county(store: Store) -> Store:
    lay(store)
    return store


def take_in(store: Store, when: str, issue: str = ROAD.code, **more: object) -> Incident:
    lon, lat = IN_CELL_1
    facts = {"issue": issue, "channel": Channel.HOTLINE, "text": "x", "lon": lon, "lat": lat, "datum": "wgs84"}
    answer = receive(store, Report(**(facts | more)), now=at(when), actor=OPERATOR)  # type: ignore[arg-type]
    return now_of(store, answer.incident)


def now_of(store: Store, id: str) -> Incident:
    with store.read(ALL) as tx:
        return incidents.get(tx, id)


def runs(store: Store, one: Incident) -> dict[str, Timed]:
    with store.read(ALL) as tx:
        return {run.clock.key: run for run in clocks.of_incident(tx, one.id)}


def go(store: Store, one: Incident, *ways: tuple[str, Step], until: str = "12-01 12:00", drawn: bool = False) -> Incident:
    """The incident after these steps, each at its instant."""
    for when, each in ways:
        taken = Taken(step=each, actor="", reason="because", photo="p.jpg", office="ROADS", until=at(until).isoformat())
        one = step(store, one.id, taken, revision=one.revision, now=at(when), actor=operator(each), draw=lambda: drawn)
    assert one == now_of(store, one.id)
    return one


def dues(store: Store, one: Incident) -> dict[str, datetime | None]:
    return {key: run.clock.due for key, run in runs(store, one).items()}


def test_said_as_a_road_collapse_the_limit_falls_from_five_work_days_to_two_urgent_hours(county: Store) -> None:
    damaged, collapsed = take_in(county, "03-03 10:30"), take_in(county, "03-03 10:30", COLLAPSE.code)
    assert dues(county, damaged) == {"acknowledge.1": at("03-03 16:30"), "handle.1": at("03-10 10:30")}
    assert dues(county, collapsed) == {"acknowledge.1": at("03-03 11:00"), "handle.1": at("03-03 12:30")}
    assert (collapsed.due_at, collapsed.clock) == (at("03-03 11:00"), "acknowledge")


def test_two_urgent_hours_from_a_friday_night_end_on_saturday(county: Store) -> None:
    one = go(county, take_in(county, "03-06 22:36", COLLAPSE.code), ("03-06 22:50", Step.ACKNOWLEDGE))
    assert (one.due_at, one.clock) == (at("03-07 00:36"), "handle")
    assert not one.is_overdue(at("03-07 00:36"))
    assert one.is_overdue(at("03-07 00:36") + timedelta(microseconds=1))


def test_limits_run_by_the_countys_calendar(county: Store) -> None:
    with county.begin(ALL) as tx:
        calendars.put(tx, [CalendarRow.read("workday", "2026-03-07"), CalendarRow(DayKind.HOLIDAY, at("03-09 00:00").date())])
    one = go(county, take_in(county, "03-06 09:00"), ("03-06 09:30", Step.ACKNOWLEDGE))
    assert one.due_at == at("03-13 09:00"), "the Saturday is worked, the Monday is not"


def test_each_clock_waits_for_its_own_step(county: Store) -> None:
    one = take_in(county, "03-03 09:00")
    one = go(county, one, ("03-03 10:00", Step.ACKNOWLEDGE), ("03-03 11:00", Step.START), ("03-04 09:00", Step.HANDLE))
    assert (one.clock, one.due_at) == ("inspect", at("03-05 09:00"))
    one = go(county, one, ("03-06 09:00", Step.INSPECT))
    assert (one.clock, one.due_at) == (None, None)
    found = runs(county, one)
    assert {key: run.clock.stopped for key, run in found.items()} == {
        "acknowledge.1": at("03-03 10:00"), "handle.1": at("03-04 09:00"), "inspect.1": at("03-06 09:00"),
    }  # fmt: skip
    assert {key: run.clock.breached(at("12-01 00:00")) for key, run in found.items()} == {
        "acknowledge.1": False, "handle.1": False, "inspect.1": True,
    }  # fmt: skip


def test_what_is_suspended_stands_and_goes_on_with_what_was_left(county: Store) -> None:
    one = go(county, take_in(county, "03-03 09:00"), ("03-03 10:00", Step.ACKNOWLEDGE), ("03-04 09:00", Step.SUSPEND))
    assert (one.clock, one.due_at) == (None, None)
    assert runs(county, one)["handle.1"].clock.paused
    one = go(county, one, ("03-09 09:00", Step.RESUME))
    assert (one.clock, one.due_at) == ("handle", at("03-13 09:00"))


def test_an_extension_names_the_new_end_and_a_pause_moves_that_too(county: Store) -> None:
    one = go(county, take_in(county, "03-03 09:00"), ("03-03 10:00", Step.ACKNOWLEDGE), ("03-05 09:00", Step.EXTEND), until="03-15 12:00")
    assert one.due_at == at("03-15 12:00")
    run = runs(county, one)["handle.1"]
    assert (run.given, run.clock.due) == (ROAD.limit, at("03-15 12:00"))
    one = go(county, one, ("03-06 09:00", Step.SUSPEND), ("03-08 09:00", Step.RESUME), until="03-15 12:00")
    assert one.due_at == at("03-17 12:00")


def test_who_reworks_or_reopens_gets_the_whole_limit_anew_and_what_was_over_stays_so(county: Store) -> None:
    one = go(county, take_in(county, "03-03 09:00", COLLAPSE.code), ("03-03 09:10", Step.ACKNOWLEDGE), ("03-03 14:00", Step.HANDLE))
    one = go(county, one, ("03-03 15:00", Step.REWORK), until="12-01 12:00")
    assert (one.clock, one.due_at) == ("handle", at("03-03 17:00"))
    assert runs(county, one)["handle.1"].clock.breached(at("03-03 15:00"))
    one = go(county, one, ("03-03 16:00", Step.HANDLE), ("03-03 16:30", Step.INSPECT), ("03-03 17:00", Step.CLOSE))
    assert one.due_at is None
    one = go(county, one, ("03-04 09:00", Step.REOPEN))
    assert (one.clock, one.due_at) == ("handle", at("03-04 11:00"))
    assert [key for key in dues(county, one) if key.startswith("handle")] == ["handle.1", "handle.2", "handle.3"]


def test_who_settles_on_the_spot_has_nothing_due_unless_another_is_drawn_to_look(county: Store) -> None:
    one = go(county, take_in(county, "03-03 09:00"), ("03-03 09:30", Step.SETTLE))
    assert (one.due_at, set(dues(county, one))) == (None, {"acknowledge.1", "handle.1"})
    one = go(county, take_in(county, "03-03 09:00"), ("03-03 09:30", Step.SETTLE), drawn=True)
    assert (one.clock, one.due_at) == ("inspect", at("03-04 09:30"))


def test_what_waits_in_triage_has_no_clock_until_it_is_dispatched(county: Store) -> None:
    one = take_in(county, "03-03 09:00", lon=None, lat=None, datum="", place="by the bridge")
    assert (one.due_at, runs(county, one)) == (None, {})
    one = go(county, one, ("03-04 09:00", Step.DISPATCH))
    assert dues(county, one) == {"acknowledge.1": at("03-04 15:00"), "handle.1": at("03-11 09:00")}


def test_a_clock_keeps_the_limit_that_it_began_with_whatever_the_catalogue_says_later(county: Store) -> None:
    one = take_in(county, "03-03 09:00", COLLAPSE.code)
    with county.begin(ALL) as tx:
        catalogues.put_issue_types(tx, [IssueType(COLLAPSE.code, "E01", Kind.EVENT, "路面塌陷", Limit.parse("5 WD"))])
    assert go(county, one, ("03-03 09:10", Step.ACKNOWLEDGE)).due_at == at("03-03 11:00")


def test_an_incident_from_before_there_were_clocks_gets_them_with_its_next_step(store: Store) -> None:
    build.settle(store)
    with store.begin(ALL) as tx:
        (one,) = build.keep(tx)
    assert (one.due_at, runs(store, one)) == (None, {})
    one = step(store, one.id, Taken(step=Step.ACKNOWLEDGE, actor=""), revision=1, now=build.NOON, actor=OPERATOR)
    assert (one.clock, one.due_at) == ("handle", datetime(2026, 3, 2, 12, tzinfo=UTC)), "unknown to the catalogue: looked at within 4 WH"


def test_what_is_due_first_is_listed_first_and_what_no_clock_runs_for_last(county: Store) -> None:
    road, fresh = take_in(county, "03-03 09:00"), take_in(county, "03-04 09:00", COLLAPSE.code)
    nowhere = take_in(county, "03-04 10:00", lon=None, lat=None, datum="", place="by the bridge")
    other, twin = (take_in(county, "03-04 11:00", COLLAPSE.code) for _ in range(2))
    wanted = [road, fresh, other, twin, nowhere]
    for size in (1, 2, 5):
        assert [one.id for one in paged(county, size)] == [one.id for one in wanted]
    with county.read(ALL) as tx:
        assert [one.id for one in incidents.list_(tx, limit=9)] == [one.id for one in (twin, other, nowhere, fresh, road)]


def paged(store: Store, size: int) -> list[Incident]:
    found: list[Incident] = []
    while True:
        with store.read(ALL) as tx:
            page = incidents.list_(tx, order=incidents.Order.DUE, after=found[-1].number if found else None, limit=size)
        if not page:
            return found
        found += page
