"""The best division of a small village that there is, by HiGHS: an oracle that shares no code with the search."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csc_matrix
from scipy.spatial import Delaunay

from gridmap.planning.graph import Graph

Floats = NDArray[np.float64]


def village(buildings: int, households: int, seed: int) -> Graph:
    """So many buildings anywhere in 300 m, each of about so many households; neighbours by Delaunay."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 300, (buildings, 2))
    weight = rng.integers(households // 2, households + households // 2 + 1, buildings)
    near: list[set[int]] = [set() for _ in range(buildings)]
    for corners in Delaunay(xy).simplices.tolist():
        for corner in corners:
            near[corner] |= set(corners) - {corner}
    return Graph(weight.tolist(), xy[:, 0].tolist(), xy[:, 1].tolist(), [sorted(each) for each in near])


def spread_of(graph: Graph, buildings: Sequence[int]) -> float:
    """Households times their squared distance to their common centre, in m², from the places themselves."""
    own = list(buildings)
    weight, xy = np.array(graph.weight, dtype=float)[own], np.column_stack([graph.x, graph.y])[own]
    away = xy - weight @ xy / weight.sum()
    return float(weight @ (away**2).sum(axis=1))


def optimum(graph: Graph, low: int, high: int, reached: float) -> float:
    """The least sum of spreads over all divisions into connected cells of `low` to `high` households; `reached` is what some division has.

    Every connected set of buildings within the bounds is a column, and columns are chosen so that each building is in one. No optimal
    division has a cell wider than `reached`, nor one whose reduced cost in the relaxed problem is above what is left to `reached`.
    """
    columns = np.array([[chosen >> at & 1 for at in range(len(graph.weight))] for chosen in _Sets(graph, low, high, reached)], dtype=float)
    price = np.array([spread_of(graph, np.flatnonzero(column).tolist()) for column in columns]) / reached
    each_once, ones = csc_matrix(columns.T), np.ones(len(graph.weight))
    relaxed = linprog(price, A_eq=each_once, b_eq=ones, bounds=(0, None), method="highs")
    kept = price - columns @ relaxed.eqlin.marginals <= 1 - relaxed.fun + 1e-9
    found = milp(
        price[kept],
        constraints=LinearConstraint(each_once[:, kept], 1, 1),
        integrality=np.ones(int(kept.sum())),
        bounds=Bounds(0, 1),
    )
    assert found.x is not None, "what was reached is one of the divisions"
    return float(found.fun) * reached


@dataclass
class _Sets:
    """All connected sets of buildings within the bounds, as bits, but for those that are wider than `reached`."""

    graph: Graph
    low: int
    high: int
    reached: float

    def __iter__(self) -> Iterator[int]:
        self._near = [sum(1 << other for other in near) for near in self.graph.near]
        for first in range(len(self.graph.weight)):
            yield from self._grown([first], self._near[first], (1 << first + 1) - 1)

    def _grown(self, chosen: list[int], front: int, barred: int) -> Iterator[int]:
        """The sets around `chosen`: each next building is in them, or barred from all that follow."""
        households = sum(self.graph.weight[node] for node in chosen)
        if households > self.high or self._spread(chosen) > self.reached:
            return
        if households >= self.low:
            yield sum(1 << node for node in chosen)
        front &= ~barred
        while front:
            bit = front & -front
            front ^= bit
            barred |= bit
            node = bit.bit_length() - 1
            yield from self._grown([*chosen, node], front | self._near[node], barred)

    def _spread(self, chosen: Sequence[int]) -> float:
        weight = [self.graph.weight[node] for node in chosen]
        x, y = ([axis[node] for node in chosen] for axis in (self.graph.x, self.graph.y))
        w = sum(weight)
        cx, cy = (sum(a * b for a, b in zip(weight, axis, strict=True)) / w for axis in (x, y))
        return sum(a * ((b - cx) ** 2 + (c - cy) ** 2) for a, b, c in zip(weight, x, y, strict=True))
