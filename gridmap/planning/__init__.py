"""Draw cells: cut villages into cells of the right number of households."""

from gridmap.planning.cut import Cut, CutBand, CutException, CutTooMany, CutVillageRepeated, CutVillageUnusable, cut_villages
from gridmap.planning.seams import sew

__all__ = ["Cut", "CutBand", "CutException", "CutTooMany", "CutVillageRepeated", "CutVillageUnusable", "cut_villages", "sew"]
