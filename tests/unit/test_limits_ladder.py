"""A breach that is foreseen, and the ladder village → township → county → city: each step once, whatever happens to whoever asks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.catalogue import Limit, LimitUnit
from gridmap.limits import (
    CLOCKS,
    LADDER,
    Calendar,
    Clock,
    Ladder,
    LadderStepRepeated,
    Mark,
    MarkUnreadable,
    Step,
    foreseen,
    mark_at,
    replay,
    steps_due,
    timetable,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
TIMES = timetable(Calendar(SHANGHAI))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def clock(limit: str, *events: tuple[str, str]) -> Clock:
    """The newest run of the clock to handle."""
    return replay(TIMES, CLOCKS, {"handle": Limit.parse(limit)}, [(at(when), event) for when, event in events])[-1]


DAYS = clock("5 WD", ("03-03 10:30", "dispatched"))  # due on 03-10 at 10:30
NIGHT = clock("2 UH", ("03-06 22:36", "dispatched"))


# Points on a clock


@pytest.mark.parametrize(
    ("mark", "of", "found"),
    [
        ("80 %", DAYS, "03-09 10:30"),
        ("0%", DAYS, "03-03 10:30"),
        ("100 ％", DAYS, "03-10 10:30"),
        ("200 %", DAYS, "03-17 10:30"),
        ("-30 min", DAYS, "03-10 10:00"),
        ("-180 min", DAYS, "03-09 17:30"),
        ("-9999 min", DAYS, "03-03 10:30"),
        ("+2 UH", DAYS, "03-10 12:30"),
        ("+4 WH", DAYS, "03-10 16:30"),
        ("+1 WD", DAYS, "03-11 10:30"),
        ("50 %", NIGHT, "03-06 23:36"),
        ("-30 min", NIGHT, "03-07 00:06"),
        ("+1 WH", NIGHT, "03-09 09:00"),
    ],
)
def test_a_point_on_a_clock_is_data(mark: str, of: Clock, found: str) -> None:
    assert mark_at(TIMES, of, Mark.parse(mark)) == at(found)


@pytest.mark.parametrize("text", ["80", "-80 %", "30 min", "-30", "+0 WD", "+2 days", "soon", ""])
def test_a_point_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(MarkUnreadable) as told:
        Mark.parse(text)
    assert told.value.text("en") != told.value.text("zh")


@pytest.mark.parametrize("text", ["80 %", "-30 min", "+2 UH", "+1 WD"])
def test_a_point_is_written_as_it_is_read(text: str) -> None:
    assert str(Mark.parse(text)) == text


def test_a_pause_holds_every_point_back() -> None:
    events = [("03-03 10:30", "dispatched"), ("03-04 10:30", "suspended")]
    assert mark_at(TIMES, clock("5 WD", *events), Mark.parse("80 %")) is None
    assert mark_at(TIMES, clock("5 WD", *events), Mark.parse("10 %")) == at("03-03 16:30")
    on = clock("5 WD", *events, ("03-05 10:30", "resumed"))
    assert [mark_at(TIMES, on, Mark.parse(text)) for text in ("80 %", "-30 min", "+1 WD")] == [
        at("03-10 10:30"),
        at("03-11 10:00"),
        at("03-12 10:30"),
    ]
    late = clock("2 UH", ("03-06 22:36", "dispatched"), ("03-07 01:36", "suspended"), ("03-07 05:36", "resumed"))
    assert mark_at(TIMES, late, Mark.parse("+2 UH")) == at("03-07 06:36")


def test_a_breach_is_foreseen_from_the_point_until_it_comes() -> None:
    assert [foreseen(TIMES, DAYS, at(now)) for now in ("03-09 10:29", "03-09 10:30", "03-10 10:30", "03-10 10:31")] == [
        False,
        True,
        True,
        False,
    ]
    assert foreseen(TIMES, DAYS, at("03-10 10:00"), Mark.parse("-30 min"))
    assert not foreseen(TIMES, DAYS, at("03-10 09:59"), Mark.parse("-30 min"))


def test_nothing_is_foreseen_for_what_is_done() -> None:
    assert not foreseen(TIMES, clock("5 WD", ("03-03 10:30", "dispatched"), ("03-09 16:00", "handled")), at("03-09 17:00"))


# The ladder


def fired(of: Clock, now: str, already: set[str] | None = None, ladder: Ladder = LADDER) -> list[str]:
    return [due.step.level for due in steps_due(TIMES, ladder, of, at(now), already or set())]


def test_a_matter_climbs_from_the_village_to_the_city() -> None:
    moments = ("03-09 10:29", "03-09 10:30", "03-10 10:30", "03-12 16:30", "03-17 10:30")
    assert [len(fired(DAYS, now)) for now in moments] == [0, 1, 2, 3, 4]
    assert fired(DAYS, "03-17 10:30") == ["village", "township", "county", "city"]


def test_whoever_slept_for_a_month_fires_each_step_that_is_owed_once() -> None:
    assert fired(DAYS, "04-17 10:30") == ["village", "township", "county", "city"]
    assert fired(DAYS, "04-17 10:30", {"handle.1.village", "handle.1.township"}) == ["county", "city"]


def test_what_was_settled_in_time_never_climbs() -> None:
    done = clock("5 WD", ("03-03 10:30", "dispatched"), ("03-09 10:30", "handled"))
    assert fired(done, "12-31 10:00") == []


def test_what_was_settled_late_owes_the_steps_that_came_before_and_no_other() -> None:
    done = clock("5 WD", ("03-03 10:30", "dispatched"), ("03-11 10:30", "handled"))
    assert fired(done, "12-31 10:00") == ["village", "township"]


def test_another_run_climbs_anew() -> None:
    again = clock("2 UH", ("03-03 10:30", "dispatched"), ("03-03 13:00", "handled"), ("03-03 14:00", "reworked"))
    assert [due.key for due in steps_due(TIMES, LADDER, again, at("03-03 16:00"), {"handle.1.village", "handle.1.township"})] == [
        "handle.2.village",
        "handle.2.township",
    ]


def test_steps_may_wait_for_a_delay_after_the_breach_and_fire_in_the_order_of_time() -> None:
    rows = (("city", "+3 WD"), ("village", "-30 min"), ("county", "+4 WH"), ("township", "100 %"))
    ladder = Ladder(tuple(Step(level, Mark.parse(text)) for level, text in rows))
    assert fired(DAYS, "03-13 10:30", ladder=ladder) == ["village", "township", "county", "city"]
    assert fired(DAYS, "03-13 10:29", ladder=ladder) == ["village", "township", "county"]


def test_a_ladder_that_names_a_level_twice_is_refused() -> None:
    with pytest.raises(LadderStepRepeated) as told:
        Ladder((Step("county", Mark.parse("80 %")), Step("county", Mark.parse("+1 WD"))))
    assert told.value.text("en") != told.value.text("zh")


MARKS = st.one_of(
    st.integers(0, 300).map(lambda share: f"{share} %"),
    st.integers(0, 900).map(lambda minutes: f"-{minutes} min"),
    st.builds("+{} {}".format, st.integers(1, 9), st.sampled_from(["UH", "WH", "WD"])),
).map(Mark.parse)
LADDERS = st.lists(MARKS, min_size=1, max_size=4).map(
    lambda marks: Ladder(tuple(Step(level, mark) for level, mark in zip(("village", "township", "county", "city"), marks, strict=False)))
)
LIVES = st.lists(
    st.tuples(st.integers(0, 4_000), st.sampled_from(["dispatched", "suspended", "resumed", "handled", "reworked"])), min_size=1, max_size=9
)
SOME_LIMITS = st.builds(Limit, st.integers(1, 9), st.sampled_from(list(LimitUnit)))


def life(steps: list[tuple[int, str]]) -> list[tuple[datetime, str]]:
    now, found = at("03-03 10:30"), [(at("03-03 10:30"), "dispatched")]
    for minutes, event in steps:
        now += timedelta(minutes=minutes)
        found.append((now, event))
    return found


def asked(moments: list[datetime], clocks_at: Callable[[datetime], tuple[Clock, ...]], ladder: Ladder) -> list[str]:
    """The keys in the order in which a sweep at these moments fires and records them."""
    done: list[str] = []
    for now in moments:
        for run in clocks_at(now):
            done += [due.key for due in steps_due(TIMES, ladder, run, now, set(done))]
    return done


@settings(deadline=None, max_examples=200)
@given(LIVES, SOME_LIMITS, LADDERS, st.lists(st.integers(0, 60_000), max_size=12), st.randoms(use_true_random=False))
def test_each_step_is_fired_exactly_once_whenever_and_in_whatever_order_one_asks(
    steps: list[tuple[int, str]], limit: Limit, ladder: Ladder, offsets: list[int], dice: Random
) -> None:
    """Moments in any order are a clock that jumps back and forth; the log only ever grows by what had happened by the latest of them."""
    events = life(steps)
    end = max(events[-1][0], at("03-03 10:30")) + timedelta(minutes=60_000)
    moments = [at("03-03 10:30") + timedelta(minutes=offset) for offset in offsets]
    dice.shuffle(moments)
    latest = at("03-03 10:30")

    def known(now: datetime) -> tuple[Clock, ...]:
        nonlocal latest
        latest = max(latest, now)
        return replay(TIMES, CLOCKS, {"handle": limit}, [event for event in events if event[0] <= latest])

    many, once = asked([*moments, end], known, ladder), asked([end], known, ladder)
    assert sorted(many) == sorted(once)
    assert len(many) == len(set(many))
