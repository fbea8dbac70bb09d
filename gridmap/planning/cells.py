"""The cells of a village while they are being found: which building is in which, and what that is worth."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gridmap.planning.borders import Floats
from gridmap.planning.graph import Band, Graph

Moment = tuple[int, float, float, float]
NOTHING: Moment = (0, 0.0, 0.0, 0.0)

MISSED = 1e6
"""What a household out of the band costs, in household · m²; the spread of a whole cell is about a tenth of it."""

CROWDED = 1e5
"""What a household beside a giant costs, likewise: far less than one out of the band, far more than a longer way."""


def add(a: Moment, b: Moment) -> Moment:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]


def less(a: Moment, b: Moment) -> Moment:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2], a[3] - b[3]


def spread(moment: Moment) -> float:
    """Households times their squared distance to their common centre, in m²."""
    w, x, y, q = moment
    return max(0.0, q - (x * x + y * y) / w) if w else 0.0


class Cells:
    """A division of one graph's buildings into cells; lower `cost` is better.

    A building that alone is over the band (`giant`) makes its cell an exception whatever is done: such a cell is free to take in
    what would fit nowhere else, and pays only a little for it.
    """

    def __init__(self, graph: Graph, band: Band, groups: Iterable[Iterable[int]]) -> None:
        self.graph, self.band = graph, band
        self.of = [-1] * len(graph.weight)
        self.nodes: dict[int, set[int]] = {}
        self.moment: dict[int, Moment] = {}
        for group in groups:
            self.open(group)

    def open(self, nodes: Iterable[int], cell: int | None = None) -> None:
        """Make these buildings a cell, under a new number or this one."""
        cell = max(self.nodes, default=-1) + 1 if cell is None else cell
        self.nodes[cell] = set(nodes)
        self.moment[cell] = self.total(self.nodes[cell])
        for node in self.nodes[cell]:
            self.of[node] = cell

    def replace(self, group: Sequence[int], parts: Sequence[Iterable[int]]) -> None:
        """Divide the buildings of some cells into these parts instead; numbers are kept as far as they go."""
        for cell in group:
            del self.nodes[cell], self.moment[cell]
        for place, part in enumerate(parts):
            self.open(part, group[place] if place < len(group) else None)

    def move(self, node: int, cell: int) -> None:
        source, moment = self.of[node], self.graph.moment[node]
        self.nodes[source].remove(node)
        self.nodes[cell].add(node)
        self.moment[source] = less(self.moment[source], moment)
        self.moment[cell] = add(self.moment[cell], moment)
        self.of[node] = cell

    def total(self, nodes: Iterable[int]) -> Moment:
        w = x = y = q = 0.0
        for node in nodes:
            a, b, c, d = self.graph.moment[node]
            w, x, y, q = w + a, x + b, y + c, q + d
        return int(w), x, y, q

    def giant(self, node: int) -> bool:
        return self.graph.weight[node] > self.band.high

    def has_giant(self, cell: int) -> bool:
        return self.moment[cell][0] > self.band.high and any(self.giant(node) for node in self.nodes[cell])

    def cost_of(self, moment: Moment, giant: bool) -> float:
        """The spread, and a price for every household out of the band."""
        count = moment[0]
        if giant:
            return spread(moment) + CROWDED * count
        if self.band.holds(count):
            return spread(moment)
        return spread(moment) + MISSED * (5 + max(self.band.low - count, count - self.band.high))

    def costs_of(self, moments: Floats, giant: NDArray[np.bool_]) -> Floats:
        """`cost_of` for many: moments along the last axis."""
        count = moments[..., 0]
        apart = (moments[..., 1] ** 2 + moments[..., 2] ** 2) / np.maximum(count, 1)
        spreads = np.where(count > 0, np.maximum(moments[..., 3] - apart, 0.0), 0.0)
        out = np.maximum(self.band.low - count, count - self.band.high)
        missed = np.where(out > 0, MISSED * (5 + out), 0.0)
        costs: Floats = spreads + np.where(giant, CROWDED * count, missed)
        return costs

    def cost(self, cell: int) -> float:
        return self.cost_of(self.moment[cell], self.has_giant(cell))

    def price(self) -> float:
        """What all cells cost together, with what it costs where they are parted."""
        return sum(map(self.cost, self.nodes)) + self.graph.parting(self.nodes.values())

    def cost_together(self, group: Iterable[int]) -> float:
        """What some cells cost, with what it costs that they are parted from each other."""
        own = list(group)
        return sum(map(self.cost, own)) + self.graph.parting(self.nodes[cell] for cell in own)

    def cost_parted(self, parts: Sequence[Sequence[int]]) -> float:
        """What parts without a giant would cost as cells, with what it costs that they are parted from each other."""
        return sum(self.cost_of(self.total(part), giant=False) for part in parts) + self.graph.parting(parts)

    def pulls(self, node: int) -> dict[int, float]:
        """What it costs, cell by cell, that a building is parted from it."""
        found: dict[int, float] = {}
        for other, price in self.graph.yards[node].items() if self.graph.yards else ():
            found[self.of[other]] = found.get(self.of[other], 0.0) + price
        return found

    def beside(self, cell: int) -> list[int]:
        """The neighbouring cells, by number."""
        near, of = self.graph.near, self.of
        return sorted({of[other] for node in self.nodes[cell] for other in near[node]} - {cell})

    def missed(self) -> list[int]:
        """The cells out of the band that hold no giant."""
        return [cell for cell in self.nodes if not self.band.holds(self.moment[cell][0]) and not self.has_giant(cell)]
