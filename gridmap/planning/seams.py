"""Villages are cut one by one: here their cells get each other's corners on the borders that they share."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
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
    villages stay; one that lies upon another village's straight border is a corner there too. Where two outlines are drawn apart nothing
    is added.
    """
    villages, cells = _noded(villages, cells)
    runs = [list(_runs(village, own)) for village, own in zip(villages, cells, strict=True)]
    set_upon: dict[Edge, set[Corner]] = {}
    for run in (run for own in runs for run in own):
        set_upon.setdefault(_edge(run), set()).update(run[1:-1])
    straight = {edge: _straight(edge, corners) for edge, corners in set_upon.items()}
    seams = [_seam(own, straight) for own in runs]
    return [[_sewn(cell, seam) for cell in own] for own, seam in zip(cells, seams, strict=True)]


def node(villages: Sequence[Polygon | MultiPolygon]) -> list[Polygon | MultiPolygon]:
    """The villages with the corners that the others have upon their straight borders."""
    return _noded(villages, [[] for _ in villages])[0]


def _noded(
    villages: Sequence[Polygon | MultiPolygon], cells: Sequence[Sequence[Polygon]]
) -> tuple[list[Polygon | MultiPolygon], list[list[Polygon]]]:
    """Villages and cells with the corners that other villages have upon their straight borders.

    Such a corner lies beside the border by its own rounding: where only one side has it, the two overlap or gape by that.
    """
    upon = _upon(villages)
    lands, found = list(villages), [list(own) for own in cells]
    for at, corners in upon.items():
        seam = _Seam()
        for run in _runs(villages[at], cells[at]):
            _set(seam, run, corners.get(_edge(run), ()))
        found[at] = [_sewn(cell, seam) for cell in cells[at]]
        bare = _Seam()
        for edge, own in corners.items():
            _set(bare, list(edge), own)
        parts = [_sewn(part, bare) for part in shapely.get_parts(villages[at]).tolist()]
        lands[at] = parts[0] if isinstance(villages[at], Polygon) else MultiPolygon(parts)
    return lands, found


def _upon(villages: Sequence[Polygon | MultiPolygon]) -> dict[int, dict[Edge, list[Corner]]]:
    """Of each village the straight borders upon which some village has a corner, with these corners."""
    rings, village = shapely.get_rings(shapely.get_parts(villages)), np.repeat(np.arange(len(villages)), _rings_of(villages))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    starts = np.flatnonzero(ring[:-1] == ring[1:])
    edges = shapely.linestrings(np.stack([xy[starts], xy[starts + 1]], axis=1))
    places = np.unique(xy, axis=0)
    of_edge, of_place = shapely.STRtree(shapely.points(places)).query(edges, predicate="dwithin", distance=SAME)
    a, b, m = xy[starts[of_edge]], xy[starts[of_edge] + 1], places[of_place]
    inner = (np.hypot(*(m - a).T) > SAME) & (np.hypot(*(m - b).T) > SAME)
    found: dict[int, dict[Edge, list[Corner]]] = {}
    for at, start, end, corner in zip(village[ring[starts[of_edge]]][inner].tolist(), a[inner], b[inner], m[inner], strict=True):
        edge = _edge([complex(*start), complex(*end)])
        found.setdefault(at, {}).setdefault(edge, []).append(complex(*corner))
    return found


def _rings_of(villages: Sequence[Polygon | MultiPolygon]) -> NDArray[np.int64]:
    """How many rings each village has."""
    return np.array([len(shapely.get_rings(shapely.get_parts(village))) for village in villages], dtype=np.int64)


def _set(seam: _Seam, run: Run, corners: Iterable[Corner]) -> None:
    """Set corners upon a run; one of its own that is at the same place as such a corner moves there."""
    start, along = run[0], run[-1] - run[0]
    share = {corner: ((corner - start) * along.conjugate()).real for corner in (*run, *corners)}
    for corner in corners:
        seam.moved.update((own, corner) for own in run[1:-1] if abs(own - corner) <= SAME)
    order = list(dict.fromkeys(seam.moved.get(corner, corner) for corner in sorted(share, key=share.__getitem__)))
    mine = {seam.moved.get(corner, corner) for corner in run}
    _fill(seam, order, mine)


def _fill(seam: _Seam, order: Run, mine: Collection[Corner]) -> None:
    """What of `order` lies between two neighbouring corners of `mine`."""
    own = [place for place, corner in enumerate(order) if corner in mine]
    for i, j in pairwise(own):
        seam.extra[order[i], order[j]] = order[i + 1 : j]
        seam.extra[order[j], order[i]] = order[i + 1 : j][::-1]


def _edge(run: Run) -> Edge:
    a, b = run[0], run[-1]
    return (a, b) if (a.real, a.imag) < (b.real, b.imag) else (b, a)


def _corners(ring: LinearRing) -> list[Corner]:
    return [complex(x, y) for x, y in shapely.get_coordinates(ring).tolist()]


def _runs(village: Polygon | MultiPolygon, cells: Sequence[Polygon]) -> Iterator[Run]:
    """The straight bits of a village's outline as its cells have them."""
    own = {corner for ring in shapely.get_rings(shapely.get_parts(village)) for corner in _corners(ring)}
    for ring in shapely.get_rings(shapely.get_parts(union_of(cells))):
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


def union_of(cells: Sequence[Polygon]) -> BaseGeometry:
    """Of cells that somebody drew by hand, too: those need not carry each other's corners."""
    try:
        return shapely.coverage_union_all(cells)
    except shapely.GEOSException:
        return shapely.union_all(shapely.make_valid(np.array(cells, dtype=object)))


def _straight(edge: Edge, corners: Iterable[Corner]) -> dict[Corner, Corner]:
    """Where each corner lies exactly on the edge, in their order along it; corners at one place are put together."""
    start, end = edge
    along = end - start
    if abs(along) <= SAME:
        return {corner: corner for corner in corners}
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
        _fill(seam, order, mine)
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
