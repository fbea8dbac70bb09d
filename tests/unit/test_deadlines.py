"""What steps are to clocks, and what each clock is given: rows that fit to each other."""

from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gridmap.catalogue import Limit, LimitUnit
from gridmap.incidents.deadlines import EVENTS, event_of, pressed, timed
from gridmap.incidents.life import STEPS, Life, State, Step, Taken, possible, take
from gridmap.limits import CLOCKS, LADDERS, Calendar, Event, Extension, allowances, timetable

SHANGHAI = ZoneInfo("Asia/Shanghai")
TIMES = timetable(Calendar(SHANGHAI))
START = datetime(2026, 3, 3, 9, tzinfo=SHANGHAI)
UNTIL = START + timedelta(days=40)


def test_every_event_of_a_step_is_one_that_some_clock_hears() -> None:
    heard = {event for rule in CLOCKS for event in (*rule.start, *rule.stop, *rule.pause, *rule.resume, *rule.restart)}
    assert set(EVENTS.values()) | {"settled"} == heard


def test_every_clock_has_a_limit_for_each_unit_and_a_ladder() -> None:
    named = {rule.clock for rule in CLOCKS}
    assert set(LADDERS) == named
    for limit in (None, *(Limit(2, unit) for unit in LimitUnit)):
        assert set(allowances(limit)) == named
        assert limit is None or allowances(limit)["handle"] == limit


@given(st.fractions(min_value=Fraction(1, 10**9), max_value=9999), st.sampled_from(LimitUnit))
def test_a_limit_of_whatever_amount_is_read_back_as_it_was(amount: Fraction, unit: LimitUnit) -> None:
    assert Limit.exact(str(Limit(amount, unit))) == Limit(amount, unit)


def whole(step: Step, actor: str) -> Taken:
    return Taken(step=step, actor=actor, reason="x", photo="x", office="O", until=UNTIL.isoformat())


@given(st.data())
def test_whatever_life_there_is_a_clock_runs_exactly_while_somebody_owes_a_step_of_it(data: st.DataObject) -> None:
    """After any steps: dispatched, it is to be acknowledged and handled; handled, inspected; parked or ended, nothing is due."""
    life, at = Life(incident="x", state=State.DISPATCHED), START
    events: list[tuple[datetime, Event]] = [(at, "dispatched")]
    for number in range(data.draw(st.integers(0, 12))):
        ways = possible(life)
        if not ways:
            break
        taken = whole(data.draw(st.sampled_from(ways)), f"actor {number}")
        life, at = take(life, taken), at + timedelta(minutes=data.draw(st.integers(0, 5000)))
        if (event := event_of(taken)) is not None:
            events.append((at, event))
    runs = timed(TIMES, allowances(Limit(5, LimitUnit.WORK_DAY)), "E1", events)
    running = {run.clock.name for run in runs if run.clock.since is not None}
    assert running == waiting(life.state) or (life.state is State.FILED and running == {"handle"})
    assert (pressed(runs)[1] is None) == (not running)
    assert all(run.clock.started <= run.clock.stopped for run in runs if run.clock.stopped)


def waiting(state: State) -> set[str]:
    match state:
        case State.DISPATCHED:
            return {"acknowledge", "handle"}
        case State.ACKNOWLEDGED | State.IN_PROGRESS | State.RETURNED:
            return {"handle"}
        case State.HANDLED:
            return {"inspect"}
    return set()


@given(st.lists(st.integers(1, 20000), min_size=1, max_size=4))
def test_the_last_extension_says_when_it_is_due_and_a_pause_moves_that_by_as_much(minutes: list[int]) -> None:
    untils = [START + timedelta(minutes=each) for each in minutes]
    given_ = [(START, "dispatched"), *((START, Extension(until)) for until in untils)]
    [plain] = [run.clock for run in timed(TIMES, allowances(None), "x", given_) if run.clock.name == "handle"]
    assert plain.due == untils[-1]
    pause = [(START + timedelta(seconds=10), "suspended"), (START + timedelta(days=2, seconds=10), "resumed")]
    [paused] = [run.clock for run in timed(TIMES, allowances(None), "x", [*given_, *pause]) if run.clock.name == "handle"]
    assert paused.due == untils[-1] + timedelta(days=2)


def test_the_steps_that_touch_no_clock_are_known() -> None:
    silent = {step for step in STEPS if event_of(whole(step, "x")) is None}
    assert silent == {Step.ASK_VERIFY, Step.VERIFY, Step.FILE, Step.START, Step.REPLY}
