"""Cells of villages that were drawn without each other's corners share their borders to the last bit, by exact arithmetic and by GEOS."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from gridmap.grid import Area, Level
from gridmap.planning import cut_villages, sew
from gridmap.planning.borders import Floats
from gridmap.planning.tiling import arcs, edges_of, exact_area
from tests.land.test_cut import EAST, homes, put, village

SEAMLESS_M = 1e-5


def one_side(shape: Polygon, at: Floats, along: Floats) -> Polygon | None:
    """What of a convex shape lies left of a line; corners where the line meets it are rounded."""
    kept = []
    corners = shapely.get_coordinates(shape)
    for a, b in pairwise(corners):
        sa, sb = (along[0] * (p[1] - at[1]) - along[1] * (p[0] - at[0]) for p in (a, b))
        if sa >= 0:
            kept.append(a)
        if sa * sb < 0:
            kept.append(a + (b - a) * (sa / (sa - sb)))
    found = Polygon(kept) if len(kept) > 2 else None
    return found if found is not None and found.is_valid and found.area > 400 else None


def divided(seed: int, times: int) -> list[Polygon]:
    """A rectangle of 400 by 300 metres divided by a line, and the largest part again, and again: each part knows its own corners only, so
    that many lie upon straight borders of others."""
    rng, parts = np.random.default_rng(seed), [box(0, 0, 400, 300)]
    for _ in range(times):
        largest = max(parts, key=lambda part: part.area)
        at = shapely.get_coordinates(largest.centroid)[0] + rng.normal(0, 8, 2)
        along = rng.normal(0, 1, 2)
        halves = [one_side(largest, at, along), one_side(largest, at, -along)]
        if all(halves):
            parts = [*(part for part in parts if part is not largest), *(half for half in halves if half)]
    return parts


def seamless(cells: Sequence[Polygon], land: Polygon) -> None:
    """Each bit of border is one cell's, or two cells' in both directions; what is one cell's runs along the rim; the areas add up to what
    the rim encloses, in fractions; and GEOS finds no overlap and no gap."""
    own = Counter(edge for cell in cells for edge in edges_of(shapely.normalize(cell)))
    assert max(own.values()) == 1
    outer = [edge for edge in own if edge[::-1] not in own]
    rim = shapely.get_parts(shapely.polygonize([shapely.linestrings(edge) for edge in outer]))
    assert len(rim) == 1
    assert sum(map(exact_area, cells)) == exact_area(rim[0])
    assert shapely.hausdorff_distance(rim[0].exterior, land.exterior) < SEAMLESS_M * EAST
    shapes = np.array(cells, dtype=object)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes, gap_width=SEAMLESS_M * EAST)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    assert not len(one), [(shapes[a], shapes[b]) for a, b in zip(one, other, strict=True)][:1]


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), times=st.integers(1, 7), people=st.integers(0, 400))
def test_any_villages_with_corners_upon_each_others_borders_are_cut_without_a_seam(seed: int, times: int, people: int) -> None:
    lands = [village(shape, f"4201001002{at:02}") for at, shape in enumerate(divided(seed, times))]
    spots = np.random.default_rng(seed).uniform((1, 1), (399, 299), (people, 2))
    cut = cut_villages(lands, homes(spots.tolist()))
    seamless([cell.shape for cell in cut.cells], put(box(0, 0, 400, 300)))


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(300))
def test_three_hundred_lands_are_cut_without_a_seam(seed: int) -> None:
    lands = [village(shape, f"4201001002{at:02}") for at, shape in enumerate(divided(seed, 12))]
    spots = np.random.default_rng(seed).uniform((1, 1), (399, 299), (900, 2))
    cut = cut_villages(lands, homes(spots.tolist()))
    seamless([cell.shape for cell in cut.cells], put(box(0, 0, 400, 300)))


def test_a_corner_that_is_there_already_goes_where_the_neighbours_is() -> None:
    """The west has a corner a billionth beside the place where the two in the east meet."""
    west, middle = box(0, 0, 1, 1), (1.0, 1 / 3)
    nearly = (1.0, 1 / 3 + 1e-12)
    east = [Polygon([(1, 0), (2, 0), (2, 1), middle]), Polygon([middle, (2, 1), (1, 1)])]
    own = [Polygon([(0, 0), (1, 0), nearly, (0, 0.5)]), Polygon([nearly, (1, 1), (0, 1), (0, 0.5)])]
    sewn = [cell for group in sew([west, *east], [own, [east[0]], [east[1]]]) for cell in group]
    seamless(sewn, box(0, 0, 2, 1))
    assert list(middle) in shapely.get_coordinates(sewn[0]).tolist()
    assert list(nearly) not in shapely.get_coordinates(sewn).tolist()


def test_villages_of_several_parts_and_around_others_get_their_corners_too() -> None:
    hole = [(1.0, 1.0), (1.0, 2.0), (2.0, 2.0), (2.0, 1.0)]
    ring = Polygon([(0, 0), (3, 0), (3, 3), (0, 3)], [hole])
    inside = [Polygon([*hole[:2], (1 + 1 / 3, 2.0), (1.4, 1.0)]), Polygon([(1 + 1 / 3, 2.0), *hole[2:], (1.4, 1.0)])]
    around = MultiPolygon([ring, box(5, 5, 6, 6)])
    sewn = sew([around, *inside], [[ring, box(5, 5, 6, 6)], [inside[0]], [inside[1]]])
    seamless([sewn[0][0], *sewn[1], *sewn[2]], box(0, 0, 3, 3))
    assert sewn[0][1].equals(box(5, 5, 6, 6))


def test_villages_that_are_drawn_apart_stay_as_they_are() -> None:
    west, east = box(0, 0, 1, 1), [box(1 + 1e-9, 0, 2, 0.5), box(1 + 1e-9, 0.5, 2, 1)]
    assert sew([west, *east], [[west], [east[0]], [east[1]]]) == [[west], [east[0]], [east[1]]]


def test_borders_of_two_villages_are_arcs_of_two_cells() -> None:
    lands = [village(shape, f"4201001002{at:02}") for at, shape in enumerate(divided(5, 5))]
    cells = [Area(f"{land.code}001", Level.CELL, "格", land.code, shape) for land, [shape] in zip(lands, _sewn(lands), strict=True)]
    outer = [arc.line for arc in arcs(cells) if arc.right is None]
    assert all(line.within(put(box(0, 0, 400, 300)).exterior.buffer(SEAMLESS_M * EAST)) for line in outer)


def _sewn(lands: Sequence[Area]) -> list[list[Polygon]]:
    return sew([land.shape for land in lands], [[land.shape] for land in lands])
