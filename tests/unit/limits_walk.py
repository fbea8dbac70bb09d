"""An independent and slow witness of the limits: made-up calendars, and a walk that asks in each minute what the wall clock shows."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from math import lcm
from random import Random
from zoneinfo import ZoneInfo

from gridmap.limits import Calendar

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu")
# Days on which one of these zones changes its clocks, the turn of a year, and ordinary ones.
DAYS = tuple(
    date.fromisoformat(day)
    for day in (
        *("2026-03-08", "2026-11-01", "2026-03-29", "2026-10-25", "2026-04-05", "2026-10-04", "2026-02-15", "2026-03-22"),
        *("2025-12-31", "2026-12-30", "2028-02-28", "2026-06-10", "2026-10-01"),
    )
)
Hours = list[tuple[int, int]]
Pauses = Sequence[tuple[datetime, datetime]]


@dataclass
class MadeUp:
    """A calendar as plain facts, from which both the rows and the walk are made."""

    zone: ZoneInfo
    middle: date
    usual: Hours
    seasons: list[tuple[date, date, Hours]] = field(default_factory=list)
    holidays: set[date] = field(default_factory=set)
    workdays: dict[date, Hours] = field(default_factory=dict)

    def calendar(self) -> Calendar:
        rows = [("hours", "", "", _text(self.usual))]
        rows += [("hours", first.isoformat(), last.isoformat(), _text(hours)) for first, last, hours in self.seasons]
        rows += [("holiday", day.isoformat(), "", "") for day in self.holidays]
        rows += [("workday", day.isoformat(), day.isoformat(), _text(hours)) for day, hours in self.workdays.items()]
        return Calendar.from_rows(rows, self.zone)

    def works(self, wall: datetime) -> bool:
        minute = wall.hour * 60 + wall.minute
        return any(opens <= minute < closes for opens, closes in self.hours(wall.date()))

    def hours(self, day: date) -> Hours:
        season = next((hours for first, last, hours in self.seasons if first <= day <= last), self.usual)
        if day in self.workdays:
            return self.workdays[day] or season
        return [] if day in self.holidays or day.isoweekday() > 5 else season


def made_up(seed: int, step: int = 15) -> MadeUp:
    """A calendar whose hours fall on whole steps (minutes), lively around a day on which something happens."""
    dice = Random(seed)
    middle = dice.choice(DAYS)
    found = MadeUp(ZoneInfo(dice.choice(ZONES)), middle, _hours(dice, step))
    near = [middle + timedelta(days=ahead) for ahead in range(-12, 13)]
    if dice.random() < 0.6:
        turn = dice.choice(near)
        found.seasons = [
            (turn - timedelta(days=dice.randrange(1, 9)), turn - timedelta(days=1), _hours(dice, step)),
            (turn, turn + timedelta(days=dice.randrange(9)), _hours(dice, step)),
        ]
    for day in dice.sample(near, dice.randrange(10)):
        if dice.random() < 0.6:
            found.holidays.add(day)
        else:
            found.workdays[day] = _hours(dice, step) if dice.random() < 0.5 else []
    return found


def _hours(dice: Random, step: int) -> Hours:
    marks = sorted(dice.sample(range(0, 24 * 60 + 1, step), 2 * dice.randrange(1, 4)))
    if dice.random() < 0.1:
        marks = [0, 24 * 60]
    return list(zip(marks[::2], marks[1::2], strict=True))


def _text(hours: Hours) -> str:
    return " ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in hours)


@dataclass
class Walk:
    """Every step of some days around the middle of a calendar: when it begins, whether it is worked, and on which local day."""

    facts: MadeUp
    step: timedelta
    days: int

    def __post_init__(self) -> None:
        begin = datetime.combine(self.facts.middle, datetime.min.time(), UTC) - timedelta(days=4)
        instants = [begin + self.step * ahead for ahead in range(timedelta(days=self.days) // self.step)]
        walls = [at.astimezone(self.facts.zone) for at in instants]
        self.steps = [(at, self.facts.works(wall), wall.date()) for at, wall in zip(instants, walls, strict=True)]
        self.lengths = Counter(day for _, works, day in self.steps if works)
        self.whole = lcm(*self.lengths.values())

    def starts(self) -> tuple[datetime, datetime]:
        """The instants between which a limit may start, so that its first and last day lie wholly in the walk."""
        return self.steps[0][0] + timedelta(days=2), self.steps[-1][0] - timedelta(days=2)

    def counts(self, unit: str, since: datetime, pauses: Pauses = ()) -> Iterator[tuple[datetime, int]]:
        """The end of each step from `since` on that counts, and what it adds; days count in parts of `whole`."""
        for at, works, day in self.steps[(since - self.steps[0][0]) // self.step :]:
            if (works or unit == "UH") and not any(paused <= at < resumed for paused, resumed in pauses):
                yield at + self.step, self.whole // self.lengths[day] if unit == "WD" else 1

    def one(self, unit: str) -> int:
        return self.whole if unit == "WD" else timedelta(hours=1) // self.step

    def end(self, start: datetime, amount: int, unit: str, pauses: Pauses = ()) -> datetime | None:
        """The end of the step in which the amount is used up; None where the walk, or its last whole day, is over before."""
        left = amount * self.one(unit)
        for at, adds in self.counts(unit, start, pauses):
            left -= adds
            if left <= 0:
                return at if at <= self.starts()[1] else None
        return None

    def spent(self, unit: str, since: datetime, until: datetime, pauses: Pauses = ()) -> int:
        """What passes between two instants, in parts of `one`."""
        return sum(adds for _, adds in takewhile(lambda step: step[0] <= until, self.counts(unit, since, pauses)))
