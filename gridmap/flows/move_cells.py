"""A planner moves something in a draft's village, takes it back, or makes it again: decided on one revision, kept in one transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.errors import Conflict
from gridmap.flows.draft_locks import need_unlocked
from gridmap.flows.draft_revision import TOLD, need_revision
from gridmap.flows.draft_standing import standing
from gridmap.flows.draft_village import findings_of, read_ground, with_people
from gridmap.flows.import_areas import need_jurisdiction
from gridmap.grid import Area, Finding, Level
from gridmap.planning.kinds import MoveKind
from gridmap.planning.mend import Mend, mend
from gridmap.planning.moves import Assign, Border, CellsUnknown, Ground, Merge, Operation, Split, cells_named, make
from gridmap.planning.tiling import digest
from gridmap.store import Store, Tx, drafts, history, moves

KIND_OF = {Assign: MoveKind.ASSIGN, Border: MoveKind.BORDER, Split: MoveKind.SPLIT, Merge: MoveKind.MERGE, Mend: MoveKind.MEND}


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


def move(store: Store, draft: str, operation: Operation | Mend, *, revision: str | None, now: datetime, actor: Actor) -> Made:
    """Make a move that was decided on this revision (None: on whatever is there).

    Nothing is written if anything is refused: DraftMissing, CellsUnknown, AreaForeign, DraftMoved, CellsLocked, and what
    `planning.moves.make` refuses, or `planning.mend.mend`.
    """
    scope = allowed(actor, Action.DRAFT_CHANGE)
    with store.read(scope) as tx:
        seen = moves.revision(tx, draft)
        village = _village_of(tx, draft, operation)
        ground = with_people(tx, read_ground(tx, draft, village))
        need_revision(tx, draft, revision, lambda: _cells_of(operation, ground))
    need_jurisdiction(scope, (ground.village,))
    moved = mend(ground) if isinstance(operation, Mend) else make(ground, operation)
    after = ground.after(moved.changed)
    kind, before = KIND_OF[type(operation)], ground.before(moved.changed)
    with store.begin(scope) as tx:
        drafts.hold(tx)
        need_revision(tx, draft, seen, lambda: frozenset(moved.changed))
        need_unlocked(tx, draft, moved.changed)
        drafts.change(tx, draft, moved.changed, at=now)
        made = moves.append(
            tx, draft, kind, at=now, areas=moved.changed, village=village, operation=asdict(operation), before=before,
            after=digest(filter(None, moved.changed.values())),
        )  # fmt: skip
        record(tx, (draft, village, kind), moved.changed, now)
        findings = findings_of(tx, after)
    return Made(made, kind, village, moved.changed, moved.households, findings)


def _cells_of(operation: Operation | Mend, ground: Ground) -> frozenset[str]:
    return frozenset(ground.by_code) if isinstance(operation, Mend) else cells_named(operation, ground.owners)


def _village_of(tx: Tx, draft: str, operation: Operation | Mend) -> str:
    """The village in which an operation's cells lie. CellsUnknown."""
    if isinstance(operation, Mend):
        return operation.village
    named = operation.to if isinstance(operation, Assign) else operation.cell if isinstance(operation, Split) else (*operation.cells, "")[0]
    cells = [area for area in drafts.some(tx, draft, codes=[named]) if area.level is Level.CELL and area.parent]
    if not cells:
        raise CellsUnknown(village="-", cells=named)
    return str(cells[0].parent)


def undo(store: Store, draft: str, village: str, *, revision: str | None, now: datetime, actor: Actor) -> Made:
    """Take back the last move that stands in the village. DraftMissing, DraftVillageMissing, NothingToUndo, MoveOvertaken, CellsLocked,
    AreaForeign, DraftMoved."""
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
        need_revision(tx, draft, revision, lambda: stack[-1][1].areas or frozenset() if stack else frozenset())
        if not stack:
            raise NothingToUndo(draft=draft, village=village)
        first, maker = stack[-1]
        again = moves.before(tx, draft, maker.number)
        now_there = there_now(tx, draft, again)
        if maker.after is not None and digest(filter(None, now_there.values())) != maker.after:
            raise MoveOvertaken(draft=draft, cells=", ".join(sorted(maker.areas or ())[:TOLD]))
        need_jurisdiction(scope, (ground.village, *_given(now_there, again)))
        need_unlocked(tx, draft, again)
        drafts.change(tx, draft, again, at=now)
        after = digest(filter(None, again.values())) if maker.after is not None else None
        made = moves.append(tx, draft, kind, at=now, areas=maker.areas, village=village, of=first.number, before=now_there, after=after)
        record(tx, what, maker.areas or (), now)
        findings = findings_of(tx, with_people(tx, read_ground(tx, draft, village)))
    return Made(made, kind, village, again, 0, findings)


def there_now(tx: Tx, draft: str, codes: Iterable[str]) -> dict[str, Area | None]:
    """The draft's areas of these codes as they are; None where there is none."""
    wanted = list(codes)
    found = {area.code: area for area in drafts.some(tx, draft, codes=wanted)}
    return {code: found.get(code) for code in wanted}


def _given(before: Mapping[str, Area | None], after: Mapping[str, Area | None]) -> Iterable[Area]:
    """What goes to another parent, with those parents: it takes both their planners' right."""
    pairs = [(before.get(code), after.get(code)) for code in {**before, **after}]
    parents = {area.parent for pair in pairs for area in pair if area}
    moved = [area for pair in pairs if len({each and each.parent for each in pair}) > 1 for area in pair if area]
    return [*moved, *(area for pair in pairs for area in pair if area and area.code in parents)]


def record(tx: Tx, what: tuple[str, str, MoveKind], changed: Iterable[str], now: datetime) -> None:
    draft, village, kind = what
    history.record(tx, now, "draft.move", f"draft:{draft}", kind=str(kind), village=village, cells=sorted(changed))
