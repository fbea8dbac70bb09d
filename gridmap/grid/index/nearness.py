"""How far points are from areas and from their borders."""

from functools import cached_property

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray


class Nearness:
    """Distances between points and areas, in the shapes' own units."""

    def __init__(self, shapes: NDArray[np.object_]) -> None:
        self.shapes = shapes

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The areas by their boxes, for all who ask what lies about a place."""
        return shapely.STRtree(self.shapes)

    @cached_property
    def _borders(self) -> NDArray[np.object_]:
        return np.asarray(shapely.boundary(self.shapes), dtype=object)

    def nearest(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(position, distance) of the nearest area of each point, the earlier of equals; (-1, not a number) for points that are none."""
        xs, ys = np.atleast_1d(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        position = np.full(len(xs), -1, dtype=np.int64)
        distance = np.full(len(xs), np.nan)
        usable = np.flatnonzero(np.isfinite(xs) & np.isfinite(ys))
        if len(usable) and len(self.tree):
            (of, found), away = self.tree.query_nearest(shapely.points(xs[usable], ys[usable]), return_distance=True)
            earliest_last = np.lexsort((-found, of))
            position[usable[of[earliest_last]]] = found[earliest_last]
            distance[usable[of]] = away
        return position, distance

    def points_in(self, x: ArrayLike, y: ArrayLike, position: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The point (x, y) of the area at `position` that is nearest to each point."""
        lines = shapely.shortest_line(shapely.points(x, y), self.shapes[np.asarray(position)])
        ends = shapely.get_coordinates(lines)[1::2]
        return ends[:, 0], ends[:, 1]

    def border_distance(self, x: ArrayLike, y: ArrayLike, owner: ArrayLike) -> NDArray[np.float64]:
        """The distance from each point to the border, holes included, of the area at position `owner`; not a number where owner is -1."""
        xs, ys = np.atleast_1d(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        owners = np.atleast_1d(np.asarray(owner))
        distance = np.full(len(xs), np.nan)
        owned = np.flatnonzero(owners >= 0)
        distance[owned] = shapely.distance(shapely.points(xs[owned], ys[owned]), self._borders[owners[owned]])
        return distance
