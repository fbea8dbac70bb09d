"""Draw cells: cut villages into cells of the right number of households."""

from gridmap.planning.cut import Cut, CutBand, CutException, CutTooMany, cut_villages

__all__ = ["Cut", "CutBand", "CutException", "CutTooMany", "cut_villages"]
