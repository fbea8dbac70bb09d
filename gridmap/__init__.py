"""Gridmap: the software with which a county runs its grid. Places, cases and offices, never persons.

The names that a notebook needs are here; each is loaded when first used, so that `gridmap --help` answers at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gridmap.version import __version__

if TYPE_CHECKING:
    from gridmap.grid import Area, Edition, Households, Level
    from gridmap.grid.index import AreaIndex

_ROOMS = {
    "Area": "gridmap.grid",
    "AreaIndex": "gridmap.grid.index",
    "Edition": "gridmap.grid",
    "Households": "gridmap.grid",
    "Level": "gridmap.grid",
}

__all__ = ["Area", "AreaIndex", "Edition", "Households", "Level", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)
