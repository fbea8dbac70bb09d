"""How far points are from borders: along all rings of the owner for its own; tile by tile, outward, for the nearest of all."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.compiled import compiled, peek, prefetch
from gridmap.grid.index.frame import TILE, Frame
from gridmap.grid.index.land import Land

AHEAD, LINES, LINE = 6, 9, 8  # points, cache lines, numbers in one
BLOCK = 64  # edges measured at a time
SHORT = 1 - 2.0**-40  # what a tile's distance may lose by rounding


class Asked(NamedTuple):
    """Points, and how long a unit of x and of y is at each of them: 1 for distances in the shapes' own units."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    wide: NDArray[np.float64]
    high: NDArray[np.float64]


class Here(NamedTuple):
    """One of them."""

    x: float
    y: float
    wide: float
    high: float


class Near(NamedTuple):
    """The nearest place of each point on a border: whose, how far, and where."""

    area: NDArray[np.int64]
    distance: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@compiled
def measure_borders(land: Land, asked: Asked, near: Near, begin: int, end: int) -> None:
    """Fill in how far it is to the border, holes included, of the area near.area[i]; not a number where that is -1. Places are left out."""
    flat = land.corners.reshape(-1)
    squares = np.full(BLOCK + 4, np.inf)
    for at in range(begin, end):
        area = near.area[at]
        best = np.inf
        _bring(land, near.area[min(at + AHEAD, end - 1)])
        if area >= 0:
            here = Here(asked.x[at], asked.y[at], asked.wide[at], asked.high[at])
            for ring in range(land.first[area], land.first[area + 1]):
                for start in range(land.rings[ring], land.rings[ring + 1] - 1, BLOCK):
                    number = min(BLOCK, land.rings[ring + 1] - 1 - start)
                    best = min(best, _least(flat, start, number, here, squares))
        near.distance[at] = np.sqrt(best) if best < np.inf else np.nan


@compiled
def _least(flat: NDArray[np.float64], start: int, number: int, here: Here, squares: NDArray[np.float64]) -> float:
    """The least squared distance to so many edges from a corner on: without a branch, so that the processor takes eight at a time."""
    for at in range(number):
        corner = 2 * (start + at)
        ax, ay = (peek(flat, corner) - here.x) * here.wide, (peek(flat, corner + 1) - here.y) * here.high
        bx, by = (peek(flat, corner + 2) - here.x) * here.wide, (peek(flat, corner + 3) - here.y) * here.high
        dx, dy = bx - ax, by - ay
        share = -(ax * dx + ay * dy) / (dx * dx + dy * dy)
        share = share if share > 0.0 else 0.0  # not a number, of an edge without length, becomes 0 too
        share = share if share < 1.0 else 1.0
        x, y = ax + share * dx, ay + share * dy
        squares[at] = x * x + y * y
    squares[number : number + 4] = np.inf
    one = two = three = four = np.inf
    for at in range(0, number, 4):
        one, two = min(one, squares[at]), min(two, squares[at + 1])
        three, four = min(three, squares[at + 2]), min(four, squares[at + 3])
    return min(one, two, three, four)


@compiled
def place_borders(land: Land, asked: Asked, near: Near, begin: int, end: int) -> None:
    """Fill in the nearest place on the border, holes included, of the area near.area[i]; not a number where that is -1."""
    for at in range(begin, end):
        area = near.area[at]
        best, found = np.inf, -1
        if area >= 0:
            here = Here(asked.x[at], asked.y[at], asked.wide[at], asked.high[at])
            for ring in range(land.first[area], land.first[area + 1]):
                ends = land.rings[ring], land.rings[ring + 1] - 1
                best, found = _along(land.corners, ends, here, (best, found))
        _tell(land, asked, near, at, (best, found))


@compiled
def measure_nearest(land: Land, asked: Asked, near: Near, begin: int, end: int) -> None:
    """Fill in the nearest place on any border, and whose it is, the earlier of equals; for finite points."""
    for at in range(begin, end):
        here = Here(asked.x[at], asked.y[at], asked.wide[at], asked.high[at])
        best, found, area = _nearest(land, here)
        near.area[at] = area
        _tell(land, asked, near, at, (best, found))


@compiled
def _tell(land: Land, asked: Asked, near: Near, at: int, best: tuple[float, int]) -> None:
    squared, edge = best
    if edge < 0:
        near.distance[at] = near.x[at] = near.y[at] = np.nan
        return
    near.distance[at] = np.sqrt(squared)
    share = _share(land.corners, edge, Here(asked.x[at], asked.y[at], asked.wide[at], asked.high[at]))
    a, b = land.corners[edge], land.corners[edge + 1]
    near.x[at], near.y[at] = a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


@compiled
def _bring(land: Land, area: int) -> None:
    """Have an area's first corners brought near while others are measured."""
    if area >= 0 and land.first[area] < land.first[area + 1]:
        start = 2 * land.rings[land.first[area]]
        for line in range(LINES):
            prefetch(land.corners, start + LINE * line)


@compiled
def _along(corners: NDArray[np.float64], ring: tuple[int, int], here: Here, best: tuple[float, int]) -> tuple[float, int]:
    """The least squared distance to the edges from ring[0] to before ring[1], and which edge that is, if it is less than the best so far.

    Corners and edges are compared apart: what is nearer than all before it is rare, so hardly a branch is guessed wrong or number divided.
    """
    least, found = best
    part = corners[ring[0] : ring[1] + 1]
    ax, ay = (part[0, 0] - here.x) * here.wide, (part[0, 1] - here.y) * here.high
    for at in range(len(part) - 1):
        bx, by = (part[at + 1, 0] - here.x) * here.wide, (part[at + 1, 1] - here.y) * here.high
        dx, dy = bx - ax, by - ay
        along, length, across = -(ax * dx + ay * dy), dx * dx + dy * dy, ax * dy - ay * dx
        end = bx * bx + by * by
        if (along > 0) & (along < length) & (across * across < least * length):
            least, found = across * across / length, ring[0] + at
        if end < least:
            least, found = end, ring[0] + at
        ax, ay = bx, by
    return least, found


@compiled
def _squared(ax: float, ay: float, bx: float, by: float) -> float:
    """The squared distance of the edge a-b from the origin."""
    dx, dy = bx - ax, by - ay
    along, length = -(ax * dx + ay * dy), dx * dx + dy * dy
    if along <= 0:
        return ax * ax + ay * ay
    if along >= length:
        return bx * bx + by * by
    across = ax * dy - ay * dx
    return across * across / length


@compiled
def _share(corners: NDArray[np.float64], edge: int, here: Here) -> float:
    """How far along an edge its nearest place to a point lies, 0 to 1."""
    ax, ay = (corners[edge, 0] - here.x) * here.wide, (corners[edge, 1] - here.y) * here.high
    dx, dy = (corners[edge + 1, 0] - corners[edge, 0]) * here.wide, (corners[edge + 1, 1] - corners[edge, 1]) * here.high
    along, length = -(ax * dx + ay * dy), dx * dx + dy * dy
    return 0.0 if along <= 0 else 1.0 if along >= length else along / length


@compiled
def _nearest(land: Land, here: Here) -> tuple[float, int, int]:
    """(squared distance, edge, area): rings of tiles about the point's own until no tile of a ring is nearer than what was found.

    A tile of the next ring is never nearer than some tile of this one.
    """
    frame = land.frame
    middle_column = _tile_at(here.x, frame.west, frame.across, frame.columns)
    middle_row = _tile_at(here.y, frame.south, frame.up, frame.rows)
    best, found, area = np.inf, -1, -1
    for ring in range(max(frame.columns, frame.rows)):
        nearer = False
        for row in range(max(middle_row - ring, 0), min(middle_row + ring, frame.rows - 1) + 1):
            rim = abs(row - middle_row) == ring
            step = 1 if rim or ring == 0 else 2 * ring
            for column in range(middle_column - ring, middle_column + ring + 1, step):
                if 0 <= column < frame.columns and _away(frame, column, row, here) * SHORT <= best:
                    nearer = True
                    best, found, area = _in_tile(land, row * frame.columns + column, here, (best, found, area))
        if not nearer:
            break
    return best, found, area


@compiled
def _tile_at(value: float, origin: float, per_unit: float, tiles: int) -> int:
    """The column or row of tiles at a coordinate, or the nearest there is."""
    return int(min(max((value - origin) * per_unit / TILE, 0.0), tiles - 1.0))


@compiled
def _away(frame: Frame, column: int, row: int, here: Here) -> float:
    """The squared distance from a point to a tile."""
    west = frame.west + column * (TILE / frame.across) if frame.across else frame.west
    east = frame.west + (column + 1) * (TILE / frame.across) if frame.across else frame.east
    south = frame.south + row * (TILE / frame.up) if frame.up else frame.south
    north = frame.south + (row + 1) * (TILE / frame.up) if frame.up else frame.north
    dx = max(west - here.x, 0.0, here.x - east) * here.wide
    dy = max(south - here.y, 0.0, here.y - north) * here.high
    return dx * dx + dy * dy


@compiled
def _in_tile(land: Land, tile: int, here: Here, best: tuple[float, int, int]) -> tuple[float, int, int]:
    least, found, area = best
    for item in range(land.starts[tile], land.starts[tile + 1]):
        edge = land.listed[item, 0] >> 1
        a, b = land.corners[edge], land.corners[edge + 1]
        x, y, wide, high = here
        squared = _squared((a[0] - x) * wide, (a[1] - y) * high, (b[0] - x) * wide, (b[1] - y) * high)
        if squared <= least:
            code = _area_of(land, edge) + 1
            other = code ^ land.listed[item, 1]
            owner = min(code, other if other else code) - 1
            if squared < least or owner < area:
                least, found, area = squared, edge, owner
    return least, found, area


@compiled
def _area_of(land: Land, corner: int) -> int:
    """Whose ring a corner lies on."""
    return land.area[np.searchsorted(land.rings, corner, side="right") - 1]
