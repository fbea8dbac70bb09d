"""When a limit ends: working time in a calendar, ready to be asked many times.

One rule for each unit, and each runs until the earliest instant at which the amount is used up (so 1 WH from Friday 17:00 ends on Friday
at 18:00, not on Monday at 08:00):

- UH (紧急工作时): elapsed time in UTC. Nights, holidays and changes of the clocks make no difference.
- WH (工作时): only time in which the offices work counts.
- WD (工作日): a work day is used up as its own working time passes. 5 WD from Tuesday 10:30 end next Tuesday at 10:30, and what starts
  outside working hours starts with the next ones: 1 WD from Friday night or from Monday 08:00 ends on Monday at closing. Where days
  differ in length the share of the day counts: 1 WD from the middle of a short day ends in the middle of the long one behind it.

The Civil Code (articles 201 and 203) leaves out the first day and ends the last one at closing time; the field's tables say nothing.
Ours is never later than the Code's, adds up, and stands still exactly as long as a pause does: whoever keeps it has kept the law's.
An end is rounded up to the microsecond, once.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from math import ceil

from gridmap.catalogue import Limit, LimitUnit
from gridmap.limits.calendar import Calendar
from gridmap.limits.year import HOUR, Year, build_year, instant, micros, utc

# From an instant to an instant, in UTC; None is open: the clock runs on.
Span = tuple[datetime, datetime | None]
# A unit's own count: microseconds of UH and WH, days of WD.
Count = int | Fraction


@dataclass(frozen=True)
class Timetable:
    """A calendar's working time, added up year by year as it is asked for."""

    calendar: Calendar
    _years: dict[int, Year] = field(default_factory=dict, compare=False, repr=False)

    def end(self, start: datetime, limit: Limit, pauses: Iterable[tuple[datetime, datetime]] = ()) -> datetime:
        """The instant (UTC) by which the limit that starts at `start` ends; in `pauses` the clock stands, that of urgent hours too."""
        found = self.reach(running(start, pauses), limit.unit, count(limit.unit, limit.amount))
        assert found is not None, "the last span of running() is open"
        return found

    def worked(self, since: datetime, until: datetime, pauses: Iterable[tuple[datetime, datetime]] = ()) -> timedelta:
        """Working time between two instants, without the pauses; nothing if `until` is not later."""
        return timedelta(microseconds=int(self.used(clip(running(since, pauses), until=until), LimitUnit.WORK_HOUR)))

    def spent(self, unit: LimitUnit, since: datetime, until: datetime, pauses: Iterable[tuple[datetime, datetime]] = ()) -> Fraction:
        """How many hours (UH, WH) or work days (WD) of a limit pass between two instants: exact, so that shares add up."""
        return Fraction(self.used(clip(running(since, pauses), until=until), unit), count(unit, 1))

    def remains(self, start: datetime, limit: Limit, at: datetime, pauses: Iterable[tuple[datetime, datetime]] = ()) -> Fraction:
        """What is left of the limit at an instant, in its own unit; below zero what it is over."""
        return limit.amount - self.spent(limit.unit, start, at, pauses)

    def share(self, start: datetime, limit: Limit, at: datetime, pauses: Iterable[tuple[datetime, datetime]] = ()) -> Fraction:
        """The share of the limit that is used at an instant: 4/5 is 80 %, more than 1 is overdue."""
        return self.spent(limit.unit, start, at, pauses) / limit.amount

    def closing(self, at: datetime) -> datetime:
        """When the working day ends that goes on at the instant, or the next one if it is over or none."""
        day = at.astimezone(self.calendar.zone).date()
        while True:
            if shifts := self.calendar.hours_on(day):
                midnight = datetime(day.year, day.month, day.day, tzinfo=self.calendar.zone)
                ends = utc(midnight + timedelta(minutes=shifts[-1].closes))
                if ends > utc(at):
                    return ends
            day += timedelta(days=1)

    def used(self, spans: Iterable[Span], unit: LimitUnit) -> Count:
        """What the clock counts in these closed spans."""
        return sum(self._between(unit, since, until) for since, until in spans if until is not None)

    def reach(self, spans: Iterable[Span], unit: LimitUnit, amount: Count) -> datetime | None:
        """The earliest instant at which a clock that runs in `spans` (in order, apart) has counted `amount`; None if it never does."""
        left = amount
        for since, until in spans:
            if until is not None and (passed := self._between(unit, since, until)) < left:
                left -= passed
            else:
                return self._after(unit, since, left)
        return None

    def _between(self, unit: LimitUnit, since: datetime, until: datetime) -> Count:
        if until <= since:
            return 0
        if unit is LimitUnit.URGENT_HOUR:
            return micros(until) - micros(since)
        before, total, _ = _MEASURES[unit]
        first, last = self._local_year(since), self._local_year(until)
        whole = sum(total(self._year(year)) for year in range(first, last))
        return whole + before(self._year(last), micros(until)) - before(self._year(first), micros(since))

    def _after(self, unit: LimitUnit, start: datetime, amount: Count) -> datetime:
        """The earliest instant by which `amount` was counted; for nothing the start. It comes: no year is without work (CalendarIdle)."""
        if unit is LimitUnit.URGENT_HOUR or amount <= 0:
            return instant(micros(start) + max(ceil(amount), 0))
        before, total, when = _MEASURES[unit]
        year = self._local_year(start)
        found = self._year(year)
        target = before(found, micros(start)) + amount
        while target > total(found):
            target -= total(found)
            year += 1
            found = self._year(year)
        return instant(when(found, target))

    def _local_year(self, at: datetime) -> int:
        return at.astimezone(self.calendar.zone).year

    def _year(self, year: int) -> Year:
        found = self._years.get(year)
        if found is None:
            found = self._years[year] = build_year(self.calendar, year)
        return found


# What was counted in a year before an instant, in all of it, and when a count was reached.
_MEASURES: dict[LimitUnit, tuple[Callable[[Year, int], Count], Callable[[Year], int], Callable[[Year, Count], int]]] = {
    LimitUnit.WORK_HOUR: (Year.hours_before, lambda year: year.hours_total, lambda year, worked: year.when_hours(ceil(worked))),
    LimitUnit.WORK_DAY: (Year.days_before, lambda year: year.days_total, Year.when_days),
}


@lru_cache(maxsize=64)
def timetable(calendar: Calendar) -> Timetable:
    """The same timetable for the same rows, so that a process adds up each year once."""
    return Timetable(calendar)


def count(unit: LimitUnit, amount: Count) -> Count:
    """An amount in the unit's own count."""
    return amount if unit == LimitUnit.WORK_DAY else amount * HOUR


def running(start: datetime, pauses: Iterable[tuple[datetime, datetime]] = ()) -> Iterator[Span]:
    """The spans in which a clock runs that starts at `start` and stands in `pauses` (in any order, overlapping or not; one that ends
    before it begins is none); the last is open."""
    since = utc(start)
    for paused, resumed in sorted((utc(paused), utc(resumed)) for paused, resumed in pauses):
        if resumed > max(since, paused):
            if paused > since:
                yield since, paused
            since = resumed
    yield since, None


def clip(spans: Iterable[Span], since: datetime | None = None, until: datetime | None = None) -> Iterator[Span]:
    """The parts of the spans that lie between the instants."""
    since, until = since and utc(since), until and utc(until)
    for begin, end in spans:
        first = begin if since is None else max(begin, since)
        last = min((at for at in (end, until) if at is not None), default=None)
        if last is None or first < last:
            yield first, last
