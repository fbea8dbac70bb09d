"""What was done to a draft, in order: each change with who made it, in which areas, and what undoes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import shapely
from sqlalchemy import Connection, Row, func, insert, select

from gridmap.grid import Area, Level
from gridmap.planning.kinds import MoveKind
from gridmap.store.area_rows import as_row
from gridmap.store.draft_tables import draft_move
from gridmap.store.scoping import scope_of

UNTOUCHED = "0"
"""The revision of a draft to which nothing was done since such things are kept."""


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One change; `areas` are the codes that changed, None where it may be any; `of` is the change that it takes back or makes again;
    `after` a hash of the areas as it left them."""

    number: int
    seal: str
    at: datetime
    actor: str
    kind: MoveKind
    village: str | None
    of: int | None
    areas: frozenset[str] | None
    after: str | None

    @property
    def revision(self) -> str:
        return f"{self.number}-{self.seal}"


_HEAD = tuple(draft_move.c[name] for name in ("number", "seal", "at", "actor", "kind", "village", "of", "areas", "after"))


def revision(tx: Connection, draft: str) -> str:
    """What the draft's state is known by: another with each change."""
    mine = draft_move.c.draft == draft
    last = select(func.max(draft_move.c.number)).where(mine).scalar_subquery()
    row = tx.execute(select(draft_move.c.number, draft_move.c.seal).where(mine, draft_move.c.number == last)).one_or_none()
    return f"{row.number}-{row.seal}" if row else UNTOUCHED


def rows(tx: Connection, draft: str) -> tuple[MoveRow, ...]:
    """Everything that was done to the draft, the first first."""
    found = tx.execute(select(*_HEAD).where(draft_move.c.draft == draft).order_by(draft_move.c.number))
    return tuple(_as_move(row) for row in found)


def _as_move(row: Row[Any]) -> MoveRow:
    areas = None if row.areas is None else frozenset(row.areas)
    return MoveRow(row.number, row.seal, row.at, row.actor, MoveKind(row.kind), row.village, row.of, areas, row.after)


def append(
    tx: Connection,
    draft: str,
    kind: MoveKind,
    *,
    at: datetime,
    areas: Iterable[str] | None,
    village: str | None = None,
    of: int | None = None,
    operation: Mapping[str, Any] | None = None,
    before: Mapping[str, Area | None] | None = None,
    after: str | None = None,
) -> str:
    """Add a change by the transaction's actor to the draft's list; answers the draft's new revision. The draft is held (`drafts.hold`)."""
    number = (tx.scalar(select(func.max(draft_move.c.number)).where(draft_move.c.draft == draft)) or 0) + 1
    seal = uuid4().hex[:8]
    row = {
        "draft": draft, "number": number, "seal": seal, "at": at, "actor": scope_of(tx).actor.name, "kind": str(kind), "village": village,
        "of": of, "areas": None if areas is None else sorted(areas), "operation": operation,
        "before": None if before is None else [[code, area and _as_json(area)] for code, area in before.items()], "after": after,
    }  # fmt: skip
    tx.execute(insert(draft_move), row)
    return f"{number}-{seal}"


def operations(tx: Connection, draft: str, kinds: Iterable[MoveKind]) -> dict[int, Mapping[str, Any]]:
    """What was asked for, by the change's number, of the changes of these kinds."""
    wanted = draft_move.c.kind.in_([str(kind) for kind in kinds])
    found = tx.execute(select(draft_move.c.number, draft_move.c.operation).where(draft_move.c.draft == draft, wanted))
    return {number: operation or {} for number, operation in found}


def before(tx: Connection, draft: str, number: int) -> dict[str, Area | None]:
    """The areas as they were before this change of the draft; None is one that was not there."""
    kept = tx.scalar(select(draft_move.c.before).where(draft_move.c.draft == draft, draft_move.c.number == number))
    return {code: row and _as_area(row) for code, row in kept or ()}


def _as_json(area: Area) -> dict[str, Any]:
    return as_row(area) | {"shape": shapely.to_wkb(area.shape, hex=True)}


def _as_area(row: Mapping[str, Any]) -> Area:
    return Area(**{**row, "level": Level(row["level"]), "shape": shapely.from_wkb(row["shape"])})
