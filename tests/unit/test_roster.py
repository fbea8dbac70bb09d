"""Who is on duty for a place."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.duty import Duty, Leave, Post, Worker
from gridmap.roster import Roster, on_duty
from gridmap.words import LANGS

TOWN, VILLAGE, CELL = "330101001", "330101001200", "330101001200003"
PATH = (TOWN, VILLAGE, CELL)
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=400)


def post(worker: str, area: str = CELL, duty: Duty = Duty.WORKER, since: datetime = LONG_AGO, until: datetime | None = None) -> Post:
    return Post(worker, area, duty, since, until)


def test_the_cell_s_worker_is_on_duty_with_its_backup() -> None:
    found = on_duty([post("B", duty=Duty.BACKUP), post("A")], PATH, NOON)
    assert (found.worker, found.backup) == ("A", "B")
    assert [reason.key for reason in found.reasons] == ["reason.duty.worker"]


def test_the_backup_stands_in_where_the_worker_s_post_is_vacant() -> None:
    found = on_duty([post("A", until=NOON), post("B", duty=Duty.BACKUP)], PATH, NOON)
    assert (found.worker, found.backup) == ("B", None)
    assert found.reasons[-1].key == "reason.duty.backup"


def test_the_village_s_leader_answers_for_a_cell_without_anybody() -> None:
    found = on_duty([post("L", VILLAGE, Duty.LEADER), post("T", TOWN)], PATH, NOON)
    assert found.worker == "L"
    assert [reason.key for reason in found.reasons] == ["reason.duty.vacant", "reason.duty.leader"]
    assert found.reasons[0].facts["area"] == CELL


def test_police_and_mediators_are_never_the_answer() -> None:
    found = on_duty([post("P", duty=Duty.POLICE), post("M", VILLAGE, Duty.MEDIATOR), post("O", TOWN, Duty.ORGANISATION)], PATH, NOON)
    assert found.worker is None
    assert found.reasons[-1].key == "reason.duty.nobody"


def test_a_post_holds_from_its_first_instant_until_before_its_last() -> None:
    ended, begun = post("A", until=NOON), post("B", since=NOON)
    assert on_duty([ended, begun], PATH, NOON).worker == "B"
    assert on_duty([ended, begun], PATH, NOON - timedelta(microseconds=1)).worker == "A"


def test_of_two_at_the_same_post_the_longest_standing_answers() -> None:
    assert on_duty([post("A", since=LONG_AGO + timedelta(1)), post("Z", since=LONG_AGO)], PATH, NOON).worker == "Z"


def test_reasons_lend_the_worker_s_name_and_read_in_both_languages() -> None:
    roster = Roster((post("A"),), (Worker("A", "网格员甲01", name_en="Worker A01"),))
    reason = roster.on_duty(PATH, NOON).reasons[0]
    assert "Worker A01" in reason.text("en")
    assert "网格员甲01" in reason.text("zh")


def test_whoever_is_on_leave_is_passed_over_and_said_so_until_they_are_back() -> None:
    posts = (post("A"), post("B", duty=Duty.BACKUP), post("L", VILLAGE, Duty.LEADER))
    leaves = (Leave("A", LONG_AGO, NOON + timedelta(hours=1)), Leave("A", LONG_AGO, NOON))
    found = Roster(posts, (), leaves).on_duty(PATH, NOON)
    assert (found.worker, found.backup, [reason.key for reason in found.reasons]) == (
        "B",
        None,
        ["reason.duty.away.until", "reason.duty.backup"],
    )
    assert "05:00" in found.reasons[0].text("en")
    both = Roster(posts, (), (*leaves, Leave("B", NOON))).on_duty(PATH, NOON)
    assert (both.worker, [reason.key[12:] for reason in both.reasons]) == ("L", ["away.until", "away", "leader"])
    assert Roster(posts, (), leaves).on_duty(PATH, NOON + timedelta(hours=1)).worker == "A"


def test_a_leave_that_was_called_off_covers_no_instant() -> None:
    assert Roster((post("A"),), (), (Leave("A", NOON, NOON),)).on_duty(PATH, NOON).worker == "A"


DUTIES = st.sampled_from([Duty.WORKER, Duty.BACKUP, Duty.LEADER, Duty.POLICE])
HOURS = st.integers(-50, 50)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("ABCD"), st.sampled_from([*PATH, "elsewhere"]), DUTIES, HOURS, st.none() | st.integers(1, 60)),
        max_size=12,
    ),
    st.lists(st.tuples(st.sampled_from("ABCD"), HOURS, st.none() | st.integers(0, 60)), max_size=4),
)
def test_the_answer_is_the_first_that_a_plain_search_finds(
    rows: list[tuple[str, str, Duty, int, int | None]], away: list[tuple[str, int, int | None]]
) -> None:
    posts = [
        post(worker, area, duty, NOON + timedelta(hours=start), None if last is None else NOON + timedelta(hours=start + last))
        for worker, area, duty, start, last in rows
    ]
    leaves = [
        Leave(worker, NOON + timedelta(hours=start), None if last is None else NOON + timedelta(hours=start + last))
        for worker, start, last in away
    ]
    gone = {leave.worker for leave in leaves if leave.since <= NOON and (leave.until is None or leave.until > NOON)}
    candidates = [
        (-PATH.index(p.area), ["worker", "backup", "leader"].index(p.duty), p.since, p.worker)
        for p in posts
        if p.area in PATH
        and p.duty in ("worker", "backup", "leader")
        and p.since <= NOON
        and (p.until is None or p.until > NOON)
        and p.worker not in gone
    ]
    found = Roster(tuple(posts), (), tuple(leaves)).on_duty(PATH, NOON)
    assert found.worker == (min(candidates)[3] if candidates else None)
    assert {found.worker, found.backup}.isdisjoint(gone)
    assert all(reason.text(lang) for reason in found.reasons for lang in LANGS)
