"""Editions: recorded once, never changed, each in force from an instant."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from gridmap.errors import AreaMissing, EditionMissing, InstantPast, NoEditionInForce
from gridmap.grid import Area, Edition, EditionHead
from gridmap.store.area_rows import COLUMNS, as_area, as_row, in_order
from gridmap.store.dialect import Lock, hold, insert_all
from gridmap.store.schema import area, edition


def add(tx: Connection, areas: Iterable[Area], *, in_force_from: datetime, recorded_at: datetime, note: str = "") -> Edition:
    """Record the next edition. InstantPast where it would be in force before it was recorded: what held in the past cannot change."""
    if in_force_from < recorded_at:
        raise InstantPast(at=in_force_from.isoformat(), now=recorded_at.isoformat())
    hold(tx, Lock.EDITION)
    number = 1 + (tx.scalar(select(func.max(edition.c.number))) or 0)
    made = Edition(number, in_force_from, recorded_at, in_order(areas), note)
    head = {"number": number, "in_force_from": in_force_from, "recorded_at": recorded_at, "note": note, "digest": made.digest}
    tx.execute(insert(edition), head)
    insert_all(tx, area, ({"edition": number} | as_row(each) | _box(each) for each in made.areas))
    return made


def _box(one: Area) -> dict[str, float]:
    return dict(zip(("west", "south", "east", "north"), one.shape.bounds, strict=True))


def heads(tx: Connection) -> tuple[EditionHead, ...]:
    """Every edition without its areas, the newest number first."""
    return tuple(EditionHead(*row) for row in tx.execute(_heads().order_by(edition.c.number.desc())))


def head(tx: Connection, number: int) -> EditionHead:
    """One edition without its areas, or EditionMissing."""
    row = tx.execute(_heads().where(edition.c.number == number)).one_or_none()
    if row is None:
        raise EditionMissing(edition=number)
    return EditionHead(*row)


def _heads() -> Select[Any]:
    count = select(func.count()).where(area.c.edition == edition.c.number).scalar_subquery()
    return select(edition.c.number, edition.c.in_force_from, edition.c.recorded_at, edition.c.note, count)


def number_in_force(tx: Connection, at: datetime) -> int | None:
    """The number of the edition that holds at the instant; None before the first.

    Of all editions whose instant has come, the highest number holds: it was decided last. So an edition that was recorded
    later, for an earlier or the same instant, supersedes the ones planned before it, also those whose instant is still to come.
    An edition is never in force before it was recorded, so the answer for an instant that has passed never changes.
    """
    return tx.scalar(select(func.max(edition.c.number)).where(edition.c.in_force_from <= at))


def load(tx: Connection, number: int) -> Edition:
    """The whole edition, its areas the widest level first, then by code; or EditionMissing."""
    found = head(tx, number)
    rows = tx.execute(select(*(area.c[name] for name in COLUMNS)).where(area.c.edition == number))
    areas = in_order(as_area(row) for row in rows)
    return Edition(number, found.in_force_from, found.recorded_at, areas, found.note)


def area_at(tx: Connection, code: str, at: datetime) -> Area:
    """The area that had this code at the instant; NoEditionInForce, or AreaMissing in the edition that held then."""
    number = number_in_force(tx, at)
    if number is None:
        raise NoEditionInForce(at=at.isoformat())
    wanted = select(*(area.c[name] for name in COLUMNS)).where(area.c.edition == number, area.c.code == code)
    row = tx.execute(wanted).one_or_none()
    if row is None:
        raise AreaMissing(code=code, edition=number)
    return as_area(row)
