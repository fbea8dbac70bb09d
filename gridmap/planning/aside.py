"""Cells that stay (专属网格: a mall, a mine; what is locked) are set aside before their village is cut: land and households stay theirs."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from gridmap.grid import Area, Households
from gridmap.planning.seams import sew

NEAR = 1e-9
"""Degrees (a tenth of a millimetre): corners that lie nearer to a border than this lie upon it."""
SPLINTER = 1e-12
"""Square degrees (some 0.01 m²): what is left of a village beneath this is the rounding of a border."""


def set_aside(
    villages: Sequence[Area], own: Sequence[Area], households: Households, others: Sequence[Area] = ()
) -> tuple[tuple[Area, ...], Households]:
    """What is left to cut: the villages without the land of their own cells (those of which nothing is left drop out), and the
    households that lie in none of these cells; a point on such a cell's border is the cell's.

    Where `others`, the villages' other cells, tile the rest, it is their land, to the last bit.
    """
    left = (replace(village, shape=shape) for village in villages if not (shape := _without(village, own, others)).is_empty)
    if not own:
        return tuple(left), households
    spots = shapely.points(households.lon, households.lat)
    inside, _ = shapely.STRtree([cell.shape for cell in own]).query(spots, predicate="intersects")
    kept = np.setdiff1d(np.arange(len(households)), inside)
    return tuple(left), Households(households.ids[kept], households.lon[kept], households.lat[kept], households.counts[kept])


def _without(village: Area, own: Sequence[Area], others: Sequence[Area]) -> Polygon | MultiPolygon:
    cells, rest = ([cell.shape for cell in each if cell.parent == village.code] for each in (own, others))
    if not cells:
        return village.shape
    gone, left = shapely.union_all(cells), shapely.union_all(rest)
    if rest and shapely.area(shapely.symmetric_difference(shapely.union(gone, left), village.shape)) < SPLINTER:
        return left
    # The village gets the cells' corners: those lie beside its straight borders by a rounding, and would leave spikes of them.
    around = shapely.snap(village.shape, gone, NEAR)
    parts = shapely.get_parts(shapely.difference(around if around.is_valid else village.shape, gone)).tolist()
    land = [part for part in parts if isinstance(part, Polygon) and part.area > SPLINTER]
    return land[0] if len(land) == 1 else MultiPolygon(land)


def sew_around(
    villages: Sequence[Area], land: Sequence[Area], cells: Sequence[Area], stay: Sequence[Area]
) -> tuple[tuple[Area, ...], tuple[Area, ...]]:
    """The cells that the villages' `land` was cut into, and those that stayed beside it, each with the corners that the others have upon
    its border, in its own village and beyond."""
    within = sew_cells([*land, *stay], [*([cell for cell in cells if cell.parent == one.code] for one in land), *([cell] for cell in stay)])
    sewn = sew_cells(villages, [[cell for cell in within if cell.parent == one.code] for one in villages])
    shapes = {cell.code: cell.shape for cell in sewn}
    made, stayed = ([replace(cell, shape=shapes[cell.code]) for cell in each] for each in (cells, stay))
    return tuple(made), tuple(stayed)


def sew_cells(areas: Sequence[Area], groups: Sequence[Sequence[Area]]) -> list[Area]:
    """The cells that tile each of these areas, group after group, with each other's corners on the borders of the areas."""
    sewn = sew([area.shape for area in areas], [[cell.shape for cell in group] for group in groups])
    both = [pair for group, shapes in zip(groups, sewn, strict=True) for pair in zip(group, shapes, strict=True)]
    # A neck thinner than what puts two corners together would close: there a cell stays as it was, a micrometre beside the other.
    return [replace(cell, shape=shape) if shape.is_valid else cell for cell, shape in both]
