"""Villages are cut one by one: here their cells get each other's corners on the borders that they share."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from shapely import LinearRing, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

Corner = complex
"""x and y as one number: equal corners are equal keys."""
Edge = tuple[Corner, Corner]
Run = list[Corner]
"""A straight bit of a village's outline: its two own corners, and between them those that its cells have set upon it."""

SAME = 2e-11
"""Corners nearer to each other than this (in degrees, two micrometres) on one bit of outline are one."""


@dataclass(frozen=True, slots=True)
class _Seam:
    """What changes on one village's outline: corners that move, and those to set between two that follow each other."""

    moved: dict[Corner, Corner] = field(default_factory=dict)
    extra: dict[Edge, list[Corner]] = field(default_factory=dict)


def sew(villages: Sequence[Polygon | MultiPolygon], cells: Sequence[Sequence[Polygon]]) -> list[list[Polygon]]:
    """The cells of each village, with the corners that the neighbour's cells have upon the same bit of outline.

    What cells have set upon an outline is put exactly upon its straight bit, whatever the coordinate system; the corners of the
    villages stay. Where two outlines do not carry the same corners nothing is added.
    """
    runs = [list(_runs(village, own)) for village, own in zip(villages, cells, strict=True)]
    set_upon: dict[Edge, set[Corner]] = {}
    for run in (run for own in runs for run in own):
        set_upon.setdefault(_edge(run), set()).update(run[1:-1])
    straight = {edge: _straight(edge, corners) for edge, corners in set_upon.items()}
    seams = [_seam(own, straight) for own in runs]
    return [[_sewn(cell, seam) for cell in own] for own, seam in zip(cells, seams, strict=True)]


def _edge(run: Run) -> Edge:
    a, b = run[0], run[-1]
    return (a, b) if (a.real, a.imag) < (b.real, b.imag) else (b, a)


def _corners(ring: LinearRing) -> list[Corner]:
    return [complex(x, y) for x, y in shapely.get_coordinates(ring).tolist()]


def _runs(village: Polygon | MultiPolygon, cells: Sequence[Polygon]) -> Iterator[Run]:
    """The straight bits of a village's outline as its cells have them."""
    own = {corner for ring in shapely.get_rings(shapely.get_parts(village)) for corner in _corners(ring)}
    for ring in shapely.get_rings(shapely.get_parts(_union(cells))):
        corners = _corners(ring)[:-1]
        first = next((place for place, corner in enumerate(corners) if corner in own), None)
        if first is None:  # a gap between cells that do not tile
            continue
        run: Run = []
        for corner in [*corners[first:], *corners[: first + 1]]:
            run.append(corner)
            if corner in own and len(run) > 1:
                yield run
                run = [corner]


def _union(cells: Sequence[Polygon]) -> BaseGeometry:
    """Of cells that somebody drew by hand, too: those need not carry each other's corners."""
    try:
        return shapely.coverage_union_all(cells)
    except shapely.GEOSException:
        return shapely.union_all(shapely.make_valid(np.array(cells, dtype=object)))


def _straight(edge: Edge, corners: Iterable[Corner]) -> dict[Corner, Corner]:
    """Where each corner lies exactly on the edge, in their order along it; corners at one place are put together."""
    start, end = edge
    along = end - start
    share = {corner: ((corner - start) * along.conjugate()).real / abs(along) ** 2 for corner in corners}
    placed, last = {}, start
    for corner in sorted(share, key=lambda c: share[c]):
        place = start + share[corner] * along
        if abs(place - last) > SAME:
            last = end if abs(place - end) <= SAME else place
        placed[corner] = last
    return placed


def _seam(runs: Iterable[Run], straight: dict[Edge, dict[Corner, Corner]]) -> _Seam:
    seam = _Seam()
    for run in runs:
        edge = _edge(run)
        placed = straight[edge]
        seam.moved.update((corner, placed[corner]) for corner in run[1:-1])
        order = list(dict.fromkeys([edge[0], *placed.values(), edge[1]]))
        mine = {run[0], run[-1], *(placed[corner] for corner in run[1:-1])}
        own = [place for place, corner in enumerate(order) if corner in mine]
        for i, j in pairwise(own):
            seam.extra[order[i], order[j]] = order[i + 1 : j]
            seam.extra[order[j], order[i]] = order[i + 1 : j][::-1]
    return seam


def _sewn(cell: Polygon, seam: _Seam) -> Polygon:
    def fill(ring: LinearRing) -> list[tuple[float, float]]:
        corners = [seam.moved.get(corner, corner) for corner in _corners(ring)]
        filled = corners[:1]
        for a, b in pairwise(corners):
            if a != b:
                filled += [*seam.extra.get((a, b), ()), b]
        return [(corner.real, corner.imag) for corner in filled]

    return Polygon(fill(cell.exterior), [fill(hole) for hole in cell.interiors])
