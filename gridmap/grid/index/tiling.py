"""Every edge into the tiles that it passes through, and who owns the south-western corner of each tile."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.compiled import compiled
from gridmap.grid.index.cores import cores, on_all_cores
from gridmap.grid.index.corners import Rings
from gridmap.grid.index.frame import TILE_BITS, Frame, fixed
from gridmap.grid.index.twins import Edges
from gridmap.grid.index.walk import NOWHERE, Raster, crossing, is_open_west, spans, tiles_of, way_of

EDGES_A_THREAD = 1 << 15  # fewer are not worth a second thread


class Tiled(NamedTuple):
    """Per tile the edges that reach into it, and who owns its foot: the point just west of its corner, at the foot of its row."""

    starts: NDArray[np.int64]  # into items, per tile; one more closes the last
    items: NDArray[np.int32]  # edge << 1 | whether it comes from west of the tile
    code: NDArray[np.int32]  # of the foot's owner
    several: NDArray[np.bool_]  # areas may overlap in the tile


def tiled(frame: Frame, edges: Edges, rings: Rings) -> Tiled | None:
    """All tiles of a frame; None where the numbers differ too much in size to tell the tiles of a crossing."""
    raster = tiles_of(frame)
    shares = _shares(len(edges.at))
    with ThreadPoolExecutor(len(shares)) as threads:
        told = [_untold(raster) for _ in shares]
        if not all(threads.map(lambda share, each: _count(raster, edges, share, each), shares, told)):
            return None
        starts = np.cumsum([0, *np.sum([each.counts for each in told], axis=0)])
        code = np.bitwise_xor.accumulate(np.bitwise_xor.reduce([each.who for each in told]), axis=1)[:, :-1].ravel()
        deep = np.cumsum(np.sum([each.deep for each in told], axis=0), axis=1)[:, :-1].ravel()
        several = np.any([each.lone for each in told], axis=0) | (deep < 0) | (deep > 1) | ((deep == 0) & (np.diff(starts) > 0))
        _spoil(raster, rings, several)
        items = np.empty(starts[-1], dtype=np.int32)
        free = np.cumsum([starts[:-1], *(each.counts for each in told[:-1])], axis=0)  # behind what earlier shares put into each tile
        list(threads.map(lambda share, places: _fill(raster, edges, share, places, items), shares, free))
    return Tiled(starts, items, code, several)


def _shares(edges: int) -> list[tuple[int, int]]:
    """The edges that each thread takes, from where to where."""
    count = max(1, min(cores(), edges // EDGES_A_THREAD))
    return [(edges * nth // count, edges * (nth + 1) // count) for nth in range(count)]


class _Told(NamedTuple):
    """What a share of the edges tells."""

    counts: NDArray[np.int64]  # per tile how many reach into it
    lone: NDArray[np.bool_]  # per tile whether one of them is lone
    who: NDArray[np.int32]  # who owns the land from each crossing on
    deep: NDArray[np.int32]  # and how many more own it than before


def _untold(raster: Raster) -> _Told:
    count, feet = raster.columns * raster.rows, (raster.rows, raster.columns + 1)
    return _Told(np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(feet, np.int32), np.zeros(feet, np.int32))


@compiled
def _count(raster: Raster, edges: Edges, share: tuple[int, int], told: _Told) -> bool:
    """Fill in what a share of the edges tells; False where the tile of a crossing cannot be told."""
    first, last = np.empty(raster.rows, dtype=np.int64), np.empty(raster.rows, dtype=np.int64)
    for edge in range(share[0], share[1]):
        way = way_of(raster, edges.corners, edges.at[edge])
        low, high = spans(raster, way, first, last)
        for row in range(low, high + 1):
            for column in range(first[row - low], last[row - low] + 1):
                tile = row * raster.columns + column
                told.counts[tile] += 1
                told.lone[tile] |= edges.other[edge] == 0
            at = crossing(raster, way, row)
            if at == NOWHERE - 1:
                return False
            if at != NOWHERE:
                told.who[row, at + 1] ^= edges.code[edge] ^ edges.other[edge]
                told.deep[row, at + 1] += edges.east[edge]
    return True


@compiled
def _fill(raster: Raster, edges: Edges, share: tuple[int, int], free: NDArray[np.int64], items: NDArray[np.int32]) -> None:
    first, last = np.empty(raster.rows, dtype=np.int64), np.empty(raster.rows, dtype=np.int64)
    for edge in range(share[0], share[1]):
        way = way_of(raster, edges.corners, edges.at[edge])
        low, high = spans(raster, way, first, last)
        for row in range(low, high + 1):
            for column in range(first[row - low], last[row - low] + 1):
                tile = row * raster.columns + column
                items[free[tile]] = edge << 1 | is_open_west(way, column)
                free[tile] += 1


@compiled
def _spoil(raster: Raster, rings: Rings, several: NDArray[np.bool_]) -> None:
    """Mark all tiles in the box of an area that is not valid: only counting crossings tells what is inside it."""
    frame = raster.frame
    for ring in range(len(rings.area)):
        if rings.sound[rings.area[ring]]:
            continue
        corners = rings.corners[rings.starts[ring] : rings.starts[ring + 1]]
        west = fixed(corners[:, 0].min(), frame.west, frame.across) >> TILE_BITS
        east = fixed(corners[:, 0].max(), frame.west, frame.across) >> TILE_BITS
        south = fixed(corners[:, 1].min(), frame.south, frame.up) >> TILE_BITS
        north = fixed(corners[:, 1].max(), frame.south, frame.up) >> TILE_BITS
        for row in range(south, north + 1):
            several[row * raster.columns + west : row * raster.columns + east + 1] = True


class Standing(NamedTuple):
    """Per tile with several areas those that own its foot, ascending."""

    starts: NDArray[np.int64]  # per tile; one more closes the last
    codes: NDArray[np.int32]


def standing(frame: Frame, edges: Edges, tiles: Tiled, areas: int) -> Standing:
    """Who stands at the foot of each tile with several areas, found by walking each row of tiles from the west."""
    starts = np.zeros(len(tiles.code) + 1, dtype=np.int64)
    if not tiles.several.any():
        return Standing(starts, np.zeros(0, dtype=np.int32))
    raster = tiles_of(frame)
    crossings = _crossings(raster, edges, np.any(tiles.several.reshape(raster.rows, -1), axis=1))
    crossings = crossings[np.lexsort((crossings[:, 1], crossings[:, 0]))]
    found = _stand(raster, tiles.several, starts, crossings, np.zeros(areas + 1, dtype=np.bool_))
    return Standing(np.cumsum(starts), found)


def _crossings(raster: Raster, edges: Edges, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(row, column, code) wherever the border of an area crosses the foot of one of these rows of tiles."""

    def cross(begin: int, end: int) -> NDArray[np.int64]:
        found = np.empty((_cross(raster, edges, rows, (begin, end), np.empty((0, 3), dtype=np.int64)), 3), dtype=np.int64)
        _cross(raster, edges, rows, (begin, end), found)
        return found

    return np.concatenate(on_all_cores(len(edges.at), EDGES_A_THREAD, cross))


@compiled
def _cross(raster: Raster, edges: Edges, rows: NDArray[np.bool_], part: tuple[int, int], found: NDArray[np.int64]) -> int:
    count = 0
    for edge in range(part[0], part[1]):
        way = way_of(raster, edges.corners, edges.at[edge])
        for row in range(max(way.a_row, 0), min(way.b_row, raster.rows - 1) + 1):
            if not rows[row]:
                continue
            at = crossing(raster, way, row)
            if at == NOWHERE:
                continue
            for code in (edges.code[edge], edges.other[edge]):
                if code:
                    if len(found):
                        found[count, 0], found[count, 1], found[count, 2] = row, at, code
                    count += 1
    return count


@compiled
def _stand(
    raster: Raster, several: NDArray[np.bool_], counts: NDArray[np.int64], crossings: NDArray[np.int64], inside: NDArray[np.bool_]
) -> NDArray[np.int32]:
    row, column, code = crossings[:, 0], crossings[:, 1], crossings[:, 2].astype(np.int32)
    codes = np.empty(16, dtype=np.int32)
    made, at = 0, 0
    for here in range(raster.rows):
        active = np.empty(0, dtype=np.int32)
        for tile_column in range(raster.columns):
            tile = here * raster.columns + tile_column
            upto = at
            while upto < len(row) and row[upto] == here and column[upto] < tile_column:
                inside[code[upto]] ^= True
                upto += 1
            if upto > at:
                both = np.unique(np.concatenate((active, code[at:upto])))
                active = both[inside[both]]
                at = upto
            if several[tile]:
                while made + len(active) > len(codes):
                    codes = np.concatenate((codes, np.empty(len(codes), dtype=np.int32)))
                codes[made : made + len(active)] = active
                made += len(active)
                counts[tile + 1] = len(active)
        inside[active] = False
        while at < len(row) and row[at] == here:
            at += 1
    return codes[:made].copy()
