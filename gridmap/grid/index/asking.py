"""The owner of each point: batches in stages, so that many misses are under way at a time and hardly a branch is guessed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.compiled import Whole, compiled, peek, prefetch
from gridmap.grid.index.frame import TILE, TILE_BITS
from gridmap.grid.index.image import land_of
from gridmap.grid.index.land import Land
from gridmap.grid.index.records import CODE_BITS, CODE_MASK, DEEP, DOUBT, HALF, PLACE_BITS, PLACES, SEVERAL, WORDS_AN_EDGE
from gridmap.grid.index.turning import UNDECIDED, Segment, crosses

BATCH = 512
CACHE_LINE = 16  # words; a record seldom reaches beyond the second
UNSURE = -2  # the answer where only fractions can tell


class Points(NamedTuple):
    """What is asked, and where the answers go: flat arrays of one length."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    owner: NDArray[np.int64]


class Batch(NamedTuple):
    """What the stages hand on: per point its cell, then the cell's word, and its place; and the numbers of the points that go on."""

    words: NDArray[np.int64]
    places: NDArray[np.int64]
    asking: NDArray[np.int64]
    doubtful: NDArray[np.int64]


@compiled
def locate_many(land: Land, points: Points) -> int:
    """Fill `owner` with the position of each point's owner, -1 for none, UNSURE where only fractions can tell; how many those are."""
    batch = Batch(np.empty(BATCH, np.int64), np.empty(BATCH, np.int64), np.empty(BATCH, np.int64), np.empty(BATCH, np.int64))
    unsure = 0
    for begin in range(0, len(points.x), BATCH):
        some = Points(points.x[begin : begin + BATCH], points.y[begin : begin + BATCH], points.owner[begin : begin + BATCH])
        _find_cells(land, some, batch)
        asks = _read_cells(land, some, batch)
        doubts = _read_records(land, some, batch, asks)
        for at in batch.doubtful[:doubts]:
            code = _code_exactly(land, some.x[at], some.y[at], -1 - batch.words[at])
            some.owner[at] = code - 1
            unsure += code == UNSURE + 1
    return unsure


@compiled
def locate_single(image: NDArray[np.uint8], x: float, y: float) -> int:
    """The position of one point's owner, -1 for none, UNSURE where only fractions can tell. Handing over one array takes less than ten."""
    land = land_of(image)
    frame = land.frame
    if not (frame.west <= x <= frame.east and frame.south <= y <= frame.north):
        return -1
    cell, place = _cell_of(land, x, y)
    word = land.cells[cell]
    if word < 0:
        code, doubt = _by_record(land.records, -1 - word, place)
        return (_code_exactly(land, x, y, -1 - word) if doubt else code) - 1
    return word - 1


@compiled
def _cell_of(land: Land, x: float, y: float) -> tuple[Whole, Whole]:
    """(the cell, the place in it: u << PLACE_BITS | v)."""
    frame = land.frame
    across = np.int64((x - frame.west) * frame.across)
    up = np.int64((y - frame.south) * frame.up)
    tile = peek(land.tiles, (up >> TILE_BITS) * frame.columns + (across >> TILE_BITS))
    across_bits, up_bits = (tile >> 4) & 15, tile & 15
    across, up = across & (TILE - 1), up & (TILE - 1)
    column, row = across >> (TILE_BITS - across_bits), up >> (TILE_BITS - up_bits)
    u = (across >> (TILE_BITS - across_bits - PLACE_BITS)) & (PLACES - 1)
    v = (up >> (TILE_BITS - up_bits - PLACE_BITS)) & (PLACES - 1)
    return (tile >> 8) + (row << across_bits) + column, u << PLACE_BITS | v


@compiled
def _find_cells(land: Land, points: Points, batch: Batch) -> None:
    """Each point's cell and its place there; -1 for a point outside the box of all areas, and for what is no point."""
    frame = land.frame
    for at in range(len(points.x)):
        x, y = points.x[at], points.y[at]
        inside = (x >= frame.west) & (x <= frame.east) & (y >= frame.south) & (y <= frame.north)
        cell, place = _cell_of(land, x if inside else frame.west, y if inside else frame.south)
        prefetch(land.cells, cell)
        batch.words[at], batch.places[at] = cell if inside else -1, place


@compiled
def _read_cells(land: Land, points: Points, batch: Batch) -> int:
    """The answer of each cell that has one; the others go on the list of those that ask. The batch's cells become their words."""
    asks = 0
    for at in range(len(points.x)):
        cell = batch.words[at]
        word = np.int64(peek(land.cells, cell)) if cell >= 0 else np.int64(0)
        points.owner[at] = word - 1
        batch.words[at] = word
        batch.asking[asks] = at
        asks += int(word < 0)
        record = -1 - word if word < 0 else np.int64(0)
        prefetch(land.records, record)
        prefetch(land.records, record + CACHE_LINE)
    return asks


@compiled
def _read_records(land: Land, points: Points, batch: Batch, asks: int) -> int:
    """The answers of records; points too near to an edge for their sixteen bytes go on the list of the doubtful."""
    doubts = 0
    for ask in range(asks):
        at = batch.asking[ask]
        code, doubt = _by_record(land.records, -1 - batch.words[at], batch.places[at])
        points.owner[at] = code - 1
        batch.doubtful[doubts] = at
        doubts += doubt
    return doubts


@compiled
def _by_record(records: NDArray[np.int32], head: Whole, place: Whole) -> tuple[Whole, bool]:
    """(the owner's code by a cell's record, whether that is in doubt)."""
    first = np.int64(peek(records, head))
    number = (first >> CODE_BITS) & 31
    code = first & CODE_MASK
    if number >= DEEP:
        return _by_several(records, head, place) if number == SEVERAL else (code, True)
    u, v = (place >> PLACE_BITS) - HALF, (place & (PLACES - 1)) - HALF
    parted, doubt = _parts(records, head + 1, u, v)
    more_parted, more_doubt = _parts(records, head + 1 + WORDS_AN_EDGE, u, v)  # without a guess whether there is a second edge
    code ^= parted ^ (more_parted if number > 1 else 0)
    doubt |= more_doubt & (number > 1)
    for at in range(head + 1 + 2 * WORDS_AN_EDGE, head + 1 + WORDS_AN_EDGE * number, WORDS_AN_EDGE):
        parted, more_doubt = _parts(records, at, u, v)
        code ^= parted
        doubt |= more_doubt
    return code, doubt


@compiled
def _by_several(records: NDArray[np.int32], head: Whole, place: Whole) -> tuple[Whole, bool]:
    """As `_by_record`, for a cell in which areas may overlap: the first area that holds the point, else what covers the cell."""
    u, v = (place >> PLACE_BITS) - HALF, (place & (PLACES - 1)) - HALF
    at = head + 2
    for _ in range(records[head + 1]):
        inside, end = records[at + 1] & 1, at + 2 + WORDS_AN_EDGE * np.int64(records[at + 1] >> 1)
        for edge in range(at + 2, end, WORDS_AN_EDGE):
            parted, doubt = _parts(records, edge, u, v)
            if doubt:
                return np.int64(0), True
            inside ^= parted != 0
        if inside:
            return np.int64(records[at]), False
        at = end
    return np.int64(records[head]) & CODE_MASK, False


@compiled
def _parts(records: NDArray[np.int32], at: Whole, u: Whole, v: Whole) -> tuple[Whole, bool]:
    """(what an edge of a record changes in the code of a point, whether the point is too near to it)."""
    slopes, heights = np.int64(peek(records, at + 1)), np.int64(peek(records, at + 3))
    low, high = heights & 0xFFFF, (heights >> 16) & 0xFFFF
    a, b = np.int64(np.int16(slopes & 0xFFFF)), slopes >> 16
    side = a * u + b * v + 4 * np.int64(peek(records, at + 2))
    height = v + (HALF + 1)
    reached = (low < height) & (height < high)
    doubt = (height == low) | (height == high) | (reached & (abs(side) <= DOUBT))
    return np.int64(peek(records, at)) * (reached & (side > 0)), doubt


@compiled
def _code_exactly(land: Land, x: float, y: float, head: Whole) -> Whole:
    """The owner's code, by the edges themselves."""
    if (np.int64(land.records[head]) >> CODE_BITS) & 31 == SEVERAL:
        return _code_of_several(land, x, y, head)
    frame = land.frame
    row = np.int64((y - frame.south) * frame.up) >> TILE_BITS
    column = np.int64((x - frame.west) * frame.across) >> TILE_BITS
    tile = row * frame.columns + column
    code = land.base[tile]
    for item in range(land.starts[tile], land.starts[tile + 1]):
        crossed = _crossed(land, x, y, land.listed[item, 0])
        if crossed == UNDECIDED:
            return UNSURE + 1
        code ^= land.listed[item, 1] if crossed else 0
    return code


@compiled
def _crossed(land: Land, x: float, y: float, word: int) -> int:
    at = word >> 1
    a, b = land.corners[at], land.corners[at + 1]
    return crosses(x, y, Segment(a[0], a[1], b[0], b[1]), (word & 1) == 1)


@compiled
def _code_of_several(land: Land, x: float, y: float, head: Whole) -> Whole:
    """The first area that holds the point, of those whose borders pass through the cell; else what covers the cell."""
    at = head + 2
    for _ in range(land.records[head + 1]):
        code, inside = np.int64(land.records[at]), land.records[at + 1] & 1
        end = at + 2 + WORDS_AN_EDGE * np.int64(land.records[at + 1] >> 1)
        for item in range(at + 2, end, WORDS_AN_EDGE):
            crossed = _crossed(land, x, y, land.records[item] - 2)
            if crossed == UNDECIDED:
                return UNSURE + 1
            inside ^= crossed
        if inside:
            return code
        at = end
    return np.int64(land.records[head]) & CODE_MASK
