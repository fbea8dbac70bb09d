"""Repair every polygon of a table, and say what was mended."""

from collections.abc import Mapping

import numpy as np
import shapely

from gridmap.boundaries.table import Shapes
from gridmap.geometry.shapes import repair
from gridmap.words import Sentence

POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def mend(shapes: Shapes) -> tuple[Shapes, Mapping[int, Sentence]]:
    """The shapes as valid polygons, None where nothing with an area is left, and by row the reason of each that differs."""
    with np.errstate(invalid="ignore"):
        right = shapely.is_valid(shapes) & np.isin(shapely.get_type_id(shapes), POLYGONS) & (shapely.area(shapes) > 0)
    mended = shapes.copy()
    reasons: dict[int, Sentence] = {}
    for row in np.flatnonzero(~right).tolist():
        mended[row], why = repair(shapes[row])
        if why is not None:
            reasons[row] = why
    return mended, reasons
