"""What may be done only so often: the door's own buckets, which every process counts together."""

from datetime import datetime, timedelta

from gridmap.access import ANONYMOUS, Action, allowed
from gridmap.errors import Throttled
from gridmap.store import Store, throttle


def slow(store: Store, *what: str, burst: int, every: timedelta, now: datetime) -> None:
    """Count one of what these words name: `burst` at once, then one per `every`. Throttled where that is used up."""
    with store.begin(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        wait = throttle.take(tx, throttle.bucket_of(*what), burst=burst, every=every, now=now)
    if wait:
        raise Throttled(seconds=wait)
