"""Which cells of a draft are locked, and whether they are as they were locked. A lock ends with the draft."""

from collections.abc import Iterable, Mapping

import shapely

from gridmap.flows.draft_standing import standing_of
from gridmap.grid import Area, Finding, Level, Severity
from gridmap.planning.kinds import MoveKind
from gridmap.planning.locking import CellsLocked, broken
from gridmap.store import Tx, moves

LOCKING = (MoveKind.LOCK, MoveKind.UNLOCK)
TOLD = 10
"""So many codes are named."""


def locks_of(tx: Tx, draft: str) -> dict[str, Area]:
    """The locked cells by code, each with the village and the land that it had when it was locked."""
    operations = moves.operations(tx, draft, LOCKING)
    found: dict[str, Area] = {}
    for row in standing_of(moves.rows(tx, draft), LOCKING) if operations else ():
        asked = operations[row.number]
        found.pop(asked["cell"], None)
        if row.kind is MoveKind.LOCK:
            shape = shapely.from_wkb(asked["shape"])
            found[asked["cell"]] = Area(asked["cell"], Level.CELL, asked["cell"], row.village, shape)
    return found


def need_unlocked(tx: Tx, draft: str, changed: Mapping[str, Area | None]) -> None:
    """CellsLocked where a locked cell would be other land, another village's or gone (None) by this change; the draft is held."""
    touched = [cell for code, cell in locks_of(tx, draft).items() if code in changed]
    if wrong := broken(touched, changed):
        raise CellsLocked(cells=", ".join([cell.code for cell in wrong][:TOLD]))


def locks_broken(locks: Iterable[Area], areas: Iterable[Area]) -> list[Finding]:
    """An error for each locked cell that is not as it was locked, at a place within it: a file that came in changes what it likes."""
    places = ((cell, cell.shape.representative_point()) for cell in broken(locks, {area.code: area for area in areas}))
    return [Finding("cell_locked_changed", Severity.ERROR, cell.code, place.x, place.y) for cell, place in places]
