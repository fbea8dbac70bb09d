"""Villages are the unions of their cells, townships of their villages: by their edges, by exact areas, and however they were cut."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from gridmap.county import make_county
from gridmap.grid import Area, Level
from gridmap.planning import cut_villages
from gridmap.planning.parents import fit_parents
from gridmap.planning.tiling import edges_of, exact_area
from tests.land.test_cut import EAST, homes, lattice, put, village
from tests.land.test_seams import divided


def edges(areas: Sequence[Area]) -> Counter[tuple[tuple[float, float], tuple[float, float]]]:
    """How often each directed edge occurs in the outlines; normalised rings run one way, so that neighbours have each other's turned."""
    parts = shapely.get_parts(shapely.normalize([area.shape for area in areas])).tolist()
    return Counter(edge for part in parts for edge in edges_of(part))


def is_union(parent: Area, children: Sequence[Area]) -> bool:
    """Whether what is left of the children's edges, without those that two of them share, is the parent's, edge for edge."""
    own = edges(children)
    outer = {edge for edge in own if edge[::-1] not in own}
    area = [sum(exact_area(part) for one in some for part in shapely.get_parts(one.shape)) for some in ([parent], children)]
    return outer == set(edges([parent])) and area[0] == area[1]


def below(areas: Sequence[Area], parent: Area) -> list[Area]:
    return [area for area in areas if area.parent == parent.code]


@cache
def county() -> tuple[Area, ...]:
    made = make_county()
    lines = ([each.shape for each in kind] for kind in (made.barriers, made.bridges))
    cells = cut_villages(made.villages, made.households, *lines, thorough=False).cells
    return (*made.townships, *made.villages, *cells)


def test_all_villages_and_townships_of_a_county_become_the_unions_of_what_they_have() -> None:
    parents = [area for area in county() if area.level is not Level.CELL]
    assert sum(is_union(parent, below(county(), parent)) for parent in parents) < len(parents) / 2
    fitted = fit_parents(county())
    assert [area.code for area in fitted] == [area.code for area in county()]
    for parent in fitted:
        if parent.level is not Level.CELL:
            assert is_union(parent, below(fitted, parent)), parent.code
    for before, after in zip(county(), fitted, strict=True):
        assert replace(after, shape=before.shape) == before
        assert shapely.hausdorff_distance(before.shape.boundary, after.shape.boundary) < 1e-6 * EAST
    assert all(one is other for one, other in zip(fitted, fit_parents(fitted), strict=True))


@given(st.integers(0, 10_000), st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_villages_cut_on_different_days_share_their_corners_in_the_end(seed: int, times: int) -> None:
    """Cut one by one, none knows what the next one sets upon their border."""
    lands = [village(part, f"4201001002{nth:02}") for nth, part in enumerate(divided(seed, times))]
    township = Area("420100100", Level.TOWNSHIP, "镇", None, put(box(0, 0, 400, 300)))
    people = homes(np.random.default_rng(seed).uniform((1, 1), (399, 299), (500, 2)).tolist())
    cells = [cell for land in lands for cell in cut_villages([land], people, thorough=False).cells]
    fitted = fit_parents([township, *lands, *cells])
    assert shapely.coverage_is_valid([area.shape for area in fitted if area.level is Level.CELL])
    for parent in fitted[: 1 + len(lands)]:
        assert is_union(parent, below(fitted, parent)), parent.code


def test_a_village_without_cells_gets_the_corners_of_its_neighbours_cells() -> None:
    west, east = village(box(0, 0, 200, 200), "420100100201"), village(box(200, 0, 400, 200), "420100100202")
    township = Area("420100100", Level.TOWNSHIP, "镇", None, put(box(0, 0, 400, 200)))
    cells = cut_villages([west], homes(lattice(20, 20))).cells
    fitted = fit_parents([township, west, east, *cells])
    assert is_union(fitted[0], fitted[1:3])
    assert len(edges(fitted[2:3])) > 4
    assert all(one is other for one, other in zip(fitted, fit_parents(fitted), strict=True))


def test_areas_too_small_for_their_corners_to_be_told_apart_stay_as_they_are() -> None:
    shape = box(0, 0, 1e-170, 1e-170)
    tiny = Area("420100100201", Level.VILLAGE, "村", None, shape)
    assert fit_parents([tiny, Area("420100100201001", Level.CELL, "格", tiny.code, shape)])[0] is tiny


def test_a_village_that_its_cells_do_not_fill_stays_as_it_is() -> None:
    land = village(box(0, 0, 200, 200))
    cells = cut_villages([land], homes(lattice(20, 20))).cells
    fitted = fit_parents([land, *cells[1:]])
    assert fitted[0] is land
