"""Cells that somebody drew by hand become a whole tiling of their village: overlaps and gaps are given to one cell each.

Every bit of land that several cells claim goes to the one of them with which it shares the longest border, land that nobody claims to the
cell beside it with which it does; what lies beyond the village goes. So a line that was drawn twice, a metre apart, becomes one line.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import cos, dist, hypot, radians

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.errors import Conflict
from gridmap.geometry.shapes import repair
from gridmap.grid import Area
from gridmap.grid.crosswalk import owners_of, sums
from gridmap.planning.moves import Ground, Moved, alike, set_corners
from gridmap.planning.tiling import (
    NEAR,
    Corner,
    Divided,
    DivideFailed,
    Edge,
    TilingBroken,
    check_tiling,
    divide,
    edges_of,
    join,
    place_of,
    turned,
    with_corners,
)  # fmt: skip

GRIDS = (NEAR, 10 * NEAR, 100 * NEAR)
"""Degrees between the places where corners may lie, tried in this order: a tenth of a millimetre, a millimetre, a centimetre."""
Claims = list[frozenset[int]]
"""By face: the positions of the cells that were drawn over it."""


class CellLandless(Conflict):
    """Nothing of a cell lies in its village and is its own; facts: village, cell, lon, lat."""


class NothingToMend(Conflict):
    """The cells tile their village already; facts: village."""


class VillageParted(Conflict):
    """A village of several parts, or with a hole, is not mended: its cells are drawn, or cut, part by part; facts: village."""


@dataclass(frozen=True, slots=True)
class Mend:
    """The cells of a village are to tile it."""

    village: str


def mend(ground: Ground) -> Moved:
    """Make the village's cells tile it to the last bit; every household in the village is then in one cell.

    NothingToMend where they do already, CellLandless, DivideFailed, VillageParted.
    """
    village = ground.village.shape
    if not isinstance(village, Polygon):
        raise VillageParted(village=ground.village.code)
    if not ground.cells or _is_whole(ground):
        raise NothingToMend(village=ground.village.code)
    for grid in GRIDS[:-1]:
        try:
            return _mended(ground, village, grid)
        except (DivideFailed, TilingBroken):
            continue  # slivers thinner than the grid are left: a coarser one closes them
    return _mended(ground, village, GRIDS[-1])


def _mended(ground: Ground, village: Polygon, grid: float) -> Moved:
    drawn = [shapely.intersection(repair(cell.shape)[0] or Polygon(), village) for cell in ground.cells]
    divided = divide(_with_corners_beside(village, ground.beside), _lines(drawn, village, grid))
    owner = _Sharing(divided.faces, _claims(divided.faces, drawn)).shared()
    shapes = [join([face for face, place in zip(divided.faces, owner, strict=True) if place == n]) for n in range(len(drawn))]
    for cell, shape in zip(ground.cells, shapes, strict=True):
        if shape.is_empty:
            lon, lat = place_of(cell.shape)
            raise CellLandless(village=ground.village.code, cell=cell.code, lon=lon, lat=lat)
    return _moved(ground, shapes, divided)


def _is_whole(ground: Ground) -> bool:
    try:
        check_tiling(ground.village.code, ground.cells)
    except TilingBroken:
        return False
    beyond = shapely.symmetric_difference(shapely.union_all([cell.shape for cell in ground.cells]), ground.village.shape)
    return bool(shapely.area(beyond) < NEAR * ground.village.shape.length)


def _with_corners_beside(village: Polygon, beside: Sequence[Area]) -> Polygon:
    """The village's outline with the corners that the cells of its neighbours have upon it, to the last bit."""
    corners = np.unique(shapely.get_coordinates([cell.shape for cell in beside]), axis=0)
    edges = list(edges_of(village))
    bits = shapely.linestrings(np.array(edges, dtype=np.float64))
    spots = shapely.points(corners[~np.isin(_keys(corners), _keys(shapely.get_coordinates(village)))])
    upon: dict[Edge, list[Corner]] = defaultdict(list)
    for spot, at in shapely.STRtree(bits).query(spots, predicate="dwithin", distance=NEAR).T.tolist():
        upon[edges[at]].append((spots[spot].x, spots[spot].y))
    return with_corners(village, {edge: sorted(found, key=lambda corner: dist(edge[0], corner)) for edge, found in upon.items()})


def _keys(corners: np.ndarray) -> np.ndarray:
    return corners[:, 0] + 1j * corners[:, 1]


def _lines(drawn: Sequence[BaseGeometry], village: Polygon, grid: float) -> list[np.ndarray]:
    """The outlines within the village, cut where they meet; corners lie upon a grid of so many degrees."""
    noded = shapely.union_all(shapely.boundary(drawn), grid_size=grid)
    within = shapely.difference(
        shapely.intersection(noded, village), shapely.buffer(village.boundary, NEAR / 2)
    )  # what runs along it is it
    inside = shapely.get_parts(shapely.line_merge(within))
    return [shapely.get_coordinates(line) for line in inside.tolist() if isinstance(line, LineString) and line.length]


def _claims(faces: Sequence[Polygon], drawn: Sequence[BaseGeometry]) -> Claims:
    face, cell = shapely.STRtree(drawn).query([face.representative_point() for face in faces], predicate="intersects")
    found: list[set[int]] = [set() for _ in faces]
    for at, by in zip(face.tolist(), cell.tolist(), strict=True):
        found[at].add(by)
    return [frozenset(each) for each in found]


class _Sharing:
    """Faces on their way to one cell each."""

    def __init__(self, faces: Sequence[Polygon], claims: Claims) -> None:
        self._faces, self._claims = faces, claims
        self._beside = _beside(faces)
        self._owner = [next(iter(claim)) if len(claim) == 1 else -1 for claim in claims]

    def shared(self) -> list[int]:
        """The cell of each face, -1 for none."""
        self._give_to_landless()
        self._give_by_border()
        while parted := self._parted():  # one part of a cell stays, the rest is land that nobody claims
            for face in parted:
                self._owner[face], self._claims = -1, [*self._claims[:face], frozenset(), *self._claims[face + 1 :]]
            self._give_by_border()
        return self._owner

    def _give_to_landless(self) -> None:
        """Who would have no land at all gets the largest that it claims: it was drawn within another one."""
        for cell in sorted(frozenset().union(*self._claims) - set(self._owner)):
            mine = [face for face, claim in enumerate(self._claims) if cell in claim and self._owner[face] < 0]
            if mine:
                self._owner[max(mine, key=lambda face: self._faces[face].area)] = cell

    def _give_by_border(self) -> None:
        """The longest common border first; so that land deep within a gap follows what lies before it."""
        waiting = {face for face, owner in enumerate(self._owner) if owner < 0}
        while waiting:
            offers = [offer for face in waiting if (offer := self._best(face))]
            if not offers:
                return
            _, face, cell = max(offers)
            self._owner[face] = cell
            waiting.discard(face)

    def _best(self, face: int) -> tuple[float, int, int] | None:
        """The cell with the longest border with a face, of those that claim it if any of them lies beside it."""
        shared: dict[int, float] = defaultdict(float)
        for other, length in self._beside[face].items():
            if self._owner[other] >= 0:
                shared[self._owner[other]] += length
        among = {cell: length for cell, length in shared.items() if cell in self._claims[face]} or shared
        return max(((length, face, cell) for cell, length in among.items()), default=None)

    def _parted(self) -> list[int]:
        """The faces of cells in several parts, but for each one's largest part."""
        found = []
        for cell in sorted(set(self._owner) - {-1}):
            parts = self._parts({face for face, owner in enumerate(self._owner) if owner == cell})
            parts.sort(key=lambda part: sum(self._faces[face].area for face in part))
            found += [face for part in parts[:-1] for face in part]
        return found

    def _parts(self, faces: set[int]) -> list[list[int]]:
        parts = []
        while faces:
            part, edge = [], [faces.pop()]
            while edge:
                part.append(face := edge.pop())
                near = faces & self._beside[face].keys()
                faces -= near
                edge += sorted(near)
            parts.append(part)
        return parts


def _beside(faces: Sequence[Polygon]) -> list[Mapping[int, float]]:
    """By face: how long a border it shares with which others, in degrees of latitude."""
    of = {edge: at for at, face in enumerate(shapely.normalize(np.array(faces, dtype=object))) for edge in edges_of(face)}
    narrow = cos(radians(faces[0].centroid.y)) if faces else 1.0
    found: list[dict[int, float]] = [defaultdict(float) for _ in faces]
    for edge, at in of.items():
        if (other := of.get(turned(edge))) is not None:
            (ax, ay), (bx, by) = edge
            found[at][other] += hypot((bx - ax) * narrow, by - ay)
    return [dict(each) for each in found]


def _moved(ground: Ground, shapes: Iterable[BaseGeometry], divided: Divided) -> Moved:
    cells = [replace(cell, shape=shape) for cell, shape in zip(ground.cells, shapes, strict=True)]
    check_tiling(ground.village.code, cells)
    given = ground.households
    owner = owners_of(cells, given.lon, given.lat)
    counts = sums(owner, given.counts, len(cells)).tolist()
    if given.total:
        cells = [replace(cell, households=count) for cell, count in zip(cells, counts, strict=True)]
    changed: dict[str, Area | None] = {cell.code: cell for cell in cells if not alike(cell.shape, ground.by_code[cell.code].shape)}
    for code, shape in set_corners({cell.code: cell.shape for cell in ground.beside}, divided.extra).items():
        changed[code] = replace(next(cell for cell in ground.beside if cell.code == code), shape=shape)
    return Moved(changed, int(given.counts[owner != ground.owner].sum()))
