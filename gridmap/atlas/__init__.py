"""Maps: on the screen (the Folium map and its layers), and on paper (sheets to scale, from an edition or from GeoDataFrames alone).

Each name is loaded when it is first used: who prints does not wait for Folium, who shows a map not for the typesetter.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridmap.atlas.book import bound, make_set, township_book, village_book, wall_map, worker_book
    from gridmap.atlas.choices import Choices
    from gridmap.atlas.paper import Paper
    from gridmap.atlas.screen import VENDOR, MapParts, command_map, explore
    from gridmap.atlas.subject import Stamp, Subject, subject_of
    from gridmap.atlas.typeset import to_pdf, to_png

_FILES = {
    "gridmap.atlas.screen": ("VENDOR", "MapParts", "command_map", "explore"),
    "gridmap.atlas.book": ("bound", "make_set", "township_book", "village_book", "wall_map", "worker_book"),
    "gridmap.atlas.choices": ("Choices",),
    "gridmap.atlas.paper": ("Paper",),
    "gridmap.atlas.subject": ("Stamp", "Subject", "subject_of"),
    "gridmap.atlas.typeset": ("to_pdf", "to_png"),
}
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}

__all__ = [
    "VENDOR",
    "Choices",
    "MapParts",
    "Paper",
    "Stamp",
    "Subject",
    "bound",
    "command_map",
    "explore",
    "make_set",
    "subject_of",
    "to_pdf",
    "to_png",
    "township_book",
    "village_book",
    "wall_map",
    "worker_book",
]


def __getattr__(name: str) -> Any:
    if name not in _FILE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_FILE_OF[name]), name)
