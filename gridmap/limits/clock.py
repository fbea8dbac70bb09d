"""The separate clocks of one matter: to acknowledge, to handle, to inspect. Which event does what to which clock is data.

An event touches only the clocks whose rule names it, so an answer stops the clock that waits for an answer and no other (osTicket #1684:
"I answered. Ticket got overdue"). Each clock keeps its own due instant, and nothing that comes later moves or hides one that runs
(Zammad #5177: the target of the next update overruled that of the first response).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from gridmap.catalogue import Limit, LimitUnit
from gridmap.limits.timetable import Span, Timetable, clip, count
from gridmap.limits.year import HOUR, utc


@dataclass(frozen=True, slots=True)
class Extension:
    """An event that gives a clock more time, or less: the run that is open ends at `until` if it does not stand meanwhile."""

    until: datetime


Event = str | Extension


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A row: what events (states of an incident, by name) do to one clock.

    `start` begins the first run and nothing else. `restart` begins a run, with the whole limit, where none is open: while one runs or
    stands it changes nothing, so that no event ever moves a target. An event in both `stop` and `restart` ends one run and begins the next.
    An Extension is for the clocks with `extended`, and for the run alone that is open.
    """

    clock: str
    start: frozenset[str]
    stop: frozenset[str]
    pause: frozenset[str] = frozenset()
    resume: frozenset[str] = frozenset()
    restart: frozenset[str] = frozenset()
    extended: bool = False


# Declined, nobody has anything to do any more; settled on the spot, it is handled and inspected in one.
_ENDS = frozenset({"handled", "settled", "declined", "closed", "voided"})

# What a county starts with. Returning to the desk does not stop the clock to handle: the reporter waits all the same.
CLOCKS = (
    ClockRule(
        "acknowledge",
        start=frozenset({"dispatched"}),
        stop=_ENDS | {"acknowledged", "returned", "transferred"},
        restart=frozenset({"dispatched", "transferred"}),
    ),
    ClockRule(
        "handle",
        start=frozenset({"dispatched"}),
        stop=_ENDS,
        pause=frozenset({"suspended"}),
        resume=frozenset({"resumed"}),
        restart=frozenset({"reworked", "reopened"}),
        extended=True,
    ),
    ClockRule(
        "inspect",
        start=frozenset({"handled"}),
        stop=frozenset({"inspected", "reworked", "closed", "voided"}),
        restart=frozenset({"handled"}),
    ),
    # Returned again: somebody named says whose it is, until it is somebody's.
    ClockRule(
        "rule",
        start=frozenset({"disputed"}),
        stop=_ENDS | {"dispatched", "transferred", "returned"},
        restart=frozenset({"disputed"}),
    ),
    # What can be settled at the window has until the end of the day, and then moves on.
    ClockRule("window", start=frozenset({"at_window"}), stop=_ENDS | {"dispatched", "returned"}, extended=True),
)

# What another office was asked for beside the matter's own: a run for each, which stands while the matter is ended.
TASK = ClockRule(
    "task",
    start=frozenset({"asked"}),
    stop=frozenset({"answered"}),
    pause=frozenset({"ended"}),
    resume=frozenset({"opened"}),
    extended=True,
)


@dataclass(frozen=True, slots=True)
class Clock:
    """One run of a clock: a restart is another run, and what this one was stays as it was.

    `ran` are the spans that are over, `since` is when it last began to run (None: it stands or is stopped). `due` is when the limit is
    used up if it runs on; a clock that stands has none, unless it was over before. One that was stopped keeps the `due` that it had.
    """

    name: str
    run: int
    limit: Limit
    started: datetime
    ran: tuple[tuple[datetime, datetime], ...] = ()
    since: datetime | None = None
    stopped: datetime | None = None
    due: datetime | None = None

    @property
    def key(self) -> str:
        """The run's own name among the clocks of one matter, such as "handle.1" for the first."""
        return f"{self.name}.{self.run}"

    @property
    def paused(self) -> bool:
        return self.since is None and self.stopped is None

    @property
    def halted(self) -> datetime | None:
        """When it last ceased to run, if it does not run now."""
        if self.since is not None:
            return None
        return self.ran[-1][1] if self.ran else self.started

    def spans(self) -> Iterator[Span]:
        """When it ran and runs."""
        yield from self.ran
        if self.since is not None:
            yield self.since, None

    def spans_onward(self) -> Iterator[Span]:
        """The same as if it had run on where it halted: what would have come."""
        yield from self.spans()
        if self.halted is not None:
            yield self.halted, None

    def has_come(self, at: datetime) -> bool:
        """Whether it ran beyond an instant of `spans_onward`: what falls on the very instant of halting has not come."""
        return self.halted is None or at < self.halted

    def breached(self, now: datetime) -> bool:
        """Whether the limit was exceeded by `now`. Done at the last instant is in time, and what was stopped in time stays so for ever."""
        if self.due is None or not self.has_come(self.due):
            return False
        return utc(now) > self.due

    def used(self, times: Timetable, at: datetime) -> Fraction:
        """The hours (UH, WH) or work days (WD) that it counted until `at`."""
        return Fraction(times.used(clip(self.spans(), until=at), self.limit.unit), count(self.limit.unit, 1))

    def share(self, times: Timetable, at: datetime) -> Fraction:
        """The share of its limit that was used at `at`: 1 is all of it."""
        return self.used(times, at) / self.limit.amount

    def remains(self, times: Timetable, at: datetime) -> Fraction:
        """What was left at `at` in the limit's unit; below zero what it was over."""
        return self.limit.amount - self.used(times, at)


def replay(
    times: Timetable, rules: Sequence[ClockRule], limits: Mapping[str, Limit], events: Iterable[tuple[datetime, Event]]
) -> tuple[Clock, ...]:
    """Every run of every clock after these events, in the order of the rules; a clock without a limit does not exist.

    The order of the events is their order in the log: an instant before the last one's (a clock was set back) counts as the last one's.
    Other limits (of another issue type) are replayed from the same start: used time stays used.
    """
    runs: dict[str, list[Clock]] = {rule.clock: [] for rule in rules if rule.clock in limits}
    latest: datetime | None = None
    for at, event in events:
        latest = utc(at) if latest is None else max(utc(at), latest)
        for rule in rules:
            if rule.clock not in limits:
                continue
            if isinstance(event, Extension):
                _extend(times, rule, runs[rule.clock], event)
            else:
                _apply(rule, limits[rule.clock], runs[rule.clock], latest, event)
    return tuple(replace(run, due=_due(times, run)) for of_clock in runs.values() for run in of_clock)


def recount(times: Timetable, clock: Clock) -> Clock:
    """The same run with what is due by this working time: another calendar moves what still runs, and nothing that stands or is over."""
    return replace(clock, due=_due(times, clock)) if clock.since is not None else clock


def pressing(clocks: Iterable[Clock]) -> Clock | None:
    """Of the clocks that run, the one that is due first: a later target never hides an earlier one, and what is over stays first."""
    running = [(clock.due, clock.key, clock) for clock in clocks if clock.since is not None and clock.due is not None]
    return min(running, key=lambda found: found[:2])[2] if running else None


def _apply(rule: ClockRule, limit: Limit, runs: list[Clock], at: datetime, event: str) -> None:
    if runs and runs[-1].stopped is None:
        runs[-1] = _changed(rule, runs[-1], at, event)
    over = not runs or runs[-1].stopped is not None
    if (event in rule.start and not runs) or (event in rule.restart and over):
        runs.append(Clock(rule.clock, len(runs) + 1, limit, started=at, since=at))


def _changed(rule: ClockRule, clock: Clock, at: datetime, event: str) -> Clock:
    if event in rule.stop:
        return replace(_halted(clock, at), stopped=at)
    if event in rule.pause:
        return _halted(clock, at)
    return replace(clock, since=at) if event in rule.resume and clock.paused else clock


def _extend(times: Timetable, rule: ClockRule, runs: list[Clock], given: Extension) -> None:
    """An instant is no amount of work: the limit is the time that passes by the clock until then, nights and holidays too."""
    if rule.extended and runs and runs[-1].stopped is None:
        passed = times.used(clip(runs[-1].spans_onward(), until=given.until), LimitUnit.URGENT_HOUR)
        runs[-1] = replace(runs[-1], limit=Limit(Fraction(max(passed, 1), HOUR), LimitUnit.URGENT_HOUR))


def _halted(clock: Clock, at: datetime) -> Clock:
    ran = ((clock.since, at),) if clock.since is not None and clock.since < at else ()
    return replace(clock, since=None, ran=(*clock.ran, *ran))


def _due(times: Timetable, clock: Clock) -> datetime | None:
    due = times.reach(clock.spans_onward(), clock.limit.unit, count(clock.limit.unit, clock.limit.amount))
    stands = clock.halted is not None and clock.halted != clock.stopped
    return due if due is not None and (not stands or clock.has_come(due)) else None
