"""Points on a clock, such as 80 % of its limit, and what is done at them: a breach is foreseen, and a matter climbs a ladder of levels."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Self

from gridmap.catalogue import LimitUnit
from gridmap.errors import BadInput
from gridmap.limits.clock import Clock
from gridmap.limits.timetable import Timetable, clip, count
from gridmap.limits.year import MINUTE, utc


class MarkUnreadable(BadInput):
    """A point on a clock is a share, minutes before the end or a delay after it; facts: text."""


class LadderStepRepeated(BadInput):
    """A ladder names a level twice, so that one of the two would never be reached; facts: level."""


class MarkKind(StrEnum):
    SHARE = "share"
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Mark:
    """A point on a clock: "80 %" of its limit (also over 100), "-30 min" before its end, or "+4 WH" after its end.

    Minutes before the end are the clock's own: elapsed for urgent hours, working time for work hours and work days. A delay has a unit of
    its own. It and shares over 100 % count only while the clock runs: a pause holds the point back too.
    """

    kind: MarkKind
    amount: int
    unit: LimitUnit = LimitUnit.URGENT_HOUR

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a mark as tables hold it; anything else is refused, never guessed."""
        if share := re.fullmatch(r"\s*(\d{1,4})\s*[%％]\s*", text):
            return cls(MarkKind.SHARE, int(share[1]))
        if before := re.fullmatch(r"\s*-\s*(\d{1,5})\s*min\s*", text):
            return cls(MarkKind.BEFORE, int(before[1]))
        if after := re.fullmatch(r"\s*\+\s*([1-9]\d{0,3})\s*(UH|WH|WD)\s*", text):
            return cls(MarkKind.AFTER, int(after[1]), LimitUnit(after[2]))
        raise MarkUnreadable(text=text)

    def __str__(self) -> str:
        return {
            MarkKind.SHARE: f"{self.amount} %",
            MarkKind.BEFORE: f"-{self.amount} min",
            MarkKind.AFTER: f"+{self.amount} {self.unit}",
        }[self.kind]


# When a breach is foreseen, unless a county says otherwise (our rule).
FORESEEN = Mark(MarkKind.SHARE, 80)


@dataclass(frozen=True, slots=True)
class Step:
    """A rung: the level that is called, and when."""

    level: str
    when: Mark


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs from the lowest level up; each level once."""

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        levels = [step.level for step in self.steps]
        for level in levels:
            if levels.count(level) > 1:
                raise LadderStepRepeated(level=level)

    def next(self, clock: Clock, fired: Collection[str]) -> Self:
        """The steps among which the next one is: of shares of one limit only the least, for a clock reaches that one first."""
        left = [step for step in self.steps if f"{clock.key}.{step.level}" not in fired]
        shares = [step for step in left if step.when.kind is MarkKind.SHARE]
        others = [step for step in left if step.when.kind is not MarkKind.SHARE]
        return replace(self, steps=(*others, *sorted(shares, key=lambda step: step.when.amount)[:1]))


# Village → township → county → city (小事不出村, 大事不出镇), by shares, so that it fits limits of hours and of days (our rule).
LADDER = Ladder(
    tuple(Step(level, Mark(MarkKind.SHARE, share)) for level, share in (("village", 80), ("township", 100), ("county", 150), ("city", 200)))
)


# Who does not acknowledge or inspect in time is a matter for the township; the county hears of what is not handled, and of offices that
# were asked, or are to be ruled about, and are no village's (our rule). Who waits at the window is not called: it moves on.
LADDERS: Mapping[str, Ladder] = MappingProxyType(
    {
        "acknowledge": Ladder((Step("village", Mark(MarkKind.SHARE, 100)), Step("township", Mark(MarkKind.SHARE, 200)))),
        "handle": LADDER,
        "inspect": Ladder((Step("village", Mark(MarkKind.SHARE, 100)), Step("township", Mark(MarkKind.SHARE, 200)))),
        "rule": Ladder((Step("county", Mark(MarkKind.SHARE, 100)), Step("city", Mark(MarkKind.SHARE, 200)))),
        "task": Ladder((Step("township", Mark(MarkKind.SHARE, 100)), Step("county", Mark(MarkKind.SHARE, 200)))),
        "window": Ladder(()),
    }
)


@dataclass(frozen=True, slots=True)
class Due:
    """A step that is to be fired: since when, and the key under which it is recorded, once for each run of a clock."""

    step: Step
    at: datetime
    key: str


def mark_at(times: Timetable, clock: Clock, mark: Mark) -> datetime | None:
    """When the clock reaches the point, in the past or, if it runs on, in the future; None if it halted before."""
    found = _onward(times, clock, mark)
    return found if found is not None and clock.has_come(found) else None


def foreseen(times: Timetable, clock: Clock, now: datetime, mark: Mark = FORESEEN) -> bool:
    """Whether a breach is foreseen: the point is reached, and the clock is neither stopped nor over."""
    at = mark_at(times, clock, mark)
    return at is not None and at <= utc(now) and clock.stopped is None and not clock.breached(now)


def steps_due(times: Timetable, ladder: Ladder, clock: Clock, now: datetime, fired: Collection[str]) -> tuple[Due, ...]:
    """The steps to fire now, the earliest first: each that the clock reached by `now` and whose key is not in `fired`.

    What is reached follows from the clock alone, so it makes no difference how often, how late or in what order this is asked, nor whether
    `now` jumped back: record the keys with what is done, and each step is done once. A step whose point came before the clock was stopped
    is owed even if nobody asked in between; one whose point had not come by then never is.
    """
    return tuple(sorted((due for due in _owed(times, ladder, clock, fired) if due.at <= utc(now)), key=lambda due: due.at))


def next_step_at(times: Timetable, ladder: Ladder, clock: Clock, fired: Collection[str]) -> datetime | None:
    """When the clock reaches the next step that is not in `fired`, in the past or, if it runs on, in the future; None if it never does."""
    return min((due.at for due in _owed(times, ladder.next(clock, fired), clock, fired)), default=None)


def _owed(times: Timetable, ladder: Ladder, clock: Clock, fired: Collection[str]) -> Iterator[Due]:
    for step in ladder.steps:
        key = f"{clock.key}.{step.level}"
        if key not in fired and (at := mark_at(times, clock, step.when)) is not None:
            yield Due(step, at, key)


def _onward(times: Timetable, clock: Clock, mark: Mark) -> datetime | None:
    unit, whole = clock.limit.unit, count(clock.limit.unit, clock.limit.amount)
    if mark.kind == MarkKind.SHARE:
        return times.reach(clock.spans_onward(), unit, Fraction(whole * mark.amount, 100))
    end = times.reach(clock.spans_onward(), unit, whole)
    if mark.kind == MarkKind.AFTER:
        return times.reach(clip(clock.spans_onward(), since=end), mark.unit, count(mark.unit, mark.amount))
    own = LimitUnit.URGENT_HOUR if unit == LimitUnit.URGENT_HOUR else LimitUnit.WORK_HOUR
    lasts = times.used(clip(clock.spans_onward(), until=end), own)
    return times.reach(clock.spans_onward(), own, lasts - mark.amount * MINUTE)
