"""When offices work: hours by season, holidays and make-up work days (调休) in a time zone, as rows."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Self
from zoneinfo import ZoneInfo

from gridmap.errors import BadInput


class CalendarRowUnreadable(BadInput):
    """A row of a calendar is a kind, two dates and hours; facts: row."""


class CalendarDatesReversed(BadInput):
    """A row ends before it begins; facts: row."""


class CalendarDatesTooLong(BadInput):
    """Make-up work days of more than a year in one row are hours, not make-up days; facts: row."""


class CalendarRowsOverlap(BadInput):
    """Two rows give hours to the same day; facts: first, second."""


class HoursReversed(BadInput):
    """Working hours end before they begin, or at once; facts: hours."""


class HoursPastMidnight(BadInput):
    """Working hours run past midnight; facts: hours."""


class HoursOverlap(BadInput):
    """Working hours of one day overlap; facts: first, second."""


class HolidayWorked(BadInput):
    """A holiday is also a make-up work day; facts: day."""


class CalendarIdle(BadInput):
    """Nobody works for a year, so that no deadline would ever come; facts: since, until."""


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """One stretch of working hours, in whole minutes of the wall clock after midnight; `closes` is at most 1440 (24:00) and not worked."""

    opens: int
    closes: int

    def __str__(self) -> str:
        return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (self.opens, self.closes))


def read_hours(text: str) -> tuple[Shift, ...]:
    """Read "08:00-12:00 14:00-18:00" (blanks or commas between) in the day's order; ValueError if it is something else."""
    shifts = sorted(_shift(part) for part in re.split(r"[\s,，、;；]+", text.strip()) if part)
    for before, after in pairwise(shifts):
        if after.opens < before.closes:
            raise HoursOverlap(first=str(before), second=str(after))
    return tuple(shifts)


def _shift(text: str) -> Shift:
    found = re.fullmatch(r"([0-4]?\d)[:：]([0-5]\d)[-–~]([0-4]?\d)[:：]([0-5]\d)", text)
    if not found:
        raise ValueError(text)
    opens, closes = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if closes <= opens:
        raise HoursReversed(hours=text)
    if closes > 24 * 60:
        raise HoursPastMidnight(hours=text)
    return Shift(opens, closes)


def _read_date(text: str) -> date | None:
    return date.fromisoformat(text.strip()) if text.strip() else None


class DayKind(StrEnum):
    """What a row of a calendar says of its days."""

    HOURS = "hours"  # 作息时间, from Monday to Friday; summer or winter hours where it has dates
    HOLIDAY = "holiday"  # 节假日: nobody works
    WORKDAY = "workday"  # 调休: worked, whatever weekday it is


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A row of a calendar: what holds from `since` to `until`, both included.

    Hours without dates hold whenever no dated hours do; an open end is None. A holiday or work day without `until` is one day.
    A work day may have hours of its own; without them it has those of its season.
    """

    kind: DayKind
    since: date | None = None
    until: date | None = None
    hours: tuple[Shift, ...] = ()

    @classmethod
    def read(cls, kind: str, since: str = "", until: str = "", hours: str = "") -> Self:
        """A row of texts: kind, two ISO dates or nothing, hours; refused with the row's own words."""
        try:
            return cls(DayKind(kind.strip()), _read_date(since), _read_date(until), read_hours(hours))
        except ValueError as fault:
            raise CalendarRowUnreadable(row=" ".join((kind, since, until, hours)).strip()) from fault

    def __post_init__(self) -> None:
        undated = self.kind != DayKind.HOURS and not self.since
        if undated or (self.kind == DayKind.HOURS and not self.hours) or (self.kind == DayKind.HOLIDAY and self.hours):
            raise CalendarRowUnreadable(row=str(self))
        if self.first > self.last:
            raise CalendarDatesReversed(row=str(self))
        if self.kind == DayKind.WORKDAY and (self.last - self.first).days > 366:
            raise CalendarDatesTooLong(row=str(self))

    @property
    def first(self) -> date:
        return self.since or date.min

    @property
    def last(self) -> date:
        return self.until or (date.max if self.kind == DayKind.HOURS else self.first)

    @property
    def days(self) -> Iterable[date]:
        """Every day of a holiday or work day."""
        return (self.first + timedelta(days=ahead) for ahead in range((self.last - self.first).days + 1))

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.kind, self.since or "", self.until or "", *self.hours) if part)


USUAL_HOURS = read_hours("08:00-12:00 14:00-18:00")


@dataclass(frozen=True)
class Calendar:
    """When offices work: rows in a time zone, and Monday to Friday 08:00-12:00 and 14:00-18:00 (机关 hours) where no row says otherwise.

    Saturday and Sunday rest (State Council's rules on working hours, article 7) unless a row makes up for them.
    """

    zone: ZoneInfo
    rows: tuple[CalendarRow, ...] = ()

    def __post_init__(self) -> None:
        self._refuse_overlaps()
        holidays = sorted({day for row in self._of(DayKind.HOLIDAY) for day in self._bounded(row).days})
        for day in holidays:
            if self._special[day]:
                raise HolidayWorked(day=day.isoformat())
        self._refuse_idleness(holidays)

    @classmethod
    def from_rows(cls, rows: Iterable[Iterable[str]], zone: ZoneInfo) -> Self:
        """Rows of texts as tables hold them: kind (hours, holiday, workday), from-date, to-date, hours."""
        return cls(zone, tuple(CalendarRow.read(*row) for row in rows))

    def hours_on(self, day: date) -> tuple[Shift, ...]:
        """The shifts of this day by the wall clock; none on a day of rest."""
        special = self._special.get(day)
        if special is not None:
            return special
        return self._season(day) if day.weekday() < 5 else ()

    def _of(self, kind: DayKind) -> list[CalendarRow]:
        return sorted((row for row in self.rows if row.kind == kind), key=lambda row: (row.first, row.last))

    @cached_property
    def _seasons(self) -> list[CalendarRow]:
        return [row for row in self._of(DayKind.HOURS) if row.since or row.until]

    @cached_property
    def _usual(self) -> tuple[Shift, ...]:
        return next((row.hours for row in self._of(DayKind.HOURS) if not (row.since or row.until)), USUAL_HOURS)

    @cached_property
    def _special(self) -> Mapping[date, tuple[Shift, ...]]:
        worked = {day: row.hours or self._season(day) for row in self._of(DayKind.WORKDAY) for day in row.days}
        return {day: () for row in self._of(DayKind.HOLIDAY) for day in self._bounded(row).days} | worked

    def _season(self, day: date) -> tuple[Shift, ...]:
        at = bisect_right(self._seasons, day, key=lambda row: row.first) - 1
        return self._seasons[at].hours if at >= 0 and day <= self._seasons[at].last else self._usual

    def _refuse_overlaps(self) -> None:
        whole = [row for row in self._of(DayKind.HOURS) if not (row.since or row.until)]
        pairs = [*pairwise(self._seasons), *pairwise(self._of(DayKind.WORKDAY))]
        for first, second in [*pairwise(whole), *((a, b) for a, b in pairs if b.first <= a.last)]:
            raise CalendarRowsOverlap(first=str(first), second=str(second))

    @staticmethod
    def _bounded(row: CalendarRow) -> CalendarRow:
        """The row, refused before its days are counted if they alone are a year."""
        if (row.last - row.first).days >= 364:
            raise CalendarIdle(since=row.first.isoformat(), until=row.last.isoformat())
        return row

    def _refuse_idleness(self, holidays: list[date]) -> None:
        """A year without any work can only be made of holidays and the weekends between them."""
        begin = holidays[0] if holidays else None
        for before, day in pairwise(holidays):
            between = range(1, min((day - before).days, 8))  # of seven days that are no holidays one is worked
            if any(self.hours_on(before + timedelta(days=ahead)) for ahead in between):
                begin = day
            elif begin and (day - begin).days >= 364:
                raise CalendarIdle(since=begin.isoformat(), until=day.isoformat())
