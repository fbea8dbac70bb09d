"""Cells with households on two sides of a barrier and no bridge between them: what a cut never makes, and a hand can."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.geometry.metres import Metres
from gridmap.grid import Area, Finding, Households, Severity
from gridmap.grid.crosswalk import owners_of
from gridmap.planning.borders import Ints
from gridmap.planning.faces import BRIDGE_M
from gridmap.planning.pieces import WALL_M

Bits = Sequence[BaseGeometry]


def find_across(cells: Sequence[Area], households: Households, barriers: Bits, bridges: Bits) -> Iterator[Finding]:
    """A warning for each cell of whose households some live behind a barrier (lines or areas) from the others, at one of the fewer.

    Everything is in degrees. A side is what barriers, half a metre to either side, leave of the cell; a bridge joins the sides that come
    within two metres of it, as in a cut."""
    if not cells or not barriers or not households.total:
        return
    plane = Metres.around(np.array([cell.shape for cell in cells], dtype=object))
    walls, ways = (shapely.STRtree(plane.forward(np.array(list(bits), dtype=object))) for bits in (barriers, bridges))
    owner = owners_of(cells, households.lon, households.lat)
    for at, cell in enumerate(cells):
        land = plane.forward(cell.shape)
        met = walls.geometries[walls.query(land, predicate="intersects")]
        lived = np.flatnonzero((owner == at) & (households.counts > 0))
        if not len(met) or len(lived) < 2:
            continue
        sides = shapely.get_parts(shapely.difference(land, shapely.union_all(shapely.buffer(met, WALL_M))))
        spots = plane.forward(shapely.points(households.lon[lived], households.lat[lived]))
        group = _joined(sides, ways.geometries[ways.query(land, predicate="dwithin", distance=BRIDGE_M)])
        of = group[shapely.STRtree(sides).nearest(spots)] if len(sides) else np.zeros(len(lived), dtype=np.int64)
        counts = np.bincount(of, households.counts[lived])
        if np.count_nonzero(counts) > 1:
            beyond = counts.sum() - counts.max()
            first = lived[of != int(np.argmax(counts))][0]
            spot = float(households.lon[first]), float(households.lat[first])
            yield Finding("cell_across_barrier", Severity.WARNING, cell.code, *spot, {"households": int(beyond)})


def _joined(sides: NDArray[np.object_], bridges: Bits) -> Ints:
    """The group of each side: those between which bridges lead are one."""
    group = np.arange(len(sides))
    for bridge in bridges:
        for one, other in combinations(np.flatnonzero(shapely.dwithin(sides, bridge, BRIDGE_M)).tolist(), 2):
            group[group == group[other]] = group[one]
    return group
