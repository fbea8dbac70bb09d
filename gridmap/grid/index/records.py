"""What a cell says: its owner at once, or the few edges that pass through it, each in sixteen bytes."""

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.compiled import Whole, compiled
from gridmap.grid.index.frame import TILE, TILE_BITS, fixed
from gridmap.grid.index.walk import Raster, Way, is_open_west

# A cell's word is the code of its owner, or -1 - where its record starts.
# A record is a head, `base | number << 27`, and per edge four words: the two codes that it parts, exclusive-or; its slopes;
# its offset; the heights of its ends. A number of edges of DEEP says: ask all edges of the tile.
# SEVERAL says that areas may overlap: the next word is how many areas have a border in the cell; for each, earliest first, its code, how
# many edges << 1 | whether it holds the cell's foot behind them all, and its edges, whose first word is then
# (corner + 1) << 1 | open west: never 0.
CODE_BITS = 27
CODE_MASK = (1 << CODE_BITS) - 1
SEVERAL, DEEP = 31, 30
MOST_EDGES = 29
WORDS_AN_EDGE = 4

# Within a cell places are whole numbers of 15 bits. An edge is the line A (u - HALF) + B (v - HALF) + 4 C = 0, the greater of A and B
# being 32767, so that the sum's sign says which side a point lies on, unless the sum is within DOUBT of 0:
# the point's place is off by half a unit (2^15 of the sum), A and B by half of theirs (2^14), C by two of its own (8).
PLACE_BITS = 15
PLACES = 1 << PLACE_BITS
HALF = 1 << (PLACE_BITS - 1)
STEEPEST = 32767
DOUBT = (1 << 15) + (1 << 14) + 1024
FARTHEST = 1 << 30  # of C: lines that pass a cell so far off leave it on one side
BELOW, ABOVE = 0, PLACES + 1  # heights beside those of a cell, which are 1 … PLACES


@compiled
def height_in(raster: Raster, y: float, row: int) -> int:
    """Where a height lies in a row of cells, as PLACE_BITS bits + 1; BELOW or ABOVE beside it."""
    frame = raster.frame
    number = fixed(y, frame.south, frame.up) - (raster.row << TILE_BITS)
    at = number >> (TILE_BITS - raster.up_bits)
    if at != row:
        return BELOW if at < row else ABOVE
    return ((number >> (TILE_BITS - raster.up_bits - PLACE_BITS)) & (PLACES - 1)) + 1


@compiled
def write_edge(words: NDArray[np.int32], raster: Raster, way: Way, cell: tuple[int, int], codes: int) -> None:
    """An edge as the record of a cell (row, column) keeps it, four words. `codes` are those of its two sides, exclusive-or."""
    row, column = cell
    low, high = height_in(raster, way.low_y, row), height_in(raster, way.high_y, row)
    if is_open_west(way, column):  # its western end stands for one infinitely far out
        if way.a_column < way.b_column or way.low_y == way.high_y:
            low = BELOW
        else:
            high = ABOVE
    a, b = way.by - way.ay, way.ax - way.bx
    steepest = max(abs(a), abs(b))
    if way.low_y == way.high_y:  # a level edge from the west: all that is below it has crossed it
        a, b, c = 0.0, 0.0, float(FARTHEST)
    elif steepest == 0:
        a, b, c = 0.0, 0.0, 0.0
    else:
        a, b = a / steepest * STEEPEST, b / steepest * STEEPEST
        c = a * (HALF + 0.5 - (way.ax - column) * PLACES) + b * (HALF + 0.5 - (way.ay - row) * PLACES)
        c = min(max(c / 4, -float(FARTHEST)), float(FARTHEST))
    words[0] = codes
    words[1] = np.int32((np.int64(np.round(a)) & 0xFFFF) | (np.int64(np.round(b)) << 16))
    words[2] = np.int32(np.round(c))
    words[3] = np.int32(low | (high << 16))


@compiled
def head_of(base: int, number: int) -> Whole:
    """A record's first word; the top bit may make it negative."""
    return np.int32((base & CODE_MASK) | (number << CODE_BITS))


@compiled
def shape_of(edges_in_tile: int, wide: float, high: float, cells_an_edge: float) -> tuple[int, int]:
    """(across_bits, up_bits) of a tile's cells: as many as its edges ask for, and longer the way that the edges run."""
    if edges_in_tile == 0:
        return 0, 0
    bits = min(max(round(np.log2(edges_in_tile * cells_an_edge)), 0), 16)
    lean = np.log2((high + 1 / TILE) / (wide + 1 / TILE))
    across = min(max(round((bits + lean) / 2), 0), bits, 12)
    return across, min(bits - across, 12)
