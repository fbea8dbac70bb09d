"""Cells of a village hand buildings over to each other: each building takes along the ground that is nearest to it within its old cell."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.grid import Area, Households
from gridmap.planning.aside import sew_around
from gridmap.planning.borders import Borders, Ints, lengths
from gridmap.planning.cells import Cells
from gridmap.planning.faces import BRIDGE_M, Buildings, Faces, build, cover
from gridmap.planning.graph import Band, Graph
from gridmap.planning.handing import hand_over
from gridmap.planning.outlines import join, to_degrees
from gridmap.planning.pieces import WALL_M, Pieces
from gridmap.planning.plane import Plane


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """The cells of one village, the households that they own and the position of each one's cell, all in degrees; what lies between them.
    `fixed` are positions of cells that stay as they are."""

    village: Area
    cells: Sequence[Area]
    households: Households
    owner: Ints
    barriers: Sequence[BaseGeometry]
    bridges: Sequence[BaseGeometry]
    fixed: Collection[int]


def regroup(ground: Neighbourhood, band: Band) -> tuple[Area, ...] | None:
    """The village's cells after handing over what brings them into the band; one that joined another is gone. Those that change keep their
    codes and get new outlines along the ground of the buildings, the others stay. None where nothing can be handed over."""
    plane = Plane.around(ground.village.shape)
    pieces = Pieces([plane.ground(cell.shape) for cell in ground.cells])
    homes = ground.households
    xy = shapely.get_coordinates(plane.forward(shapely.points(homes.lon, homes.lat)))
    found = build(xy, homes.counts, pieces)
    first = np.unique(found.of, return_index=True)[1]
    given = Buildings(found.spot, found.weight, ground.owner[first], found.of)
    buildings, faces = cover(plane.ground(ground.village.shape), pieces, given, ())
    doors = _doors(faces, list(plane.forward(list(ground.barriers))), list(plane.forward(list(ground.bridges))))
    groups = [np.flatnonzero(buildings.piece == at).tolist() for at in range(len(ground.cells))]
    cells = Cells(Graph.of(buildings, doors), band, groups)
    parted = {at for at, nodes in enumerate(groups) if not cells.graph.connected(nodes) or isinstance(pieces.shapes[at], MultiPolygon)}
    touched = hand_over(cells, {*ground.fixed, *parted})
    if not touched:
        return None
    land = _land(faces, np.array(cells.of, dtype=np.int64), pieces)
    number = _numbered(land, touched)
    if not _hang_together(faces.shapes, number):
        return None
    return _drawn(ground, touched, land, join(faces.shapes, number, shapely.GeometryCollection(pieces.shapes)), plane)


def _doors(faces: Faces, barriers: list[BaseGeometry], bridges: list[BaseGeometry]) -> dict[tuple[int, int], float]:
    """Which buildings are neighbours: all that share a border but along a barrier, and there at a bridge."""
    borders = faces.borders
    closed = _along(borders, barriers)
    if closed.any() and bridges:
        bits = shapely.linestrings(np.stack([borders.start, borders.end], axis=1))
        bridged = shapely.STRtree(bits).query(bridges, predicate="dwithin", distance=BRIDGE_M)[1]
        closed[bridged] = False
    return lengths(borders.only(~closed), faces.owner)


def _along(borders: Borders, barriers: list[BaseGeometry]) -> NDArray[np.bool_]:
    """The bits of border that lie on a barrier or its bank from end to end."""
    closed = np.ones(len(borders.left), dtype=np.bool_)
    for spots in (borders.start, (borders.start + borders.end) / 2, borders.end):
        near = np.zeros_like(closed)
        near[shapely.STRtree(shapely.points(spots)).query(barriers, predicate="dwithin", distance=2 * WALL_M)[1] if barriers else []] = True
        closed &= near
    return closed


def _land(faces: Faces, cell_of: Ints, pieces: Pieces) -> Ints:
    """The cell of each face: its building's, and where nobody lives the one that it lay in."""
    lay = pieces.of(shapely.point_on_surface(np.asarray(faces.shapes, dtype=object)))
    return np.where(faces.owner >= 0, cell_of[faces.owner], lay)


def _there(land: Ints, touched: frozenset[int]) -> list[int]:
    """The touched cells that have land: one that joined another has none."""
    return [cell for cell in sorted(touched) if (land == cell).any()]


def _numbered(land: Ints, touched: frozenset[int]) -> Ints:
    """The number of each face's cell among the touched ones; other land is nobody's (-1)."""
    number = np.full(int(max(land.max(), *touched)) + 1, -1)
    there = _there(land, touched)
    number[there] = np.arange(len(there))
    return number[land]


def _hang_together(shapes: list[Polygon], number: Ints) -> bool:
    faces = np.asarray(shapes, dtype=object)
    return all(isinstance(shapely.coverage_union_all(faces[number == cell]), Polygon) for cell in range(int(number.max()) + 1))


def _drawn(ground: Neighbourhood, touched: frozenset[int], land: Ints, outlines: list[Polygon], plane: Plane) -> tuple[Area, ...] | None:
    """All cells, those that were touched with these outlines; None where rounding makes one of them invalid."""
    old = [ground.cells[at] for at in sorted(touched)]
    shapes = to_degrees(outlines, plane, shapely.GeometryCollection([cell.shape for cell in ground.cells]))
    if not shapely.is_valid(shapes).all():
        return None
    there = [ground.cells[at] for at in _there(land, touched)]
    drawn = [replace(cell, shape=shape, parent=ground.village.code) for cell, shape in zip(there, shapes, strict=True)]
    stay = [cell for at, cell in enumerate(ground.cells) if at not in touched]
    freed = replace(ground.village, shape=shapely.union_all([cell.shape for cell in old]))
    made, stayed = sew_around([ground.village], [freed], drawn, stay)
    return (*made, *stayed)
