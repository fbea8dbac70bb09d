"""On which revision of a draft something was decided, and what came between."""

from collections.abc import Callable, Iterable
from typing import Any

from gridmap.errors import Precondition
from gridmap.store import Tx, moves
from gridmap.store.moves import MoveRow

TOLD = 20
"""So many codes are named."""


class DraftMoved(Precondition):
    """Others changed the draft since, in cells of this move too; facts: draft, revision, count, who, cells, changes."""


class DraftMovedElsewhere(DraftMoved):
    """Others changed the draft since, in other cells: the same move may be sent on the new revision."""


def need_revision(tx: Tx, draft: str, wanted: str | None, named: Callable[[], frozenset[str]] | None = None) -> None:
    """DraftMoved where the draft is not at the revision that is wanted, if one is: whose changes came between, in which cells, and whether
    in those `named`."""
    found = moves.revision(tx, draft)
    if wanted in (None, found):
        return
    between = _after(moves.rows(tx, draft), wanted)
    touched = [row.areas for row in between]
    cells = sorted({code for areas in touched for code in areas or ()})
    apart = named is not None and bool(between) and None not in touched and named().isdisjoint(cells)
    raise (DraftMovedElsewhere if apart else DraftMoved)(
        draft=draft, revision=found, count=len(between), who=", ".join(sorted({row.actor for row in between})) or "-",
        cells=", ".join(cells[:TOLD]) or "-", again=apart, changes=[change_told(row) for row in between],
    )  # fmt: skip


def _after(rows: Iterable[MoveRow], wanted: str | None) -> list[MoveRow]:
    """What came after this revision; nothing where the draft never was at it (another draft of its name was)."""
    listed = list(rows)
    at = next((place for place, row in enumerate(listed) if row.revision == wanted), None)
    return listed if wanted == moves.UNTOUCHED else [] if at is None else listed[at + 1 :]


def change_told(row: MoveRow) -> dict[str, Any]:
    """A change as JSON: what, who, when, where; not which households."""
    areas = None if row.areas is None else sorted(row.areas)
    what = {"number": row.number, "kind": str(row.kind), "of": row.of, "village": row.village, "areas": areas}
    return what | {"at": row.at.isoformat(), "actor": row.actor}
