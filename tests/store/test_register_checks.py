"""What rows of a register must agree on with each other and with what is kept."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.duty import Duty, Post
from gridmap.flows.register_checks import Known, check_posts
from gridmap.tables.rows import Row

NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
DrawnPost = tuple[str, Duty, int, int | None]
HOURS = st.integers(0, 30)
ROWS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from([Duty.WORKER, Duty.BACKUP]), HOURS, st.none() | st.integers(1, 9)), max_size=8
)


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS)
def test_whatever_registers_come_nobody_ever_shares_a_post(kept_rows: list[DrawnPost], new_rows: list[DrawnPost]) -> None:
    """First one file, then another, as the flow would keep them: at no hour do two stand at one area with one duty."""
    kept: dict[tuple[str, str, Duty, datetime], Post] = {}
    for rows in (kept_rows, new_rows):
        posts = [
            Post(who, "c", duty, NOW + timedelta(hours=start), None if last is None else NOW + timedelta(hours=start + last))
            for who, duty, start, last in rows
        ]
        known = Known(NOW - timedelta(days=9), lambda: frozenset("c"), frozenset("ABC"), (), (), tuple(kept.values()))
        numbered = [(Row(number, ()), post) for number, post in enumerate(posts, start=2)]
        checked = check_posts(numbered, known)
        assert len(checked.good) + len(checked.rejected) == len(posts)
        for post in (*checked.ended, *checked.good):
            kept[post.worker, post.area, post.duty, post.since] = post
    for hour in range(40):
        for duty in (Duty.WORKER, Duty.BACKUP):
            assert sum(post.duty == duty and post.held_at(NOW + timedelta(hours=hour)) for post in kept.values()) <= 1
