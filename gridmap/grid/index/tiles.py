"""A table of equal tiles over all areas: most tiles lie within one area and answer at once, the others name the areas to ask."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.crossing import Floats
from gridmap.grid.index.outlines import Borders, Outlines
from gridmap.grid.index.runs import Ints, portions, run_starts, spread

ASK = -2  # the answer of a tile that an edge may pass through
FEWEST_TILES, MOST_TILES = 1 << 10, 1 << 24
# Areas named by all tiles together, per tile and area: beyond this the tiles are made larger, so that memory stays in proportion.
MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the tiles lie.

    Row and column are monotone functions of y and x, the same for points and for boxes: a point of a box is in a tile of that box.
    """

    box: tuple[float, float, float, float]
    across: float  # columns per unit
    up: float  # rows per unit
    columns: int
    rows: int

    @classmethod
    def of(cls, box: NDArray[np.float64], tiles: float) -> Self:
        """About so many squarish tiles over a box."""
        west, south, east, north = box.tolist()
        width, height = east - west, north - south
        columns = round(min(max(1.0, (tiles * width / height) ** 0.5), tiles)) if height and width else 1
        rows = max(1, round(tiles / columns)) if height and width else 1
        across, up = (steps / size if size else 0.0 for steps, size in ((columns, width), (rows, height)))
        if not np.isfinite([across, up]).all():  # too small a land to divide
            return cls((west, south, east, north), 0.0, 0.0, 1, 1)
        return cls((west, south, east, north), across, up, columns, rows)

    def column(self, x: Floats) -> NDArray[np.int64]:
        return np.minimum(((x - self.box[0]) * self.across).astype(np.int64), self.columns - 1)

    def row(self, y: Floats) -> NDArray[np.int64]:
        return np.minimum(((y - self.box[1]) * self.up).astype(np.int64), self.rows - 1)

    def tile(self, x: Floats, y: Floats) -> NDArray[np.int64]:
        return self.row(y) * self.columns + self.column(x)

    def holding(self, x: Floats, y: Floats) -> NDArray[np.int64]:
        """Which of the points lie in the box at all."""
        west, south, east, north = self.box
        return np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))

    def middles(self, tiles: Ints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        row, column = np.divmod(tiles, self.columns)
        return self.box[0] + (column + 0.5) / (self.across or 1.0), self.box[1] + (row + 0.5) / (self.up or 1.0)


@dataclass(frozen=True, slots=True)
class Tiles:
    """Per tile: the owner (-1 for none) where no edge comes near, otherwise ASK and the areas to ask, the earliest first."""

    frame: Frame
    answers: NDArray[np.int32]
    starts: NDArray[np.int64]
    named: NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        return self.answers.nbytes + self.starts.nbytes + self.named.nbytes

    def owners(self, outlines: Outlines, x: Floats, y: Floats) -> NDArray[np.int64]:
        """The owner of each point, -1 for none."""
        owner = np.full(len(x), -1, dtype=np.int64)
        within = self.frame.holding(x, y)
        tile = self.frame.tile(x[within], y[within])
        answer = self.answers[tile]
        owner[within] = answer
        ask = np.flatnonzero(answer == ASK)
        asking, tile = within[ask], tile[ask]
        for some in portions(self._names(tile)):
            owner[asking[some]] = self._ask(outlines, tile[some], x[asking[some]], y[asking[some]])
        return owner

    def _names(self, tile: Ints) -> Ints:
        """How many areas each tile names."""
        return self.starts[tile + 1] - self.starts[tile]

    def _ask(self, outlines: Outlines, tile: Ints, x: Floats, y: Floats) -> NDArray[np.int64]:
        of, entry = spread(self.starts[tile], self._names(tile))
        area = self.named[entry]
        held = np.flatnonzero(outlines.hold(area, x[of], y[of]))[::-1]
        owner = np.full(len(x), -1, dtype=np.int64)
        owner[of[held]] = area[held]  # the last assignment stays: the earliest area, since the order is reversed
        return owner


def lay(borders: Borders, outlines: Outlines) -> Tiles:
    """Tiles about as many as edges, every one that no edge's box touches answered once and for all."""
    tiles = _name(borders)
    free = np.flatnonzero(~_touched(tiles.frame, borders))
    x, y = tiles.frame.middles(free)
    true = tiles.frame.tile(x, y) == free  # a middle that rounds into another tile says nothing about this one
    answers = tiles.answers.copy()
    answers[free[true]] = tiles.owners(outlines, x[true], y[true])
    of = np.repeat(np.arange(len(answers)), np.diff(tiles.starts))
    asked = answers[of] == ASK
    return replace(tiles, answers=answers, starts=run_starts(of[asked], len(answers)), named=tiles.named[asked])


def _name(borders: Borders) -> Tiles:
    """Tiles that answer nothing yet and name every area whose box touches them."""
    area = np.flatnonzero(np.isfinite(borders.box[:, 0]))
    box = borders.box[area]
    if not len(area):
        return Tiles(Frame((0.0, 0.0, 0.0, 0.0), 0.0, 0.0, 1, 1), np.full(1, ASK, np.int32), np.zeros(2, np.int64), np.zeros(0, np.int32))
    tiles = float(np.clip(len(borders.edge), FEWEST_TILES, MOST_TILES))
    extent = np.r_[box[:, :2].min(axis=0), box[:, 2:].max(axis=0)]
    while True:
        frame = Frame.of(extent, tiles)
        column, row = frame.column(box[:, 0]), frame.row(box[:, 1])
        columns, rows = frame.column(box[:, 2]) - column + 1, frame.row(box[:, 3]) - row + 1
        if int((columns * rows).sum()) <= MOST_NAMED * (len(area) + tiles):
            break
        tiles /= 2
    of, at_row = spread(row, rows)
    of_row, tile = spread(at_row * frame.columns + column[of], columns[of])
    order = np.argsort(tile, kind="stable")
    count = frame.columns * frame.rows
    return Tiles(frame, np.full(count, ASK, np.int32), run_starts(tile, count), area[of[of_row[order]]].astype(np.int32))


def _touched(frame: Frame, borders: Borders) -> NDArray[np.bool_]:
    """True for each tile that the box of some edge touches; counted by the corners of the boxes, so that long edges cost no more."""
    low, high = borders.edge_boxes()
    west, south = frame.column(low[:, 0]), frame.row(low[:, 1])
    east, north = frame.column(high[:, 0]) + 1, frame.row(high[:, 1]) + 1
    wide = frame.columns + 1
    count = wide * (frame.rows + 1)
    change = np.zeros(count, dtype=np.int64)
    for row, column, step in ((south, west, 1), (south, east, -1), (north, west, -1), (north, east, 1)):
        change += step * np.bincount(row * wide + column, minlength=count)
    depth = change.reshape(-1, wide).cumsum(axis=0).cumsum(axis=1)
    return (depth[:-1, :-1] > 0).ravel()
