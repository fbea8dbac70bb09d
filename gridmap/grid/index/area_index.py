"""Which area owns each point."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.grid.index.nearness import Nearness
from gridmap.grid.index.outlines import borders_of, outlines_of
from gridmap.grid.index.tiles import lay

# Points are answered this many at a time: the arrays in between stay in the processor's cache.
BATCH = 1 << 15


class AreaIndex:
    """Finds the owner of points among polygons and multipolygons, in the shapes' own units (degrees, metres).

    The rule: a point belongs to the area that holds (x + e, y + d) for 0 < d << e << 1. On a coverage every point therefore has exactly one
    owner, also on borders and corners, and the answer is exact for every float. Where areas overlap, the earlier one owns.
    Missing and empty shapes own nothing. The shapes are referenced, not copied; the index never changes.
    """

    def __init__(self, shapes: Sequence[Any] | NDArray[np.object_]) -> None:
        self.shapes = np.array(shapes, dtype=object).reshape(-1)
        borders = borders_of(self.shapes)
        self._outlines = outlines_of(borders)
        self._tiles = lay(borders, self._outlines)

    def __len__(self) -> int:
        return len(self.shapes)

    @property
    def nbytes(self) -> int:
        """The bytes of the index's own arrays, without the shapes."""
        return self._outlines.nbytes + self._tiles.nbytes

    def locate(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.int64]:
        """The position in `shapes` of the area that owns each point, -1 where none does; not-a-number and infinity are owned by none."""
        xs, ys = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        owner = np.full(xs.size, -1, dtype=np.int64)
        flat_x, flat_y = xs.ravel(), ys.ravel()
        for at in range(0, len(owner), BATCH):
            batch = slice(at, at + BATCH)
            owner[batch] = self._tiles.owners(self._outlines, flat_x[batch], flat_y[batch])
        return owner.reshape(xs.shape)

    def locate_one(self, x: float, y: float) -> int:
        """The position of the area that owns this point, -1 where none does."""
        return int(self.locate([x], [y])[0])

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
