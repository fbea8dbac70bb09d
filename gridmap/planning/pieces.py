"""The pieces that hard barriers leave of a village, to which of them the barriers' own land goes, and the blocks between streets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.planning.borders import Ints, adopt, shared
from gridmap.planning.plane import GRID_M

WALL_M = 0.5
"""Half the breadth that a barrier is given, so that lines which all but meet close the way."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The parts of one village, in metres. Together they tile it; no barrier without a bridge runs through the households of one.

    Streets divide them further, into blocks: `sides` is one number for those that no barrier parts, None where each is by itself.
    """

    shapes: list[Polygon]
    sides: Ints | None = None

    @property
    def side(self) -> Ints:
        """On which side of the barriers each part lies."""
        return np.arange(len(self.shapes)) if self.sides is None else self.sides

    def of(self, points: NDArray[np.object_]) -> Ints:
        """The piece that each point lies in (the nearest, where rounding leaves it in none)."""
        return shapely.STRtree(self.shapes).nearest(points).astype(np.int64)


def part(village: Polygon | MultiPolygon, barriers: Sequence[BaseGeometry]) -> Pieces:
    """The village divided by the barriers (lines or areas, metres).

    A barrier's land is handed to the piece with which it shares most border: a line's two halves to their two sides, a river's
    banks to theirs and its water whole to one.
    """
    around = shapely.box(*shapely.bounds(shapely.buffer(shapely.envelope(village), 4 * WALL_M)))
    near = _lines_and_areas(shapely.intersection(np.asarray(list(barriers), dtype=object), around))
    wall = shapely.intersection(shapely.union_all([shapely.buffer(barrier, WALL_M, quad_segs=16) for barrier in near]), village)
    if wall.is_empty:
        return Pieces(list(shapely.get_parts(village)))
    faces = divide(village, [village.boundary, wall.boundary, *(shapely.intersection(_line(barrier), village) for barrier in near)])
    inner = shapely.point_on_surface(np.asarray(faces, dtype=object))
    shapely.prepare(wall)
    walled = shapely.contains_properly(wall, inner)
    owner = np.where(walled, -1, np.cumsum(~walled) - 1)
    borders = shared(faces)
    banks = adopt(borders.only(walled[borders.left] != walled[borders.right]), owner)
    return Pieces(_gather(faces, adopt(borders, banks)))


def blocks(village: Polygon | MultiPolygon, pieces: Pieces, streets: Sequence[BaseGeometry]) -> Pieces:
    """The pieces of the village divided by streets (lines, or the rims of areas; metres). One that ends within a block divides nothing."""
    around = shapely.box(*shapely.bounds(shapely.buffer(shapely.envelope(village), 4 * WALL_M)))
    near = [_line(street) for street in _lines_and_areas(shapely.intersection(list(streets), around))]
    rims = shapely.union_all([piece.boundary for piece in pieces.shapes], grid_size=GRID_M)
    lines = [line for line in shapely.intersection(_drawn_to(rims, near), village).tolist() if not line.is_empty]
    if not lines:
        return pieces
    faces = divide(village, [*(piece.boundary for piece in pieces.shapes), *lines])
    if len(faces) == len(pieces.shapes):
        return pieces
    return Pieces(faces, pieces.of(shapely.point_on_surface(np.asarray(faces, dtype=object))))


def _drawn_to(rims: BaseGeometry, lines: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    """Lines that run beside rims run upon them: what is drawn twice, within `WALL_M`, leaves no land between that nobody could see."""
    found = shapely.snap(np.asarray(lines, dtype=object), rims, WALL_M)
    xy = shapely.get_coordinates(found)
    shapely.prepare(rims)
    beside = shapely.dwithin(shapely.points(xy), rims, WALL_M)
    xy[beside] = shapely.get_coordinates(shapely.shortest_line(rims, shapely.points(xy[beside])))[::2]
    return np.asarray(shapely.set_coordinates(found, xy), dtype=object)


def _lines_and_areas(shapes: NDArray[np.object_]) -> list[BaseGeometry]:
    """The simple parts of shapes, without points: clipping can leave a mixture."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    return list(parts[shapely.get_dimensions(parts) > 0])


def _line(shape: BaseGeometry) -> BaseGeometry:
    return shape.boundary if shapely.get_dimensions(shape) == 2 else shape


def _gather(faces: list[Polygon], owner: Ints) -> list[Polygon]:
    """One polygon per owner; faces that nobody adopted (a village wholly under water) stay themselves."""
    land = np.asarray(faces, dtype=object)
    joined = [shapely.coverage_union_all(land[owner == piece]) for piece in range(int(owner.max()) + 1)]
    parts = shapely.get_parts(np.asarray([*joined, *land[owner < 0]], dtype=object))
    return list(parts)


def divide(village: Polygon | MultiPolygon, lines: Sequence[BaseGeometry]) -> list[Polygon]:
    """The faces into which lines divide a village, carrying each other's corners; the village's outline is one of the lines.

    Lines lie within the village. Its outline is given once, as it was last noded: between an outline and its noded self there would be
    faces as thin as the grid.
    """
    linework = shapely.union_all([line for line in lines if not line.is_empty], grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(linework)))
    shapely.prepare(village)
    return list(faces[shapely.contains_properly(village, shapely.point_on_surface(faces))])
