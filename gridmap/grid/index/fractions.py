"""The owner of the few points that only fractions can tell: numbers so different in size that doubles cannot hold their products."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.asking import UNSURE
from gridmap.grid.index.frame import TILE_BITS, fixed
from gridmap.grid.index.land import Land
from gridmap.grid.index.records import CODE_BITS, CODE_MASK, SEVERAL, WORDS_AN_EDGE


def settle(land: Land, x: NDArray[np.float64], y: NDArray[np.float64], owner: NDArray[np.int64]) -> None:
    """Replace each UNSURE in `owner` by the position of the point's owner, -1 for none."""
    for at in np.flatnonzero(owner == UNSURE).tolist():
        owner[at] = _code(land, float(x[at]), float(y[at])) - 1


def _code(land: Land, x: float, y: float) -> int:
    frame = land.frame
    across, up = int(fixed(x, frame.west, frame.across)), int(fixed(y, frame.south, frame.up))
    tile = (up >> TILE_BITS) * frame.columns + (across >> TILE_BITS)
    wide, high = TILE_BITS - (int(land.tiles[tile]) >> 4 & 15), TILE_BITS - (int(land.tiles[tile]) & 15)
    mask = (1 << TILE_BITS) - 1
    cell = (int(land.tiles[tile]) >> 8) + (((up & mask) >> high) << (TILE_BITS - wide)) + ((across & mask) >> wide)
    head = -1 - int(land.cells[cell])
    if int(land.records[head]) >> CODE_BITS & 31 == SEVERAL:
        return _first_of_several(land, x, y, head)
    code = int(land.base[tile])
    for word, parted in land.listed[land.starts[tile] : land.starts[tile + 1]].tolist():
        code ^= parted if _crossed(land, x, y, word) else 0
    return code


def _first_of_several(land: Land, x: float, y: float, head: int) -> int:
    words = land.records
    at = head + 2
    for _ in range(words[head + 1]):
        inside, end = int(words[at + 1]) & 1, at + 2 + WORDS_AN_EDGE * (int(words[at + 1]) >> 1)
        if (inside + sum(_crossed(land, x, y, int(word) - 2) for word in words[at + 2 : end : WORDS_AN_EDGE])) % 2:
            return int(words[at])
        at = end
    return int(words[head]) & CODE_MASK


def _crossed(land: Land, x: float, y: float, word: int) -> bool:
    """As `turning.crosses`, by fractions."""
    (ax, ay), (bx, by) = sorted(land.corners[word >> 1 : (word >> 1) + 2].tolist(), key=lambda corner: corner[1])
    if y < ay or ay == by:
        return bool(word & 1) and y < ay and (ax <= bx or ay == by)
    if y >= by:
        return bool(word & 1) and bx < ax
    across, up = Fraction(bx) - Fraction(ax), Fraction(by) - Fraction(ay)
    return (Fraction(x) - Fraction(ax)) * up >= (Fraction(y) - Fraction(ay)) * across
