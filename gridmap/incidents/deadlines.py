"""What the steps of an incident do to its clocks, and what is kept of each run.

A step keeps its clocks by an event of `gridmap.limits.CLOCKS`, which says what that does to which clock. A clock keeps the limit that it
began with, whatever the catalogue says later. Another pin moves no clock; another issue type is another limit, replayed from the same
start: used time stays used. What was granted for the type that it was taken for ends with it, and a run that was stopped stays as it was.
What another office was asked for has a clock of its own, until the instant that was named.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from gridmap.catalogue import Limit, LimitUnit
from gridmap.incidents.life import ENDED, RULED_AFTER, State, Step, Taken, TaskKind
from gridmap.limits import CLOCKS, LADDERS, TASK, Clock, Event, Extension, Timetable, next_step_at, pressing, replay

EVENTS: Mapping[Step, str] = MappingProxyType(
    {
        Step.DECLINE: "declined",
        Step.DISPATCH: "dispatched",
        Step.RULE: "dispatched",
        Step.TRANSFER: "transferred",
        Step.ELEVATE: "transferred",
        Step.ACKNOWLEDGE: "acknowledged",
        Step.RETURN: "returned",
        Step.SUSPEND: "suspended",
        Step.RESUME: "resumed",
        Step.HANDLE: "handled",
        Step.INSPECT: "inspected",
        Step.REWORK: "reworked",
        Step.CLOSE: "closed",
        Step.VOID: "voided",
        Step.MERGE: "voided",
        Step.SPLIT: "reopened",
        Step.REOPEN: "reopened",
    }
)
"""What is here is one event, whatever comes of it; the rest is for `event_of` to say, or (who verifies, files, starts, tells) none."""
ANEW = frozenset({Step.RETYPE, Step.RELOCATE, Step.REHOME})
"""Who acts is found anew."""
DISPUTED, AT_WINDOW = "disputed", "at_window"
"""Returned so often that somebody named must rule; and received where it may be settled the same day."""
_ASKING = frozenset({Step.ASSIST, Step.WHISTLE, Step.UPWARD})
_OF_TASKS = _ASKING | {Step.ARRIVE, Step.ANSWER, Step.WITHDRAW}
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A row of the log as the clocks see it: the step (None: it was received), the states around it, and until when (at the window).

    `moved` says that another office had it afterwards, `retyped` that it was of another issue type.
    """

    at: datetime
    taken: Taken | None
    before: State | None
    after: State
    moved: bool = False
    retyped: bool = False
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One run of a clock as it is kept: whose limit it was `given`, and when the next step of its ladder is due (None: never)."""

    clock: Clock
    issue: str
    given: Limit
    next_at: datetime | None


def first_event(state: State) -> Event | None:
    """What receiving it was, when it came into this state."""
    return "dispatched" if state is State.DISPATCHED else None


def event_of(done: Done) -> Event | None:
    """What the step is to the clocks, None for nothing. Who settles it on the spot has inspected it too, unless another was drawn to."""
    if done.taken is None:
        return first_event(done.after)
    step = done.taken.step
    if step is Step.EXTEND:
        return Extension(datetime.fromisoformat(done.taken.until))
    if step is Step.SETTLE:
        return "handled" if done.taken.drawn else "settled"
    if step is Step.CALL_BACK:
        return "reopened" if done.before in ENDED and done.after not in ENDED else None
    return _routed_anew(done) if step in ANEW else EVENTS.get(step)


def _routed_anew(done: Done) -> Event | None:
    """Another type, pin or land is an event only where it made the incident another office's, or nobody's."""
    if done.after is State.TRIAGE:
        return None if done.before is State.TRIAGE else "returned"
    if done.after is State.DISPATCHED and done.before in {State.TRIAGE, State.FILED, State.RETURNED}:
        return "dispatched"
    return "transferred" if done.after is State.DISPATCHED and done.moved else None


def touches(done: Done) -> bool:
    """Whether any clock is another for it."""
    return event_of(done) is not None or done.retyped or (done.taken is not None and done.taken.step in _OF_TASKS)


def events(log: Iterable[Done]) -> list[tuple[datetime, Event]]:
    """What a whole log was to the clocks."""
    window: list[tuple[datetime, Event]] = []
    found: list[tuple[datetime, Event]] = []
    returns = 0
    for done in log:
        step, event = done.taken and done.taken.step, event_of(done)
        returns = 0 if step is Step.RULE else returns + (step is Step.RETURN)
        if done.retyped:
            found = [each for each in found if not isinstance(each[1], Extension)]
        if event is not None:
            found.append((done.at, event))
        if step is Step.RETURN and returns >= RULED_AFTER:
            found.append((done.at, DISPUTED))
        if done.taken is None and done.until is not None:
            window = [(done.at, AT_WINDOW), (done.at, Extension(done.until))]
    return [*window, *found]


def timed(
    times: Timetable, limits: Mapping[str, Limit], issue: str, events: Iterable[tuple[datetime, Event]], fired: Collection[str] = ()
) -> tuple[Timed, ...]:
    """Every run of every clock after these events; `fired` are the keys of the ladder's steps that were done."""
    return tuple(_run(times, issue, limits[clock.name], clock, fired) for clock in replay(times, CLOCKS, limits, events))


def asked(times: Timetable, issue: str, log: Iterable[Done], fired: Collection[str] = ()) -> tuple[Timed, ...]:
    """The clock of each task that other offices were asked for, by its number: from asking until they came (where they were called to the
    spot), answered, or it was withdrawn. While the incident is ended it stands."""
    runs: list[Timed] = []
    for number, told in _told(log):
        given = _nominal(told)
        [clock] = replay(times, (TASK,), {TASK.clock: given}, told)
        runs.append(_run(times, issue, given, replace(clock, run=number), fired))
    return tuple(runs)


def _told(log: Iterable[Done]) -> Iterator[tuple[int, list[tuple[datetime, Event]]]]:
    """For each task by its number, what the log was to its clock."""
    tasks: dict[int, list[tuple[datetime, Event]]] = {}
    whistled: set[str] = set()
    numbered = 0
    for done in log:
        if done.taken is None:
            continue
        step, of = done.taken.step, done.taken.task.strip()
        if step in set(TaskKind):
            numbered += 1
        if step in _ASKING:
            until = datetime.fromisoformat(done.taken.until)
            tasks[numbered] = [(done.at, "asked"), (done.at, Extension(until))]
            whistled |= {str(numbered)} if step is Step.WHISTLE else set()
        elif step in {Step.ANSWER, Step.WITHDRAW} or (step is Step.ARRIVE and of in whistled):
            tasks.get(int(of), []).append((done.at, "answered"))
        elif done.after in ENDED or done.before in ENDED:
            for told in tasks.values():
                told.append((done.at, "ended" if done.after in ENDED else "opened"))
    yield from tasks.items()


def _nominal(told: Iterable[tuple[datetime, Event]]) -> Limit:
    """What the task was given in whole hours; its clock goes by the instant that was named."""
    (at, _), (_, until) = list(told)[:2]
    assert isinstance(until, Extension)
    return Limit(max(-((at - until.until) // _HOUR), 1), LimitUnit.URGENT_HOUR)


def _run(times: Timetable, issue: str, given: Limit, clock: Clock, fired: Collection[str]) -> Timed:
    return Timed(clock=clock, issue=issue, given=given, next_at=next_step_at(times, LADDERS[clock.name], clock, fired))


def pressed(runs: Iterable[Timed]) -> tuple[datetime | None, str | None]:
    """When the clock that presses is due, and which that is; neither where none runs."""
    found = pressing(run.clock for run in runs)
    return (found.due, found.name) if found else (None, None)
