"""Overlaps between areas of one level, and gaps between them and in what holds them."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.boundaries.parents import NOISE_M2
from gridmap.boundaries.pieces import areas_m2, place, polygons
from gridmap.boundaries.table import Shapes
from gridmap.geometry.metres import Metres
from gridmap.grid import Finding, Severity

TOUCHES_DEGREES = 1e-9  # a tenth of a millimetre: corners computed on a border are rounded


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
