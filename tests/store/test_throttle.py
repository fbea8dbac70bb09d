"""Buckets: exactly what is allowed, however it is asked for, in order and at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import text

from gridmap.access import ANONYMOUS, Action, allowed
from gridmap.store import Store, Tx, throttle
from tests.builders import ALL

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@contextmanager
def door(store: Store) -> Iterator[Tx]:
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        yield tx


def take(store: Store, bucket: str, seconds: float, *, burst: int = 3, every: float = 10) -> int:
    with door(store) as tx:
        return throttle.take(tx, throttle.bucket_of(bucket), burst=burst, every=every * SECOND, now=NOON + seconds * SECOND)


def test_a_bucket_takes_its_burst_and_then_one_at_a_time(store: Store) -> None:
    assert [take(store, "a", 0) for _ in range(4)] == [0, 0, 0, 10]
    assert [take(store, "a", at) for at in (9.999, 10, 10, 15)] == [1, 0, 10, 5]
    assert [take(store, "a", 1000) for _ in range(4)] == [0, 0, 0, 10]
    assert take(store, "b", 0) == 0


def test_it_takes_as_much_as_a_count_by_hand_allows(store: Store) -> None:
    """Against the plainest model: tokens in hand, counted in whole milliseconds."""
    random, at, hand, last = Random(7), 0, 3_000 * 7, 0
    with door(store) as tx:
        for _ in range(150):
            at += random.choice((0, 1, 999, 2_999, 3_000, 3_001, 20_000))
            hand, last = min(3_000 * 7, hand + at - last), at
            wait = throttle.take(
                tx, "0" * 64, burst=7, every=3 * SECOND, now=NOON + timedelta(milliseconds=at, microseconds=random.randrange(999))
            )
            assert (wait == 0) == (hand >= 3_000)
            hand -= 3_000 if wait == 0 else 0


def test_many_at_once_and_from_two_sides_take_no_more_than_the_burst(store: Store, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("fresh_postgres") if store.dialect == "postgresql" else store.url_shown
    with Store.open(url) as other, ThreadPoolExecutor(8) as pool:
        for turn in range(3):
            waits = list(pool.map(lambda n, turn=turn: take((store, other)[n % 2], f"t{turn}", 0), range(16)))
            assert waits.count(0) == 3


def test_a_clock_that_is_set_back_shuts_nobody_out(store: Store) -> None:
    assert [take(store, "a", 3600) for _ in range(4)] == [0, 0, 0, 10]
    assert [take(store, "a", 0) for _ in range(4)] == [0, 0, 0, 10]
    assert [take(store, "a", -20) for _ in range(2)] == [30, 30]  # clocks that differ a little win nothing


def test_empty_buckets_are_forgotten(store: Store) -> None:
    for n in range(5):
        take(store, f"old{n}", 0)
    take(store, "full", 3600)
    with door(store) as tx:
        assert throttle.take(tx, "00" + "f" * 62, burst=1, every=SECOND, now=NOON + 3600 * SECOND) == 0
    with store.read(ALL) as tx:
        assert tx.scalar(text("SELECT count(*) FROM throttle")) == 2
