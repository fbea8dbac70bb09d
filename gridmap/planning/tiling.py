"""The cells of a village as a tiling: its borders are arcs that two cells share to the last bit, so that nothing can gape or overlap.

Polygons are what is kept; arcs are read from them, changed, and polygons made of them again. No coordinate is computed twice for two cells.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.errors import BadInput, Conflict
from gridmap.grid import Area
from gridmap.planning.borders import Floats

Corner = tuple[float, float]
Edge = tuple[Corner, Corner]
Extra = Mapping[Edge, Sequence[Corner]]
"""The corners that are set upon an edge, in the order in which it runs."""

NEAR = 1e-9
"""Degrees (a tenth of a millimetre): what lies nearer to a border than this lies upon it."""


class TilingBroken(Conflict):
    """The cells of a village overlap, gape or do not carry each other's corners; facts: village, lon, lat."""


class DivideFailed(BadInput):
    """Lines that divide the land into nothing that could be cells (they run into each other); facts: lon, lat."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A stretch of border that two cells share, or that is a cell's and the outside's (`right` is None); `line` in degrees."""

    left: str
    right: str | None
    line: LineString


def check_tiling(village: str, cells: Iterable[Area]) -> None:
    """TilingBroken where two cells overlap or do not carry each other's corners, or a cell is not of one piece."""
    shapes = np.array([cell.shape for cell in cells], dtype=object)
    parted = shapes[shapely.get_type_id(shapes) != shapely.GeometryType.POLYGON]
    wrong = [*parted, *shapes[~shapely.is_valid(shapes)]]
    if not wrong and len(shapes):
        invalid = shapely.coverage_invalid_edges(shapes, gap_width=NEAR)
        wrong = [line for line in invalid if not line.is_empty]
    if wrong:
        lon, lat = place_of(wrong[0])
        raise TilingBroken(village=village, lon=lon, lat=lat)


def place_of(shape: BaseGeometry) -> Corner:
    """A (lon, lat) on a shape."""
    spot = shape.representative_point()
    return float(spot.x), float(spot.y)


def corners_of(ring: BaseGeometry) -> list[Corner]:
    return [(x, y) for x, y in shapely.get_coordinates(ring).tolist()]


def edges_of(shape: Polygon) -> Iterator[Edge]:
    """The straight bits of every ring, as they run."""
    for ring in shapely.get_rings(shape):
        yield from pairwise(corners_of(ring))


def turned(edge: Edge) -> Edge:
    return edge[1], edge[0]


def arcs(cells: Sequence[Area]) -> tuple[Arc, ...]:
    """Every stretch of border once: between two cells, or between one and the outside, from node to node."""
    owner: dict[Edge, str] = {}
    for cell in cells:
        for edge in edges_of(shapely.normalize(cell.shape)):
            owner[edge] = cell.code
    sides: dict[tuple[str, str | None], list[Edge]] = {}
    for edge, code in owner.items():
        other = owner.get(turned(edge))
        if other is None or code < other:
            sides.setdefault((code, other), []).append(edge)
    ends = _nodes(owner)
    return tuple(Arc(left, right, line) for (left, right), edges in sorted(sides.items(), key=_by_codes) for line in chains(edges, ends))


def _by_codes(side: tuple[tuple[str, str | None], list[Edge]]) -> tuple[str, str]:
    return side[0][0], side[0][1] or ""


def _nodes(owner: Mapping[Edge, str]) -> set[Corner]:
    """The corners where borders of more than two sides meet."""
    meeting: dict[Corner, set[Corner]] = {}
    for a, b in owner:
        meeting.setdefault(a, set()).add(b)
        meeting.setdefault(b, set()).add(a)
    return {corner for corner, others in meeting.items() if len(others) != 2}


def chains(edges: Sequence[Edge], ends: Iterable[Corner] = ()) -> list[LineString]:
    """Edges put together to lines, which stop at the `ends`; a ring is one line that comes back."""
    after: dict[Corner, list[Corner]] = {}
    for a, b in edges:
        after.setdefault(a, []).append(b)
    stops = {*ends, *(a for a, found in after.items() if len(found) > 1)}
    into = {b for _, b in edges}
    starts = [a for a in after if a in stops or a not in into]
    found = []
    for start in [*starts, *after]:
        while after.get(start):
            line = [start, after[start].pop()]
            while line[-1] not in stops and line[-1] != start and after.get(line[-1]):
                line.append(after[line[-1]].pop())
            found.append(LineString(line))
    return found


def with_corners(shape: Polygon, extra: Extra) -> Polygon:
    """The shape with corners set upon its edges, whichever way these run."""
    if not any(edge in extra or turned(edge) in extra for edge in edges_of(shape)):
        return shape

    def filled(ring: BaseGeometry) -> list[Corner]:
        corners = corners_of(ring)
        found = corners[:1]
        for edge in pairwise(corners):
            found += [*(extra.get(edge) or reversed(extra.get(turned(edge), ()))), edge[1]]
        return found

    return Polygon(filled(shape.exterior), [filled(hole) for hole in shape.interiors])


@dataclass(frozen=True, slots=True, eq=False)
class Divided:
    """The faces of a region, and the corners that were set upon its outline."""

    faces: tuple[Polygon, ...]
    extra: Extra


def divide(region: Polygon, lines: Sequence[Floats]) -> Divided:
    """The faces into which lines (each an (n, 2) array in degrees, meeting each other only in common corners) divide a region.

    Corners of the lines that lie on the region's outline are set upon it. The faces tile the region exactly, by fractions; DivideFailed
    where they would not. Lines that end inside divide nothing.
    """
    outline = _Outline(region)
    laid = [[outline.take(corner) for corner in map(tuple, line.tolist())] for line in lines]
    extra = outline.extra()
    around = with_corners(region, extra)
    edges = {tuple(sorted(edge)): edge for edge in edges_of(around)}
    for line in laid:
        edges |= {tuple(sorted(edge)): edge for edge in pairwise(line) if edge[0] != edge[1]}
    bits = shapely.linestrings(np.array(list(edges.values()), dtype=np.float64))
    shapely.prepare(around)
    found = shapely.get_parts(shapely.polygonize(bits))
    faces = tuple(found[shapely.contains_properly(around, shapely.point_on_surface(found))].tolist())
    _check_whole(around, faces)
    return Divided(faces, extra)


def _check_whole(region: Polygon, faces: Sequence[Polygon]) -> None:
    sound = all(face.is_valid for face in faces) and shapely.coverage_is_valid(faces)
    if not (sound and sum(map(exact_area, faces)) == exact_area(region)):
        lon, lat = place_of(region)
        raise DivideFailed(lon=lon, lat=lat)


class _Outline:
    """The edges of a region, and what is set upon them."""

    def __init__(self, region: Polygon) -> None:
        self._edges = list(edges_of(region))
        self._start = np.array([a for a, _ in self._edges])
        self._along = np.array([b for _, b in self._edges]) - self._start
        self._set: dict[int, dict[Corner, float]] = {}

    def take(self, corner: Corner) -> Corner:
        """The corner itself, or where it lies on the outline if it is near to it."""
        away = np.array(corner) - self._start
        share = np.clip((away * self._along).sum(axis=1) / (self._along**2).sum(axis=1), 0.0, 1.0)
        distance = np.hypot(*(away - share[:, None] * self._along).T)
        at = int(np.argmin(distance))
        if distance[at] > NEAR:
            return corner
        for end in self._edges[at]:
            if _apart(end, corner) <= NEAR:
                return end
        placed = self._set.setdefault(at, {})
        for other in placed:
            if _apart(other, corner) <= NEAR:
                return other
        x, y = (self._start[at] + share[at] * self._along[at]).tolist()
        placed[x, y] = float(share[at])
        return x, y

    def extra(self) -> Extra:
        return {self._edges[at]: sorted(placed, key=placed.__getitem__) for at, placed in self._set.items()}


def _apart(one: Corner, other: Corner) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def exact_area(shape: Polygon) -> Fraction:
    """The area in square degrees, without any rounding: a float is a whole number of some power of two."""
    ratios = [[value.as_integer_ratio() for corner in corners_of(ring) for value in corner] for ring in shapely.get_rings(shape)]
    scale = max(below for ring in ratios for _, below in ring)
    total = 0
    for at, ring in enumerate(ratios):
        whole = [above * (scale // below) for above, below in ring]
        x, y = whole[::2], whole[1::2]
        twice = abs(sum(ax * by - bx * ay for ax, ay, bx, by in zip(x, y, x[1:], y[1:], strict=False)))
        total += -twice if at else twice
    return Fraction(total, 2 * scale * scale)


def join(shapes: Sequence[Polygon]) -> BaseGeometry:
    """The union of shapes that carry each other's corners; no coordinate changes."""
    return shapely.coverage_union_all(shapes)


def digest(areas: Iterable[Area]) -> str:
    """A hash of all that areas say, wherever their rings begin."""
    seal = sha256()
    for area in sorted(areas, key=lambda area: area.code):
        seal.update(repr((area.code, str(area.level), area.name, area.name_en, area.parent, area.households)).encode())
        seal.update(shapely.to_wkb(shapely.normalize(area.shape)))
    return seal.hexdigest()
