"""Which area owns a point, by the half-open rule, exactly; and how far the nearest border is."""

from gridmap.grid.index.area_index import AreaIndex
from gridmap.grid.index.nearness import Nearness

__all__ = ["AreaIndex", "Nearness"]
