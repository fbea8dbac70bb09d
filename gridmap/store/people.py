"""Workers, their posts and when they are away."""

from collections.abc import Collection, Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, or_, select

from gridmap.duty import Duty, Leave, Post, Worker
from gridmap.store.dialect import upsert
from gridmap.store.schema import leave, post
from gridmap.store.schema import worker as worker_table

_WORKER = (worker_table.c.id, worker_table.c.name, worker_table.c.phone, worker_table.c.name_en)


def put_workers(tx: Connection, given: Iterable[Worker]) -> None:
    """Add workers, or bring those of the same id up to date; nobody is removed, because incidents name them."""
    upsert(tx, worker_table, (asdict(each) for each in given), on=["id"])


def workers(tx: Connection, ids: Collection[str] | None = None) -> tuple[Worker, ...]:
    """All workers, or those of these ids, by id."""
    wanted = select(*_WORKER) if ids is None else select(*_WORKER).where(worker_table.c.id.in_(ids))
    return tuple(Worker(*row) for row in tx.execute(wanted.order_by(worker_table.c.id)))


def worker(tx: Connection, id: str) -> Worker | None:
    """The worker of this id, or None."""
    row = tx.execute(select(*_WORKER).where(worker_table.c.id == id)).one_or_none()
    return Worker(*row) if row else None


def put_posts(tx: Connection, given: Iterable[Post]) -> None:
    """Add posts; one of the same worker, area, duty and `since` gets the new `until`. Their workers must be there."""
    upsert(tx, post, (asdict(each) | {"duty": str(each.duty)} for each in given), on=["worker", "area", "duty", "since"])


def posts(tx: Connection, *, at: datetime | None = None, areas: Iterable[str] | None = None, worker: str | None = None) -> tuple[Post, ...]:
    """Posts by area, then by since; only those held at the instant, only those of these area codes, only this worker's, where asked."""
    wanted = select(post.c.worker, post.c.area, post.c.duty, post.c.since, post.c.until)
    if at is not None:
        wanted = wanted.where(post.c.since <= at, or_(post.c.until.is_(None), post.c.until > at))
    if areas is not None:
        wanted = wanted.where(post.c.area.in_(tuple(areas)))
    if worker is not None:
        wanted = wanted.where(post.c.worker == worker)
    rows = tx.execute(wanted.order_by(post.c.area, post.c.since, post.c.duty, post.c.worker))
    return tuple(Post(who, where, Duty(duty), since, until) for who, where, duty, since, until in rows)


def put_leaves(tx: Connection, given: Iterable[Leave]) -> None:
    """Add leaves; one of the same worker and `since` gets the new `until`. Their workers must be there."""
    upsert(tx, leave, (asdict(each) for each in given), on=["worker", "since"])


def leaves(tx: Connection, *, at: datetime | None = None) -> tuple[Leave, ...]:
    """Who is away when, by worker and since; only those away at the instant, where asked."""
    wanted = select(leave.c.worker, leave.c.since, leave.c.until)
    if at is not None:
        wanted = wanted.where(leave.c.since <= at, or_(leave.c.until.is_(None), leave.c.until > at))
    return tuple(Leave(*row) for row in tx.execute(wanted.order_by(leave.c.worker, leave.c.since)))
