"""What the steps of an incident do to its clocks, and what is kept of each run.

A step keeps its clocks by an event of `gridmap.limits.CLOCKS`, which says what that does to which clock. A clock keeps the limit that it
began with, whatever the catalogue says later; another issue type is another limit, replayed from the same start: used time stays used.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from gridmap.catalogue import Limit
from gridmap.incidents.life import Satisfied, State, Step, Taken
from gridmap.limits import CLOCKS, LADDERS, Clock, Event, Extension, Timetable, next_step_at, pressing, replay

EVENTS: Mapping[Step, str] = MappingProxyType(
    {
        Step.DECLINE: "declined",
        Step.DISPATCH: "dispatched",
        Step.RULE: "dispatched",
        Step.TRANSFER: "transferred",
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
"""What is not here (who verifies, files, starts or answers) touches no clock."""


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


def event_of(taken: Taken) -> Event | None:
    """What the step is to the clocks, None for nothing. Who settles it on the spot has inspected it too, unless another was drawn to."""
    if taken.step is Step.EXTEND:
        return Extension(datetime.fromisoformat(taken.until))
    if taken.step is Step.SETTLE:
        return "handled" if taken.drawn else "settled"
    if taken.step is Step.CALL_BACK:
        return "reopened" if taken.satisfied == Satisfied.NO else None
    return EVENTS.get(taken.step)


def timed(
    times: Timetable, limits: Mapping[str, Limit], issue: str, events: Iterable[tuple[datetime, Event]], fired: Collection[str] = ()
) -> tuple[Timed, ...]:
    """Every run of every clock after these events; `fired` are the keys of the ladder's steps that were done."""
    return tuple(
        Timed(clock=clock, issue=issue, given=limits[clock.name], next_at=next_step_at(times, LADDERS[clock.name], clock, fired))
        for clock in replay(times, CLOCKS, limits, events)
    )


def pressed(runs: Iterable[Timed]) -> tuple[datetime | None, str | None]:
    """When the clock that presses is due, and which that is; neither where none runs."""
    found = pressing(run.clock for run in runs)
    return (found.due, found.name) if found else (None, None)
