"""The outbox: what is to be told, written with what it tells of; who delivers takes some of it for a while, and says what became of it.

Whoever takes a notice has its fence. One who overslept its lease, while another took it, changes nothing any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, delete, func, select, tuple_, update

from gridmap.duty import OfficeKind
from gridmap.incidents.notices import ESCALATED, Notice, Told
from gridmap.limits import Due
from gridmap.store import ids
from gridmap.store.dialect import insert_together
from gridmap.store.notice_tables import notice
from gridmap.store.schema import incident, office
from gridmap.store.scoping import within

_NOTICE: tuple[Column[Any], ...] = (notice.c.id, notice.c.at, notice.c.kind, notice.c.incident, notice.c.audience, notice.c.body)
_KEPT: tuple[Column[Any], ...] = (*_NOTICE, notice.c.attempts, notice.c.next_at, notice.c.sent_at, notice.c.parked_at, notice.c.fault)
_TAKEN: tuple[Column[Any], ...] = (*_NOTICE, notice.c.fence, notice.c.attempts)


class Standing(StrEnum):
    """How far telling it has come."""

    PENDING = "pending"
    SENT = "sent"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Taken:
    """A notice that somebody took to deliver it, for the `attempts`th time, until the lease ends."""

    notice: Notice
    fence: int
    attempts: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A notice, and how far telling it has come."""

    notice: Notice
    standing: Standing
    attempts: int
    next_at: datetime | None
    sent_at: datetime | None
    parked_at: datetime | None
    fault: str


def add(tx: Connection, told: Iterable[tuple[str | None, Told | None]], *, at: datetime) -> None:
    """Keep what is to be told of these incidents (by id), as a part of the transaction that does it."""
    insert_together(tx, [(notice, rows(told, at=at))])


def rows(told: Iterable[tuple[str | None, Told | None]], *, at: datetime) -> list[dict[str, Any]]:
    """What is to be told of these incidents (by id), as it is kept."""
    return [_row(id, one, at) for id, one in told if one]


def _row(incident_id: str | None, one: Told, at: datetime) -> dict[str, Any]:
    given = {"kind": one.kind, "audience": one.audience, "body": dict(one.body)}
    return {"id": ids.new(at), "at": at, "incident": incident_id, **given, "fence": 0, "attempts": 0, "next_at": at, "fault": ""}


def escalate(tx: Connection, incident_id: str, due: Due, *, at: datetime) -> None:
    """Tell the centre of the level that the incident has climbed to; where none is known, whoever listens."""
    columns = tuple(incident.c[name] for name in ("number", "state", "urgency", "issue", "township", "village"))
    found = dict(tx.execute(select(*columns).where(within(tx, incident), incident.c.id == incident_id)).mappings().one())
    areas = {"village": found.pop("village"), "township": found.pop("township")}
    centre = _centre(tx, areas.get(due.step.level)) if areas.get(due.step.level) or due.step.level == "county" else None
    body = {**found, "clock": due.key.partition(".")[0], "level": due.step.level, "due_at": due.at.isoformat()}
    add(tx, [(incident_id, Told(ESCALATED, centre, body))], at=at)


def _centre(tx: Connection, area: str | None) -> str | None:
    """The centre of the area, None for the county."""
    wanted = select(office.c.code).where(office.c.kind == OfficeKind.CENTRE, office.c.area == area)
    return tx.scalar(wanted.order_by(office.c.code).limit(1))


def is_any_due(tx: Connection, now: datetime) -> bool:
    """Whether anything is to be sent."""
    return tx.scalar(select(notice.c.id).where(within(tx, notice), notice.c.next_at <= now).limit(1)) is not None


def _free(now: datetime, lasts: timedelta) -> ColumnElement[bool]:
    """What nobody has; a lease that ends later than any could that is taken now is from before the clock was set back."""
    return notice.c.lease_until.is_(None) | (notice.c.lease_until <= now) | (notice.c.lease_until > now + lasts)


def take(tx: Connection, *, now: datetime, lasts: timedelta, attempts: int, most: int) -> tuple[Taken, ...]:
    """Some that are due and were tried fewer times than that, the longest due first; nobody else takes them before the lease ends."""
    due = select(notice.c.id).where(within(tx, notice), notice.c.next_at <= now, notice.c.attempts < attempts, _free(now, lasts))
    chosen = tx.scalars(due.order_by(notice.c.next_at, notice.c.id).limit(most).with_for_update(skip_locked=True)).all()
    if not chosen:
        return ()
    mine = update(notice).where(within(tx, notice), notice.c.id.in_(chosen))
    tx.execute(mine.values(lease_until=now + lasts, fence=notice.c.fence + 1, attempts=notice.c.attempts + 1))
    rows = tx.execute(select(*_TAKEN).where(within(tx, notice), notice.c.id.in_(chosen)))
    found = {row.id: Taken(_notice(row), row.fence, row.attempts, now + lasts) for row in rows}
    return tuple(found[id] for id in chosen)


def is_any_lost(tx: Connection, *, now: datetime, lasts: timedelta, attempts: int) -> bool:
    """Whether anything was tried that many times by somebody who never came back; asked without holding anything."""
    wanted = select(notice.c.id).where(within(tx, notice), notice.c.next_at <= now, notice.c.attempts >= attempts, _free(now, lasts))
    return tx.scalar(wanted.limit(1)) is not None


def lost(tx: Connection, *, now: datetime, lasts: timedelta, attempts: int, most: int) -> tuple[Taken, ...]:
    """Some that were tried that many times, and whoever tried them last never came back."""
    wanted = select(*_TAKEN).where(within(tx, notice), notice.c.next_at <= now, notice.c.attempts >= attempts, _free(now, lasts))
    rows = tx.execute(wanted.order_by(notice.c.next_at).limit(most).with_for_update(skip_locked=True)).all()
    return tuple(Taken(_notice(row), row.fence, row.attempts, now) for row in rows)


def sent(tx: Connection, taken: Sequence[Taken], *, at: datetime) -> int:
    """How many were still this taker's; those have arrived."""
    return _end(tx, taken, sent_at=at, next_at=None, fault="")


def again(tx: Connection, one: Taken, *, next_at: datetime, fault: str) -> bool:
    """Whether it was still this taker's; then it is tried again, and why is kept."""
    return _end(tx, [one], next_at=next_at, fault=fault) == 1


def give_back(tx: Connection, taken: Sequence[Taken]) -> int:
    """How many were still this taker's; with those it is as if they had never tried, which they did not."""
    return _end(tx, taken, attempts=notice.c.attempts - 1)


def park(tx: Connection, one: Taken, *, at: datetime, fault: str) -> bool:
    """Whether it was still this taker's; then it is tried no more until somebody says so."""
    return _end(tx, [one], parked_at=at, next_at=None, fault=fault) == 1


def _end(tx: Connection, taken: Sequence[Taken], **what: Any) -> int:
    if not taken:
        return 0
    theirs = tuple_(notice.c.id, notice.c.fence).in_([(one.notice.id, one.fence) for one in taken])
    mine = update(notice).where(within(tx, notice), theirs, notice.c.next_at.is_not(None))
    return tx.execute(mine.values(lease_until=None, **what)).rowcount


def unpark(tx: Connection, *, at: datetime) -> tuple[str, ...]:
    """Try all that were given up from anew; their ids."""
    parked = tuple(tx.scalars(select(notice.c.id).where(within(tx, notice), notice.c.parked_at.is_not(None)).order_by(notice.c.id)))
    mine = update(notice).where(within(tx, notice), notice.c.parked_at.is_not(None))
    tx.execute(mine.values(parked_at=None, next_at=at, attempts=0, lease_until=None))
    return parked


def forget(tx: Connection, *, before: datetime, most: int) -> int:
    """Delete some that arrived before that; how many."""
    old = select(notice.c.id).where(within(tx, notice), notice.c.sent_at < before).order_by(notice.c.sent_at).limit(most)
    return tx.execute(delete(notice).where(within(tx, notice), notice.c.id.in_(old))).rowcount


_STANDS = {
    Standing.PENDING: notice.c.next_at.is_not(None),
    Standing.SENT: notice.c.sent_at.is_not(None),
    Standing.PARKED: notice.c.parked_at.is_not(None),
}


def list_(tx: Connection, *, standing: Standing | None = None, after: str | None = None, limit: int) -> tuple[Kept, ...]:
    """The notices that stand so (None: all), the newest first; the next page is what comes `after` the id of the last one."""
    wanted = select(*_KEPT).where(within(tx, notice))
    if standing is not None:
        wanted = wanted.where(_STANDS[standing])
    if after is not None:
        wanted = wanted.where(notice.c.id < after)
    return tuple(_kept(row) for row in tx.execute(wanted.order_by(notice.c.id.desc()).limit(limit)))


def counts(tx: Connection) -> dict[Standing, int]:
    """How many stand how."""
    return {each: tx.scalar(select(func.count()).where(within(tx, notice), stands)) or 0 for each, stands in _STANDS.items()}


def _notice(row: Row[Any]) -> Notice:
    return Notice(id=row.id, at=row.at, kind=row.kind, incident=row.incident, audience=row.audience, body=row.body)


def _kept(row: Row[Any]) -> Kept:
    standing = Standing.SENT if row.sent_at else Standing.PARKED if row.parked_at else Standing.PENDING
    more = {name: getattr(row, name) for name in ("attempts", "next_at", "sent_at", "parked_at", "fault")}
    return Kept(notice=_notice(row), standing=standing, **more)
