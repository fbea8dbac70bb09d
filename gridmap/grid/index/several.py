"""The cells of tiles in which areas may overlap: each area by itself, counted by its own crossings, the earliest first."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.cells import Plan, raster_of_tile, stands_west
from gridmap.grid.index.compiled import compiled
from gridmap.grid.index.records import SEVERAL, WORDS_AN_EDGE, head_of, write_edge
from gridmap.grid.index.tiling import Standing
from gridmap.grid.index.twins import Edges
from gridmap.grid.index.walk import NOWHERE, Raster, crossing, is_open_west, spans, way_of


@compiled
def lay_several(plan: Plan, standing: Standing, starts: NDArray[np.int64], begin: int, end: int) -> NDArray[np.int64]:
    """Write cells and records of the tiles begin … end - 1 that have several areas, from starts[tile] on, or where `records` is empty
    only put there how many words each takes. (how many cells more than one area owns in part, whether all crossings could be told)."""
    told = np.zeros(2, dtype=np.int64)
    told[1] = 1
    for tile in range(begin, end):
        if plan.tiles.several[tile]:
            at_foot = standing.codes[standing.starts[tile] : standing.starts[tile + 1]]
            overlapping, size = _lay(plan, raster_of_tile(plan, tile), at_foot, tile, starts[tile])
            if size < 0:
                told[1] = 0
                return told
            told[0] += overlapping
            if len(plan.laid.records) == 0:
                starts[tile] = size
    return told


@compiled
def _lay(plan: Plan, raster: Raster, at_foot: NDArray[np.int32], tile: int, free: int) -> tuple[int, int]:
    """(cells that several areas share, words written or, if there is nowhere to write, needed: -1 where only fractions could tell)."""
    items = plan.tiles.items[plan.tiles.starts[tile] : plan.tiles.starts[tile + 1]]
    codes = _areas_of(plan.edges, items, at_foot)
    west, flips = _at_west(raster, plan.edges, items, codes, at_foot)
    if len(west) == 0 and len(codes):
        return 0, -1
    entries = _entries(raster, plan.edges, items, codes)
    begin, at, flip, overlapping = free, 0, 0, 0
    for cell in range(raster.rows * raster.columns):
        row, column = cell // raster.columns, cell % raster.columns
        if column == 0:
            inside = west[row].copy()
            active = np.flatnonzero(inside)
        upto = at
        while upto < len(entries) and entries[upto, 0] == cell:
            upto += 1
        here = Cell(plan.laid.starts[tile] + cell, row, column, codes, inside, active, entries[at:upto])
        free, seen = _write_cell(plan, raster, here, free)
        overlapping += seen
        at = upto
        if flip < len(flips) and flips[flip, 0] == cell:
            active, flip = _flipped(cell, inside, active, flips, flip)
    return overlapping, free - begin


@compiled
def _flipped(
    cell: int, inside: NDArray[np.bool_], active: NDArray[np.int64], flips: NDArray[np.int64], flip: int
) -> tuple[NDArray[np.int64], int]:
    """Cross the borders at a cell's foot: (the areas that own the next foot, ascending; the next crossing)."""
    begin = flip
    while flip < len(flips) and flips[flip, 0] == cell:
        inside[flips[flip, 1]] ^= True
        flip += 1
    both = np.unique(np.concatenate((active, flips[begin:flip, 1])))
    return both[inside[both]], flip


@compiled
def _areas_of(edges: Edges, items: NDArray[np.int32], at_foot: NDArray[np.int32]) -> NDArray[np.int32]:
    """The codes of all areas in a tile, ascending."""
    codes = np.empty(2 * len(items) + len(at_foot), dtype=np.int32)
    for at in range(len(items)):
        codes[2 * at], codes[2 * at + 1] = edges.code[items[at] >> 1], edges.other[items[at] >> 1]
    codes[2 * len(items) :] = at_foot
    found = np.unique(codes)
    return found[found > 0]


@compiled
def _at_west(
    raster: Raster, edges: Edges, items: NDArray[np.int32], codes: NDArray[np.int32], at_foot: NDArray[np.int32]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(rows, areas): who stands at the foot of each row just west of the tile; (cell, area) of each border crossed at a cell's foot.

    Without rows where only fractions could tell.
    """
    west = np.zeros((raster.rows, len(codes)), dtype=np.bool_)
    flips = np.empty((64, 2), dtype=np.int64)
    made = 0
    for code in at_foot:
        west[:, np.searchsorted(codes, code)] = True
    for item in items:
        edge = item >> 1
        way = way_of(raster, edges.corners, edges.at[edge])
        is_open, first = is_open_west(way, 0), False
        low, high = (0, raster.rows - 1) if is_open else (max(way.a_row, 0), min(way.b_row, raster.rows - 1))
        for row in range(low, high + 1):
            crossed = crossing(raster, way, row)
            if crossed == NOWHERE - 1:
                return west[:0], flips[:0]
            stands = is_open and stands_west(way, raster.feet[row], crossed, 0)
            first = stands if row == 0 else first
            for code in (edges.code[edge], edges.other[edge]):
                if code:
                    area = np.searchsorted(codes, code)
                    west[row, area] ^= stands != first  # the tile's foot has counted what stands at the first row
                    if 0 <= crossed < raster.columns:
                        if made == len(flips):
                            flips = np.concatenate((flips, np.empty_like(flips)))
                        flips[made, 0], flips[made, 1] = row * raster.columns + crossed, area
                        made += 1
    flips = flips[:made]
    return west, flips[np.argsort(flips[:, 0], kind="mergesort")]


@compiled
def _entries(raster: Raster, edges: Edges, items: NDArray[np.int32], codes: NDArray[np.int32]) -> NDArray[np.int64]:
    """(cell, area, edge) wherever an area's border passes through a cell, in that order."""
    first, last = np.empty(raster.rows, dtype=np.int64), np.empty(raster.rows, dtype=np.int64)
    found = np.empty((64, 3), dtype=np.int64)
    made = 0
    for item in items:
        edge = item >> 1
        way = way_of(raster, edges.corners, edges.at[edge])
        low, high = spans(raster, way, first, last)
        for row in range(low, high + 1):
            for column in range(first[row - low], last[row - low] + 1):
                for code in (edges.code[edge], edges.other[edge]):
                    if code and (way.low_y != way.high_y or is_open_west(way, column)):
                        if made == len(found):
                            found = np.concatenate((found, np.empty_like(found)))
                        found[made, 0], found[made, 1], found[made, 2] = row * raster.columns + column, np.searchsorted(codes, code), edge
                        made += 1
    found = found[:made]
    return found[np.argsort(found[:, 0] * (len(codes) + 1) + found[:, 1], kind="mergesort")]


class Cell(NamedTuple):
    """A cell, and what is known of it."""

    at: int
    row: int
    column: int
    codes: NDArray[np.int32]  # of all areas in the tile, ascending
    inside: NDArray[np.bool_]  # which of them own the cell's foot
    active: NDArray[np.int64]  # their numbers, ascending
    entries: NDArray[np.int64]  # (cell, area, edge) of the borders that pass through it


@compiled
def _cover(cell: Cell) -> tuple[int, int]:
    """(the code of the first area that covers the cell whole, 0 for none; how many do)."""
    cover, covers = 0, 0
    for area in cell.active:
        at = np.searchsorted(cell.entries[:, 1], area)
        if at == len(cell.entries) or cell.entries[at, 1] != area:
            cover = cell.codes[area] if cover == 0 else cover
            covers += 1
    return cover, covers


@compiled
def _write_cell(plan: Plan, raster: Raster, cell: Cell, free: int) -> tuple[int, int]:
    """A cell's word and record. (where the next record may start, 1 if more than one area owns some of the cell as far as can be seen)."""
    edges, laid, codes, entries = plan.edges, plan.laid, cell.codes, cell.entries
    write = len(laid.records) > 0
    cover, covers = _cover(cell)
    at, areas, head = 0, 0, free
    free += 2
    while at < len(entries) and (cover == 0 or codes[entries[at, 1]] < cover):
        area, start = entries[at, 1], free
        standing = cell.inside[area]
        free += 2
        while at < len(entries) and entries[at, 1] == area:
            edge = entries[at, 2]
            way = way_of(raster, edges.corners, edges.at[edge])
            is_open = is_open_west(way, cell.column)
            if is_open:
                standing ^= stands_west(way, raster.feet[cell.row], crossing(raster, way, cell.row), cell.column)
            if write:
                write_edge(laid.records[free:], raster, way, (cell.row, cell.column), (edges.at[edge] + 1) << 1 | is_open)
            free += WORDS_AN_EDGE
            at += 1
        if write:
            laid.records[start], laid.records[start + 1] = codes[area], (free - start - 2) // WORDS_AN_EDGE << 1 | standing
        areas += 1
    if areas == 0:
        free = head
    if write:
        laid.cells[cell.at] = cover if areas == 0 else -1 - head
    if write and areas:
        laid.records[head], laid.records[head + 1] = head_of(cover, SEVERAL), areas
    return free, int(covers > 1 or (covers == 1 and len(entries) > 0) or _doubled(edges, entries))


@compiled
def _doubled(edges: Edges, entries: NDArray[np.int64]) -> bool:
    """Whether lone edges of different areas cross: there two areas overlap."""
    for one in range(len(entries)):
        for two in range(one + 1, len(entries)):
            first, second = entries[one, 2], entries[two, 2]
            lone = entries[one, 1] != entries[two, 1] and edges.other[first] == 0 and edges.other[second] == 0
            if lone and _cross_properly(edges.corners, edges.at[first], edges.at[second]):
                return True
    return False


@compiled
def _cross_properly(corners: NDArray[np.float64], one: int, two: int) -> bool:
    """Whether two edges cross within both, as far as rounding shows."""
    return _parted(corners, one, two) and _parted(corners, two, one)


@compiled
def _parted(corners: NDArray[np.float64], edge: int, other: int) -> bool:
    """Whether the ends of `other` lie on different sides of the line through `edge`."""
    ax, ay = corners[edge, 0], corners[edge, 1]
    dx, dy = corners[edge + 1, 0] - ax, corners[edge + 1, 1] - ay
    one = dx * (corners[other, 1] - ay) - dy * (corners[other, 0] - ax)
    two = dx * (corners[other + 1, 1] - ay) - dy * (corners[other + 1, 0] - ax)
    return (one > 0 and two < 0) or (one < 0 and two > 0)
