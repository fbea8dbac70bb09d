"""Where shapes have most room for something oblong: the largest box of its proportions that lies inside, found on scan lines.

Each shape is cut by ROWS level lines; of each line the widest stretch inside counts. A box fits where the stretches of all lines
that it spans share enough width, which is known beforehand for every number of lines; where it stands then comes from running maxima
and minima over 1, 2, 4 … lines (Bender and Farach-Colton 2000), for all shapes at once. What lies between two lines is checked exactly.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROWS = 40
AMPLE = 1.1
"""A place with so much of the width that is needed is as good as a wider one; the one nearest the middle is taken."""


@dataclass(frozen=True, eq=False)
class Room:
    """The room inside of shapes; `begins` and `ends` (level, shape, row) are of the stretches that 1, 2, 4 … lines share."""

    shapes: Shapes
    top: Floats
    step: Floats
    middle: Floats
    begins: Floats
    ends: Floats
    widths: Floats
    """(shape, lines): the widest stretch that so many lines share."""

    @classmethod
    def of(cls, shapes: Shapes) -> Self:
        """Of polygons with an area."""
        bounds = shapely.bounds(shapes)
        top, step = bounds[:, 1], (bounds[:, 3] - bounds[:, 1]) / ROWS
        shapely.prepare(shapes)
        begins, ends = _stretches(shapes, top, step)
        middle = shapely.get_coordinates(shapely.centroid(shapes))[:, 1]
        doubled = _doubled(begins, np.maximum, np.inf), _doubled(ends, np.minimum, -np.inf)
        return cls(shapes, top, step, middle, *doubled, _widths(begins, ends))

    def among(self, rows: Ints) -> "Room":
        """Of some of the shapes."""
        halves = self.begins[:, rows], self.ends[:, rows]
        return Room(self.shapes[rows], self.top[rows], self.step[rows], self.middle[rows], *halves, self.widths[rows])

    def fit(self, sizes: Floats) -> tuple[Ints, Floats]:
        """The first of `sizes` (size, shape, width and height; the largest first) that fits into each shape, and about which middle.

        The number of sizes where none does.
        """
        lines = self._lines(sizes[..., 1])
        fits = self.widths[np.arange(len(self.shapes)), lines] >= sizes[..., 0]
        first = np.where(fits.any(axis=0), fits.argmax(axis=0), len(sizes))
        spots = np.zeros((len(self.shapes), 2))
        rows = np.flatnonzero(first < len(sizes))
        while len(rows):
            size = sizes[first[rows], rows]
            spots[rows] = self._places(rows, size)
            boxes = shapely.box(*(spots[rows] - size / 2).T, *(spots[rows] + size / 2).T)
            rows = rows[~shapely.contains(self.shapes[rows], boxes)]
            first[rows] += 1
            rows = rows[first[rows] < len(sizes)]
        return first, spots

    def _lines(self, height: Floats) -> Ints:
        """How many lines something of this height meets in each shape; 0 where it is higher than the shape."""
        lines = np.ceil(height / self.step).astype(int) + 1
        return np.where(lines > ROWS, 0, lines)

    def _places(self, rows: Ints, size: Floats) -> Floats:
        """The best middles of boxes of this width and height in these shapes."""
        lines = np.ceil(size[:, 1] / self.step[rows]).astype(int) + 1
        level = np.log2(lines).astype(int)
        first = np.arange(ROWS)
        last = np.clip(first + (lines - 2**level)[:, None], 0, ROWS - 1)
        at = (level[:, None], rows[:, None])
        begin = np.maximum(self.begins[*at, first], self.begins[*at, last])
        end = np.minimum(self.ends[*at, first], self.ends[*at, last])
        ys = self.top[rows, None] + (first + lines[:, None] / 2) * self.step[rows, None]
        wide = np.where(first + lines[:, None] <= ROWS, end - begin, -np.inf)
        score = np.minimum(wide, AMPLE * size[:, :1]) - 1e-3 * np.abs(ys - self.middle[rows, None])
        best = np.arange(len(rows)), score.argmax(axis=1)
        return np.column_stack([(begin[best] + end[best]) / 2, ys[best]])


def _stretches(shapes: Shapes, top: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Where the widest stretch inside of each shape begins and ends on each of its lines, (shape, row); nowhere where there is none."""
    rings, owner = shapely.get_rings(shapes, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    a, b, of = xy[:-1][joined], xy[1:][joined], owner[ring[:-1][joined]]
    ya, yb = ((each[:, 1] - top[of]) / step[of] - 0.5 for each in (a, b))
    first = np.ceil(np.minimum(ya, yb)).astype(int)
    counts = np.ceil(np.maximum(ya, yb)).astype(int) - first
    edge = np.repeat(np.arange(len(a)), counts)
    line = first[edge] + np.arange(len(edge)) - np.repeat(counts.cumsum() - counts, counts)
    x = a[edge, 0] + (line - ya[edge]) / (yb - ya)[edge] * (b - a)[edge, 0]
    west, reach = (xy[:, 0].min(), np.ptp(xy[:, 0]) + 2.0) if len(xy) else (0.0, 2.0)
    across = np.sort((of[edge] * ROWS + np.clip(line, 0, ROWS - 1)) * reach + (x - west) + 1.0)  # by line, then from west to east
    row = (across // reach).astype(int)[::2]
    begin, end = (each - row * reach + west - 1.0 for each in (across[::2], across[1::2]))
    begins, ends = np.full(len(shapes) * ROWS, np.inf), np.full(len(shapes) * ROWS, -np.inf)
    begins[row], ends[row] = begin, end
    many = np.flatnonzero(np.bincount(row, minlength=1)[row] > 1)  # lines that meet more than one stretch
    widest = many[np.argsort((end - begin)[many], kind="stable")]  # of places that are written twice, the last one holds
    begins[row[widest]], ends[row[widest]] = begin[widest], end[widest]
    return begins.reshape(-1, ROWS), ends.reshape(-1, ROWS)


def _widths(begins: Floats, ends: Floats) -> Floats:
    """(shape, lines): the widest stretch that 1 … ROWS lines in a row share; of none it is nothing at all."""
    found = np.full((len(begins), ROWS + 1), -np.inf)
    begin, end = begins.copy(), ends.copy()
    for lines in range(1, ROWS + 1):
        found[:, lines] = (end - begin).max(axis=1)
        begin, end = np.maximum(begin[:, :-1], begins[:, lines:]), np.minimum(end[:, :-1], ends[:, lines:])
    return found


def _doubled(values: Floats, worst: np.ufunc, nowhere: float) -> Floats:
    """(level, shape, row): the worst of 1, 2, 4 … rows from each on."""
    found = [values]
    while 2 ** len(found) <= ROWS:
        half = 2 ** (len(found) - 1)
        beyond = np.full((len(values), half), nowhere)
        found.append(worst(found[-1], np.hstack([found[-1][:, half:], beyond])))
    return np.stack(found)
