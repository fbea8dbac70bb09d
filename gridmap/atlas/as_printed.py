"""Borders are simplified for a sheet: here the cells are judged again as the village's sheet shows them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.atlas.paper import Layout, Paper, fitting_scale
from gridmap.atlas.view import SIMPLER_MM
from gridmap.geometry.metres import Metres
from gridmap.grid import Area, Finding, Households, Severity
from gridmap.grid.crosswalk import owners_of

SEEN_MM = 2 * SIMPLER_MM
"""What is broader than this on paper can be seen: each of two borders may be off by SIMPLER_MM."""


@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """A village's cells in metres, as they are and as they are printed; `seen_m` is what SEEN_MM is on the land."""

    cells: Sequence[Area]
    plane: Metres
    scale: int
    whole: NDArray[np.object_]
    printed: NDArray[np.object_]

    @property
    def seen_m(self) -> float:
        return SEEN_MM * self.scale / 1000

    def finding(self, code: str, cell: Area, place: BaseGeometry, **facts: object) -> Finding:
        spot = shapely.point_on_surface(place)
        lon, lat = self.plane.lonlat(spot.x, spot.y)
        return Finding(code, Severity.WARNING, cell.code, float(lon), float(lat), {"scale": self.scale, **facts})


def find_misprinted(cells: Iterable[Area], households: Households, paper: Paper = Paper.A3) -> Iterator[Finding]:
    """What would be wrong on each village's own sheet and could be seen there, at the scale at which it fits: cells that are no
    polygons any more, overlap or leave a gap, and households printed in another cell than theirs. Sound cells only."""
    villages = defaultdict(list)
    for cell in cells:
        villages[cell.parent].append(cell)
    for own in villages.values():
        sheet = _sheet(own, paper)
        broken = shapely.is_empty(sheet.printed) | ~shapely.is_valid(sheet.printed)
        if broken.any():
            yield from (sheet.finding("print_broken", own[at], sheet.whole[at]) for at in np.flatnonzero(broken).tolist())
            continue
        yield from _overlaps(sheet)
        yield from _gaps(sheet)
        yield from _elsewhere(sheet, households)


def _sheet(cells: Sequence[Area], paper: Paper) -> _Sheet:
    shapes = np.array([cell.shape for cell in cells], dtype=object)
    plane = Metres.around(shapes)
    whole = plane.forward(shapes)
    west, south, east, north = shapely.total_bounds(whole).tolist()
    scale = min(fitting_scale(east - west, north - south, Layout(paper, wide).map) for wide in (True, False))
    return _Sheet(cells, plane, scale, whole, shapely.coverage_simplify(whole, SIMPLER_MM * scale / 1000))


def _overlaps(sheet: _Sheet) -> Iterator[Finding]:
    one, other = shapely.STRtree(sheet.printed).query(sheet.printed, predicate="intersects")
    for a, b in zip(*(side[one < other].tolist() for side in (one, other)), strict=True):
        common = shapely.intersection(sheet.printed[a], sheet.printed[b])
        if _seen(common, sheet):
            yield sheet.finding("print_overlap", sheet.cells[a], common, other=sheet.cells[b].code)


def _gaps(sheet: _Sheet) -> Iterator[Finding]:
    """Land of the cells that none of them has on paper; each is told with the cell that it was."""
    bare = shapely.get_parts(shapely.difference(shapely.union_all(sheet.whole), shapely.union_all(sheet.printed)))
    for gap in bare[[_seen(part, sheet) for part in bare]] if len(bare) else ():
        at = int(np.argmax(shapely.area(shapely.intersection(sheet.whole, gap))))
        yield sheet.finding("print_gap", sheet.cells[at], gap)


def _elsewhere(sheet: _Sheet, households: Households) -> Iterator[Finding]:
    owner = owners_of(sheet.cells, households.lon, households.lat)
    here = np.flatnonzero((owner >= 0) & (households.counts > 0))
    spots = shapely.points(*sheet.plane.xy(households.lon[here], households.lat[here]))
    away = here[shapely.distance(sheet.printed[owner[here]], spots) > sheet.seen_m]
    for at in np.unique(owner[away]).tolist():
        gone = away[owner[away] == at]
        count, first = int(households.counts[gone].sum()), (float(households.lon[gone[0]]), float(households.lat[gone[0]]))
        yield Finding("print_elsewhere", Severity.WARNING, sheet.cells[at].code, *first, {"scale": sheet.scale, "households": count})


def _seen(land: BaseGeometry, sheet: _Sheet) -> bool:
    return not shapely.is_empty(shapely.buffer(land, -sheet.seen_m / 2))
