"""Cells stay while what is around them is cut: nothing crashes on the roundings of borders, and the whole still tiles the village."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.grid import Area
from gridmap.planning import cut_villages
from gridmap.planning.aside import set_aside, sew_around
from tests.land.test_cut import EAST, homes, lattice, village

CORNERS = [(0, 0), (311, -17), (402, 133), (377, 290), (120, 341), (-31, 202)]
LAND = village(shapely.Polygon(CORNERS))
PEOPLE = homes([spot for spot in lattice(41, 36, left=-28, bottom=-14) if shapely.Polygon(CORNERS).contains(shapely.Point(spot))])


@pytest.fixture(scope="module")
def before() -> tuple[Area, ...]:
    return cut_villages([LAND], PEOPLE).cells


def cut_around(stay: list[Area], others: list[Area]) -> list[Area]:
    ground, people = set_aside([LAND], stay, PEOPLE, others)
    cut = cut_villages(ground, people, retired={cell.code for cell in stay})
    made, kept = sew_around([LAND], ground, cut.cells, stay)
    return [*made, *kept]


@settings(max_examples=15, deadline=None)
@given(chosen=st.sets(st.integers(0, 17), max_size=9), known=st.booleans())
def test_what_is_cut_around_cells_that_stay_tiles_the_village_with_them(before: tuple[Area, ...], chosen: set[int], known: bool) -> None:
    stay = [cell for at, cell in enumerate(before) if at in chosen]
    others = [cell for cell in before if cell not in stay]
    cells = cut_around(stay, others if known else [])
    shapes = [cell.shape for cell in cells]
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes, gap_width=1e-9)
    assert shapely.union_all(shapes).symmetric_difference(LAND.shape).area < 1e-6 * EAST**2
    assert sum(cell.households or 0 for cell in cells) == PEOPLE.total
    assert len({cell.code for cell in cells}) == len(cells)
    assert [cell.households for cell in cells if cell in stay] == [cell.households for cell in stay if cell in cells]


def test_a_village_of_which_a_spike_is_left_is_cut() -> None:
    """What is left of a border after rounding is thinner than the grid that a cut is made on: it folds over itself there."""
    outline = shapely.Polygon(CORNERS)
    for step in (1e-9, 3e-8, 2e-7, 4e-6):
        spike = shapely.Polygon([(350, 30), (1000, 600), (340, 30 + step)])
        land = village(shapely.union(outline, spike))
        assert land.shape.is_valid
        cut = cut_villages([land], PEOPLE)
        assert sum(cell.households or 0 for cell in cut.cells) == PEOPLE.total
        assert shapely.is_valid([cell.shape for cell in cut.cells]).all()


def test_houses_on_the_very_border_behind_others_are_one_with_those() -> None:
    rng = np.random.default_rng(4)
    along = np.repeat(rng.uniform(0.1, 0.9, 60), 4)[:, None] * (311, -17)
    spots = along + rng.uniform(0, 2e-3, (240, 2))
    people = homes([tuple(spot) for spot in spots if shapely.Polygon(CORNERS).contains(shapely.Point(spot))])
    cut = cut_villages([LAND], people)
    assert sum(cell.households or 0 for cell in cut.cells) == people.total > 100
    assert set(cut.cell_of) == {cell.code for cell in cut.cells}


def test_a_village_in_several_parts_gets_its_neighbours_corners_too() -> None:
    """Two fields that touch in one corner, with another village's cells all along them."""
    parts = village(shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(100, 100, 200, 200)]), "420100100201")
    beside = village(shapely.box(100, 0, 200, 100), "420100100202")
    people = homes([*lattice(10, 10), *lattice(10, 10, left=105, bottom=105), *lattice(10, 10, left=105)])
    cells = cut_villages([parts, beside], people).cells
    assert len(cells) >= 4
    assert shapely.coverage_is_valid([cell.shape for cell in cells], gap_width=1e-9)
