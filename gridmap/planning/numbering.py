"""The order in which the cells of a village are numbered: from west to east, in rows from north to south."""

import math

import numpy as np
import shapely
from shapely import Polygon

from gridmap.planning.borders import Floats


def reading_order(outlines: list[Polygon]) -> list[int]:
    """The cells' numbers as one reads a page.

    The rule: about the square root of the number of cells makes the rows, equally high between the northernmost and the
    southernmost centre; a cell belongs to the row of its centre; within a row the centre further west comes first.
    """
    centre: Floats = shapely.get_coordinates(shapely.centroid(np.asarray(outlines, dtype=object)))
    rows = max(1, round(math.sqrt(len(outlines))))
    north, south = centre[:, 1].max(), centre[:, 1].min()
    height = max((north - south) / rows, 1e-9)
    row = np.minimum(((north - centre[:, 1]) / height).astype(int), rows - 1)
    return np.lexsort((-centre[:, 1], centre[:, 0], row)).tolist()
