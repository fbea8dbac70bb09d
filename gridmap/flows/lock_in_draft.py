"""In a draft a cell is locked, so that it stays as it is whatever is done around it; or unlocked."""

from dataclasses import asdict
from datetime import datetime

import shapely

from gridmap.access import Action, Actor, allowed
from gridmap.flows.draft_locks import locks_of
from gridmap.flows.draft_revision import need_revision
from gridmap.flows.draft_village import read_ground
from gridmap.flows.import_areas import need_jurisdiction
from gridmap.flows.move_cells import Made, record
from gridmap.grid import Area, Level
from gridmap.planning.kinds import MoveKind
from gridmap.planning.locking import CellLockedAlready, CellNotLocked, Lock
from gridmap.planning.moves import CellsUnknown
from gridmap.store import Store, Tx, drafts, moves


def lock_in_draft(store: Store, draft: str, operation: Lock, *, revision: str | None, now: datetime, actor: Actor) -> Made:
    """Lock a cell or unlock it, decided on this revision (None: on whatever is there). It is a move of the cell's village, and taken back
    like any other; what would change a locked cell is refused, a step back too.

    Nothing is written if anything is refused: DraftMissing, CellsUnknown, CellLockedAlready, CellNotLocked, AreaForeign, DraftMoved.
    """
    scope = allowed(actor, Action.DRAFT_CHANGE)
    code, kind = operation.cell, MoveKind.LOCK if operation.locked else MoveKind.UNLOCK
    with store.begin(scope) as tx:
        drafts.hold(tx)
        cell = _cell(tx, draft, operation)
        village = str(cell.parent)
        need_jurisdiction(scope, (read_ground(tx, draft, village).village,))
        need_revision(tx, draft, revision, lambda: frozenset({code}))
        asked = asdict(operation) | {"shape": shapely.to_wkb(cell.shape, hex=True)}
        made = moves.append(tx, draft, kind, at=now, areas=[code], village=village, operation=asked, before={})
        record(tx, (draft, village, kind), [code], now)
    return Made(made, kind, village, {}, 0, ())


def _cell(tx: Tx, draft: str, operation: Lock) -> Area:
    """The cell as it is; one that is to be unlocked as it was locked, since it may be gone."""
    locked = locks_of(tx, draft).get(operation.cell)
    if locked and operation.locked:
        raise CellLockedAlready(cell=operation.cell)
    found = [area for area in drafts.some(tx, draft, codes=[operation.cell]) if area.level is Level.CELL and area.parent]
    if not (locked or found):
        raise CellsUnknown(village="-", cells=operation.cell)
    if not (locked or operation.locked):
        raise CellNotLocked(cell=operation.cell)
    return locked or found[0]
