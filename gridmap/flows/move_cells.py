"""A planner moves something in a draft's village, takes it back, or makes it again: decided on one revision, kept in one transaction."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from gridmap.access import Action, Actor, allowed
from gridmap.errors import Conflict, Precondition
from gridmap.flows.draft_village import read_ground, standing, with_people
from gridmap.flows.import_areas import need_jurisdiction
from gridmap.grid import Area, Finding, Level
from gridmap.grid.checks import check_village
from gridmap.planning.kinds import MoveKind
from gridmap.planning.moves import Assign, Border, CellsUnknown, Ground, Merge, Operation, Split, cells_named, make
from gridmap.planning.tiling import digest
from gridmap.store import Store, Tx, drafts, history, moves
from gridmap.store.moves import MoveRow

KIND_OF = {Assign: MoveKind.ASSIGN, Border: MoveKind.BORDER, Split: MoveKind.SPLIT, Merge: MoveKind.MERGE}
TOLD = 20


class DraftMoved(Precondition):
    """Others changed the draft since, in cells of this move too; facts: draft, revision, count, who, cells, changes."""


class DraftMovedElsewhere(DraftMoved):
    """Others changed the draft since, in other cells: the same move may be sent on the new revision."""


class NothingToUndo(Conflict):
    """No move stands in the village that could be taken back, or made again; facts: draft, village."""


class MoveOvertaken(Conflict):
    """What a move changed was changed by something else since; facts: draft, cells."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What a move did: the draft's new revision, the areas that changed (None: gone), households that changed cells, and what is wrong in
    the village now."""

    revision: str
    kind: MoveKind
    village: str
    changed: Mapping[str, Area | None]
    households: int
    findings: tuple[Finding, ...]


def move(store: Store, draft: str, operation: Operation, *, revision: str | None, now: datetime, actor: Actor) -> Made:
    """Make a move that was decided on this revision (None: on whatever is there).

    Nothing is written if anything is refused: DraftMissing, CellsUnknown, AreaForeign, DraftMoved, and what `planning.moves.make` refuses.
    """
    scope = allowed(actor, Action.DRAFT_CHANGE)
    with store.read(scope) as tx:
        seen = moves.revision(tx, draft)
        village = _village_of(tx, draft, operation)
        ground = with_people(tx, read_ground(tx, draft, village))
        _need_revision(tx, draft, revision, lambda: cells_named(operation, ground.owners))
    need_jurisdiction(scope, (ground.village,))
    moved = make(ground, operation)
    after = ground.after(moved.changed)
    kind, before = KIND_OF[type(operation)], ground.before(moved.changed)
    with store.begin(scope) as tx:
        drafts.hold(tx)
        _need_revision(tx, draft, seen, lambda: frozenset(moved.changed))
        drafts.change(tx, draft, moved.changed, at=now)
        told = {"areas": moved.changed, "village": village, "operation": asdict(operation), "before": before}
        made = moves.append(tx, draft, kind, at=now, **told, after=digest(filter(None, moved.changed.values())))
        _record(tx, now, draft, kind, village, moved.changed)
    return Made(made, kind, village, moved.changed, moved.households, check_village(after.village, after.cells))


def _village_of(tx: Tx, draft: str, operation: Operation) -> str:
    """The village in which an operation's cells lie. CellsUnknown."""
    named = operation.to if isinstance(operation, Assign) else operation.cell if isinstance(operation, Split) else (*operation.cells, "")[0]
    cells = [area for area in drafts.some(tx, draft, codes=[named]) if area.level is Level.CELL and area.parent]
    if not cells:
        raise CellsUnknown(village="-", cells=named)
    return str(cells[0].parent)


def undo(store: Store, draft: str, village: str, *, revision: str | None, now: datetime, actor: Actor) -> Made:
    """Take back the last move that stands in the village. DraftMissing, DraftVillageMissing, NothingToUndo, MoveOvertaken, AreaForeign,
    DraftMoved."""
    return _step(store, (draft, village, MoveKind.UNDO), revision=revision, now=now, actor=actor)


def redo(store: Store, draft: str, village: str, *, revision: str | None, now: datetime, actor: Actor) -> Made:
    """Make again what was taken back last in the village. It refuses what `undo` does."""
    return _step(store, (draft, village, MoveKind.REDO), revision=revision, now=now, actor=actor)


def _step(store: Store, what: tuple[str, str, MoveKind], *, revision: str | None, now: datetime, actor: Actor) -> Made:
    draft, village, kind = what
    scope = allowed(actor, Action.DRAFT_CHANGE)
    with store.begin(scope) as tx:
        drafts.hold(tx)
        ground = read_ground(tx, draft, village)
        need_jurisdiction(scope, (ground.village,))
        there = standing(moves.rows(tx, draft), village)
        stack = there.done if kind is MoveKind.UNDO else there.undone
        _need_revision(tx, draft, revision, lambda: stack[-1][1].areas or frozenset() if stack else frozenset())
        if not stack:
            raise NothingToUndo(draft=draft, village=village)
        first, maker = stack[-1]
        now_there = ground.before(maker.areas or ())
        if digest(filter(None, now_there.values())) != maker.after:
            raise MoveOvertaken(draft=draft, cells=", ".join(sorted(maker.areas or ())[:TOLD]))
        again = moves.before(tx, draft, maker.number)
        drafts.change(tx, draft, again, at=now)
        after = digest(filter(None, again.values()))
        made = moves.append(tx, draft, kind, at=now, areas=again, village=village, of=first.number, before=now_there, after=after)
        _record(tx, now, draft, kind, village, again)
    left = ground.after(again)
    return Made(made, kind, village, again, 0, check_village(left.village, left.cells))


def _record(tx: Tx, now: datetime, draft: str, kind: MoveKind, village: str, changed: Iterable[str]) -> None:
    history.record(tx, now, "draft.move", f"draft:{draft}", kind=str(kind), village=village, cells=sorted(changed))


def _need_revision(tx: Tx, draft: str, wanted: str | None, named: Callable[[], frozenset[str]]) -> None:
    """DraftMoved where the draft is not at this revision: whose changes came between, in which cells, and whether in these."""
    found = moves.revision(tx, draft)
    if wanted in (None, found):
        return
    between = _after(moves.rows(tx, draft), wanted)
    touched = [row.areas for row in between]
    apart = bool(between) and None not in touched and named().isdisjoint(*filter(None, touched))
    cells = sorted({code for areas in touched for code in areas or ()})
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
    return {"number": row.number, "kind": str(row.kind), "at": row.at.isoformat(), "actor": row.actor, "village": row.village, "of": row.of, "areas": areas}


