"""Which area owns a point, by the half-open rule, exactly; and how far the nearest border is."""

from gridmap.grid.index.area_index import AreaIndex
from gridmap.grid.index.distances import Asked, Near
from gridmap.grid.index.image import IndexDamaged
from gridmap.grid.index.warm import is_warm, warm

__all__ = ["AreaIndex", "Asked", "IndexDamaged", "Near", "is_warm", "warm"]
