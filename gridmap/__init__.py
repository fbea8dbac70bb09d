"""Gridmap: the software with which a county runs its grid. Places, cases and offices, never persons.

The names that a notebook needs are here; each is loaded when first used, so that `gridmap --help` answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gridmap.version import __version__

if TYPE_CHECKING:
    from gridmap.grid import Area, Edition, Households, How, Level, Match
    from gridmap.grid.index import AreaIndex
    from gridmap.matching import EditionIndex, find, find_many, index_of

_ROOMS = {
    "gridmap.grid": ("Area", "Edition", "Households", "How", "Level", "Match"),
    "gridmap.grid.index": ("AreaIndex",),
    "gridmap.matching": ("EditionIndex", "find", "find_many", "index_of"),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "Area",
    "AreaIndex",
    "Edition",
    "EditionIndex",
    "Households",
    "How",
    "Level",
    "Match",
    "__version__",
    "find",
    "find_many",
    "index_of",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOM_OF[name]), name)
