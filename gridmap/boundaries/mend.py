"""Repair every polygon of a table, and say what was mended."""

from collections.abc import Mapping

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.boundaries.table import Shapes
from gridmap.geometry.shapes import repair
from gridmap.grid.index.cores import on_all_cores
from gridmap.words import Sentence

POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def mend(shapes: Shapes) -> tuple[Shapes, Mapping[int, Sentence]]:
    """The shapes as valid polygons, None where nothing with an area is left, and by row the reason of each that differs."""
    right = np.concatenate(on_all_cores(len(shapes), 1000, lambda begin, end: _are_right(shapes[begin:end])) or [np.empty(0, dtype=bool)])
    right[_with_empty_rings(shapes)] = False
    mended = shapes.copy()
    reasons: dict[int, Sentence] = {}
    for row in np.flatnonzero(~right).tolist():
        mended[row], why = repair(shapes[row])
        if why is not None:
            reasons[row] = why
    return mended, reasons


def _are_right(shapes: Shapes) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        found: NDArray[np.bool_] = shapely.is_valid(shapes) & np.isin(shapely.get_type_id(shapes), POLYGONS) & (shapely.area(shapes) > 0)
    return found


def _with_empty_rings(shapes: Shapes) -> np.ndarray:
    """The rows of polygons that have a hole or a part without corners."""
    parts, row_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    hollow = row_of_part[part_of_ring[shapely.is_empty(rings)]]
    return np.union1d(hollow, row_of_part[shapely.is_empty(parts)])
