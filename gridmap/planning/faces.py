"""One face of land for every building: the ground that is nearest to it on its side of the barriers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.planning.borders import Borders, Floats, Ints, adopt, lengths, shared
from gridmap.planning.pieces import Pieces, divide

DOOR_M = 1e-3
"""Points nearer to each other than this are one building."""
BRIDGE_M = 2.0
"""A bridge joins the two sides of a border that comes this near to it."""


@dataclass(frozen=True, slots=True)
class Buildings:
    """Buildings of one village as parallel arrays: `spot` in metres, households `weight`, and the `piece` of land each stands on.

    `of` is the building of each household point.
    """

    spot: Floats
    weight: Ints
    piece: Ints
    of: Ints

    def __len__(self) -> int:
        return len(self.weight)


@dataclass(frozen=True, slots=True)
class Faces:
    """Faces that tile one village. `owner` is the building of each, -1 where a piece has no households; `borders` lie between them.

    `home` is the face that each building stands on.
    `doors` holds metres of border between neighbouring buildings that may share a cell, by (lower, higher) building.
    """

    shapes: list[Polygon]
    owner: Ints
    home: Ints
    borders: Borders
    doors: dict[tuple[int, int], float]


def build(xy: Floats, counts: Ints, pieces: Pieces) -> Buildings:
    """Merge points at one place (to a millimetre) into buildings, in order of first appearance."""
    rounded = np.rint(xy / DOOR_M).astype(np.int64)
    _, first, of = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))
    spot: Floats = rounded[np.sort(first)].astype(np.float64) * DOOR_M
    of = rank[of.ravel()]
    weight = np.bincount(of, counts, len(spot)).astype(np.int64)
    return Buildings(spot, weight, pieces.of(shapely.points(spot)), of)


def cover(
    village: Polygon | MultiPolygon, pieces: Pieces, buildings: Buildings, bridges: Sequence[BaseGeometry]
) -> tuple[Buildings, Faces]:
    """Tile the village with one face per building (nearest ground within its piece); pieces without households stay whole, unowned, but
    for blocks between streets, whose land goes to their neighbours on the same side of the barriers.

    A building that stands on no ground of its own (on the very border, behind another) is one with that whose ground is nearest.
    """
    lines = [piece.boundary for piece in pieces.shapes]
    lived_in = np.unique(buildings.piece).tolist()
    lines += [_midlines(pieces.shapes[piece], buildings.spot[buildings.piece == piece]) for piece in lived_in]
    shapes = divide(village, lines)
    spots = shapely.point_on_surface(np.asarray(shapes, dtype=object))
    piece = pieces.of(spots)
    buildings, nearest = _with_ground(buildings, _nearest(spots, piece, buildings), shapes)
    home = _homes(shapes, nearest, buildings)
    borders = shared(shapes)
    owner = np.full(len(shapes), -1)
    owner[home] = np.arange(len(buildings))
    side = pieces.side[piece]
    owner = adopt(borders, adopt(borders, owner, family=piece), family=side)
    return buildings, Faces(shapes, owner, home, borders, _doors(borders, owner, side, bridges))


def _with_ground(buildings: Buildings, nearest: Ints, shapes: list[Polygon]) -> tuple[Buildings, Ints]:
    """The buildings to which some face is nearest, with the households of the others, and the nearest of each face by their new number."""
    there, owned = np.unique(nearest[nearest >= 0]), np.flatnonzero(nearest >= 0)
    if len(there) == len(buildings):
        return buildings, nearest
    number = np.full(len(buildings), -1)
    number[there] = np.arange(len(there))
    without = np.flatnonzero(number < 0)
    land = shapely.STRtree(np.asarray(shapes, dtype=object)[owned])
    number[without] = number[nearest[owned[land.nearest(shapely.points(buildings.spot[without]))]]]
    weight = np.bincount(number, buildings.weight, len(there)).astype(np.int64)
    of = number[buildings.of]
    return Buildings(buildings.spot[there], weight, buildings.piece[there], of), np.where(nearest >= 0, number[nearest], -1)


def _midlines(piece: Polygon, spots: Floats) -> BaseGeometry:
    """The lines that are equally far from two buildings, within their piece."""
    if len(spots) < 2:
        return shapely.MultiLineString()
    edges = shapely.voronoi_polygons(shapely.multipoints(spots), extend_to=piece, only_edges=True)
    return shapely.intersection(edges, piece)


def _nearest(spots: NDArray[np.object_], piece: Ints, buildings: Buildings) -> Ints:
    """The nearest building of its own piece for each spot; -1 where the piece has none."""
    owner = np.full(len(spots), -1)
    for number in np.unique(buildings.piece).tolist():
        own, here = np.flatnonzero(buildings.piece == number), np.flatnonzero(piece == number)
        owner[here] = own[shapely.STRtree(shapely.points(buildings.spot[own])).nearest(spots[here])]
    return owner


def _homes(shapes: list[Polygon], owner: Ints, buildings: Buildings) -> Ints:
    """The one face of each building that it stands on; the others nearest to it were cut off from it."""
    owned = np.flatnonzero(owner >= 0)
    away = shapely.distance(np.asarray(shapes, dtype=object)[owned], shapely.points(buildings.spot[owner[owned]]))
    order = owned[np.lexsort((away, owner[owned]))]
    return order[np.unique(owner[order], return_index=True)[1]]


def _doors(borders: Borders, owner: Ints, side: Ints, bridges: Sequence[BaseGeometry]) -> dict[tuple[int, int], float]:
    """Which buildings are neighbours: those on one side of the barriers, and across a barrier those at a bridge."""
    allowed = side[borders.left] == side[borders.right]
    if len(bridges):
        bits = shapely.linestrings(np.stack([borders.start, borders.end], axis=1))
        bridged = np.unique(shapely.STRtree(bits).query(list(bridges), predicate="dwithin", distance=BRIDGE_M)[1])
        allowed[bridged] = True
    return lengths(borders.only(allowed), owner)
