"""Draw cells: cut villages into cells of the right number of households, redraw them when people move.

`cut` and `redraw` work on plain GeoDataFrames; `cut_villages` and `redrawing.redraw` on what the rest of Gridmap speaks.
"""

from gridmap.planning.cutting import Cut, CutBand, CutException, CutTooMany, CutVillageRepeated, CutVillageUnusable, cut_villages
from gridmap.planning.frames import Drawn, Redrawn, cut, redraw
from gridmap.planning.seams import sew
from gridmap.planning.targets import CutTarget, Targets

__all__ = [
    "Cut",
    "CutBand",
    "CutException",
    "CutTarget",
    "CutTooMany",
    "CutVillageRepeated",
    "CutVillageUnusable",
    "Drawn",
    "Redrawn",
    "Targets",
    "cut",
    "cut_villages",
    "redraw",
    "sew",
]
