"""Which area owns each point."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.grid.index.asking import Points, locate_many, locate_single
from gridmap.grid.index.building import build
from gridmap.grid.index.cores import on_all_cores
from gridmap.grid.index.corners import rings_of
from gridmap.grid.index.fractions import settle
from gridmap.grid.index.nearness import Nearness

# Fewer points than this are not worth a second thread.
POINTS_A_THREAD = 1 << 15


class AreaIndex:
    """Finds the owner of points among polygons and multipolygons, in the shapes' own units (degrees, metres).

    The rule: a point belongs to the area that holds (x + e, y + d) for 0 < d << e << 1. On a coverage every point therefore has exactly one
    owner, also on borders and corners, and the answer is exact for every float. Where areas overlap, the earlier one owns.
    Missing and empty shapes own nothing. The shapes are referenced, not copied; the index never changes.
    """

    def __init__(self, shapes: Sequence[Any] | NDArray[np.object_]) -> None:
        self.shapes = np.array(shapes, dtype=object).reshape(-1)
        self._land, self.overlaps = build(rings_of(self.shapes))

    def __len__(self) -> int:
        return len(self.shapes)

    @property
    def nbytes(self) -> int:
        """The bytes of the index's own arrays, without the shapes."""
        return sum(part.nbytes for part in self._land if isinstance(part, np.ndarray))

    def locate(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.int64]:
        """The position in `shapes` of the area that owns each point, -1 where none does; not-a-number and infinity are owned by none."""
        xs, ys = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        flat_x, flat_y = np.ascontiguousarray(xs.ravel()), np.ascontiguousarray(ys.ravel())
        owner = np.empty(xs.size, dtype=np.int64)

        def ask(begin: int, end: int) -> int:
            return int(locate_many(self._land, Points(flat_x[begin:end], flat_y[begin:end], owner[begin:end])))

        if sum(on_all_cores(len(owner), POINTS_A_THREAD, ask)):
            settle(self._land, flat_x, flat_y, owner)
        return owner.reshape(xs.shape)

    def locate_one(self, x: float, y: float) -> int:
        """The position of the area that owns this point, -1 where none does."""
        owner: int = locate_single(self._land, float(x), float(y))
        return owner if owner >= -1 else int(self.locate([x], [y])[0])

    @cached_property
    def nearness(self) -> Nearness:
        """Distances to these areas, in the same units; its tree is built when first asked."""
        return Nearness(self.shapes)

    def nearest(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(position, distance) of the nearest area of each point, distance 0 within it; (-1, not a number) where there is no answer."""
        return self.nearness.nearest(x, y)

    def border_distance(self, x: ArrayLike, y: ArrayLike, owner: ArrayLike) -> NDArray[np.float64]:
        """The distance from each point to the border, holes included, of the area at position `owner`; not a number where owner is -1."""
        return self.nearness.border_distance(x, y, owner)
