"""Which cells of a raster an edge passes through, row by row, and in which cell it crosses the foot of each row."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.compiled import Whole, compiled
from gridmap.grid.index.frame import TILE, TILE_BITS, Frame, fixed, threshold
from gridmap.grid.index.turning import UNDECIDED, Segment, turn

# How far a computed crossing may be off, in cells: coordinates of up to 2^24 cells carry 28 more bits.
BLUR = 2.0**-26
NOWHERE = -(1 << 30)  # the edge does not reach over the foot of this row


class Raster(NamedTuple):
    """The cells of one tile, or the tiles of the whole frame: 2^-bits tiles wide and high, counted from a tile's corner."""

    frame: Frame
    column: int  # of the tile that holds the first cell
    row: int
    across_bits: int
    up_bits: int
    columns: int
    rows: int
    feet: NDArray[np.float64]  # per row the least y that lies in it


class Way(NamedTuple):
    """An edge in units of cells, and where its ends lie; a is the lower end."""

    ax: float
    ay: float
    bx: float
    by: float
    a_column: int
    a_row: int
    b_column: int
    b_row: int
    low_x: float  # the same ends as coordinates
    low_y: float
    high_x: float
    high_y: float


@compiled
def raster_of(frame: Frame, column: int, row: int, across_bits: int, up_bits: int) -> Raster:
    """The cells of one tile."""
    rows = 1 << up_bits
    feet = np.empty(rows)
    for at in range(rows):
        feet[at] = threshold((row << TILE_BITS) + (at << (TILE_BITS - up_bits)), frame.south, frame.north, frame.up)
    return Raster(frame, column, row, across_bits, up_bits, 1 << across_bits, rows, feet)


@compiled
def tiles_of(frame: Frame) -> Raster:
    """All tiles of a frame as one raster."""
    feet = np.empty(frame.rows)
    for at in range(frame.rows):
        feet[at] = threshold(at << TILE_BITS, frame.south, frame.north, frame.up)
    return Raster(frame, 0, 0, 0, 0, frame.columns, frame.rows, feet)


@compiled
def way_of(raster: Raster, corners: NDArray[np.float64], at: int) -> Way:
    """The edge from corner `at` on as a way through the raster."""
    low, high = (at, at + 1) if corners[at, 1] <= corners[at + 1, 1] else (at + 1, at)
    ax, ay, bx, by = corners[low, 0], corners[low, 1], corners[high, 0], corners[high, 1]
    frame = raster.frame
    west, south = raster.column << TILE_BITS, raster.row << TILE_BITS
    wide, high_ = TILE_BITS - raster.across_bits, TILE_BITS - raster.up_bits
    a_column = (fixed(ax, frame.west, frame.across) - west) >> wide
    b_column = (fixed(bx, frame.west, frame.across) - west) >> wide
    a_row = (fixed(ay, frame.south, frame.up) - south) >> high_
    b_row = (fixed(by, frame.south, frame.up) - south) >> high_
    per_column, per_row = (1 << raster.across_bits) / TILE, (1 << raster.up_bits) / TILE
    return Way(
        ((ax - frame.west) * frame.across - west) * per_column,
        ((ay - frame.south) * frame.up - south) * per_row,
        ((bx - frame.west) * frame.across - west) * per_column,
        ((by - frame.south) * frame.up - south) * per_row,
        a_column, a_row, b_column, b_row, ax, ay, bx, by,
    )  # fmt: skip


@compiled
def is_open_west(way: Way, column: int) -> bool:
    """Whether the edge comes from west of a column and ends in it or beyond."""
    return min(way.a_column, way.b_column) < column


@compiled
def spans(raster: Raster, way: Way, first: NDArray[np.int64], last: NDArray[np.int64]) -> tuple[int, int]:
    """The (first, last) row of the raster that the edge may reach into; per such row the columns that it may touch, never too few.

    `first` and `last` are filled from 0 on; a row that it leaves aside has first > last. Columns lie between those of the edge's ends.
    """
    low, high = max(way.a_row, 0), min(way.b_row, raster.rows - 1)
    west, east = min(way.a_column, way.b_column), max(way.a_column, way.b_column)
    rise = way.by - way.ay
    steep = rise > 2.0**-20
    slope = (way.bx - way.ax) / rise if steep else 0.0
    blur = BLUR * (1 + abs(slope))
    for row in range(low, high + 1):
        one, two = west, east
        if steep and way.a_row != way.b_row:
            from_x = way.ax if row == way.a_row else way.ax + (row - way.ay) * slope
            upto_x = way.bx if row == way.b_row else way.ax + (row + 1 - way.ay) * slope
            one = max(west, _floor(min(from_x, upto_x) - blur))
            two = min(east, _floor(max(from_x, upto_x) + blur))
        first[row - low], last[row - low] = max(one, 0), min(two, raster.columns - 1)
    return low, high


@compiled
def _floor(value: float) -> Whole:
    """Clamped far outside every raster, where whole numbers end."""
    return np.int64(np.floor(min(max(value, -1e15), 1e15)))


@compiled
def crossing(raster: Raster, way: Way, row: int) -> int:
    """The column in which the edge crosses the foot of a row, exactly; west of the raster some number below 0, east of it any beyond it.

    NOWHERE where it does not reach over that height (half-open: its lower end counts, its upper end does not); NOWHERE - 1 where only
    fractions could tell.
    """
    foot = raster.feet[row]
    if not way.low_y <= foot < way.high_y:
        return NOWHERE
    if foot == way.low_y:
        return way.a_column
    west, east = min(way.a_column, way.b_column), max(way.a_column, way.b_column)
    if east < 0 or west >= raster.columns or west == east:
        return west
    rise = way.by - way.ay
    if rise > 2.0**-20:
        slope = (way.bx - way.ax) / rise
        x, blur = way.ax + (row - way.ay) * slope, BLUR * (1 + abs(slope))
        west, east = max(west, _floor(x - blur)), min(east, _floor(x + blur))
    west, east = max(west, -1), min(east, raster.columns)
    return _column_between(raster, way, foot, west, east)


@compiled
def _column_between(raster: Raster, way: Way, foot: float, west: int, east: int) -> int:
    """The column of the crossing among west … east: the first whose eastern border lies east of it."""
    frame = raster.frame
    while west < east:
        number = (raster.column << TILE_BITS) + ((west + 1) << (TILE_BITS - raster.across_bits))
        border = threshold(number, frame.west, frame.east, frame.across)
        if border == np.inf:
            return west
        side = turn(border, foot, Segment(way.low_x, way.low_y, way.high_x, way.high_y))
        if side == UNDECIDED:
            return NOWHERE - 1
        if side > 0:
            return west
        west += 1
    return west
