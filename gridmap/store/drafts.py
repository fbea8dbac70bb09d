"""Drafts: unfinished editions, by name, which change until they are published."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from gridmap.errors import BadInput, DraftMissing
from gridmap.grid import Area, Level
from gridmap.planning.kinds import MoveKind
from gridmap.store import dialect, editions, moves
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
    need(tx, name)
    rows = tx.execute(select(*(draft_area.c[column] for column in COLUMNS)).where(draft_area.c.draft == name))
    return in_order(as_area(row) for row in rows)


def put(
    tx: Connection, name: str, areas: Iterable[Area], *, at: datetime, replace_level: Level | None = None, gone: Iterable[str] = ()
) -> None:
    """Add areas to the draft, or change those of the same code; with `replace_level`, all its other areas of that level go first. The
    codes in `gone` are taken out; those that it does not have are passed over.

    A draft that does not exist starts as a copy of the edition in force at `at`, or empty where there is none. DraftNameUnusable.
    """
    start(tx, name, at=at)
    listed, out = list(areas), list(gone)
    if replace_level is not None:
        tx.execute(delete(draft_area).where(draft_area.c.draft == name, draft_area.c.level == str(replace_level)))
    _write(tx, name, listed, out, at)
    everything = None if replace_level is not None else {*(area.code for area in listed), *out}
    moves.append(tx, name, MoveKind.CHANGE, at=at, areas=everything)


def start(tx: Connection, name: str, *, at: datetime) -> bool:
    """Make the draft where there is none, a copy of the edition in force at `at`; whether it was made. It is held. DraftNameUnusable."""
    if not (name.strip() and name.isprintable() and len(name) <= LONGEST_NAME):
        raise DraftNameUnusable(draft=name[:LONGEST_NAME], most=LONGEST_NAME)
    hold(tx)
    base = editions.number_in_force(tx, at)
    made = tx.execute(insert_once(tx, draft, on=["name"]), {"name": name, "base": base, "updated_at": at}).rowcount
    if made and base is not None:
        copied = select(bindparam("to", name), *(area.c[column] for column in COLUMNS)).where(area.c.edition == base)
        tx.execute(insert(draft_area).from_select(["draft", *COLUMNS], copied))
    return bool(made)


def change(tx: Connection, name: str, changed: Mapping[str, Area | None], *, at: datetime) -> None:
    """Put these areas in the place of those of their codes; None takes one out. Who changes says so in the list (`moves.append`)."""
    _write(tx, name, [area for area in changed.values() if area], [code for code, area in changed.items() if area is None], at)


def _write(tx: Connection, name: str, areas: Iterable[Area], gone: Iterable[str], at: datetime) -> None:
    tx.execute(update(draft).where(draft.c.name == name).values(updated_at=at))
    out = [{"gone": code} for code in gone]
    if out:
        tx.execute(delete(draft_area).where(draft_area.c.draft == name, draft_area.c.code == bindparam("gone")), out)
    upsert(tx, draft_area, ({"draft": name} | as_row(each) for each in areas), on=["draft", "code"])


def some(
    tx: Connection, name: str, *, level: Level | None = None, codes: Iterable[str] = (), parents: Iterable[str] = ()
) -> tuple[Area, ...]:
    """The draft's areas of these codes, or below these parents, or of a level; in the order of `areas`. DraftMissing."""
    need(tx, name)
    wanted = draft_area.c.code.in_(list(codes)) | draft_area.c.parent.in_(list(parents))
    if level is not None:
        wanted = wanted | (draft_area.c.level == str(level))
    rows = tx.execute(select(*(draft_area.c[column] for column in COLUMNS)).where(draft_area.c.draft == name, wanted))
    return in_order(as_area(row) for row in rows)


def cells_by_village(tx: Connection, name: str) -> dict[str, int]:
    """How many cells each village of the draft has; villages without any are not named."""
    cells = (draft_area.c.draft == name) & (draft_area.c.level == str(Level.CELL)) & draft_area.c.parent.is_not(None)
    found = tx.execute(select(draft_area.c.parent, func.count()).where(cells).group_by(draft_area.c.parent))
    return {str(parent): count for parent, count in found}


def drop(tx: Connection, name: str) -> None:
    """Throw the draft away, or DraftMissing."""
    hold(tx)
    need(tx, name)
    tx.execute(delete(draft).where(draft.c.name == name))


def need(tx: Connection, name: str) -> None:
    """DraftMissing where there is no such draft."""
    names = tuple(tx.scalars(select(draft.c.name).order_by(draft.c.name)))
    if name not in names:
        raise DraftMissing(draft=name, drafts=", ".join(names) or "-")
