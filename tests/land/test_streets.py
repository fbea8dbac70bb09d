"""Streets are where cells rather end: a soft cost, that no bound gives way to, and that is counted as it is said to be."""

from collections.abc import Sequence
from itertools import combinations

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Polygon, box

from gridmap.grid import Households
from gridmap.planning import cut_villages
from gridmap.planning.cells import Cells
from gridmap.planning.graph import Band, Graph
from gridmap.planning.small import best_division
from tests.land.test_cut import check, homes, lattice, put, sizes, village

DEGREE = 1 / 100_000


def between(cut_cells: Sequence[shapely.Polygon], land: shapely.Polygon) -> shapely.Geometry:
    """The borders between cells, without the village's own."""
    lines = shapely.union_all(shapely.boundary(np.array(cut_cells, dtype=object)))
    return shapely.difference(lines, shapely.buffer(land.boundary, DEGREE * 1e-3))


def crowd(seed: int, buildings: int) -> Households:
    rng = np.random.default_rng(seed)
    return homes(rng.uniform(1, 399, (buildings, 2)).tolist(), rng.integers(1, 9, buildings).tolist())


def test_two_blocks_that_each_make_a_cell_are_parted_along_their_street_to_the_last_bit() -> None:
    """The street runs askew, so that without it cells are divided across: the shortest border is another."""
    street = LineString([(60, -10), (140, 210)])
    land, people = village(box(0, 0, 200, 200)), homes(lattice(12, 12, 16, 12, 12))
    plain, soft = cut_villages([land], people), cut_villages([land], people, streets=[put(street)])
    check(soft, [land], people)
    along = shapely.buffer(put(street), DEGREE * 0.01)
    share = [
        shapely.length(shapely.intersection(line, along)) / shapely.length(line)
        for line in (between([cell.shape for cell in cut.cells], land.shape) for cut in (plain, soft))
    ]
    assert share[0] < 0.05
    assert share[1] > 0.99


def test_a_street_that_is_an_area_parts_blocks_like_a_line() -> None:
    line = LineString([(60, -10), (140, 210)])
    land, people = village(box(0, 0, 200, 200)), homes(lattice(12, 12, 16, 12, 12))
    cut = cut_villages([land], people, streets=[put(line.buffer(2))])
    check(cut, [land], people)
    inner = between([cell.shape for cell in cut.cells], land.shape)
    along = shapely.buffer(put(line), DEGREE * 2.5)
    assert shapely.length(shapely.intersection(inner, along)) > 0.9 * shapely.length(inner)


def test_a_street_is_no_barrier() -> None:
    land, people = village(box(0, 0, 200, 200)), homes(lattice(8, 8, 25, 12, 12))
    cut = cut_villages([land], people, streets=[put(LineString([(100, -10), (100, 210)]))])
    assert sizes(cut) == [64]
    assert cut.exceptions == ()


def test_a_street_that_ends_within_a_block_divides_nothing() -> None:
    land, people = village(box(0, 0, 400, 400)), crowd(3, 120)
    stub = put(LineString([(200, -10), (200, 150)]))
    assert cut_villages([land], people, streets=[stub]).cells == cut_villages([land], people).cells


@given(st.integers(0, 10_000), st.integers(20, 160), st.integers(1, 6), st.booleans())
@settings(max_examples=25, deadline=None)
def test_whatever_the_streets_cells_tile_their_village_and_keep_the_bounds(seed: int, buildings: int, streets: int, barred: bool) -> None:
    rng = np.random.default_rng(seed)
    lines = [put(LineString(rng.uniform(-40, 440, (3, 2)))) for _ in range(streets)]
    river = [put(LineString([(-10, 180), (410, 230)]))] if barred else []
    land, people = village(box(0, 0, 400, 400)), crowd(seed, buildings)
    cut = cut_villages([land], people, river, streets=lines, thorough=False)
    check(cut, [land], people)
    plain = cut_villages([land], people, river, thorough=False)
    assert len(cut.exceptions) <= len(plain.exceptions) + 1


def graph(seed: int, buildings: int) -> Graph:
    """Buildings on a raster of neighbours; about half of the ways between them lead through yards."""
    rng, wide = np.random.default_rng(seed), 3
    near: list[list[int]] = [[] for _ in range(buildings)]
    yards: list[dict[int, float]] = [{} for _ in range(buildings)]
    for a in range(buildings):
        for b in (a + 1 if (a + 1) % wide else buildings, a + wide):
            if b < buildings:
                near[a].append(b)
                near[b].append(a)
                if rng.random() < 0.5:
                    yards[a][b] = yards[b][a] = float(rng.uniform(1, 4e4))
    x, y = (10.0 * (np.arange(buildings) % wide)).tolist(), (10.0 * (np.arange(buildings) // wide)).tolist()
    return Graph(rng.integers(10, 30, buildings).tolist(), x, y, [sorted(each) for each in near], yards)


@pytest.mark.parametrize("seed", range(12))
def test_the_best_division_beside_streets_is_the_cheapest_of_all(seed: int) -> None:
    """Every division there is, one by one."""
    found, band = graph(seed, 8), Band(30, 80)
    some = [set(one) for size in range(1, 9) for one in combinations(range(8), size)]
    sets = [one for one in some if found.connected(one) and band.holds(sum(found.weight[node] for node in one))]

    def divisions(left: frozenset[int]) -> list[list[set[int]]]:
        if not left:
            return [[]]
        fit = [one for one in sets if min(left) in one and one <= left]
        return [[one, *rest] for one in fit for rest in divisions(left - one)]

    prices = [Cells(found, band, parts).price() for parts in divisions(frozenset(range(8)))]
    best = best_division(found, band, range(8), float("inf"))
    assert (best is None) == (not prices)
    if best is not None:
        assert Cells(found, band, best).price() == pytest.approx(min(prices))


@pytest.mark.parametrize("seed", range(6))
def test_what_a_move_over_is_worth_is_the_difference_of_what_all_costs(seed: int) -> None:
    found = graph(seed, 12)
    cells = Cells(found, Band(10, 200), [range(6), range(6, 12)])
    for node in range(12):
        before, pulls, source = cells.price(), cells.pulls(node), cells.of[node]
        apart = cells.cost(0) + cells.cost(1)
        cells.move(node, 1 - source)
        told = cells.cost(0) + cells.cost(1) - apart + pulls.get(source, 0.0) - pulls.get(1 - source, 0.0)
        assert cells.price() - before == pytest.approx(told, abs=1e-3)
        cells.move(node, source)


@given(st.integers(0, 10_000), st.sampled_from([1e-6, 1e-5, 1e-4, 1e-3, 1e-2]))
@settings(max_examples=15, deadline=None)
def test_a_street_drawn_beside_the_border_leaves_nothing_between_that_breaks_elsewhere(seed: int, off: float) -> None:
    """Two files seldom have one line alike: a strip thinner than a rounding is a polygon in degrees and none in a county's own metres."""
    rng = np.random.default_rng(seed)
    tilt = rng.uniform(-60, 60, 4)
    ring = np.array([(0, tilt[0]), (900, tilt[1]), (900, 900 + tilt[2]), (0, 900 + tilt[3])])
    share = np.array([-0.02, *np.sort(rng.uniform(0, 1, 6)), 1.02])
    along = ring[0] + (ring[1] - ring[0]) * share[:, None] + np.column_stack([np.zeros(8), rng.normal(0, off, 8)])
    inwards = [LineString([along[at], rng.uniform(200, 700, 2), along[at + 3]]) for at in (1, 4)]
    land, people = village(Polygon(ring)), homes(rng.uniform(60, 840, (150, 2)).tolist(), rng.integers(1, 9, 150).tolist())
    cut = cut_villages([land], people, streets=[put(LineString(along)), *map(put, inwards)], thorough=False)
    check(cut, [land], people)
    cells = geopandas.GeoSeries([cell.shape for cell in cut.cells], crs=4326)
    for crs in (4547, 3857, 32650):
        assert cells.to_crs(crs).is_valid.all()
