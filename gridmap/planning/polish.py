"""Better cells by small changes: one building over, two neighbours divided anew, a few neighbours cut afresh."""

from random import Random

import numpy as np

from gridmap.planning.borders import Ints
from gridmap.planning.cells import Cells, Moment, add, less
from gridmap.planning.split import split

ROUNDS = 6
AXES = 6


def polish(cells: Cells, rng: Random) -> None:
    """Lower the cost until nothing small helps; every cell stays connected."""
    tried: dict[tuple[int, int], tuple[Moment, Moment]] = {}
    for _ in range(ROUNDS):
        before = cells.price()
        shift(cells)
        resplit_all(cells, tried)
        for cell in cells.missed():
            if cell in cells.nodes:
                recut(cells, cell, rng)
        if cells.price() >= before * (1 - 1e-3):
            break


def resplit_all(cells: Cells, tried: dict[tuple[int, int], tuple[Moment, Moment]]) -> None:
    """Divide all neighbouring cells anew but for those that are as they were when they were last tried."""
    for cell in sorted(cells.nodes):
        for other in cells.beside(cell):
            if cell < other and tried.get((cell, other)) != (cells.moment[cell], cells.moment[other]):
                resplit(cells, cell, other)
                tried[cell, other] = cells.moment[cell], cells.moment[other]


def shift(cells: Cells) -> None:
    """Move single buildings to the neighbouring cell that they suit better, until none does."""
    waiting = list(range(len(cells.of)))
    for _ in range(20):
        moved = [node for node in waiting if _shift(cells, node)]
        if not moved:
            return
        waiting = sorted({other for node in moved for other in (node, *cells.graph.near[node])})


def _shift(cells: Cells, node: int) -> bool:
    source = cells.of[node]
    targets = {cells.of[other] for other in cells.graph.near[node]} - {source}
    if not targets or len(cells.nodes[source]) == 1 or cells.giant(node):
        return False
    moment = cells.graph.moment[node]
    pulls = cells.pulls(node)
    freed = cells.cost(source) - cells.cost_of(less(cells.moment[source], moment), cells.has_giant(source)) - pulls.get(source, 0.0)
    gain, target = max(
        (freed + cells.cost(t) - cells.cost_of(add(cells.moment[t], moment), cells.has_giant(t)) + pulls.get(t, 0.0), -t) for t in targets
    )
    if gain <= 1e-6 or not cells.graph.connected(cells.nodes[source] - {node}):
        return False
    cells.move(node, -target)
    return True


def resplit(cells: Cells, one: int, other: int) -> bool:
    """Divide two neighbouring cells anew by the straight line that suits them best."""
    nodes = sorted(cells.nodes[one] | cells.nodes[other])
    now = cells.cost_together([one, other])
    for price, places, place in sorted(_sweeps(cells, nodes), key=lambda s: s[0])[:12]:
        if price >= now * (1 - 1e-9) - 1e-6:
            return False
        order = [nodes[at] for at in places.tolist()]
        left, right = order[:place], order[place:]
        if cells.graph.yards and price + cells.graph.parting([left, right]) >= now * (1 - 1e-9) - 1e-6:
            continue
        if cells.graph.connected(left) and cells.graph.connected(right):
            cells.replace([one, other], [left, right])
            return True
    return False


def _sweeps(cells: Cells, nodes: list[int]) -> list[tuple[float, Ints, int]]:
    """For each of some directions the best places to cut: (cost, the places of the buildings in `nodes` in order, place of the cut)."""
    moments = cells.graph.moments[nodes]
    turn = np.pi * np.arange(AXES)[:, None] / AXES
    x, y = cells.graph.places[:, nodes]
    order = np.argsort(x * np.cos(turn) + y * np.sin(turn), axis=1, kind="stable")
    sums = np.cumsum(moments[order], axis=1)
    giants = np.cumsum(moments[order, 0] > cells.band.high, axis=1)
    left, right = sums[:, :-1], sums[:, -1:] - sums[:, :-1]
    price = cells.costs_of(left, giants[:, :-1] > 0) + cells.costs_of(right, giants[:, -1:] > giants[:, :-1])
    best = np.argsort(price, axis=1, kind="stable")[:, :3]
    return [(price[axis, place], order[axis], place + 1) for axis, places in enumerate(best.tolist()) for place in places]


def recut(cells: Cells, cell: int, rng: Random) -> bool:
    """Cut a cell that is out of the band afresh together with some of its neighbours, whichever together cost least."""
    beside = cells.beside(cell)
    groups = [[cell, a] for a in beside] + [[cell, a, b] for a in beside for b in {*beside, *cells.beside(a)} - {cell, a}]
    for group in groups:
        if any(map(cells.has_giant, group)):
            continue
        nodes = sorted(set().union(*(cells.nodes[g] for g in group)))
        now = cells.cost_together(group)
        for _ in range(3):
            parts = split(cells.graph, cells.band, nodes, rng)
            if cells.cost_parted(parts) < now - 1e-6:
                cells.replace(group, parts)
                return True
    return False
