"""Cells of their own (专属网格: a mall, a mine) are set aside before their village is cut: their land and their households stay theirs."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from gridmap.grid import Area, Households

SPLINTER = 1e-12
"""Square degrees (some 0.01 m²): what is left of a village beneath this is the rounding of a border."""


def set_aside(villages: Sequence[Area], own: Sequence[Area], households: Households) -> tuple[tuple[Area, ...], Households]:
    """What is left to cut: the villages without the land of their own cells (those of which nothing is left drop out), and the
    households that lie in none of these cells; a point on such a cell's border is the cell's."""
    left = (replace(village, shape=shape) for village in villages if not (shape := _without(village, own)).is_empty)
    if not own:
        return tuple(left), households
    spots = shapely.points(households.lon, households.lat)
    inside, _ = shapely.STRtree([cell.shape for cell in own]).query(spots, predicate="intersects")
    kept = np.setdiff1d(np.arange(len(households)), inside)
    return tuple(left), Households(households.ids[kept], households.lon[kept], households.lat[kept], households.counts[kept])


def _without(village: Area, own: Sequence[Area]) -> Polygon | MultiPolygon:
    cells = [cell.shape for cell in own if cell.parent == village.code]
    if not cells:
        return village.shape
    parts = shapely.get_parts(shapely.difference(village.shape, shapely.union_all(cells))).tolist()
    land = [part for part in parts if isinstance(part, Polygon) and part.area > SPLINTER]
    return land[0] if len(land) == 1 else MultiPolygon(land)
