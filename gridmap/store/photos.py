"""Photos as they are kept: named, in parts, and drawn anew. What is past its term is never shown, also before it is purged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, tuple_, update

from gridmap.incidents.photo import NAMED_FOR, Photo
from gridmap.store.dialect import insert_once
from gridmap.store.photo_tables import photo, photo_part
from gridmap.store.schema import report
from gridmap.store.scoping import within

_PHOTO = tuple(photo.c[name] for name in ("holder", "sha256", "have", "arrived_at", "kept_until", "width", "height"))
EMPTY = {"have": 0, "part_at": None}
PhotoKey = tuple[str, str]
"""What it was given to, a report or an incident, and its SHA-256."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is past its term: at the instant `at`; arrived by `arrived`; in part, and the last part by `begun`."""

    at: datetime
    arrived: datetime
    begun: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """How many pictures are past their term, and how many photos came in part, or were only named, too long ago."""

    pictures: int
    unfinished: int


def rows(given: Mapping[str, tuple[str, Sequence[str]]], *, at: datetime) -> list[dict[str, Any]]:
    """The photos that new reports name (id: its incident, and the names of its photos), as they are expected."""
    until = at + NAMED_FOR
    return [
        {"holder": id, "sha256": sha256, "incident": incident, "have": 0, "kept_until": until}
        for id, (incident, named) in given.items()
        for sha256 in named
    ]


def incident_of(tx: Connection, report_id: str) -> str | None:
    """The id of the incident that this report is part of now, None where the scope shows no such report."""
    return tx.scalar(select(report.c.incident).where(within(tx, report), report.c.id == report_id))


def expect(tx: Connection, key: PhotoKey, incident: str, *, at: datetime) -> None:
    """Have a row for the photo, where it was not named before."""
    row = {"holder": key[0], "sha256": key[1], "incident": incident, "have": 0, "kept_until": at + NAMED_FOR}
    tx.execute(insert_once(tx, photo, on=["holder", "sha256"]).values(row))


def get(tx: Connection, key: PhotoKey, *, hold: bool = False) -> Photo | None:
    """The photo as far as it is here; with `hold` nobody else changes it until the transaction ends."""
    wanted = select(*_PHOTO).where(*_one(tx, key))
    row = tx.execute(wanted.with_for_update() if hold else wanted).one_or_none()
    return Photo(*row) if row else None


def count(tx: Connection, holder: str) -> int:
    """How many photos the holder has, or has a part of."""
    begun = or_(photo.c.arrived_at.is_not(None), photo.c.have > 0)
    return tx.scalar(select(func.count(photo.c.sha256)).where(within(tx, photo), photo.c.holder == holder, begun)) or 0


def unfinished(tx: Connection) -> int:
    """How many bytes are here of files that are not here as a whole: all that the scope shows, read from the index of those alone."""
    return int(tx.scalar(select(func.sum(photo.c.have)).where(within(tx, photo), photo.c.part_at.is_not(None))) or 0)


def add_part(tx: Connection, key: PhotoKey, start: int, data: bytes, *, at: datetime) -> int:
    """Put bytes behind those that are here, which end at `start`; how many there are now."""
    tx.execute(insert(photo_part).values(holder=key[0], sha256=key[1], start=start, data=data))
    have = start + len(data)
    tx.execute(update(photo).where(*_one(tx, key)).values(have=have, part_at=at))
    return have


def whole(tx: Connection, key: PhotoKey) -> bytes:
    """All bytes that are here."""
    parts = select(photo_part.c.data).where(*_its_parts(tx, key)).order_by(photo_part.c.start)
    return b"".join(tx.scalars(parts))


def drop(tx: Connection, key: PhotoKey) -> None:
    """Forget the parts: whoever has the photo may send it anew."""
    tx.execute(delete(photo_part).where(*_its_parts(tx, key)))
    tx.execute(update(photo).where(*_one(tx, key)).values(**EMPTY))


def forget(tx: Connection, key: PhotoKey) -> None:
    """Forget its name, too."""
    tx.execute(delete(photo_part).where(*_its_parts(tx, key)))
    tx.execute(delete(photo).where(*_one(tx, key)))


def keep(tx: Connection, one: Photo, *, picture: bytes, small: bytes) -> None:
    """Put the pictures in place of the parts."""
    tx.execute(delete(photo_part).where(*_its_parts(tx, (one.holder, one.sha256))))
    told = {name: getattr(one, name) for name in ("arrived_at", "kept_until", "width", "height")}
    drawn = {**told, "picture": picture, "small": small, "part_at": None}
    tx.execute(update(photo).where(*_one(tx, (one.holder, one.sha256))).values(**drawn))


def of_incident(tx: Connection, incident: str, *, at: datetime) -> tuple[Photo, ...]:
    """The incident's photos in the order in which they came, then those that are named only."""
    wanted = select(*_PHOTO).where(*_shown(tx, incident, at))
    ordered = wanted.order_by(photo.c.arrived_at.is_(None), photo.c.arrived_at, photo.c.holder, photo.c.sha256)
    found = [Photo(*row) for row in tx.execute(ordered)]
    first = {one.sha256: one for one in reversed(found)}  # two who reported the same may have sent the same
    return tuple(one for one in found if first[one.sha256] is one)


def is_here(tx: Connection, incident: str, sha256: str) -> bool:
    """Whether the incident has a picture of this name."""
    here = within(tx, photo), photo.c.incident == incident, photo.c.sha256 == sha256, photo.c.arrived_at.is_not(None)
    return tx.scalar(select(photo.c.sha256).where(*here).limit(1)) is not None


def picture(tx: Connection, incident: str, sha256: str, *, small: bool, at: datetime) -> bytes | None:
    """A JPEG of one of the incident's photos, None where it has none of this name, or not yet."""
    column = photo.c.small if small else photo.c.picture
    here = *_shown(tx, incident, at), photo.c.sha256 == sha256, photo.c.arrived_at.is_not(None)
    return tx.scalar(select(column).where(*here).order_by(photo.c.arrived_at).limit(1))


def move(tx: Connection, holder: str, to: str) -> None:
    """Show the holder's photos with another incident, of which its report is a part from now on."""
    tx.execute(update(photo).where(within(tx, photo), photo.c.holder == holder).values(incident=to))


def past(tx: Connection, due: Due) -> Past:
    """What `purge` would take."""
    rows = select(photo.c.arrived_at.is_not(None), func.count(photo.c.sha256)).where(within(tx, photo), _past(due))
    found = {bool(here): number for here, number in tx.execute(rows.group_by(photo.c.arrived_at.is_not(None)))}
    return Past(found.get(True, 0), found.get(False, 0))


def purge(tx: Connection, due: Due, *, most: int) -> Past:
    """Delete what is due, the longest overdue first, at most so many photos; of what came in part too long ago only the parts. What
    somebody goes on with at this moment is waited for, and then not due."""
    wanted = select(photo.c.holder, photo.c.sha256, photo.c.arrived_at, photo.c.kept_until, photo.c.part_at)
    held = wanted.where(within(tx, photo), _past(due)).order_by(photo.c.kept_until).limit(most).with_for_update()
    rows = tx.execute(held).all()
    ended = [(row.holder, row.sha256) for row in rows if row.arrived_at or row.kept_until <= due.at]
    every = [(row.holder, row.sha256) for row in rows]
    if every:
        tx.execute(delete(photo_part).where(within(tx, photo_part), tuple_(photo_part.c.holder, photo_part.c.sha256).in_(every)))
        tx.execute(update(photo).where(within(tx, photo), tuple_(photo.c.holder, photo.c.sha256).in_(every)).values(**EMPTY))
    if ended:
        tx.execute(delete(photo).where(within(tx, photo), tuple_(photo.c.holder, photo.c.sha256).in_(ended)))
    pictures = sum(1 for row in rows if row.arrived_at)
    return Past(pictures, len(rows) - pictures)


def _one(tx: Connection, key: PhotoKey) -> tuple[ColumnElement[bool], ...]:
    return within(tx, photo), photo.c.holder == key[0], photo.c.sha256 == key[1]


def _its_parts(tx: Connection, key: PhotoKey) -> tuple[ColumnElement[bool], ...]:
    return within(tx, photo_part), photo_part.c.holder == key[0], photo_part.c.sha256 == key[1]


def _shown(tx: Connection, incident: str, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return within(tx, photo), photo.c.incident == incident, photo.c.kept_until > at


def _past(due: Due) -> ColumnElement[bool]:
    return or_(photo.c.kept_until <= due.at, photo.c.arrived_at <= due.arrived, photo.c.part_at <= due.begun)
