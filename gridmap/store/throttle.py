"""How often something may be tried: leaky buckets in the database, so that every process counts together.

A bucket takes `burst` at once and then one per `every` (the generic cell rate algorithm): its row holds the instant at which it will be
empty again, and nothing else; a bucket that is empty needs no row. What it is for is hashed, so that the table is no list of names.
"""

import hashlib
import math
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, delete, literal, select

from gridmap.store.account_tables import throttle
from gridmap.store.dialect import Instant, insert_once_if, later

SWEPT = 1000  # rows at once


def bucket_of(*what: str) -> str:
    """The name of the bucket for these words, in this order."""
    return hashlib.sha256("\x1f".join(what).encode("utf-8", "replace")).hexdigest()


def take(tx: Connection, bucket: str, *, burst: int, every: timedelta, now: datetime, count: int = 1) -> int:
    """Take one of what the bucket (`bucket_of`) allows: 0 if it was taken, else in how many seconds there will be one again.

    One statement that both databases do whole, so that two processes never take the same one. `every` in whole milliseconds.
    A `count` (at most `burst`) is taken as a whole or not at all.
    """
    every = count * every
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)  # SQLite adds milliseconds
    full = at + burst * every / count
    old, never = throttle.c.empty_at, full + (full - at)  # an instant so far ahead was written before the clock was set back
    new = case((old.between(at, never), later(tx, old, every)), else_=literal(at + every, Instant()))
    fits = (old <= at) | (later(tx, old, every) <= full) | (old > never)
    row = {"bucket": bucket, "empty_at": at + every}
    if tx.scalar(insert_once_if(tx, throttle, on=["bucket"], update={"empty_at": new}, where=fits, answer=old).values(row)) is not None:
        if bucket.startswith("00"):
            sweep(tx, at)
        return 0
    empty_at = tx.scalar(select(old).where(throttle.c.bucket == bucket)) or full
    return max(1, math.ceil((empty_at + every - full) / timedelta(seconds=1)))


def sweep(tx: Connection, now: datetime) -> None:
    """Forget buckets that are empty; `take` does so one time in 256. Rows that somebody else holds wait for the next time."""
    empty = select(throttle.c.bucket).where(throttle.c.empty_at <= now).limit(SWEPT).with_for_update(skip_locked=True)
    tx.execute(delete(throttle).where(throttle.c.bucket.in_(empty)))
