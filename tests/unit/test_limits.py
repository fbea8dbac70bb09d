"""When a limit ends: urgent hours, work hours and work days in a calendar."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.catalogue import Limit, LimitUnit
from gridmap.errors import Refusal
from gridmap.limits import (
    Calendar,
    CalendarDatesReversed,
    CalendarDatesTooLong,
    CalendarIdle,
    CalendarRowsOverlap,
    CalendarRowUnreadable,
    HolidayWorked,
    HoursOverlap,
    HoursPastMidnight,
    HoursReversed,
    Timetable,
    timetable,
)
from tests.unit.limits_walk import Walk, made_up

SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
# Spring Festival 2026 and the two Saturdays that make up for it, as the State Council's office announced them.
ROWS_2026 = (("workday", "2026-02-14"), ("holiday", "2026-02-15", "2026-02-23"), ("workday", "2026-02-28"))
USUAL, COUNTY = timetable(Calendar(SHANGHAI)), timetable(Calendar.from_rows(ROWS_2026, SHANGHAI))


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def end(start: str, limit: str, times: Timetable = COUNTY) -> str:
    zone = times.calendar.zone
    return times.end(at(start, zone), Limit.parse(limit)).astimezone(zone).strftime("%Y-%m-%d %H:%M")


# What the issue says


def test_two_urgent_hours_from_a_friday_night_end_on_saturday_morning() -> None:
    assert end("2026-03-06 22:36", "2 UH") == "2026-03-07 00:36"


def test_two_work_hours_from_friday_at_five_end_on_the_next_working_day_at_nine() -> None:
    assert end("2026-03-06 17:00", "2 WH") == "2026-03-09 09:00"


def test_a_make_up_saturday_is_that_next_working_day() -> None:
    assert end("2026-02-13 17:00", "2 WH") == "2026-02-14 09:00"
    assert end("2026-02-13 17:00", "2 WH", USUAL) == "2026-02-16 09:00"


def test_a_holiday_of_nine_days_is_skipped() -> None:
    assert end("2026-02-14 17:00", "2 WH") == "2026-02-24 09:00"
    assert end("2026-02-14 10:30", "1 WD") == "2026-02-24 10:30"
    assert end("2026-02-14 17:00", "2 UH") == "2026-02-14 19:00"


# The rule for work days


def test_five_work_days_end_at_the_same_hour_a_week_later() -> None:
    assert end("2026-03-03 10:30", "5 WD") == "2026-03-10 10:30"


@pytest.mark.parametrize("start", ["2026-03-06 18:00", "2026-03-06 23:00", "2026-03-07 12:00", "2026-03-09 07:59", "2026-03-09 08:00"])
def test_what_starts_outside_working_hours_starts_with_the_next(start: str) -> None:
    assert end(start, "1 WD") == "2026-03-09 18:00"
    assert end(start, "1 WH") == "2026-03-09 09:00"


def test_a_limit_ends_at_closing_rather_than_at_the_next_opening() -> None:
    assert end("2026-03-06 17:00", "1 WH") == "2026-03-06 18:00"
    assert end("2026-03-06 11:00", "1 WH") == "2026-03-06 12:00"


def test_a_work_day_keeps_its_share_where_days_differ_in_length() -> None:
    summer = (("hours", "2026-05-01", "2026-09-30", "08:00-12:00 15:00-19:00"), ("workday", "2026-09-30", "", "08:00-12:00"))
    times = timetable(Calendar.from_rows(summer, SHANGHAI))
    assert end("2026-09-29 10:00", "1 WD", times) == "2026-09-30 09:00"
    assert end("2026-09-30 10:00", "1 WD", times) == "2026-10-01 12:00"
    assert end("2026-09-29 15:30", "3 WD", times) == "2026-10-02 14:30"


def test_a_share_of_a_day_that_falls_between_two_microseconds_ends_at_the_later() -> None:
    rows = [("workday", "2026-03-03", "", "08:00-15:00")]
    times, limit, start = timetable(Calendar.from_rows(rows, SHANGHAI)), Limit.parse("1 WD"), at("2026-03-03 08:01")
    assert times.end(start, limit) == at("2026-03-04 08:01:08.571429")
    assert times.remains(start, limit, times.end(start, limit)) <= 0


def test_summer_hours_hold_between_their_dates_only() -> None:
    times = timetable(Calendar.from_rows([("hours", "2026-05-01", "2026-09-30", "08:00-12:00 15:00-18:30")], SHANGHAI))
    assert end("2026-04-30 17:30", "1 WH", times) == "2026-05-01 08:30"
    assert end("2026-09-30 18:00", "1 WH", times) == "2026-10-01 08:30"
    assert end("2026-07-01 12:00", "1 WH", times) == "2026-07-01 16:00"


# Clocks that change


def test_urgent_hours_are_elapsed_time_when_the_clocks_change() -> None:
    times = timetable(Calendar(NEW_YORK))
    assert end("2026-03-07 23:30", "4 UH", times) == "2026-03-08 04:30"
    assert end("2026-10-31 23:30", "4 UH", times) == "2026-11-01 02:30"


def test_work_hours_follow_the_wall_clock_when_the_clocks_change() -> None:
    times = timetable(Calendar(NEW_YORK))
    for friday, monday in (("2026-03-06", "2026-03-09"), ("2026-10-30", "2026-11-02")):
        assert end(f"{friday} 17:00", "2 WH", times) == f"{monday} 09:00"
        assert end(f"{friday} 10:30", "5 WD", times)[-5:] == "10:30"


def test_an_hour_that_the_clocks_skip_is_not_worked_and_a_repeated_one_twice() -> None:
    rows = [("workday", "2026-03-08", "", "01:30-03:30"), ("workday", "2026-11-01", "", "00:30-01:30")]
    times = timetable(Calendar.from_rows(rows, NEW_YORK))
    assert times.worked(at("2026-03-08", NEW_YORK), at("2026-03-09", NEW_YORK)) == timedelta(hours=1)
    assert times.worked(at("2026-11-01", NEW_YORK), at("2026-11-02", NEW_YORK)) == timedelta(hours=1.5)
    assert times.worked(at("2026-11-01 01:00", NEW_YORK), at("2026-11-01 01:00", NEW_YORK).replace(fold=1)) == timedelta(minutes=30)


def test_clocks_that_go_back_over_midnight_make_no_third_day() -> None:
    zone = ZoneInfo("America/St_Johns")  # 2010-11-07 00:01 became 2010-11-06 23:01
    rows = [("hours", "", "", "00:00-24:00"), ("workday", "2010-11-06", "2010-11-07")]
    times = timetable(Calendar.from_rows(rows, zone))
    since, until = at("2010-11-06", zone), at("2010-11-08", zone)
    assert times.worked(since, until) == timedelta(hours=49)
    assert times.spent(LimitUnit.WORK_DAY, since, until) == 2


def test_an_instant_may_come_in_any_zone_but_must_name_one() -> None:
    assert COUNTY.end(at("2026-03-06 17:00").astimezone(NEW_YORK), Limit.parse("2 WH")) == at("2026-03-09 09:00")
    with pytest.raises(ValueError, match="names no time zone"):
        COUNTY.end(datetime(2026, 3, 6, 17), Limit.parse("2 UH"))  # noqa: DTZ001


# Pauses, remains and shares


@pytest.mark.parametrize(("limit", "found"), [("2 UH", "2026-03-07 04:36"), ("2 WH", "2026-03-09 10:00"), ("1 WD", "2026-03-09 18:00")])
def test_a_pause_holds_every_unit(limit: str, found: str) -> None:
    pauses = [
        (at("2026-03-06 23:00"), at("2026-03-07 03:00")),
        (at("2026-03-09 08:30"), at("2026-03-09 08:30")),
        (at("2026-03-07 02:00"), at("2026-03-07 01:00")),
    ]
    assert COUNTY.end(at("2026-03-06 22:36"), Limit.parse(limit), pauses).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") == found


def test_a_pause_in_working_time_moves_the_end_by_the_working_time_in_it() -> None:
    pauses = [(at("2026-03-03 11:00"), at("2026-03-03 15:00")), (at("2026-03-03 14:00"), at("2026-03-03 16:00"))]
    assert COUNTY.end(at("2026-03-03 10:30"), Limit.parse("2 WH"), pauses) == at("2026-03-03 17:30")
    assert COUNTY.end(at("2026-03-03 10:30"), Limit.parse("1 WD"), pauses) == at("2026-03-04 15:30")


def test_a_pause_before_the_start_moves_the_start() -> None:
    assert COUNTY.end(at("2026-03-03 10:30"), Limit.parse("1 WH"), [(at("2026-03-03 09:00"), at("2026-03-03 11:00"))]) == at(
        "2026-03-03 12:00"
    )


def test_pauses_may_come_in_any_order_and_lie_in_one_another() -> None:
    pauses = [("15:00", "16:00"), ("11:00", "14:30"), ("11:30", "11:45"), ("15:15", "15:30")]
    found = [(at(f"2026-03-03 {paused}"), at(f"2026-03-03 {resumed}")) for paused, resumed in pauses]
    assert COUNTY.end(at("2026-03-03 10:30"), Limit.parse("2 WH"), found) == at("2026-03-03 17:00")
    assert COUNTY.worked(at("2026-03-03 10:30"), at("2026-03-03 17:00"), found) == timedelta(hours=2)


@pytest.mark.parametrize("limit", ["3 UH", "3 WH", "1 WD"])
def test_a_limit_that_is_used_up_when_a_pause_begins_ends_there(limit: str) -> None:
    start, whole = at("2026-03-03 08:30"), Limit.parse(limit)
    ends = COUNTY.end(start, whole)
    assert COUNTY.end(start, whole, [(ends, ends + timedelta(days=2))]) == ends


def test_what_remains_and_the_share_used_are_told_in_the_limit_s_own_unit() -> None:
    start, limit = at("2026-03-03 10:30"), Limit.parse("5 WD")
    assert COUNTY.spent(LimitUnit.WORK_DAY, start, at("2026-03-05 10:30")) == 2
    assert COUNTY.remains(start, limit, at("2026-03-05 10:30")) == 3
    assert COUNTY.share(start, limit, at("2026-03-09 10:30")) == Fraction(4, 5)
    assert COUNTY.remains(start, limit, at("2026-03-11 10:30")) == -1
    assert COUNTY.remains(start, limit, at("2026-03-01 10:30")) == 5
    assert COUNTY.share(at("2026-03-06 22:36"), Limit.parse("2 UH"), at("2026-03-06 23:06")) == Fraction(1, 4)


def test_working_time_between_two_instants_leaves_out_pauses_and_is_never_negative() -> None:
    assert COUNTY.worked(at("2026-02-13 17:00"), at("2026-02-24 09:00")) == timedelta(hours=10)
    assert COUNTY.worked(at("2026-02-13 17:00"), at("2026-02-24 09:00"), [(at("2026-02-14 08:00"), at("2026-02-14 12:00"))]) == timedelta(
        hours=6
    )
    assert COUNTY.worked(at("2026-02-24 09:00"), at("2026-02-13 17:00")) == timedelta()


# Long spans


def test_spans_of_a_year_and_more_agree_with_a_walk_over_days() -> None:
    day, left = date(2025, 11, 3), 300
    while left:
        left -= bool(COUNTY.calendar.hours_on(day))
        day += timedelta(days=1)
    last = day - timedelta(days=1)
    assert COUNTY.end(at("2025-11-03 08:00"), Limit.parse("300 WD")) == at(f"{last} 18:00")
    assert COUNTY.end(at("2025-11-03 08:00"), Limit.parse("2400 WH")) == at(f"{last} 18:00")
    assert COUNTY.worked(at("2025-11-03 08:00"), at(f"{last} 18:00")) == timedelta(hours=2400)
    assert COUNTY.end(at("2025-11-03 08:00"), Limit.parse("9999 UH")) == at("2025-11-03 08:00") + timedelta(hours=9999)


def test_the_longest_limit_ends_after_forty_years() -> None:
    found = USUAL.end(at("2026-03-02 08:00"), Limit.parse("9999 WD"))
    assert found == at("2064-06-27 18:00") - timedelta(days=1)
    assert USUAL.spent(LimitUnit.WORK_DAY, at("2026-03-02 08:00"), found) == 9999


# Against the walk


def up(found: datetime, step: timedelta) -> datetime:
    """The end of the step that an instant lies in: parts of days end between steps."""
    return found + (datetime(2020, 1, 1, tzinfo=UTC) - found) % step


def agree(seed: int, step: int, days: int, questions: int) -> int:
    """How many ends and lengths of random limits were compared; every one is as the walk says."""
    facts = made_up(seed, step)
    steps, times = Walk(facts, timedelta(minutes=step), days), Timetable(facts.calendar())
    first, last = steps.starts()
    dice, asked = Random(seed), 0
    for _ in range(questions):
        moments = sorted(first + dice.random() * (last - first) // steps.step * steps.step for _ in range(6))
        start, pauses = moments[0], [(moments[1], moments[3]), (moments[2], moments[4])][: dice.randrange(3)]
        limit = (
            Limit(dice.randrange(1, 60), LimitUnit.WORK_HOUR) if dice.random() < 0.5 else Limit(dice.randrange(1, 7), LimitUnit.WORK_DAY)
        )
        limit = Limit(dice.randrange(1, 99), LimitUnit.URGENT_HOUR) if dice.random() < 0.1 else limit
        expected = steps.end(start, limit.amount, limit.unit.value, pauses)
        if expected:
            assert up(times.end(start, limit, pauses), steps.step) == expected, (seed, start, limit, pauses)
            asked += 1
        spent = Fraction(steps.spent(limit.unit.value, start, moments[5], pauses), steps.one(limit.unit.value))
        assert times.spent(limit.unit, start, moments[5], pauses) == spent, (seed, start, moments[5], limit, pauses)
    return asked


def test_every_minute_of_some_calendars_is_counted_as_the_wall_clock_shows_it() -> None:
    assert sum(agree(seed, step=1, days=12, questions=4) for seed in range(6)) > 8


def test_hundreds_of_calendars_agree_with_the_walk() -> None:
    assert sum(agree(seed, step=15, days=16, questions=3) for seed in range(1_000, 1_120)) > 180


@pytest.mark.proof
def test_thousands_of_calendars_agree_with_the_walk() -> None:
    assert sum(agree(seed, step=15, days=16, questions=3) for seed in range(10_000, 16_000)) > 9_000


# What always holds

SEEDS = st.integers(0, 50)
MINUTES = st.integers(0, 400 * 24 * 60)
UNITS = st.sampled_from(list(LimitUnit))
AMOUNTS = st.integers(1, 12) | st.integers(1, 400)


@cache
def some_times(seed: int) -> Timetable:
    return Timetable(made_up(seed).calendar())


def minute(ahead: int) -> datetime:
    return datetime(2025, 10, 1, tzinfo=UTC) + timedelta(minutes=ahead)


@settings(deadline=None, max_examples=200)
@given(SEEDS, MINUTES, st.integers(0, 10_000), UNITS, st.tuples(AMOUNTS, st.integers(1, 20)))
def test_what_starts_later_or_lasts_longer_never_ends_earlier(
    seed: int, start: int, later: int, unit: LimitUnit, amounts: tuple[int, int]
) -> None:
    times, (amount, more) = some_times(seed), amounts
    first = times.end(minute(start), Limit(amount, unit))
    assert first <= times.end(minute(start + later), Limit(amount, unit))
    assert first < times.end(minute(start), Limit(amount + more, unit))
    assert minute(start) < first


@settings(deadline=None, max_examples=200)
@given(SEEDS, MINUTES, UNITS, AMOUNTS, AMOUNTS)
def test_two_limits_one_after_the_other_are_as_long_as_their_sum(seed: int, start: int, unit: LimitUnit, first: int, second: int) -> None:
    times = some_times(seed)
    between = times.end(minute(start), Limit(first, unit))
    apart, whole = times.end(between, Limit(second, unit)), times.end(minute(start), Limit(first + second, unit))
    if unit == LimitUnit.WORK_DAY:
        # Each end is rounded up to the microsecond, which in the longest day is 96 times what it was in the shortest.
        assert whole <= apart
        assert times.worked(whole, apart) <= timedelta(microseconds=97)
    else:
        assert apart == whole


@settings(deadline=None, max_examples=200)
@given(SEEDS, MINUTES, UNITS, AMOUNTS)
def test_a_limit_is_used_up_at_its_end_and_not_a_moment_before(seed: int, start: int, unit: LimitUnit, amount: int) -> None:
    times, limit = some_times(seed), Limit(amount, unit)
    found = times.end(minute(start), limit)
    assert times.remains(minute(start), limit, found) <= 0
    assert times.remains(minute(start), limit, found - timedelta(microseconds=1)) > 0


@settings(deadline=None, max_examples=200)
@given(SEEDS, UNITS, AMOUNTS, st.lists(MINUTES, min_size=3, max_size=7).map(sorted))
def test_a_pause_moves_the_end_by_what_would_have_passed_in_it(seed: int, unit: LimitUnit, amount: int, moments: list[int]) -> None:
    times, limit = some_times(seed), Limit(amount, unit)
    start, *rest = [minute(ahead) for ahead in moments]
    pauses = list(zip(rest[::2], rest[1::2], strict=False))
    found = times.end(start, limit, pauses)
    assert found >= times.end(start, limit)
    assert times.spent(unit, start, found) == times.spent(unit, start, found, pauses) + sum(
        times.spent(unit, paused, min(resumed, found)) for paused, resumed in pauses
    )
    assert times.remains(start, limit, found, pauses) <= 0 < times.remains(start, limit, found - timedelta(microseconds=1), pauses)


@settings(deadline=None, max_examples=100)
@given(MINUTES, st.integers(1, 200))
def test_a_work_day_s_end_is_never_later_than_the_civil_code_s(start: int, amount: int) -> None:
    """The Code: the first day is left out, the last one ends at closing."""
    day, left = minute(start).astimezone(SHANGHAI).date(), amount
    while left:
        day += timedelta(days=1)
        left -= bool(COUNTY.calendar.hours_on(day))
    assert COUNTY.end(minute(start), Limit(amount, LimitUnit.WORK_DAY)) <= at(f"{day} 18:00")


# Rows that are refused


@pytest.mark.parametrize(
    ("fault", "rows"),
    [
        (CalendarRowUnreadable, [("feast", "2026-10-01")]),
        (CalendarRowUnreadable, [("holiday", "1 October")]),
        (CalendarRowUnreadable, [("holiday", "")]),
        (CalendarRowUnreadable, [("holiday", "2026-10-01", "", "08:00-12:00")]),
        (CalendarRowUnreadable, [("hours", "2026-05-01", "2026-09-30", "")]),
        (CalendarRowUnreadable, [("hours", "", "", "8-12")]),
        (CalendarRowUnreadable, [("hours", "", "", "08:00-12:60")]),
        (CalendarDatesReversed, [("holiday", "2026-10-07", "2026-10-01")]),
        (CalendarDatesTooLong, [("workday", "2026-01-01", "9999-12-31")]),
        (HoursReversed, [("hours", "", "", "18:00-08:00")]),
        (HoursReversed, [("hours", "", "", "22:00-02:00")]),
        (HoursReversed, [("hours", "", "", "08:00-08:00")]),
        (HoursPastMidnight, [("hours", "", "", "20:00-24:01")]),
        (HoursPastMidnight, [("workday", "2026-02-14", "", "20:00-26:00")]),
        (HoursOverlap, [("hours", "", "", "08:00-12:00 11:59-18:00")]),
        (HoursOverlap, [("hours", "", "", "14:00-18:00, 08:00-14:30")]),
        (CalendarRowsOverlap, [("hours", "", "", "08:00-12:00"), ("hours", "", "", "09:00-12:00")]),
        (CalendarRowsOverlap, [("hours", "2026-05-01", "", "08:00-12:00"), ("hours", "", "2026-05-01", "09:00-12:00")]),
        (CalendarRowsOverlap, [("workday", "2026-02-14"), ("workday", "2026-02-13", "2026-02-15", "08:00-12:00")]),
        (HolidayWorked, [("holiday", "2026-02-15", "2026-02-23"), ("workday", "2026-02-23")]),
        (CalendarIdle, [("holiday", "2026-01-01", "2026-12-31")]),
        (CalendarIdle, [("holiday", "0001-01-01", "9999-12-31")]),
        (CalendarIdle, [("holiday", "2026-01-01", "2026-07-31"), ("holiday", "2026-08-03", "2027-01-29")]),
        (
            CalendarIdle,
            [
                ("holiday", (date(2026, 1, 5) + timedelta(weeks=w)).isoformat(), (date(2026, 1, 9) + timedelta(weeks=w)).isoformat())
                for w in range(53)
            ],
        ),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_by_name(fault: type[Refusal], rows: list[tuple[str, ...]]) -> None:
    with pytest.raises(fault) as told:
        Calendar.from_rows(rows, SHANGHAI)
    assert told.value.text("en") != told.value.text("zh")


def test_almost_a_year_without_work_is_borne() -> None:
    rows = [("holiday", "2026-01-01", "2026-06-30"), ("holiday", "2026-07-02", "2027-05-31"), ("hours", "", "", "08:00-08:01")]
    times = timetable(Calendar.from_rows(rows, SHANGHAI))
    assert end("2026-01-01 00:00", "1 WD", times) == "2026-07-01 08:01"
    assert end("2026-07-02 00:00", "1 WD", times) == "2027-06-01 08:01"


def test_every_friday_off_for_years_is_no_idleness() -> None:
    fridays = [("holiday", (date(2026, 1, 2) + timedelta(weeks=week)).isoformat()) for week in range(150)]
    assert end("2026-03-05 17:00", "2 WH", timetable(Calendar.from_rows(fridays, SHANGHAI))) == "2026-03-09 09:00"


def test_hours_are_read_in_any_order_and_touch_without_overlapping() -> None:
    times = timetable(Calendar.from_rows([("hours", "", "", "14:00-24:00，00:00-8:00、08:00–12:00")], SHANGHAI))
    assert [str(shift) for shift in times.calendar.hours_on(date(2026, 3, 3))] == ["00:00-08:00", "08:00-12:00", "14:00-24:00"]
    assert times.worked(at("2026-03-03"), at("2026-03-05")) == timedelta(hours=44)


def test_hours_with_an_open_end_hold_from_there_on() -> None:
    calendar = Calendar.from_rows([("hours", "2026-10-01", "", "09:00-17:00"), ("hours", "", "2026-04-30", "10:00-16:00")], SHANGHAI)
    assert [str(*calendar.hours_on(date(2026, month, 1))[:1]) for month in (4, 5, 10)] == ["10:00-16:00", "08:00-12:00", "09:00-17:00"]


def test_a_make_up_day_has_its_season_s_hours_or_its_own() -> None:
    rows = [("hours", "2026-05-01", "2026-09-30", "09:00-12:00"), ("workday", "2026-09-20"), ("workday", "2026-09-26", "", "13:00-15:00")]
    calendar = Calendar.from_rows(rows, SHANGHAI)
    assert [str(shift) for day in (20, 26) for shift in calendar.hours_on(date(2026, 9, day))] == ["09:00-12:00", "13:00-15:00"]
