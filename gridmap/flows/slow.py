"""What may be done only so often: the door's own buckets, which every process counts together."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from gridmap.access import ANONYMOUS, Action, allowed
from gridmap.errors import Throttled
from gridmap.store import Store, Tx, throttle


def slow(store: Store, *what: str, burst: int, every: timedelta, now: datetime) -> None:
    """Count one of what these words name: `burst` at once, then one per `every`. Throttled where that is used up."""
    [wait] = slow_many(store, [what], burst=burst, every=every, now=now)
    if wait:
        raise Throttled(seconds=wait)


def slow_many(store: Store, asked: Sequence[tuple[str, ...]], *, burst: int, every: timedelta, now: datetime) -> list[int]:
    """Count one for each of those who ask, in their order: 0 for who may go on, else after how many seconds there is one again."""
    left: dict[tuple[str, ...], list[int]] = {}
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        for what, count in sorted(Counter(asked).items()):  # in one order, so that two processes never wait for each other
            left[what] = _waits(tx, throttle.bucket_of(*what), count, burst=burst, every=every, now=now)
    return [left[what].pop(0) for what in asked]


def _waits(tx: Tx, bucket: str, count: int, *, burst: int, every: timedelta, now: datetime) -> list[int]:
    """All at once where the bucket has as many, one by one where it may not."""
    if count <= burst and throttle.take(tx, bucket, burst=burst, every=every, now=now, count=count) == 0:
        return [0] * count
    return [throttle.take(tx, bucket, burst=burst, every=every, now=now) for _ in range(count)]
