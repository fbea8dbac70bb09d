"""Draw cells: cut villages into cells of the right number of households."""

from gridmap.planning.cut import Cut, CutBand, CutException, CutTooMany, CutVillageRepeated, CutVillageUnusable, cut_villages
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
    "Targets",
    "cut_villages",
    "sew",
]
