"""The cells of the tiles in which no areas overlap: each knows its owner, or the few edges that part its owners."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.compiled import compiled
from gridmap.grid.index.frame import Frame
from gridmap.grid.index.records import DEEP, MOST_EDGES, WORDS_AN_EDGE, head_of, shape_of, write_edge
from gridmap.grid.index.tiling import Tiled
from gridmap.grid.index.twins import Edges
from gridmap.grid.index.walk import NOWHERE, Raster, Way, crossing, is_open_west, raster_of, spans, way_of


class Laid(NamedTuple):
    """The cells of all tiles."""

    starts: NDArray[np.int64]  # per tile where its cells start; one more closes the last
    bits: NDArray[np.uint8]  # per tile across_bits << 4 | up_bits
    base: NDArray[np.int32]  # per tile: the owner's code behind all its edges
    cells: NDArray[np.int32]
    records: NDArray[np.int32]


class Plan(NamedTuple):
    """What the cells are made of and where they go."""

    frame: Frame
    edges: Edges
    tiles: Tiled
    laid: Laid


@compiled
def raster_of_tile(plan: Plan, tile: int) -> Raster:
    """The cells of a tile by its number."""
    columns, bits = plan.frame.columns, plan.laid.bits[tile]
    return raster_of(plan.frame, tile % columns, tile // columns, bits >> 4, bits & 15)


@compiled
def shape_tiles(frame: Frame, edges: Edges, tiles: Tiled, cells_an_edge: float, bits: NDArray[np.uint8]) -> None:
    """Fill in how finely each tile is cut."""
    for tile in range(len(bits)):
        start, end = tiles.starts[tile], tiles.starts[tile + 1]
        wide = high = 0.0
        for item in range(start, end):
            at = edges.at[tiles.items[item] >> 1]
            wide += min(abs(edges.corners[at + 1, 0] - edges.corners[at, 0]) * frame.across, 2.0**32)
            high += min(abs(edges.corners[at + 1, 1] - edges.corners[at, 1]) * frame.up, 2.0**32)
        across, up = shape_of(end - start, wide, high, cells_an_edge)
        bits[tile] = across << 4 | up


@compiled
def stands_west(way: Way, foot: float, crossed: int, column: int) -> bool:
    """Whether an edge that comes from west of a column lies, its western end infinitely far out, west of the column's border at a foot."""
    if way.low_y == way.high_y:
        return foot < way.low_y
    if foot < way.low_y:
        return way.a_column < way.b_column
    if foot >= way.high_y:
        return way.b_column < way.a_column
    return crossed < column


@compiled
def count_records(plan: Plan, sizes: NDArray[np.int64], begin: int, end: int) -> None:
    """How many words the records of the tiles begin … end - 1 take; those with several areas are left out."""
    for tile in range(begin, end):
        if not plan.tiles.several[tile] and plan.tiles.starts[tile] < plan.tiles.starts[tile + 1]:
            counts = _edges_a_cell(plan, raster_of_tile(plan, tile), tile)
            for number in counts:
                sizes[tile] += 0 if number == 0 else 1 if number > MOST_EDGES else 1 + WORDS_AN_EDGE * number


@compiled
def _edges_a_cell(plan: Plan, raster: Raster, tile: int) -> NDArray[np.int32]:
    tiles, edges = plan.tiles, plan.edges
    counts = np.zeros(raster.rows * raster.columns, dtype=np.int32)
    first, last = np.empty(raster.rows, dtype=np.int64), np.empty(raster.rows, dtype=np.int64)
    for item in range(tiles.starts[tile], tiles.starts[tile + 1]):
        way = way_of(raster, edges.corners, edges.at[tiles.items[item] >> 1])
        low, high = spans(raster, way, first, last)
        level = way.low_y == way.high_y
        for row in range(low, high + 1):
            for column in range(first[row - low], last[row - low] + 1):
                counts[row * raster.columns + column] += not level or is_open_west(way, column)
    return counts


@compiled
def fill_records(plan: Plan, starts: NDArray[np.int64], begin: int, end: int) -> bool:
    """Write cells and records of the tiles begin … end - 1. False where only fractions could tell."""
    tiles, laid = plan.tiles, plan.laid
    for tile in range(begin, end):
        if tiles.several[tile]:
            continue
        if tiles.starts[tile] == tiles.starts[tile + 1]:
            laid.base[tile] = laid.cells[laid.starts[tile]] = tiles.code[tile]
            continue
        raster = raster_of_tile(plan, tile)
        codes = _codes_at_feet(plan, raster, tile)
        if codes[0, 0] == NOWHERE:
            return False
        counts = _edges_a_cell(plan, raster, tile)
        _open_records(codes, counts, laid, laid.starts[tile], starts[tile])
        _write_records(plan, raster, tile, counts)
    return True


@compiled
def _codes_at_feet(plan: Plan, raster: Raster, tile: int) -> NDArray[np.int32]:
    """Who owns the foot of each cell: the point just west of its corner. NOWHERE first where only fractions could tell."""
    tiles, edges = plan.tiles, plan.edges
    codes = np.zeros((raster.rows, raster.columns + 1), dtype=np.int32)
    base = tiles.code[tile]
    for item in range(tiles.starts[tile], tiles.starts[tile + 1]):
        edge = tiles.items[item] >> 1
        way = way_of(raster, edges.corners, edges.at[edge])
        parted = edges.code[edge] ^ edges.other[edge]
        is_open = is_open_west(way, 0)
        low, high = (0, raster.rows - 1) if is_open else (max(way.a_row, 0), min(way.b_row, raster.rows - 1))
        for row in range(low, high + 1):
            crossed = crossing(raster, way, row)
            if crossed == NOWHERE - 1:
                codes[0, 0] = NOWHERE
                return codes
            if is_open and stands_west(way, raster.feet[row], crossed, 0):
                codes[row, 0] ^= parted
                base ^= parted if row == 0 else 0
            if 0 <= crossed < raster.columns:
                codes[row, crossed + 1] ^= parted
    plan.laid.base[tile] = base
    for row in range(raster.rows):
        codes[row, 0] ^= base
        for column in range(raster.columns):
            codes[row, column + 1] ^= codes[row, column]
    return codes


@compiled
def _open_records(codes: NDArray[np.int32], counts: NDArray[np.int32], laid: Laid, cell: int, free: int) -> None:
    """Give each cell its owner, or room for its record; the head holds the base so far, and no edges yet."""
    columns = codes.shape[1] - 1
    for at in range(len(counts)):
        code = codes[at // columns, at % columns]
        number = counts[at]
        if number == 0:
            laid.cells[cell + at] = code
            continue
        laid.cells[cell + at] = -1 - free
        laid.records[free] = head_of(code, DEEP if number > MOST_EDGES else 0)
        free += 1 if number > MOST_EDGES else 1 + WORDS_AN_EDGE * number


@compiled
def _write_records(plan: Plan, raster: Raster, tile: int, counts: NDArray[np.int32]) -> None:
    tiles, edges, laid = plan.tiles, plan.edges, plan.laid
    first, last = np.empty(raster.rows, dtype=np.int64), np.empty(raster.rows, dtype=np.int64)
    cell = laid.starts[tile]
    written = np.zeros(len(counts), dtype=np.int32)
    for item in range(tiles.starts[tile], tiles.starts[tile + 1]):
        edge = tiles.items[item] >> 1
        way = way_of(raster, edges.corners, edges.at[edge])
        parted = edges.code[edge] ^ edges.other[edge]
        level = way.low_y == way.high_y
        low, high = spans(raster, way, first, last)
        for row in range(low, high + 1):
            crossed = crossing(raster, way, row)
            for column in range(first[row - low], last[row - low] + 1):
                at = row * raster.columns + column
                is_open = is_open_west(way, column)
                if counts[at] > MOST_EDGES or (level and not is_open):
                    continue
                head = -1 - laid.cells[cell + at]
                write_edge(laid.records[head + 1 + WORDS_AN_EDGE * written[at] :], raster, way, (row, column), parted)
                written[at] += 1
                base = laid.records[head] ^ (parted if is_open and stands_west(way, raster.feet[row], crossed, column) else 0)
                laid.records[head] = head_of(base, written[at])
