"""Small villages, where one building decides much: neighbours are divided anew by chance, many times, and at last as well as can be."""

import math
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import cycle, islice
from random import Random

from gridmap.planning.cells import MISSED, Cells, Moment, add, less, spread
from gridmap.planning.graph import Band, Graph
from gridmap.planning.polish import polish
from gridmap.planning.split import Tree, halves, start, tree

SMALL = 60
"""Up to so many buildings a village is small."""
STARTS = 32
STEPS = 40
"""How often for each cell, from each start, some neighbours are divided by chance; six times as often at most."""
HEAT = 1.0
"""By how much of an average cell's cost a first step may well make things worse; the last may not at all."""
NOISE = 0.5
"""By how much the price of a cut is falsified, so that another one than the best comes up."""
FEW = 14
"""So many buildings can be divided in every possible way."""


def divide_small(graph: Graph, band: Band, rng: Random) -> Cells:
    """The buildings of a small village in connected cells, near the least cost that there is within these very bounds."""
    found = []
    more = [Band(band.low, band.low + (band.high - band.low) // part) for part in (2, 6, 10)]  # of more cells than chance would make
    for within in islice(cycle([band, *more]), STARTS):
        cells = Cells(graph, band, start(graph, within, rng))
        polish(cells, rng)
        if len(cells.nodes) == 1 and sum(graph.weight) < 2 * band.low:
            return cells
        cells = anneal(cells, rng)
        polish(cells, rng)
        settle(cells)
        found.append(cells)
    return min(found, key=Cells.price)


def anneal(cells: Cells, rng: Random) -> Cells:
    """Divide two to four neighbours anew by chance, and again; what is dearer is taken too at first, ever less of it. The best of all."""
    now = best = cells.price()
    kept = [list(nodes) for nodes in cells.nodes.values()]
    steps = STEPS * min(6, len(cells.nodes))
    for step in range(steps):
        group = _some_neighbours(cells, rng)
        if any(map(cells.has_giant, group)):
            continue
        parts = _by_chance(cells, _nodes(cells, group), rng)
        dearer = cells.cost_parted(parts) - cells.cost_together(group)
        heat = HEAT * (1 - step / steps) * now / len(cells.nodes)
        if dearer < 0 or (heat > 0 and rng.random() < math.exp(-dearer / heat)):
            cells.replace(group, parts)
            now += dearer
        if now < best - 1e-6:
            best, kept = now, [list(nodes) for nodes in cells.nodes.values()]
    return Cells(cells.graph, cells.band, kept)


def _nodes(cells: Cells, group: Sequence[int]) -> list[int]:
    return sorted(set().union(*(cells.nodes[cell] for cell in group)))


def _some_neighbours(cells: Cells, rng: Random) -> list[int]:
    group = [rng.choice(sorted(cells.nodes))]
    for _ in range(rng.randint(1, 3)):
        beside = sorted({other for cell in group for other in cells.beside(cell)} - set(group))
        if beside:
            group.append(rng.choice(beside))
    return group


def _by_chance(cells: Cells, nodes: list[int], rng: Random) -> list[list[int]]:
    """Connected parts: each that could be two cells is cut at a good edge of a random tree, where that is better than none."""
    done, waiting = [], [nodes]
    while waiting:
        part = waiting.pop()
        whole = cells.total(part)
        edge = None
        if whole[0] >= 2 * cells.band.low:
            found = tree(cells.graph, part, rng)
            edge = _some_edge(cells, found, whole, rng)
        if edge is None:
            done.append(part)
        else:
            waiting += halves(*found, edge)
    return done


def _some_edge(cells: Cells, found: Tree, whole: Moment, rng: Random) -> int | None:
    """The building whose branch is cut off cheapest, as far as falsified prices say; None where no cut is cheaper than none."""
    order, parent = found
    branch = {node: cells.graph.moment[node] for node in order}
    best, edge = spread(whole) + MISSED * max(0, whole[0] - cells.band.high), None
    for node in reversed(order[1:]):
        own, above = branch[node], parent[node]
        price = (_price(cells.band, own) + _price(cells.band, less(whole, own))) * (1 + NOISE * rng.random())
        if price < best:
            best, edge = price, node
        branch[above] = add(branch[above], own)
    return edge


def _price(band: Band, moment: Moment) -> float:
    """What a part costs that is one cell, or will be about so many equal ones."""
    parts, missed = _likely(band, moment[0])
    return spread(moment) / parts + missed


@lru_cache(maxsize=10_000)
def _likely(band: Band, households: int) -> tuple[int, float]:
    """How many cells so many households will be, and the price of those that no division brings into the band."""
    if households <= band.high:
        return 1, MISSED * (5 + band.low - households) if households < band.low else 0.0
    short = -band.slack(households)
    return max(1, round(households * 2 / (band.low + band.high))), MISSED * (5 + short) if short > 0 else 0.0


def settle(cells: Cells) -> None:
    """Divide each two or three neighbours with few buildings as well as can be, until that changes nothing."""
    tried = set[frozenset[int]]()
    while _settle_once(cells, tried):
        pass


def _settle_once(cells: Cells, tried: set[frozenset[int]]) -> bool:
    changed = False
    for cell in sorted(cells.nodes):
        for group in list(_groups(cells, cell)):
            if not all(other in cells.nodes for other in group) or any(map(cells.has_giant, group)):
                continue
            nodes = _nodes(cells, group)
            if len(nodes) > FEW or frozenset(nodes) in tried:
                continue
            tried.add(frozenset(nodes))
            parts = best_division(cells.graph, cells.band, nodes, cells.cost_together(group) * (1 - 1e-9))
            if parts:
                cells.replace(group, parts)
                changed = True
    return changed


def _groups(cells: Cells, cell: int) -> Iterator[list[int]]:
    if cell not in cells.nodes:
        return
    beside = cells.beside(cell)
    yield from ([cell, other] for other in beside)
    yield from ([cell, a, b] for a in beside for b in sorted({*beside, *cells.beside(a)} - {cell, a}) if not (b in beside and b < a))


def best_division(graph: Graph, band: Band, nodes: Sequence[int], limit: float) -> list[list[int]] | None:
    """The cheapest of all divisions of these few buildings into connected cells within the band; None where none is cheaper than `limit`.

    Sets of buildings are bits. Each division has one cell with the first building that is not yet in any.
    """
    with_first = _possible(graph, band, nodes, limit)

    @cache
    def cheapest(left: int) -> tuple[float, int]:
        best = (math.inf, 0)
        for price, one in with_first[(left & -left).bit_length() - 1] if left else ():
            if price >= best[0]:
                break
            if not one & ~left:
                best = min(best, (price + cheapest(left ^ one)[0], one))
        return best if left else (0.0, 0)

    left = (1 << len(nodes)) - 1
    if cheapest(left)[0] >= limit:
        return None
    found = []
    while left:
        one = cheapest(left)[1]
        found.append([node for at, node in enumerate(nodes) if one >> at & 1])
        left ^= one
    return found


def _possible(graph: Graph, band: Band, nodes: Sequence[int], limit: float) -> list[list[tuple[float, int]]]:
    """All connected sets within the band that cost no more than `limit`, each once, cheapest first, by their first building."""
    place = {node: at for at, node in enumerate(nodes)}
    near = [sum(1 << place[other] for other in graph.near[node] if other in place) for node in nodes]
    moment = [graph.moment[node] for node in nodes]
    yards = [[(1 << place[other], price) for other, price in graph.yards[node].items() if other in place] for node in nodes if graph.yards]
    found: list[list[tuple[float, int]]] = [[] for _ in nodes]

    def rim(at: int, chosen: int) -> float:
        """Half of what more it costs to part the set from the rest once this building is in it."""
        return sum(-price if bit & chosen else price for bit, price in yards[at]) / 2 if yards else 0.0

    def grow(chosen: int, front: int, barred: int, sums: Moment, parting: float) -> None:
        price = spread(sums)
        if price > limit:  # no set around it is cheaper
            return
        if sums[0] >= band.low:
            found[(chosen & -chosen).bit_length() - 1].append((price + parting, chosen))
        while front:
            bit = front & -front
            front ^= bit
            at = bit.bit_length() - 1
            if sums[0] + moment[at][0] <= band.high:
                beyond = (front | near[at]) & ~(barred | chosen | bit)
                grow(chosen | bit, beyond, barred, add(sums, moment[at]), parting + rim(at, chosen))
            barred |= bit

    for first in range(len(nodes)):
        before = (1 << first) - 1
        if moment[first][0] <= band.high:
            grow(1 << first, near[first] & ~before, before | 1 << first, moment[first], rim(first, 0))
    return [sorted(own) for own in found]
