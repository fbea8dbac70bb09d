"""What steps are to clocks, and what each clock is given: rows that fit to each other."""

from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.catalogue import Limit, LimitUnit
from gridmap.incidents.deadlines import AT_WINDOW, DISPUTED, EVENTS, Done, asked, event_of, events, pressed, timed, touches
from gridmap.incidents.life import TEMPLATES, Life, State, Step, Taken, TaskKind, Template, possible, take
from gridmap.limits import CLOCKS, LADDERS, TASK, Calendar, Extension, allowances, timetable

SHANGHAI = ZoneInfo("Asia/Shanghai")
TIMES = timetable(Calendar(SHANGHAI))
START = datetime(2026, 3, 3, 9, tzinfo=SHANGHAI)
UNTIL = START + timedelta(days=40)


def test_every_event_of_a_step_is_one_that_some_clock_hears() -> None:
    heard = {event for rule in CLOCKS for event in (*rule.start, *rule.stop, *rule.pause, *rule.resume, *rule.restart)}
    assert set(EVENTS.values()) | {"settled", DISPUTED, AT_WINDOW} == heard


def test_every_clock_has_a_limit_for_each_unit_and_a_ladder() -> None:
    named = {rule.clock for rule in CLOCKS}
    assert set(LADDERS) == named | {TASK.clock}
    for limit in (None, *(Limit(2, unit) for unit in LimitUnit)):
        assert set(allowances(limit)) == named
        assert limit is None or allowances(limit)["handle"] == limit


@given(st.fractions(min_value=Fraction(1, 10**9), max_value=9999), st.sampled_from(LimitUnit))
def test_a_limit_of_whatever_amount_is_read_back_as_it_was(amount: Fraction, unit: LimitUnit) -> None:
    assert Limit.exact(str(Limit(amount, unit))) == Limit(amount, unit)


def whole(step: Step, actor: str, **more: str) -> Taken:
    given = {
        "reason": "x", "photo": "x", "office": "O", "until": UNTIL.isoformat(), "task": "1", "grade": "complex", "issue": "E2",
        "place": "118.1,25.5", "into": "y", "agreement": "7", "satisfied": "yes",
    }  # fmt: skip
    return Taken(step=step, actor=actor, **given | more)  # type: ignore[arg-type]


def done(at: datetime, before: Life, taken: Taken, after: Life) -> Done:
    return Done(at=at, taken=taken, before=before.state, after=after.state, moved=before.office != after.office)


BORN = Done(at=START, taken=None, before=None, after=State.DISPATCHED)


@settings(deadline=None)
@given(st.data())
def test_whatever_life_there_is_a_clock_runs_exactly_while_somebody_owes_a_step_of_it(data: st.DataObject) -> None:
    """After any steps: dispatched, it is to be acknowledged and handled; handled, inspected; parked or ended, nothing is due."""
    life, at = Life(incident="x", state=State.DISPATCHED, office="O", template=data.draw(st.sampled_from(Template))), START
    log = [BORN]
    for number in range(data.draw(st.integers(0, 12))):
        owed = str(life.owed[0].number) if life.owed else "1"
        more = {"office": data.draw(st.sampled_from("OP")), "satisfied": data.draw(st.sampled_from(["yes", "no"])), "task": owed}
        ways = [step for step in possible(life) if step is not Step.ARRIVE and not (life.owed and life.rows[step].answered)]
        if not ways:
            break
        step = data.draw(st.sampled_from(ways))
        if step in {Step.RETYPE, Step.RELOCATE, Step.REHOME}:
            more["office"] = data.draw(st.sampled_from(["", "O", "P"]))
        taken = whole(step, f"actor {number}", **more)
        at += timedelta(minutes=data.draw(st.integers(0, 5000)))
        before, life = life, take(life, taken)
        log.append(done(at, before, taken, life))
    runs = timed(TIMES, allowances(Limit(5, LimitUnit.WORK_DAY)), "E1", events(log))
    running = {run.clock.name for run in runs if run.clock.since is not None}
    wanted = waiting(life.state) | ({"rule"} if life.state is State.RETURNED and life.returns > 1 else set())
    assert running == wanted or (life.state in {State.FILED, State.TRIAGE, State.VERIFYING} and running == {"handle"})
    assert (pressed(runs)[1] is None) == (not running)
    tasks = asked(TIMES, "E1", log)
    assert [run.clock.run for run in tasks] == [task.number for task in life.tasks if task.kind is not TaskKind.INFORM]
    mine = {task.number for task in life.owed} if life.state not in {State.CLOSED, State.VOIDED} else set()
    assert {run.clock.run for run in tasks if run.clock.since is not None} == mine
    assert all(run.clock.started <= run.clock.stopped for run in (*runs, *tasks) if run.clock.stopped)


def waiting(state: State) -> set[str]:
    match state:
        case State.DISPATCHED:
            return {"acknowledge", "handle"}
        case State.ACKNOWLEDGED | State.IN_PROGRESS | State.RETURNED:
            return {"handle"}
        case State.HANDLED:
            return {"inspect"}
    return set()


def log_of(*told: tuple[Step, dict[str, str], timedelta]) -> tuple[Life, list[Done]]:
    life, log = Life(incident="x", state=State.DISPATCHED, office="O"), [BORN]
    for step, more, after in told:
        taken = whole(step, "desk", **more)
        before, life = life, take(life, taken)
        log.append(done(START + after, before, taken, life))
    return life, log


HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_what_another_office_is_asked_for_has_a_clock_of_its_own_until_it_answers() -> None:
    until = {"until": (START + 3 * HOUR + timedelta(microseconds=7)).isoformat(), "office": "P"}
    _, log = log_of((Step.ASSIST, until, HOUR), (Step.INFORM, {}, HOUR), (Step.UPWARD, until, HOUR), (Step.ANSWER, {"task": "3"}, 2 * HOUR))
    first, second = (run.clock for run in asked(TIMES, "E1", log))
    assert (first.key, first.due, first.stopped) == ("task.1", START + 3 * HOUR + timedelta(microseconds=7), None)
    assert (second.key, second.stopped) == ("task.3", START + 2 * HOUR)
    assert pressed(asked(TIMES, "E1", log)) == (first.due, "task")
    assert len(str(asked(TIMES, "E1", log)[0].given)) < 20


def test_who_was_called_to_the_spot_is_in_time_by_coming() -> None:
    until = {"until": (START + 3 * HOUR).isoformat()}
    _, log = log_of((Step.WHISTLE, until, HOUR), (Step.ARRIVE, {"task": " 1 "}, 2 * HOUR))
    assert asked(TIMES, "E1", log)[0].clock.stopped == START + 2 * HOUR


def test_while_the_incident_is_voided_the_clocks_of_its_tasks_stand() -> None:
    until = {"until": (START + 3 * HOUR).isoformat()}
    _, log = log_of((Step.ASSIST, until, HOUR), (Step.VOID, {}, 2 * HOUR), (Step.REOPEN, {}, 2 * HOUR + DAY))
    assert asked(TIMES, "E1", log[:3])[0].clock.paused
    assert asked(TIMES, "E1", log)[0].clock.due == START + 3 * HOUR + DAY


def test_from_the_second_return_until_the_ruling_a_clock_runs_for_whoever_rules() -> None:
    twice = [(Step.RETURN, {}, HOUR), (Step.DISPATCH, {}, HOUR), (Step.RETURN, {}, 2 * HOUR)]
    limits = allowances(Limit(5, LimitUnit.WORK_DAY))
    [rule] = [run.clock for run in timed(TIMES, limits, "E1", events(log_of(*twice)[1])) if run.clock.name == "rule"]
    assert (rule.started, rule.due) == (START + 2 * HOUR, START + 2 * HOUR + DAY)
    ruled = log_of(*twice, (Step.RULE, {}, 3 * HOUR), (Step.RETURN, {}, 4 * HOUR))[1]
    [rule] = [run.clock for run in timed(TIMES, limits, "E1", events(ruled)) if run.clock.name == "rule"]
    assert rule.stopped == START + 3 * HOUR


def test_another_type_is_another_limit_from_the_same_start_and_ends_what_was_granted_for_the_first() -> None:
    _, log = log_of((Step.ACKNOWLEDGE, {}, HOUR), (Step.EXTEND, {}, 2 * HOUR))
    retyped = Done(at=START + 3 * HOUR, taken=whole(Step.RETYPE, "desk"), before=State.ACKNOWLEDGED, after=State.ACKNOWLEDGED, retyped=True)
    assert touches(retyped)
    assert event_of(retyped) is None
    urgent = {run.clock.name: run.clock for run in timed(TIMES, allowances(Limit(2, LimitUnit.URGENT_HOUR)), "E2", events([*log, retyped]))}
    assert urgent["handle"].due == START + 2 * HOUR
    assert urgent["acknowledge"].stopped == START + HOUR


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
    silent = {
        step
        for step in {step for rows in TEMPLATES.values() for step in rows}
        if not touches(Done(at=START, taken=whole(step, "x"), before=State.DISPATCHED, after=State.DISPATCHED))
    }
    assert silent == {
        Step.ASK_VERIFY, Step.VERIFY, Step.FILE, Step.START, Step.REPLY, Step.INFORM, Step.SUPERVISE, Step.RELEASE, Step.REGRADE, Step.JOIN,
        Step.SHED, Step.CALL_BACK, Step.RETYPE, Step.RELOCATE, Step.REHOME,
    }  # fmt: skip
