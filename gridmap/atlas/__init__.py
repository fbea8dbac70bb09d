"""Maps: on the screen (the Folium map and its layers), and on paper (sheets to scale, from an edition or from GeoDataFrames alone).

Each name is loaded when it is first used: who prints does not wait for Folium, who shows a map not for the typesetter.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridmap.atlas.screen import VENDOR, MapParts, command_map, explore

_FILES = {"gridmap.atlas.screen": ("VENDOR", "MapParts", "command_map", "explore")}
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}

__all__ = ["VENDOR", "MapParts", "command_map", "explore"]


def __getattr__(name: str) -> Any:
    if name not in _FILE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_FILE_OF[name]), name)
