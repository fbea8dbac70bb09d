"""Buildings as a graph: who may share a cell with whom, and what a set of them weighs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from gridmap.planning.borders import Floats
from gridmap.planning.faces import Buildings

DOORWAY_M = 2.0
"""Neighbours with less common border than this share a cell only where nothing else connects them."""

CUSHION = 3
"""By how many households the bounds are tightened at first: what a cell of 50 to 80 gains or loses in some years."""


@dataclass(frozen=True, slots=True)
class Band:
    """How many households a cell should have: within the bounds, and about the `target` if there is one."""

    low: int
    high: int
    target: int | None = None

    def holds(self, households: int) -> bool:
        return self.low <= households <= self.high

    def fewest(self, households: int) -> int:
        """The fewest cells within the upper bound."""
        return -(-households // self.high)

    def most(self, households: int) -> int:
        """The most cells within the lower bound."""
        return households // self.low

    def fits(self, households: int) -> bool:
        """Whether so many households can be dealt into cells within both bounds at all (households taken singly)."""
        return 1 <= self.fewest(households) <= self.most(households)

    def cushioned(self) -> "Band":
        """The band without what is next to its bounds: who grows or shrinks a little stays in the wider one."""
        cushion = min(CUSHION, (self.high - self.low) // 6)
        return Band(self.low + cushion, self.high - cushion)

    def aim(self) -> "Band":
        """What cells are looked for in at first: a third of the band about the target, or all of it, without what is next to the bounds."""
        inner = self.cushioned()
        if self.target is None:
            return inner
        reach = (self.high - self.low) // 3
        low, high = max(inner.low, self.target - reach), min(inner.high, self.target + reach)
        return Band(min(low, inner.high), max(high, inner.low))

    def slack(self, households: int) -> float:
        """How far from the bounds equal cells could stay, in households per cell; negative where no number of cells fits."""
        return _slack(self.low, self.high, households)

    def slacks(self, most: int) -> Floats:
        """The slack of 0, 1, … households, up to `most` at least."""
        return _slacks(self.low, self.high, most.bit_length())


@lru_cache(maxsize=100_000)
def _slack(low: int, high: int, households: int) -> float:
    """Asked for every tree: kept."""
    counts = {max(1, -(-households // high)), max(1, households // low)}
    return max(min(households / k - low, high - households / k) for k in counts)


@lru_cache(maxsize=100)
def _slacks(low: int, high: int, bits: int) -> Floats:
    return np.array([_slack(low, high, households) for households in range(2**bits)])


CROSSED = 9.0
"""How much farther (squared) the way over a street is than it is: branches of trees gather a block before they leave it."""


@dataclass(frozen=True)
class Graph:
    """`near[b]` are the neighbours of building b; `weight` its households; `x`, `y` its place in metres.

    `yards[b]` is what it costs to part b from each neighbour in its own block between streets, in household · m²; empty where streets do
    not matter. To part neighbours on two sides of a street costs nothing.
    """

    weight: list[int]
    x: list[float]
    y: list[float]
    near: list[list[int]]
    yards: list[dict[int, float]] = field(default_factory=list)

    @classmethod
    def of(cls, buildings: Buildings, doors: dict[tuple[int, int], float], *, yard: float = 0.0) -> "Graph":
        """Neighbours through doors; a metre of border through a yard, not along a street, costs `yard` to be cut along."""
        near: list[list[int]] = [[] for _ in range(len(buildings))]
        yards: list[dict[int, float]] = [{} for _ in range(len(buildings))] if yard else []
        for a, b in _doorways(len(buildings), doors):
            near[a].append(b)
            near[b].append(a)
            if yard and buildings.piece[a] == buildings.piece[b]:
                yards[a][b] = yards[b][a] = yard * doors[a, b]
        x, y = buildings.spot.T.tolist()
        return cls(buildings.weight.tolist(), x, y, [sorted(n) for n in near], yards)

    @cached_property
    def places(self) -> Floats:
        """x and y as a (2, n) array."""
        return np.array([self.x, self.y], dtype=np.float64)

    @cached_property
    def steps(self) -> list[list[tuple[int, float]]]:
        """Each building's neighbours with the square of the way there, m²."""
        x, y = self.x, self.y
        found = [[(b, (x[a] - x[b]) ** 2 + (y[a] - y[b]) ** 2) for b in near] for a, near in enumerate(self.near)]
        if not self.yards:
            return found
        return [[(b, step if b in yard else CROSSED * step) for b, step in steps] for steps, yard in zip(found, self.yards, strict=True)]

    @cached_property
    def moment(self) -> list[tuple[int, float, float, float]]:
        """Per building: households, and households times x, y and x² + y²: what sums to a cell's centre and spread."""
        places = zip(self.weight, self.x, self.y, strict=True)
        return [(w, w * x, w * y, w * (x * x + y * y)) for w, x, y in places]

    @cached_property
    def moments(self) -> Floats:
        """The same as an (n, 4) array."""
        return np.array(self.moment, dtype=np.float64)

    def parting(self, groups: Iterable[Iterable[int]]) -> float:
        """What it costs that these groups of buildings are parted from each other."""
        if not self.yards:
            return 0.0
        group = {node: at for at, nodes in enumerate(groups) for node in nodes}
        parted = (price for node, at in group.items() for other, price in self.yards[node].items() if group.get(other, at) != at)
        return sum(parted) / 2  # each pair is met from both sides

    def connected(self, nodes: Collection[int]) -> bool:
        return len(nodes) == 0 or len(self._reach(next(iter(nodes)), set(nodes))) == len(nodes)

    def components(self, nodes: Iterable[int]) -> list[list[int]]:
        """The connected parts of a set of buildings, each sorted, in order of their lowest number."""
        left, found = set(nodes), []
        for node in sorted(left):
            if node in left:
                part = self._reach(node, left)
                left -= part
                found.append(sorted(part))
        return found

    def _reach(self, start: int, within: set[int]) -> set[int]:
        seen, front = {start}, [start]
        while front:
            for other in self.near[front.pop()]:
                if other in within and other not in seen:
                    seen.add(other)
                    front.append(other)
        return seen


def _doorways(count: int, doors: dict[tuple[int, int], float]) -> list[tuple[int, int]]:
    """The pairs that are neighbours: all with a wide enough border, and narrower ones where they alone connect."""
    root = list(range(count))

    def top(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    kept = []
    for (a, b), length in sorted(doors.items(), key=lambda door: (-door[1], door[0])):
        if length >= DOORWAY_M or top(a) != top(b):
            kept.append((a, b))
            root[top(a)] = top(b)
    return sorted(kept)
