"""Editions: recorded once, never changed, each in force from an instant."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from gridmap.errors import AreaMissing, EditionMissing, InstantPast, NoEditionInForce
from gridmap.grid import LEVELS, Area, Edition, EditionHead, Level
from gridmap.store.area_rows import COLUMNS, as_area, as_row, in_order
from gridmap.store.dialect import Lock, hold, insert_all
from gridmap.store.schema import area, edition

_HEAD = tuple(edition.c[each.name] for each in fields(EditionHead))


def add(
    tx: Connection, areas: Iterable[Area], *, in_force_from: datetime, recorded_at: datetime, note: str = "", actor: str = ""
) -> Edition:
    """Record the next edition. InstantPast where it would be in force before it was recorded: what held in the past cannot change."""
    if in_force_from < recorded_at:
        raise InstantPast(at=in_force_from.isoformat(), now=recorded_at.isoformat())
    hold(tx, Lock.EDITION)
    number = 1 + (tx.scalar(select(func.max(edition.c.number))) or 0)
    made = Edition(number, in_force_from, recorded_at, in_order(areas), note, actor)
    facts = {"in_force_from": in_force_from, "recorded_at": recorded_at, "note": note, "actor": actor, "digest": made.digest}
    tx.execute(insert(edition), {"number": number, "areas": len(made.areas)} | facts)
    insert_all(tx, area, ({"edition": number} | as_row(each) | _box(each) for each in made.areas))
    return made


def _box(one: Area) -> dict[str, float]:
    return dict(zip(("west", "south", "east", "north"), one.shape.bounds, strict=True))


def heads(tx: Connection) -> tuple[EditionHead, ...]:
    """Every edition without its areas, the newest number first."""
    return tuple(EditionHead(*row) for row in tx.execute(select(*_HEAD).order_by(edition.c.number.desc())))


def identities(tx: Connection) -> tuple[tuple[EditionHead, str], ...]:
    """The head and digest of every edition, the newest number first."""
    rows = tx.execute(select(*_HEAD, edition.c.digest).order_by(edition.c.number.desc()))
    return tuple((EditionHead(*row[:-1]), row.digest) for row in rows)


def identity(tx: Connection, number: int) -> tuple[EditionHead, str]:
    """The edition's head and its digest, or EditionMissing: what tells it from one of the same number that was never committed."""
    row = tx.execute(select(*_HEAD, edition.c.digest).where(edition.c.number == number)).one_or_none()
    if row is None:
        raise EditionMissing(edition=number)
    return EditionHead(*row[:-1]), row.digest


def count_levels(tx: Connection, number: int) -> dict[Level, int]:
    """How many areas of each level the edition has, also where it has none."""
    rows = tx.execute(select(area.c.level, func.count()).where(area.c.edition == number).group_by(area.c.level))
    found: dict[str, int] = dict(rows.all())
    return {level: found.get(level, 0) for level in LEVELS}


def codes_ever(tx: Connection, level: Level) -> frozenset[str]:
    """Every code that any edition ever gave to an area of this level: a retired one is never given to other land."""
    return frozenset(tx.scalars(select(area.c.code).where(area.c.level == str(level)).distinct()))


def is_known(tx: Connection, code: str) -> bool:
    """Whether any edition has, had or will have an area of this code."""
    return tx.scalar(select(area.c.id).where(area.c.code == code).limit(1)) is not None


def number_in_force(tx: Connection, at: datetime) -> int | None:
    """The number of the edition that holds at the instant; None before the first.

    Of all editions whose instant has come, the highest number holds: it was decided last. So an edition that was recorded
    later, for an earlier or the same instant, supersedes the ones planned before it, also those whose instant is still to come.
    An edition is never in force before it was recorded, so the answer for an instant that has passed never changes.
    """
    return tx.scalar(select(func.max(edition.c.number)).where(edition.c.in_force_from <= at))


def load(tx: Connection, number: int) -> Edition:
    """The whole edition, its areas the widest level first, then by code; or EditionMissing."""
    head, _ = identity(tx, number)
    rows = tx.execute(select(*(area.c[name] for name in COLUMNS)).where(area.c.edition == number))
    areas = in_order(as_area(row) for row in rows)
    return Edition(number, head.in_force_from, head.recorded_at, areas, head.note, head.actor)


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
