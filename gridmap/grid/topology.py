"""Overlaps between areas of one level, gaps between them and in what holds them, and what sticks out of its parent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.geometry.metres import Metres
from gridmap.grid.area import Area
from gridmap.grid.finding import Finding, Severity
from gridmap.grid.measures import NOISE_M2, Shapes, areas_m2, place, polygons, reach

TOLERANCE_M = 100.0
TOUCHES_DEGREES = 1e-9  # a tenth of a millimetre: corners computed on a border are rounded
MOST = 0.5


@dataclass(frozen=True, slots=True)
class Measure:
    """The plane to measure in, and how far two drawings of one border may differ."""

    plane: Metres
    tolerance_m: float = TOLERANCE_M


def find_overlaps(codes: Sequence[str], shapes: Shapes, new: NDArray[np.bool_], plane: Metres) -> list[Finding]:
    """A warning for each two areas, one of them new, that share more than a square metre; lesser ones are counted in one note."""
    crossing = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes))
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = (left < right) & (crossing[left] | crossing[right]) & (new[left] | new[right])
    left, right = left[pair], right[pair]
    shared = shapely.intersection(shapes[left], shapes[right])
    m2 = areas_m2(shared, plane)
    findings = []
    for at in np.flatnonzero(m2 > NOISE_M2).tolist():
        lon, lat = place(shared[at])
        facts = {"other": codes[right[at]], "area_m2": float(m2[at])}
        findings.append(Finding("overlap", Severity.WARNING, codes[left[at]], lon, lat, facts))
    small = (m2 > 0) & (m2 <= NOISE_M2)
    return findings + _slivers("overlap_slivers", shared[small], m2[small])


def find_gaps(holders: Mapping[str, BaseGeometry], children: Mapping[str, Shapes], *, tolerance_m: float, plane: Metres) -> list[Finding]:
    """A warning for each piece of a holder's land that none of its children has.

    Pieces between children are told one by one from a square metre up. Along the holder's own border, which is often drawn
    to another accuracy, those wider than `tolerance_m` are told one by one and the narrower ones together.
    """
    findings = []
    for code, shapes in children.items():
        missing = polygons(shapely.difference(holders[code], shapely.union_all(shapes)))
        border = shapely.boundary(holders[code])
        shapely.prepare(border)
        inner = ~shapely.dwithin(border, missing, TOUCHES_DEGREES)
        findings += _told_one_by_one("gap", code, missing[inner], plane)
        findings += _edge_gaps(code, missing[~inner], tolerance_m, plane)
    return findings


def find_holes(shapes: Shapes, plane: Metres) -> list[Finding]:
    """The same for the widest level, which nothing holds: what its areas enclose together and none of them has."""
    parts = polygons(shapely.union_all(shapes))
    holes = np.array([shapely.Polygon(ring) for part in parts for ring in part.interiors], dtype=object)
    return _told_one_by_one("gap_enclosed", "", holes, plane)


def _told_one_by_one(code: str, area: str, pieces: Shapes, plane: Metres) -> list[Finding]:
    m2 = areas_m2(pieces, plane)
    findings = []
    for at in np.flatnonzero(m2 > NOISE_M2).tolist():
        lon, lat = place(pieces[at])
        findings.append(Finding(code, Severity.WARNING, area, lon, lat, {"area_m2": float(m2[at])}))
    small = (m2 > 0) & (m2 <= NOISE_M2)
    return findings + _slivers("gap_slivers", pieces[small], m2[small])


def _edge_gaps(area: str, pieces: Shapes, tolerance_m: float, plane: Metres) -> list[Finding]:
    wide = ~shapely.is_empty(shapely.buffer(plane.forward(pieces), -tolerance_m / 2))
    narrow = pieces[~wide]
    m2 = areas_m2(narrow, plane)
    findings = _told_one_by_one("gap_at_border", area, pieces[wide], plane)
    if m2.sum() > NOISE_M2:
        lon, lat = place(narrow[int(np.argmax(m2))])
        facts = {"count": len(narrow), "area_m2": float(m2.sum()), "tolerance_m": tolerance_m}
        findings.append(Finding("gaps_narrow", Severity.WARNING, area, lon, lat, facts))
    return findings


def _slivers(code: str, pieces: Shapes, m2: NDArray[np.float64]) -> list[Finding]:
    """One note for all that is under a square metre, at the largest of them."""
    if not len(pieces):
        return []
    lon, lat = place(pieces[int(np.argmax(m2))])
    return [Finding(code, Severity.NOTE, "", lon, lat, {"count": len(pieces), "area_m2": float(m2.sum())})]


def find_sticking_out(
    codes: Sequence[str], shapes: Shapes, of: NDArray[np.int64], holders: Sequence[Area], measure: Measure
) -> list[Finding]:
    """A finding for each area that has more than a square metre outside its parent `holders[of[row]]`; `of` is negative where it has none.

    A warning up to the tolerance, beyond it an error, as is one that lies outside with the greater part of its land.
    """
    plane, tolerance_m = measure.plane, measure.tolerance_m
    wide = np.array([holder.shape for holder in holders], dtype=object)
    rows = np.flatnonzero(of >= 0)
    outside = shapely.difference(shapes[rows], wide[of[rows]])
    outside_m2, own_m2 = areas_m2(outside, plane), areas_m2(shapes[rows], plane)
    wide_m = plane.forward(wide)
    findings = []
    for at in np.flatnonzero(outside_m2 > NOISE_M2).tolist():
        row, parent = int(rows[at]), int(of[rows[at]])
        reach_m, (lon, lat) = reach(outside[at], wide_m[parent], plane, tolerance_m)
        share = float(outside_m2[at] / own_m2[at])
        severity = Severity.ERROR if reach_m > tolerance_m or share > MOST else Severity.WARNING
        facts = {"parent": holders[parent].code, "reach_m": reach_m, "outside_m2": float(outside_m2[at]), "share": share}
        findings.append(Finding("child_outside_parent", severity, codes[row], lon, lat, facts))
    return findings
