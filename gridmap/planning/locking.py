"""Locked cells: they stay as they are, whatever is done around them, until somebody unlocks them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gridmap.errors import Conflict
from gridmap.grid import Area
from gridmap.planning.compare import same_outline


class CellsLocked(Conflict):
    """Cells that would change are locked; facts: cells."""


class CellLockedAlready(Conflict):
    """A cell that is to be locked is; facts: cell."""


class CellNotLocked(Conflict):
    """A cell that is to be unlocked is not locked; facts: cell."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A cell is locked, or (`locked` is False) unlocked."""

    cell: str
    locked: bool = True


def broken(locked: Iterable[Area], there: Mapping[str, Area | None]) -> list[Area]:
    """The locked cells that are not `there` as they were locked: gone, in another village, on other land. A corner that a neighbour sets
    upon their border changes no land."""
    return [cell for cell in locked if not _stays(cell, there.get(cell.code))]


def _stays(cell: Area, now: Area | None) -> bool:
    return now is not None and now.parent == cell.parent and same_outline(now, cell)
