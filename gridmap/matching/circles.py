"""Areas on a plane in metres: how much of a circle lies in which, and which is nearest to what is far from all."""

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

QUARTER_STEPS = 32  # corners per quarter of a circle: its area is right to a thousandth
LEAST_SHARE = 0.005  # less of the circle says nothing
WIDEST_M = 2000.0  # a wider circle covers so many areas that naming them helps nobody

Metre = NDArray[np.float64]
Shares = tuple[tuple[int, float], ...]


class Circled:
    """Areas on a plane in metres, to be asked what lies in a circle, and what is nearest."""

    def __init__(self, shapes: NDArray[np.object_]) -> None:
        self.shapes = shapes

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The areas by their boxes; made when first asked."""
        return shapely.STRtree(self.shapes)

    def nearest(self, x: Metre, y: Metre) -> tuple[NDArray[np.int64], Metre, Metre]:
        """(position, x, y) of the nearest area, the earlier of equals, and of the place in it that is nearest, to each point."""
        points = shapely.points(x, y)
        of, found = self.tree.query_nearest(points)
        position = np.full(len(points), len(self.shapes), dtype=np.int64)
        np.minimum.at(position, of, found)
        place = shapely.get_coordinates(shapely.shortest_line(points, self.shapes[position]))[1::2]
        return position, place[:, 0], place[:, 1]


def shares(areas: Circled, x: NDArray[np.float64], y: NDArray[np.float64], radius: NDArray[np.float64]) -> list[Shares]:
    """For each circle (metres) the (position, share) of every area in it, the largest first; what is missing to 1 lies in none.

    Where areas overlap the earlier one counts. Circles without size or beyond WIDEST_M get none.
    """
    found: list[Shares] = [()] * len(x)
    drawn = np.flatnonzero((radius > 0) & (radius <= WIDEST_M) & np.isfinite(x))
    circles = shapely.buffer(shapely.points(x[drawn], y[drawn]), radius[drawn], quad_segs=QUARTER_STEPS)
    of, area = areas.tree.query(circles, predicate="intersects")
    order = np.lexsort((area, of))
    starts = np.searchsorted(of[order], np.arange(len(drawn) + 1))
    for at, circle in enumerate(circles):
        found[drawn[at]] = _shares(circle, areas.shapes, area[order[starts[at] : starts[at + 1]]])
    return found


def _shares(circle: shapely.Polygon, shapes: NDArray[np.object_], positions: NDArray[np.integer]) -> Shares:
    sound = shapely.make_valid(shapes[positions])  # a shape may lose its validity on its way into metres
    parts = shapely.area(shapely.intersection(sound, circle))
    if parts.sum() > circle.area * (1 + 1e-9):
        parts = _first_come(circle, sound)
    share = parts / max(circle.area, parts.sum())
    ranked = sorted(zip(positions.tolist(), share.tolist(), strict=True), key=lambda one: (-one[1], one[0]))
    return tuple((position, part) for position, part in ranked if part >= LEAST_SHARE)


def _first_come(circle: shapely.Polygon, shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """The circle shared out among overlapping shapes: each takes what the earlier ones left."""
    left = circle
    parts = np.zeros(len(shapes))
    for at, shape in enumerate(shapes):
        parts[at] = shapely.area(shapely.intersection(left, shape))
        left = shapely.difference(left, shape)
    return parts
