"""Which area owns each point, and how far it is to borders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.grid.index.asking import Points, locate_many, locate_single
from gridmap.grid.index.building import build
from gridmap.grid.index.cores import on_all_cores
from gridmap.grid.index.corners import rings_of
from gridmap.grid.index.distances import Asked, Near, measure_borders, measure_nearest, place_borders
from gridmap.grid.index.fractions import settle
from gridmap.grid.index.image import land_of, open_image, overlaps_of, save_image

# Fewer points than this are not worth a second thread.
POINTS_A_THREAD = 1 << 15
Floats = NDArray[np.float64]


class AreaIndex:
    """Finds the owner of points among polygons and multipolygons, in the shapes' own units (degrees, metres).

    The rule: a point belongs to the area that holds (x + e, y + d) for 0 < d << e << 1. On a coverage every point therefore has exactly one
    owner, also on borders and corners, and the answer is exact for every float. Where areas overlap, the earlier one owns.
    Missing and empty shapes own nothing. The index keeps all that it needs of the shapes, never changes, and may be asked by many threads.
    """

    def __init__(self, shapes: Sequence[Any] | NDArray[np.object_]) -> None:
        self._hold(build(rings_of(np.array(shapes, dtype=object).reshape(-1))))

    def _hold(self, image: NDArray[np.uint8]) -> None:
        self._image, self._land = image, land_of(image)

    @classmethod
    def open(cls, path: Path) -> Self:
        """A saved index, mapped into memory: at once, and one copy for all processes that open it. IndexDamaged, FileMissing."""
        index = cls.__new__(cls)
        index._hold(open_image(path))
        return index

    def save(self, path: Path) -> None:
        """Keep the index in a file, whole or not at all; what was there is replaced."""
        save_image(self._image, path)

    def __len__(self) -> int:
        return len(self._land.first) - 1

    @property
    def nbytes(self) -> int:
        """The bytes of the index."""
        return self._image.nbytes

    @property
    def overlaps(self) -> int:
        """In how many of the index's cells more than one area was seen; 0 for a sound coverage."""
        return overlaps_of(self._image)

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
        owner: int = locate_single(self._image, float(x), float(y))
        return owner if owner >= -1 else int(self.locate([x], [y])[0])

    def locate_path(self, x: ArrayLike, y: ArrayLike, *above: ArrayLike) -> tuple[NDArray[np.int64], ...]:
        """Each point's owner, then what lies above it, an array for each in `above`: the first names each area's parent by its position,
        the second that one's own, and so on (cell, village, township, worker). -1 stays -1."""
        found = [self.locate(x, y)]
        for parents in above:
            last = found[-1]
            found.append(np.where(last >= 0, np.append(np.asarray(parents, dtype=np.int64), -1)[last], -1))
        return tuple(found)

    def nearest(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
        """(position, distance) of the nearest area of each point, the earlier of equals, 0 within it; (-1, not a number) where none is."""
        xs, ys = np.atleast_1d(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
        owner = self.locate(xs, ys)
        distance = np.zeros(len(owner))
        apart = np.flatnonzero(owner < 0)
        near = self.near_outside(xs[apart], ys[apart])
        owner[apart], distance[apart] = near.area, near.distance
        return owner, distance

    def near_outside(self, x: ArrayLike, y: ArrayLike, unit: tuple[ArrayLike, ArrayLike] = (1.0, 1.0)) -> Near:
        """The nearest place on any border, whose it is (the earlier of equals), and how far. `unit` is how long a unit of
        x and one of y is at each point, so that degrees may be measured in metres."""
        asked = _asked(x, y, *unit)
        near = _near(np.full(len(asked.x), -1, dtype=np.int64))
        usable = np.flatnonzero(np.isfinite(asked.x) & np.isfinite(asked.y))
        if not len(usable) or not len(self._land.listed):
            return near
        some = Asked(*(part[usable] for part in asked))
        found = _near(np.full(len(usable), -1, dtype=np.int64))
        on_all_cores(len(usable), 1 << 8, lambda begin, end: measure_nearest(self._land, some, found, begin, end))
        for whole, part in zip(near, found, strict=True):
            whole[usable] = part
        return near

    def border_distance(self, x: ArrayLike, y: ArrayLike, owner: ArrayLike, unit: tuple[ArrayLike, ArrayLike] = (1.0, 1.0)) -> Floats:
        """The distance from each point to the border, holes included, of the area at position `owner`; not a number where owner is -1.
        `unit` as in `near_outside`."""
        return self._borders(measure_borders, _asked(x, y, *unit), owner).distance

    def near_border(self, x: ArrayLike, y: ArrayLike, owner: ArrayLike, unit: tuple[ArrayLike, ArrayLike] = (1.0, 1.0)) -> Near:
        """The nearest place on the border of the area at position `owner`; `unit` as in `near_outside`."""
        return self._borders(place_borders, _asked(x, y, *unit), owner)

    def _borders(self, fill: Any, asked: Asked, owner: ArrayLike) -> Near:
        near = _near(np.array(np.broadcast_to(np.asarray(owner, dtype=np.int64), asked.x.shape)))
        on_all_cores(len(asked.x), 1 << 10, lambda begin, end: fill(self._land, asked, near, begin, end))
        return near


def _asked(*parts: ArrayLike) -> Asked:
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(part, dtype=np.float64)) for part in parts))
    return Asked(*(np.ascontiguousarray(array).reshape(-1) for array in arrays))


def _near(area: NDArray[np.int64]) -> Near:
    return Near(area, *(np.full(len(area), np.nan) for _ in range(3)))
