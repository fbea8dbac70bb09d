"""How a report begins: at the window, where it may be settled the same day; looked into before it is filed; or dispatched at once."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gridmap.flows.intake import receive
from gridmap.flows.move_on import MovedOn, move_on
from gridmap.flows.step import step
from gridmap.incidents import Answer, Channel, Incident, Report, State
from gridmap.incidents.life import Step, Taken
from gridmap.store import Store, calendars, clocks, incidents, lives
from tests.builders import ALL, OPERATOR
from tests.small_land import IN_CELL_1, settle

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = "03-02 10:00"


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def answered(store: Store, when: str = MONDAY, *, verify: frozenset[Channel] = frozenset(), **more: object) -> Answer:
    lon, lat = IN_CELL_1
    facts = {"issue": "E0113", "channel": Channel.WINDOW, "lon": lon, "lat": lat, "datum": "wgs84"}
    return receive(store, Report(**(facts | more)), verify=verify, now=at(when), actor=OPERATOR)  # type: ignore[arg-type]


def now_of(store: Store, id: str) -> Incident:
    with store.read(ALL) as tx:
        one = incidents.get(tx, id)
        assert lives.replayed(tx, one) == one.life
        assert lives.clocked(tx, one, at(MONDAY)) == clocks.of_incident(tx, one.id)
        return one


def take(store: Store, id: str, taken: Step, when: str, **more: str) -> Incident:
    done = Taken(step=taken, actor="", reason="because", **more)  # type: ignore[arg-type]
    step(store, id, done, revision=None, now=at(when), actor=OPERATOR, draw=lambda: False)
    return now_of(store, id)


def moved(store: Store, when: str) -> MovedOn:
    return move_on(store, now=at(when), holder="here", actor=OPERATOR)


def test_what_is_brought_to_the_window_stays_with_the_centre_until_the_end_of_the_day(county: Store) -> None:
    answer = answered(county)
    one = now_of(county, answer.incident)
    assert (one.state, one.office, one.onward, one.keeper) == (State.FILED, "CW", "ROADS", "CW")
    assert (one.due_at, one.clock) == (at("03-02 18:00"), "window")
    assert answer.office is not None
    assert (answer.state, answer.office.code, answer.reasons[-1].key) == (State.FILED, "CW", "reason.window")
    assert all("18:00" in answer.reasons[-1].text(lang) for lang in ("en", "zh"))
    assert moved(county, "03-02 17:59") == MovedOn(0)
    assert moved(county, "03-02 18:00") == MovedOn(1)
    onward = now_of(county, one.id)
    assert (onward.state, onward.office, onward.clock, onward.keeper) == (State.DISPATCHED, "ROADS", "acknowledge", "CW")
    assert moved(county, "03-02 18:01") == MovedOn(0)


@pytest.mark.parametrize(
    ("when", "until"),
    [("03-02 18:30", "03-03 18:00"), ("03-06 19:00", "03-09 18:00"), ("03-07 10:00", "03-09 18:00"), ("03-02 13:00", "03-02 18:00")],
)
def test_after_hours_the_day_is_the_next_one_that_is_worked(county: Store, when: str, until: str) -> None:
    assert now_of(county, answered(county, when).incident).due_at == at(until)


def test_what_was_settled_sent_or_declined_that_day_does_not_move_on(county: Store) -> None:
    ids = [answered(county).incident for _ in range(4)]
    assert take(county, ids[0], Step.SETTLE, "03-02 11:00", photo="p").state is State.INSPECTED
    assert take(county, ids[1], Step.DISPATCH, "03-02 11:00", office="WATER").office == "WATER"
    assert take(county, ids[2], Step.DECLINE, "03-02 11:00").state is State.NOT_FILED
    retyped = take(county, ids[3], Step.RETYPE, "03-02 11:00", issue="C0101")
    assert (retyped.state, retyped.office, retyped.clock) == (State.DISPATCHED, "WATER", "acknowledge")
    assert moved(county, "03-03 09:00") == MovedOn(0)
    assert take(county, ids[2], Step.REOPEN, "03-03 09:00").state is State.FILED
    assert moved(county, "03-05 09:00") == MovedOn(0), "its day at the window was over"


def test_a_window_whose_own_matter_it_is_dispatches_it_as_everybody(county: Store) -> None:
    one = now_of(county, answered(county, issue="D02").incident)
    assert (one.state, one.office, one.onward) == (State.DISPATCHED, "CW", None)
    assert answered(county, issue="X9").state is State.TRIAGE
    assert answered(county, channel=Channel.HOTLINE).state is State.DISPATCHED


def test_channels_that_need_it_are_looked_into_before_anything_is_filed(county: Store) -> None:
    verify = frozenset({Channel.RESIDENT})
    answer = answered(county, verify=verify, channel=Channel.RESIDENT)
    one = now_of(county, answer.incident)
    assert (one.state, one.office, one.due_at, answer.reasons[-1].key) == (State.VERIFYING, "ROADS", None, "reason.verify")
    assert answered(county, verify=verify, channel=Channel.HOTLINE).state is State.DISPATCHED
    assert answered(county, channel=Channel.RESIDENT).state is State.DISPATCHED, "none needs it unless the county says so"
    assert answered(county, verify=verify, channel=Channel.RESIDENT, issue="X9").state is State.TRIAGE
    filed = take(county, one.id, Step.VERIFY, "03-02 11:00")
    assert filed.state is State.FILED
    assert moved(county, "03-05 09:00") == MovedOn(0)
    assert take(county, one.id, Step.DISPATCH, "03-02 12:00", office="ROADS").clock == "acknowledge"


def test_the_end_of_the_day_is_the_calendars(county: Store) -> None:
    with county.read(ALL) as tx:
        times = calendars.working_time(tx, at(MONDAY))
    assert times.closing(at("03-02 17:59")) == at("03-02 18:00")
    assert times.closing(at("03-02 18:00")) == at("03-03 18:00")
