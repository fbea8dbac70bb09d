"""From faces to the outlines of cells: joined, rid of corners that no border needs, and back in degrees."""

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.planning.borders import Floats, Ints, number, segments
from gridmap.planning.plane import GRID_M, Plane, grid_keys

STRAIGHT_M = 1e-6
"""A corner nearer than this to the line between its neighbours is none."""


def join(faces: list[Polygon], cell: Ints, village: BaseGeometry) -> list[Polygon]:
    """One outline per cell number; neighbours keep equal corners, the village's own corners stay, needless ones go."""
    land = np.asarray(faces, dtype=object)
    outlines = [shapely.coverage_union_all(land[cell == n]) for n in range(int(cell.max()) + 1)]
    return _straighten(outlines, shapely.get_coordinates(village))


def _straighten(outlines: list[Polygon], fixed: Floats) -> list[Polygon]:
    """Drop corners where two cells meet in a straight line: they were nodes of faces that are gone."""
    _, start, end = segments(outlines)
    a, b, kept = number(start, end, fixed)
    size = int(max(a.max(), b.max(), kept.max())) + 1
    pairs = np.unique(np.sort(np.column_stack([a, b]), axis=1), axis=0)
    ends = np.bincount(pairs.ravel(), minlength=size)
    place = np.zeros((size, 2))
    place[a] = start
    before, after = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    after[a], before[b] = b, a
    needless = (ends == 2) & (_bend(place[before], place, place[after]) < STRAIGHT_M)
    needless[kept] = False
    gone = set(grid_keys(place[needless]))
    return [_without(outline, gone) for outline in outlines]


def _bend(a: Floats, b: Floats, c: Floats) -> Floats:
    """How far b is from the line through a and c, metres."""
    along, away = c - a, b - a
    length = np.maximum(np.hypot(*along.T), GRID_M)
    return np.abs(along[:, 0] * away[:, 1] - along[:, 1] * away[:, 0]) / length


def _without(outline: Polygon, gone: set[tuple[int, int]]) -> Polygon:
    def thin(ring: shapely.LinearRing) -> Floats:
        corners = shapely.get_coordinates(ring)[:-1]
        return corners[[key not in gone for key in grid_keys(corners)]]

    return Polygon(thin(outline.exterior), [thin(hole) for hole in outline.interiors])


def to_degrees(outlines: list[Polygon], plane: Plane, village: BaseGeometry) -> list[Polygon]:
    """The outlines in degrees; corners of the village (given in degrees) come back to the last bit."""
    own = shapely.get_coordinates(village)
    exact = dict(zip(grid_keys(shapely.get_coordinates(plane.forward(village))), own, strict=True))

    def back(xy: Floats) -> Floats:
        lonlat = plane.degrees(xy)
        for row, key in enumerate(grid_keys(xy)):
            lonlat[row] = exact.get(key, lonlat[row])
        return lonlat

    return [shapely.transform(outline, back) for outline in outlines]
