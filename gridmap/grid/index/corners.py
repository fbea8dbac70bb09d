"""The borders of all areas as flat arrays."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.grid.index.compiled import compiled
from gridmap.grid.index.turning import UNDECIDED, Segment, turn

# Products of two differences of corners must stay finite.
LARGEST = 1e150
MOST_AREAS = (1 << 27) - 2  # as many as a record's head can name


class Rings(NamedTuple):
    """All rings, one after another, each closed by its first corner; those of one area together, areas in their order."""

    corners: NDArray[np.float64]  # (corners, 2)
    starts: NDArray[np.int64]  # where each ring starts in `corners`; one more closes the last
    area: NDArray[np.int32]  # of each ring
    hole: NDArray[np.bool_]
    sound: NDArray[np.bool_]  # per area: valid, so that its rings have an inner side


def rings_of(shapes: NDArray[np.object_]) -> Rings:
    """The rings of polygons and multipolygons. ValueError for other kinds, for corners beyond 1e150, and for 2^27 areas and more."""
    kinds = shapely.get_type_id(shapes)
    if not np.isin(kinds, (-1, shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)).all():
        raise ValueError("areas must be polygons or multipolygons")
    if len(shapes) > MOST_AREAS:
        raise ValueError(f"an index holds at most {MOST_AREAS} areas")
    with ThreadPoolExecutor() as threads:  # GEOS works without the interpreter's lock
        valid = [threads.submit(shapely.is_valid, some) for some in np.array_split(shapes, 8)]
        corners, starts, area, hole = _flat(shapes, kinds)
        sound = np.concatenate([some.result() for some in valid]).astype(np.bool_)  # a missing shape has no ring that could be wrong
    if not (len(corners) == 0 or max(corners.max(), -corners.min()) < LARGEST):  # not-a-number fails as well
        raise ValueError("corners must be finite and below 1e150")
    corners += 0.0  # there is one zero only: -0.0 would not pair with 0.0
    return Rings(corners, starts, area, hole, sound)


def _flat(shapes: NDArray[np.object_], kinds: NDArray[np.integer]) -> tuple[NDArray[np.float64], NDArray[np.int64], Any, Any]:
    plain = (kinds == shapely.GeometryType.POLYGON).all() and not shapely.get_num_interior_rings(shapes).any()
    if plain:  # the usual coverage needs no geometry objects for its rings
        rings, area = shapes, np.arange(len(shapes), dtype=np.int32)
        hole = np.zeros(len(shapes), dtype=np.bool_)
    else:
        parts, area_of_part = shapely.get_parts(shapes, return_index=True)
        rings, part = shapely.get_rings(parts, return_index=True)
        area = area_of_part[part].astype(np.int32)
        hole = np.r_[False, part[1:] == part[:-1]][: len(part)]
    starts = np.zeros(len(rings) + 1, dtype=np.int64)
    np.cumsum(shapely.get_num_coordinates(rings), out=starts[1:])
    return shapely.get_coordinates(rings), starts, area, hole


@compiled
def box_of(corners: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """(west, south, east, north) of all corners; there must be one."""
    west = east = corners[0, 0]
    south = north = corners[0, 1]
    for at in range(len(corners)):
        x, y = corners[at, 0], corners[at, 1]
        west, east = min(west, x), max(east, x)
        south, north = min(south, y), max(north, y)
    return west, south, east, north


@compiled
def is_counter_clockwise(corners: NDArray[np.float64], start: int, end: int) -> int:
    """1 where the simple closed ring corners[start:end] runs counter-clockwise, 0 where clockwise; UNDECIDED where it has no inside.

    Exact: at the lowest corner (of these the westernmost) a simple ring turns as the whole does.
    """
    low = start
    for at in range(start + 1, end - 1):
        if corners[at, 1] < corners[low, 1] or (corners[at, 1] == corners[low, 1] and corners[at, 0] < corners[low, 0]):
            low = at
    x, y = corners[low, 0], corners[low, 1]
    last = end - 1 - start
    before = after = low
    for step in range(1, last):
        before = start + (low - start - step) % last
        if corners[before, 0] != x or corners[before, 1] != y:
            break
    for step in range(1, last):
        after = start + (low - start + step) % last
        if corners[after, 0] != x or corners[after, 1] != y:
            break
    if corners[before, 1] == y:  # the level edge at the bottom runs to the next corner or comes from the one before
        return 0 if corners[after, 1] > y else UNDECIDED
    if corners[after, 1] == y:
        return 1
    side = turn(corners[after, 0], corners[after, 1], Segment(x, y, corners[before, 0], corners[before, 1]))
    return UNDECIDED if side in (0, UNDECIDED) else int(side > 0)
