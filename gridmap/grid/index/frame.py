"""Where tiles and cells lie: every coordinate becomes a whole number, by one monotone function for corners and for points alike."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.compiled import Whole, compiled

TILE_BITS = 32  # a tile's side is this many bits of the fixed numbers; cells are its first bits, the place in a cell the next 15
TILE = 1 << TILE_BITS
MOST_TILES_A_SIDE = 1 << 14


class Frame(NamedTuple):
    """The box of all areas, cut into tiles.

    A coordinate's fixed number is (x - west) * across, cut off to a whole number. Rounded however it may be, it never falls as x grows: a
    point between two corners is never numbered outside them, which is all that exactness asks of it.
    """

    west: float
    south: float
    east: float
    north: float
    across: float  # fixed numbers per unit
    up: float
    columns: int  # of tiles
    rows: int

    @classmethod
    def of(cls, box: NDArray[np.float64], tiles: float) -> Self:
        """About so many squarish tiles over a box (west, south, east, north)."""
        west, south, east, north = box.tolist()
        width, height = east - west, north - south
        shape = np.sqrt(width) / np.sqrt(height) if width and height else 1.0
        columns = int(np.clip(round(np.sqrt(tiles) * shape), 1, min(tiles, MOST_TILES_A_SIDE))) if width else 1
        rows = int(np.clip(round(tiles / columns), 1, MOST_TILES_A_SIDE)) if height else 1
        across, up = _per_unit(width, columns), _per_unit(height, rows)
        return cls(west, south, east, north, across, up, columns if across else 1, rows if up else 1)

    @classmethod
    def of_one_tile(cls, box: NDArray[np.float64]) -> Self:
        """A single cell: for numbers of so different sizes that no cell can be told from its neighbour."""
        west, south, east, north = box.tolist()
        return cls(west, south, east, north, 0.0, 0.0, 1, 1)


def _per_unit(size: float, tiles: int) -> float:
    """Fixed numbers per unit, 0 where the size is too small to divide; the far border falls into the last tile."""
    with np.errstate(all="ignore"):
        per_unit = np.float64(tiles) * (TILE - 2**-8) / size if size else np.inf
    return float(per_unit) if np.isfinite(per_unit) and per_unit > 0 else 0.0


@compiled
def fixed(value: float, origin: float, per_unit: float) -> Whole:
    """A coordinate's fixed number."""
    return np.int64((value - origin) * per_unit)


@compiled
def threshold(number: int, low: float, high: float, per_unit: float) -> float:
    """The smallest float from `low` on whose fixed number is at least `number`; infinity where not even that of `high` is."""
    if number <= 0:
        return low
    if fixed(high, low, per_unit) < number:
        return np.inf
    guess = low + number / per_unit
    for _ in range(4):
        before = np.nextafter(guess, -np.inf)
        if not low < guess <= high:
            break
        if fixed(guess, low, per_unit) < number:
            guess = np.nextafter(guess, np.inf)
        elif fixed(before, low, per_unit) < number:
            return guess
        else:
            guess = before
    under, over = low, high
    while True:
        middle = under + (over - under) / 2
        if not under < middle < over:
            return over
        if fixed(middle, low, per_unit) < number:
            under = middle
        else:
            over = middle
