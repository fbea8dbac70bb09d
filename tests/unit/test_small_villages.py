"""Small villages are cut nearly as well as can be: held against the optimum that HiGHS finds for the same bounds and connectivity."""

from random import Random

import numpy as np
import pytest

from gridmap.planning.cells import Cells
from gridmap.planning.graph import Band, Graph
from gridmap.planning.small import best_division, settle
from gridmap.planning.split import start
from gridmap.planning.village import divide
from tests.optimum import optimum, spread_of, village

BAND = Band(50, 80)


def ratio(graph: Graph, cells: Cells) -> float:
    """How many times the optimum the cells' spread is, after looking that they are cells: connected, in the band, each building in one."""
    assert sorted(node for nodes in cells.nodes.values() for node in nodes) == list(range(len(graph.weight)))
    assert all(graph.connected(nodes) for nodes in cells.nodes.values())
    assert all(BAND.holds(sum(graph.weight[node] for node in nodes)) for nodes in cells.nodes.values())
    reached = sum(spread_of(graph, sorted(nodes)) for nodes in cells.nodes.values())
    return reached / optimum(graph, BAND.low, BAND.high, reached * (1 + 1e-9))


@pytest.mark.parametrize(
    ("buildings", "households", "seed"), [(16, 16, 1), (20, 12, 0), (24, 14, 2), (30, 14, 0), (30, 16, 1), (30, 12, 103), (45, 16, 0)]
)
def test_a_small_village_is_cut_within_five_percent_of_the_optimum(buildings: int, households: int, seed: int) -> None:
    graph = village(buildings, households, seed)
    assert 1 - 1e-6 < ratio(graph, divide(graph, BAND, Random(seed))) < 1.05


@pytest.mark.proof
@pytest.mark.parametrize(("buildings", "households"), [(24, 12), (30, 12), (40, 16), (50, 16), (60, 16)])
def test_sixty_small_villages_are_cut_within_five_percent_of_the_optimum(buildings: int, households: int) -> None:
    graphs = [village(buildings, households, 100 + seed) for seed in range(12)]
    found = [ratio(graph, divide(graph, BAND, Random(seed))) for seed, graph in enumerate(graphs)]
    print(f"\n{buildings} buildings: at most {max(found):.4f} x the optimum", end="")
    assert max(found) < 1.05, found


@pytest.mark.parametrize("seed", range(4))
def test_what_is_divided_in_every_possible_way_is_divided_best(seed: int) -> None:
    graph = village(13, 14, seed)
    parts = best_division(graph, BAND, range(13), float("inf"))
    assert parts
    cells = Cells(graph, BAND, parts)
    assert ratio(graph, cells) == pytest.approx(1)
    reached = sum(map(cells.cost, cells.nodes))
    assert best_division(graph, BAND, range(13), reached * (1 - 1e-9)) is None


def test_buildings_that_fit_no_cells_are_not_divided() -> None:
    line = Graph([30, 30, 30], [0.0, 9.0, 18.0], [0.0, 0.0, 0.0], [[1], [0, 2], [1]])
    assert best_division(line, BAND, range(3), float("inf")) is None


def test_the_same_village_and_seed_give_the_same_cells() -> None:
    graph = village(24, 14, 7)
    first, again = (divide(graph, BAND, Random("one")) for _ in range(2))
    assert first.of == again.of


def test_many_costs_are_each_cells_cost() -> None:
    graph = village(20, 16, 1)
    graph.weight[3] = 120
    cells = Cells(graph, BAND, [[3], [0, 1], [2, 4, 5, 6], list(range(7, 13)), list(range(13, 20))])
    moments = np.array(list(cells.moment.values()))
    giant = np.array([cells.has_giant(cell) for cell in cells.nodes])
    assert cells.costs_of(moments, giant) == pytest.approx([cells.cost(cell) for cell in cells.nodes])


def test_settling_makes_nothing_dearer_and_keeps_giants() -> None:
    graph = village(30, 16, 3)
    graph.weight[4] = 120
    cells = Cells(graph, BAND, start(graph, BAND, Random(1)))
    before = sum(map(cells.cost, cells.nodes))
    settle(cells)
    assert sum(map(cells.cost, cells.nodes)) <= before
    assert any(cells.has_giant(cell) for cell in cells.nodes)
    assert all(graph.connected(nodes) for nodes in cells.nodes.values())
