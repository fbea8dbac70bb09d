"""A border that two cells share, drawn anew between two places upon it."""

from collections.abc import Collection, Iterable, Sequence
from typing import TypeAlias

import numpy as np
import shapely
import shapely.ops
from shapely import LineString, Polygon

from gridmap.errors import BadInput
from gridmap.grid import Area
from gridmap.planning.borders import Floats
from gridmap.planning.tiling import NEAR, Corner, divide, edges_of, join, place_of

Line: TypeAlias = tuple[Corner, ...]


class NothingMoves(BadInput):
    """The move would change nothing; facts: none."""


class LineCrossesItself(BadInput):
    """A line that crosses or touches itself; facts: lon, lat."""


class LineElsewhere(BadInput):
    """A border runs where it cannot: it ends beside the border of the two cells, or leaves them; facts: cells, lon, lat."""


def simple(corners: Line) -> LineString:
    """The line, or LineCrossesItself with the place."""
    line = LineString(corners)
    if line.length == 0:
        raise NothingMoves
    if not line.is_simple:
        lon, lat = _crossing(line)
        raise LineCrossesItself(lon=lon, lat=lat)
    return line


def _crossing(line: LineString) -> Corner:
    """Where a line meets itself."""
    noded = shapely.get_parts(shapely.node(line))
    ends = [corner for part in noded for corner in (part.coords[0], part.coords[-1])]
    met = [corner for corner in ends if ends.count(corner) > 2]
    x, y = (met or ends)[0][:2]
    return float(x), float(y)


def redrawn(cells: tuple[Area, Area], shared: Sequence[LineString], line: LineString) -> tuple[Polygon, Polygon]:
    """The two cells with the line in the place of what their border (`shared`, its stretches) was between the line's ends; of a border
    that is a ring the shorter way round goes. Together they have the same land. LineElsewhere, DivideFailed."""
    named = ", ".join(cell.code for cell in cells)
    ends = [shapely.Point(line.coords[at]) for at in (0, -1)]
    at = min(range(len(shared)), key=lambda n: max(shared[n].distance(end) for end in ends))
    for end in ends:
        if shared[at].distance(end) > NEAR:
            raise LineElsewhere(cells=named, lon=end.x, lat=end.y)
    region = join([cell.shape for cell in cells])
    assert isinstance(region, Polygon)  # what shares a border hangs together
    _check_within(line, region, named)
    bits = [*(arc for n, arc in enumerate(shared) if n != at), *_without(shared[at], line)]
    divided = divide(region, [shapely.get_coordinates(bit) for bit in bits])
    sides = _by_side(divided.faces, cells[0].shape, region)
    if divided.extra or len(divided.faces) != 2 or sides is None:
        lon, lat = place_of(line)
        raise LineElsewhere(cells=named, lon=lon, lat=lat)
    return sides


def _check_within(line: LineString, region: Polygon, named: str) -> None:
    """LineElsewhere where the line leaves the two cells, or runs upon their outline."""
    rim = shapely.boundary(region)
    inner = shapely.get_coordinates(line)[1:-1]
    outside = shapely.difference(line, region)
    touching = [shapely.Point(corner) for corner in inner if rim.distance(shapely.Point(corner)) <= NEAR]
    if outside.length > NEAR or touching:
        lon, lat = place_of(touching[0] if touching else outside)
        raise LineElsewhere(cells=named, lon=lon, lat=lat)


def _without(arc: LineString, line: LineString) -> list[LineString]:
    """The arc with the line in the place of what runs between the line's ends; of a ring the shorter way round goes."""
    start, end = (arc.project(shapely.Point(line.coords[at])) for at in (0, -1))
    coords = shapely.get_coordinates(line)
    for at in (0, -1):
        coords[at] = _set_upon(arc, coords[at])
    if start > end:
        start, end, coords = end, start, coords[::-1]
    if arc.is_ring and end - start > arc.length / 2:
        return [_through([coords[:1], _part(arc, start, end)[1:-1], coords[-1:]]), LineString(coords)]
    return [_through([_part(arc, 0, start)[:-1], coords, _part(arc, end, arc.length)[1:]])]


def _set_upon(arc: LineString, corner: Floats) -> Floats:
    """The corner of the arc that is at the same place, if one is."""
    corners = shapely.get_coordinates(arc)
    away = np.hypot(*(corners - corner).T)
    found: Floats = corners[np.argmin(away)] if away.min() <= NEAR else corner
    return found


def _part(arc: LineString, start: float, end: float) -> Floats:
    return shapely.get_coordinates(shapely.ops.substring(arc, start, end))


def _through(bits: Iterable[Floats]) -> LineString:
    return LineString(np.vstack([bit for bit in bits if len(bit)]))


def _by_side(faces: Collection[Polygon], one: Polygon, region: Polygon) -> tuple[Polygon, Polygon] | None:
    """Which face goes on for `one`: the one that has its stretch of the region's outline; None where they are mixed."""
    rim = set(edges_of(shapely.normalize(region)))
    own = {edge for edge in edges_of(shapely.normalize(one)) if edge in rim}
    mine: list[Polygon] = []
    theirs: list[Polygon] = []
    for face in faces:
        outer = {edge for edge in edges_of(shapely.normalize(face)) if edge in rim}
        if outer & own and outer - own:
            return None
        (mine if outer & own or (not outer and not own) else theirs).append(face)
    return (mine[0], theirs[0]) if len(mine) == len(theirs) == 1 else None
