"""One year of working time by the clock of the world, added up, so that a question is a bisection and never a walk over days.

A minute is worked if the wall clock of the zone then reads within the day's hours. So an hour that the clocks skip is worked by nobody,
and one that they repeat is worked twice. Instants and lengths are whole microseconds; instants are counted from 1970 in UTC.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import accumulate, groupby
from zoneinfo import ZoneInfo

from gridmap.limits.calendar import Calendar

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.date().toordinal()
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def utc(at: datetime) -> datetime:
    """The instant in UTC: Python compares two times of one zone by what the wall clock shows, and in a repeated hour that is wrong.

    An instant without a zone is a fault of ours, and never taken for a local time.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at} names no time zone")
    return at.astimezone(UTC)


def micros(at: datetime) -> int:
    """The microseconds since 1970 of an instant in UTC."""
    return (at - EPOCH) // MICROSECOND


def instant(at: int) -> datetime:
    return EPOCH + timedelta(microseconds=at)


@dataclass(frozen=True, slots=True)
class Year:
    """The working time of one local year: `before[i]` was worked before stretch i, `days[d]` before work day d; both end in the total."""

    opens: list[int]
    closes: list[int]
    before: list[int]
    days: list[int]

    @property
    def hours_total(self) -> int:
        return self.before[-1]

    @property
    def days_total(self) -> int:
        return len(self.days) - 1

    def hours_before(self, at: int) -> int:
        """The microseconds worked in this year until `at`."""
        found = bisect_right(self.opens, at) - 1
        return self.before[found] + min(at, self.closes[found]) - self.opens[found] if found >= 0 else 0

    def when_hours(self, worked: int) -> int:
        """The earliest instant at which so much (more than 0, at most the total) was worked."""
        found = bisect_left(self.before, worked) - 1
        return self.opens[found] + worked - self.before[found]

    def days_before(self, at: int) -> Fraction:
        """The work days until `at`: whole ones, and of the one that runs the share of its working time that is over."""
        worked = self.hours_before(at)
        day = bisect_right(self.days, worked) - 1
        if day == self.days_total:
            return Fraction(day)
        begin, length = self.days[day], self.days[day + 1] - self.days[day]
        return Fraction(day * length + worked - begin, length)

    def when_days(self, days: Fraction | int) -> int:
        """The earliest whole microsecond at which so many work days (more than 0, at most the total) were over."""
        whole, part = divmod(days.numerator, days.denominator)
        rest = -(-part * (self.days[whole + 1] - self.days[whole]) // days.denominator) if part else 0
        return self.when_hours(self.days[whole] + rest)


def build_year(calendar: Calendar, year: int) -> Year:
    """The year from the first to the last local day; what the zone does to its clocks is asked, never assumed."""
    stretches = sorted(_stretches(calendar, year))
    lengths = [closes - opens for opens, closes, _ in stretches]
    # Clocks that go back over midnight return to a day that was over: that hour belongs to the day that had begun.
    of_day = accumulate((day for _, _, day in stretches), max)
    by_day = groupby(zip(of_day, lengths, strict=True), key=lambda pair: pair[0])
    return Year(
        [opens for opens, _, _ in stretches],
        [closes for _, closes, _ in stretches],
        list(accumulate(lengths, initial=0)),
        list(accumulate((sum(length for _, length in group) for _, group in by_day), initial=0)),
    )


def _stretches(calendar: Calendar, year: int) -> Iterator[tuple[int, int, int]]:
    """Opening, closing and local day of each worked stretch of the year, once for each time that the wall clock shows it."""
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    for since, until, offset in _offsets(calendar.zone, (first - EPOCH_DAY - 2) * DAY, (last - EPOCH_DAY + 3) * DAY):
        days = range(max(first, (since + offset) // DAY + EPOCH_DAY), min(last, (until + offset) // DAY + EPOCH_DAY) + 1)
        for day in days:
            midnight = (day - EPOCH_DAY) * DAY - offset
            for shift in calendar.hours_on(date.fromordinal(day)):
                opens, closes = max(since, midnight + shift.opens * MINUTE), min(until, midnight + shift.closes * MINUTE)
                if opens < closes:
                    yield opens, closes, day


def _offsets(zone: ZoneInfo, since: int, until: int) -> Iterator[tuple[int, int, int]]:
    """From, to and offset of each time in which the zone keeps one offset from UTC (asked daily: no zone changes twice a day)."""
    begin, offset = since, _offset(zone, since)
    for at in range(since, until, DAY):
        later = _offset(zone, at + DAY)
        if later != offset:
            change = _change(zone, at, at + DAY)
            yield begin, change, offset
            begin, offset = change, later
    yield begin, until, offset


def _offset(zone: ZoneInfo, at: int) -> int:
    return (instant(at).astimezone(zone).utcoffset() or timedelta()) // MICROSECOND


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The first second with the new offset."""
    offset = _offset(zone, before)
    seconds = range(before, after + SECOND, SECOND)
    return seconds[bisect_left(seconds, True, key=lambda at: _offset(zone, at) != offset)]
