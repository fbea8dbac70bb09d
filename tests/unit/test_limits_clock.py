"""The separate clocks of one matter: what starts, holds, stops and restarts each, and what no event ever does to them."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.catalogue import Limit, LimitUnit
from gridmap.limits import CLOCKS, Calendar, Clock, ClockRule, pressing, replay, timetable

SHANGHAI = ZoneInfo("Asia/Shanghai")
TIMES = timetable(Calendar(SHANGHAI))
LIMITS = {"acknowledge": Limit.parse("2 WH"), "handle": Limit.parse("5 WD"), "inspect": Limit.parse("1 WD")}


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def clocks(*events: tuple[str, str], rules: Iterable[ClockRule] = CLOCKS, limits: dict[str, Limit] = LIMITS) -> dict[str, Clock]:
    """The runs by key after events such as ("03-03 10:30", "dispatched")."""
    return {clock.key: clock for clock in replay(TIMES, tuple(rules), limits, [(at(when), event) for when, event in events])}


def rule(clock: str, *, start: str, stop: str = "", restart: str = "") -> ClockRule:
    return ClockRule(clock, *(frozenset(names.split()) for names in (start, stop)), restart=frozenset(restart.split()))


# The two stories that others tell


ANSWERS = (
    rule("first answer", start="reported", stop="answered"),
    rule("next answer", start="asked", stop="answered", restart="asked"),
    rule("settle", start="reported", stop="settled"),
)
PROMISES = {"first answer": Limit.parse("4 WH"), "next answer": Limit.parse("1 WH"), "settle": Limit.parse("5 WD")}


def test_who_answered_in_time_is_never_overdue_because_the_reporter_went_silent() -> None:
    """osTicket #1684: "A user opens a ticket. I answer. User disappears. Ticket got overdue. Why?" """
    found = clocks(("03-03 10:30", "reported"), ("03-03 11:00", "answered"), rules=ANSWERS, limits=PROMISES)
    assert not found["first answer.1"].breached(at("12-31 12:00"))
    assert found["first answer.1"].stopped == at("03-03 11:00")
    assert found["settle.1"].since is not None, "the answer stops the clock that waited for it, and no other"
    assert found["settle.1"].breached(at("12-31 12:00"))


def test_an_answer_stops_the_clock_of_the_question_that_was_asked() -> None:
    events = [("03-03 10:30", "reported"), ("03-03 11:00", "answered"), ("03-03 14:00", "asked"), ("03-03 14:30", "answered")]
    found = clocks(*events, rules=ANSWERS, limits=PROMISES)
    assert (found["first answer.1"].stopped, found["next answer.1"].stopped) == (at("03-03 11:00"), at("03-03 14:30"))
    assert [key for key, clock in found.items() if clock.breached(at("03-04 12:00"))] == []


def test_the_target_of_a_later_answer_neither_replaces_nor_hides_that_of_the_first() -> None:
    """Zammad #5177: the update time overruled the first response time."""
    found = clocks(("03-03 10:30", "reported"), ("03-03 14:10", "asked"), rules=ANSWERS, limits=PROMISES)
    assert (found["first answer.1"].due, found["next answer.1"].due) == (at("03-03 16:30"), at("03-03 15:10"))
    assert [key for key, clock in found.items() if clock.breached(at("03-03 16:31"))] == ["first answer.1", "next answer.1"]
    later = clocks(("03-03 10:30", "reported"), ("03-03 16:00", "asked"), rules=ANSWERS, limits=PROMISES)
    assert later["first answer.1"].due == at("03-03 16:30")
    first = pressing(later.values())
    assert first is not None
    assert first.key == "first answer.1"


def test_asking_again_never_moves_the_target_of_a_question_that_still_waits() -> None:
    events = [("03-03 14:00", "asked"), ("03-03 14:50", "asked"), ("03-03 16:00", "asked")]
    found = clocks(*events, rules=ANSWERS, limits=PROMISES)
    assert list(found) == ["next answer.1"]
    assert found["next answer.1"].due == at("03-03 15:00")
    assert found["next answer.1"].breached(at("03-03 15:01"))


def test_a_breach_is_not_hidden_by_the_next_run() -> None:
    events = [("03-03 14:00", "asked"), ("03-03 16:00", "answered"), ("03-03 16:10", "asked"), ("03-03 16:20", "answered")]
    found = clocks(*events, rules=ANSWERS, limits=PROMISES)
    assert [key for key, clock in found.items() if clock.breached(at("03-04 12:00"))] == ["next answer.1"]


# An incident's three clocks


def test_each_step_of_an_incident_stops_its_own_clock() -> None:
    dispatched = ("03-03 10:30", "dispatched")
    assert {key: clock.due for key, clock in clocks(dispatched).items()} == {
        "acknowledge.1": at("03-03 14:30"),
        "handle.1": at("03-10 10:30"),
    }
    found = clocks(dispatched, ("03-03 11:00", "acknowledged"), ("03-05 16:00", "handled"), ("03-06 09:00", "inspected"))
    assert {key: clock.stopped for key, clock in found.items()} == {
        "acknowledge.1": at("03-03 11:00"),
        "handle.1": at("03-05 16:00"),
        "inspect.1": at("03-06 09:00"),
    }
    assert pressing(found.values()) is None
    assert found["handle.1"].due == at("03-10 10:30"), "what it was measured by is kept"


def test_a_clock_that_stands_has_no_due_instant_and_goes_on_where_it_stood() -> None:
    events = [("03-03 10:00", "dispatched"), ("03-04 10:00", "suspended")]
    held = clocks(*events)["handle.1"]
    assert (held.due, held.paused, held.used(TIMES, at("06-01 10:00"))) == (None, True, 1)
    assert not held.breached(at("12-31 10:00"))
    on = clocks(*events, ("03-16 10:00", "resumed"))["handle.1"]
    assert (on.due, on.paused) == (at("03-20 10:00"), False)
    assert (on.share(TIMES, at("03-17 10:00")), on.remains(TIMES, at("03-17 10:00"))) == (Fraction(2, 5), 3)


def test_a_breach_before_the_pause_stays_a_breach() -> None:
    held = clocks(("03-03 10:00", "dispatched"), ("03-12 10:00", "suspended"))["handle.1"]
    assert held.due == at("03-10 10:00")
    assert held.breached(at("03-10 10:01"))
    assert held.breached(at("03-31 10:00"))


def test_a_clock_held_at_the_very_end_of_its_limit_has_not_breached_it() -> None:
    events = [("03-03 10:00", "dispatched"), ("03-10 10:00", "suspended")]
    assert not clocks(*events)["handle.1"].breached(at("12-31 10:00"))
    assert clocks(*events, ("03-11 10:00", "resumed"))["handle.1"].breached(at("03-11 10:01"))


def test_done_at_the_last_instant_is_in_time() -> None:
    found = clocks(("03-03 10:30", "dispatched"), ("03-10 10:30", "handled"))
    assert not found["handle.1"].breached(at("12-31 10:00"))
    late = clocks(("03-03 10:30", "dispatched"), ("03-10 10:31", "handled"))
    assert late["handle.1"].breached(at("12-31 10:00"))
    assert not late["handle.1"].breached(at("03-10 10:30"))


def test_a_return_to_the_desk_asks_the_next_office_to_acknowledge_and_does_not_stop_the_clock_to_handle() -> None:
    events = [("03-03 10:00", "dispatched"), ("03-03 11:00", "returned"), ("03-03 15:00", "dispatched"), ("03-03 16:00", "transferred")]
    found = clocks(*events)
    assert [(key, clock.started) for key, clock in found.items()] == [
        ("acknowledge.1", at("03-03 10:00")),
        ("acknowledge.2", at("03-03 15:00")),
        ("acknowledge.3", at("03-03 16:00")),
        ("handle.1", at("03-03 10:00")),
    ]
    assert found["handle.1"].due == at("03-10 10:00")


def test_rework_begins_another_run_with_the_whole_limit() -> None:
    events = [("03-03 10:00", "dispatched"), ("03-05 10:00", "handled"), ("03-06 10:00", "reworked"), ("03-09 10:00", "handled")]
    found = clocks(*events)
    assert found["handle.2"].started == at("03-06 10:00")
    assert found["inspect.1"].stopped == at("03-06 10:00")
    assert found["inspect.2"].due == at("03-10 10:00")


def test_another_limit_is_counted_from_the_same_start() -> None:
    """Said to be a collapse of the road, the limit falls from five work days to two urgent hours."""
    event = ("03-03 10:30", "dispatched")
    assert clocks(event, limits={"handle": Limit.parse("2 UH")})["handle.1"].due == at("03-03 12:30")
    assert list(clocks(event, limits={})) == []


def test_a_log_whose_clock_was_set_back_keeps_its_order() -> None:
    found = clocks(("03-03 10:30", "dispatched"), ("03-03 10:10", "acknowledged"))["acknowledge.1"]
    assert (found.stopped, found.used(TIMES, at("03-04 12:00"))) == (at("03-03 10:30"), 0)
    assert not found.breached(at("12-31 10:00"))


def test_an_urgent_clock_stands_in_a_pause_too() -> None:
    events = [("03-06 22:00", "dispatched"), ("03-06 23:00", "suspended"), ("03-07 03:00", "resumed")]
    assert clocks(*events, limits={"handle": Limit.parse("2 UH")})["handle.1"].due == at("03-07 04:00")


# What always holds

EVENTS = st.lists(
    st.tuples(
        st.integers(-30, 3_000),
        st.sampled_from(
            ["dispatched", "acknowledged", "suspended", "resumed", "handled", "reworked", "returned", "transferred", "inspected", "closed"]
        ),
    ),
    max_size=14,
)
SOME_LIMITS = st.builds(Limit, st.integers(1, 9), st.sampled_from(list(LimitUnit)))
START = at("03-03 10:30")


def log(steps: list[tuple[int, str]]) -> list[tuple[datetime, str]]:
    """Events some minutes apart; a step below zero is a clock that was set back."""
    now, found = START, []
    for minutes, event in steps:
        now += timedelta(minutes=minutes)
        found.append((now, event))
    return found


@settings(deadline=None, max_examples=200)
@given(EVENTS, SOME_LIMITS)
def test_a_stopped_run_never_changes_again_whatever_follows(steps: list[tuple[int, str]], limit: Limit) -> None:
    limits, events = dict.fromkeys(LIMITS, limit), log(steps)
    before: dict[str, Clock] = {}
    for upto in range(len(events) + 1):
        now = {clock.key: clock for clock in replay(TIMES, CLOCKS, limits, events[:upto])}
        assert [key for key, clock in before.items() if clock.stopped and now[key] != clock] == []
        assert before.keys() <= now.keys()
        before = now


@settings(deadline=None, max_examples=200)
@given(EVENTS, SOME_LIMITS, st.integers(0, 20_000))
def test_breached_means_that_more_than_the_limit_was_used(steps: list[tuple[int, str]], limit: Limit, later: int) -> None:
    now = START + timedelta(minutes=later)
    for clock in replay(TIMES, CLOCKS, dict.fromkeys(LIMITS, limit), log(steps)):
        seen = [now, clock.stopped, clock.due, clock.started]
        for moment in [at for at in seen if at is not None]:
            over = clock.used(TIMES, moment) > limit.amount
            # Out of hours nothing is used, but who is asked after the end is late all the same.
            assert clock.breached(moment) or not over
            if clock.breached(moment):
                assert clock.used(TIMES, moment) >= limit.amount
            if clock.stopped and clock.used(TIMES, clock.stopped) < limit.amount:
                assert not clock.breached(moment)


@pytest.mark.parametrize("rule_of", CLOCKS, ids=lambda rule_of: rule_of.clock)
def test_every_default_clock_ends_with_the_incident(rule_of: ClockRule) -> None:
    assert {"closed", "voided"} <= rule_of.stop
    assert rule_of.start
