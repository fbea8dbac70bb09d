"""Drafts: unfinished editions, by name, which change until they are published."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from gridmap.errors import BadInput, DraftMissing
from gridmap.grid import Area, Level
from gridmap.store import dialect, editions
from gridmap.store.area_rows import COLUMNS, as_area, as_row, in_order
from gridmap.store.dialect import Lock, insert_once, upsert
from gridmap.store.schema import area, draft, draft_area

LONGEST_NAME = 100


class DraftNameUnusable(BadInput):
    """A draft's name is a short text on one line; facts: draft, most."""


@dataclass(frozen=True, slots=True)
class DraftHead:
    """A draft without its areas; `base` is the number of the edition that it started from, None where nothing was in force."""

    name: str
    base: int | None
    updated_at: datetime
    areas: int


def hold(tx: Connection) -> None:
    """Let nobody else change a draft until this transaction ends: a draft is judged and published as it was read."""
    dialect.hold(tx, Lock.DRAFT)


def heads(tx: Connection) -> tuple[DraftHead, ...]:
    """Every draft without its areas, by name."""
    count = select(func.count()).where(draft_area.c.draft == draft.c.name).scalar_subquery()
    rows = tx.execute(select(draft.c.name, draft.c.base, draft.c.updated_at, count).order_by(draft.c.name))
    return tuple(DraftHead(*row) for row in rows)


def areas(tx: Connection, name: str) -> tuple[Area, ...]:
    """The draft's areas, the widest level first, then by code; or DraftMissing."""
    _need(tx, name)
    rows = tx.execute(select(*(draft_area.c[column] for column in COLUMNS)).where(draft_area.c.draft == name))
    return in_order(as_area(row) for row in rows)


def put(tx: Connection, name: str, areas: Iterable[Area], *, at: datetime, replace_level: Level | None = None) -> None:
    """Add areas to the draft, or change those of the same code; with `replace_level`, all its other areas of that level go first.

    A draft that does not exist starts as a copy of the edition in force at `at`, or empty where there is none. DraftNameUnusable.
    """
    if not (name.strip() and name.isprintable() and len(name) <= LONGEST_NAME):
        raise DraftNameUnusable(draft=name[:LONGEST_NAME], most=LONGEST_NAME)
    hold(tx)
    base = editions.number_in_force(tx, at)
    made = tx.execute(insert_once(tx, draft, on=["name"]), {"name": name, "base": base, "updated_at": at}).rowcount
    if made and base is not None:
        copied = select(bindparam("to", name), *(area.c[column] for column in COLUMNS)).where(area.c.edition == base)
        tx.execute(insert(draft_area).from_select(["draft", *COLUMNS], copied))
    tx.execute(update(draft).where(draft.c.name == name).values(updated_at=at))
    if replace_level is not None:
        tx.execute(delete(draft_area).where(draft_area.c.draft == name, draft_area.c.level == str(replace_level)))
    upsert(tx, draft_area, ({"draft": name} | as_row(each) for each in areas), on=["draft", "code"])


def drop_areas(tx: Connection, name: str, codes: Iterable[str]) -> None:
    """Take areas out of the draft; codes that it does not have are passed over. DraftMissing."""
    hold(tx)
    _need(tx, name)
    wanted = [{"gone": code} for code in codes]
    if wanted:
        tx.execute(delete(draft_area).where(draft_area.c.draft == name, draft_area.c.code == bindparam("gone")), wanted)


def drop(tx: Connection, name: str) -> None:
    """Throw the draft away, or DraftMissing."""
    hold(tx)
    _need(tx, name)
    tx.execute(delete(draft).where(draft.c.name == name))


def _need(tx: Connection, name: str) -> None:
    names = tuple(tx.scalars(select(draft.c.name).order_by(draft.c.name)))
    if name not in names:
        raise DraftMissing(draft=name, drafts=", ".join(names) or "-")
