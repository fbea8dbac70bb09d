"""Villages are cut one by one: here their cells get each other's corners on the borders that they share."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import shapely
from shapely import LinearRing, MultiPolygon, Polygon

Corner = complex
"""(lon, lat) as one number: equal corners are equal keys."""
Run = list[Corner]
"""A straight bit of a village's outline: its two own corners, and between them those that its cells have set upon it."""


def sew(villages: Sequence[Polygon | MultiPolygon], cells: Sequence[Sequence[Polygon]]) -> list[list[Polygon]]:
    """The cells of each village, with the corners that the neighbour's cells have upon the same bit of outline.

    Where two outlines do not carry the same corners nothing is added. No shape changes by more than the rounding of a coordinate.
    """
    runs = [list(_runs(village, own)) for village, own in zip(villages, cells, strict=True)]
    upon: dict[tuple[Corner, Corner], set[Corner]] = {}
    for run in (run for own in runs for run in own):
        upon.setdefault(_edge(run), set()).update(run[1:-1])
    missing = [dict(step for run in own for step in _steps(run, upon[_edge(run)])) for own in runs]
    return [[_with(cell, extra) if extra else cell for cell in own] for own, extra in zip(cells, missing, strict=True)]


def _edge(run: Run) -> tuple[Corner, Corner]:
    a, b = run[0], run[-1]
    return (a, b) if (a.real, a.imag) < (b.real, b.imag) else (b, a)


def _corners(ring: LinearRing) -> list[Corner]:
    xy = shapely.get_coordinates(ring)
    return [complex(x, y) for x, y in xy.tolist()]


def _runs(village: Polygon | MultiPolygon, cells: Sequence[Polygon]) -> Iterator[Run]:
    """The straight bits of a village's outline as its cells have them."""
    own = {corner for ring in shapely.get_rings(village) for corner in _corners(ring)}
    for ring in shapely.get_rings(shapely.coverage_union_all(cells)):
        corners = _corners(ring)[:-1]
        first = next(place for place, corner in enumerate(corners) if corner in own)
        run: Run = []
        for corner in [*corners[first:], *corners[: first + 1]]:
            run.append(corner)
            if corner in own and len(run) > 1:
                yield run
                run = [corner]


def _steps(run: Run, upon: set[Corner]) -> Iterator[tuple[tuple[Corner, Corner], list[Corner]]]:
    """For each step of a run, in both directions, the corners of others that lie within it."""
    others = upon - set(run)
    if not others:
        return
    along = (run[-1] - run[0]).conjugate()
    order = sorted([*run, *others], key=lambda corner: ((corner - run[0]) * along).real)
    places = [order.index(corner) for corner in run]
    for (a, b), (i, j) in zip(pairwise(run), pairwise(places), strict=True):
        if j > i + 1:
            yield (a, b), order[i + 1 : j]
            yield (b, a), order[i + 1 : j][::-1]


def _with(cell: Polygon, extra: dict[tuple[Corner, Corner], list[Corner]]) -> Polygon:
    def fill(ring: LinearRing) -> list[tuple[float, float]]:
        corners = _corners(ring)
        filled = [corners[0]]
        for a, b in pairwise(corners):
            filled += [*extra.get((a, b), ()), b]
        return [(corner.real, corner.imag) for corner in filled]

    return Polygon(fill(cell.exterior), [fill(hole) for hole in cell.interiors])
