"""Buildings are handed over between cells: all stay connected, nobody is lost, nothing gets worse, and what is fixed stays."""

from itertools import pairwise, product
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.planning.cells import Cells
from gridmap.planning.graph import Band, Graph
from gridmap.planning.handing import fewest_moves, fewest_touched, hand_over
from gridmap.planning.split import start

BAND = Band(50, 80)


def lattice(weight: list[int], columns: int) -> Graph:
    rows = len(weight) // columns
    place = {(x, y): y * columns + x for y, x in product(range(rows), range(columns))}
    near = [sorted(place[n] for n in ((x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)) if n in place) for x, y in place]
    return Graph(weight, [10.0 * x for x, _ in place], [10.0 * y for _, y in place], near)


def wrong(cells: Cells) -> int:
    counts = [moment[0] for moment in cells.moment.values()]
    return sum(max(0, count - BAND.high, BAND.low - count) for count in counts if count)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), heavy=st.integers(1, 30), change=st.integers(0, 40))
def test_whatever_grew_or_shrank_cells_stay_connected_and_nothing_gets_worse(seed: int, heavy: int, change: int) -> None:
    rng = Random(seed)
    weight = [rng.randint(1, heavy if rng.random() < 0.2 else 4) for _ in range(14 * 10)]
    groups = start(lattice(weight, 14), BAND, rng)
    for _ in range(change):
        weight[rng.randrange(len(weight))] = rng.randint(0, 6)
    graph = lattice(weight, 14)
    cells = Cells(graph, BAND, groups)
    before, was = {cell: set(nodes) for cell, nodes in cells.nodes.items()}, list(cells.of)
    counts = [(cells.moment[cell][0], max(weight[node] for node in nodes)) for cell, nodes in before.items()]
    worse, fixed = wrong(cells), {rng.randrange(len(groups))}
    touched = hand_over(cells, fixed)
    assert {cell for cell in before if cells.nodes[cell] != before[cell]} <= touched
    assert not touched & fixed
    assert sorted(node for nodes in cells.nodes.values() for node in nodes) == list(range(len(weight)))
    assert all(graph.connected(nodes) for nodes in cells.nodes.values())
    assert {cell: cells.total(nodes)[0] for cell, nodes in cells.nodes.items()} == {
        cell: moment[0] for cell, moment in cells.moment.items()
    }
    assert wrong(cells) < worse or not touched
    if wrong(cells) == 0:
        moved = sum(weight[node] for node, cell in enumerate(was) if cells.of[node] != cell)
        assert moved >= fewest_moves(counts, BAND.low, BAND.high)
        assert len(touched) >= fewest_touched([count for count, _ in counts if count and not BAND.holds(count)], BAND.low)


def strip(*groups: list[int]) -> Cells:
    """Buildings in a row, one cell after the other."""
    weight = [count for group in groups for count in group]
    ends = [sum(map(len, groups[:nth])) for nth in range(len(groups) + 1)]
    return Cells(lattice(weight, len(weight)), BAND, [range(*pair) for pair in pairwise(ends)])


def test_one_neighbour_helps_both_cells_that_are_short_instead_of_one_each() -> None:
    cells = strip([29, 30, 1], [20, 29], [2, 60, 2], [29, 20], [1, 30, 29])
    assert hand_over(cells) == {1, 2, 3}
    assert [cells.moment[cell][0] for cell in range(5)] == [60, 51, 60, 51, 60]


def test_the_bound_counts_what_one_move_can_serve_twice_once() -> None:
    assert fewest_moves([(85, 3), (47, 2), (60, 1)], 50, 80) == 5
    assert fewest_moves([(85, 3), (40, 2)], 50, 80) == 10
    assert fewest_moves([(20, 1), (48, 2)], 50, 80) == 20  # the first joins the second
    assert fewest_moves([(200, 120), (6, 1), (0, 0)], 50, 80) == 6


def test_a_lone_misfit_needs_a_neighbour_unless_it_is_two_cells() -> None:
    assert [fewest_touched(counts, 50) for counts in ([], [84], [45], [110], [84, 45])] == [0, 2, 2, 1, 2]


def test_a_small_cell_joins_its_neighbour_where_that_is_cheapest() -> None:
    graph = lattice([1] * 60, 10)
    cells = Cells(graph, BAND, [range(54), range(54, 60)])
    assert hand_over(cells) == {0, 1}
    assert sorted(len(nodes) for nodes in cells.nodes.values()) == [0, 60]


def test_a_full_neighbour_hands_on_to_the_next() -> None:
    """Three in a row: the first has four too many, the second is full, the third has room."""
    weight = [1] * 222
    graph = lattice(weight, 6)
    cells = Cells(graph, BAND, [range(84), range(84, 164), range(164, 222)])
    hand_over(cells)
    assert [moment[0] for moment in cells.moment.values()] == [80, 80, 62]
