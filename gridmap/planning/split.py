"""Split connected buildings into connected cells: cut the best edge of random trees, and again, until each part fits."""

import heapq
from collections.abc import Sequence
from random import Random

import numpy as np

from gridmap.planning.borders import Floats
from gridmap.planning.cells import MISSED, NOTHING, Moment, add, spread
from gridmap.planning.graph import Band, Graph

Tree = tuple[list[int], dict[int, int]]
"""Buildings in the order they were reached, and the one from which each was."""


def start(graph: Graph, band: Band, rng: Random) -> list[list[int]]:
    """A first division of all buildings that can reach a household: giants alone with what only they can reach, the rest split to fit."""
    alive = {node for part in graph.components(range(len(graph.weight))) if any(graph.weight[n] for n in part) for node in part}
    giants = {node for node, weight in enumerate(graph.weight) if weight > band.high}
    groups = {giant: [giant] for giant in sorted(giants)}
    found = []
    for part in graph.components(alive - giants):
        beside = sorted({other for node in part for other in graph.near[node]} & giants)
        if beside and sum(graph.weight[node] for node in part) < band.low:
            groups[beside[0]] += part
        else:
            found += split(graph, band, part, rng)
    return list(groups.values()) + found


def split(graph: Graph, band: Band, nodes: Sequence[int], rng: Random, trees: int = 6) -> list[list[int]]:
    """Connected groups of about the band's size; households that no cut can bring into the band stay out of it."""
    done, waiting = [], [list(nodes)]
    while waiting:
        part = waiting.pop()
        halves = bisect(graph, band, part, rng, trees) if sum(graph.weight[n] for n in part) > band.high else None
        if halves is None:
            done.append(part)
        else:
            waiting += halves
    return done


def bisect(graph: Graph, band: Band, nodes: Sequence[int], rng: Random, trees: int) -> tuple[list[int], list[int]] | None:
    """The best of the cuts that some random trees offer for too many households; None where one cell of them all would be better."""
    whole = NOTHING
    for node in nodes:
        whole = add(whole, graph.moment[node])
    best, found = spread(whole) + MISSED * (5 + whole[0] - band.high), None
    for _ in range(trees):
        order, parent = tree(graph, nodes, rng)
        price, edge = _best_edge(graph, band, (order, parent), whole)
        if graph.yards:
            price += graph.parting(halves(order, parent, edge))
        if price < best:
            best, found = price, (order, parent, edge)
    return None if found is None else halves(*found)


def _prices(band: Band, moments: Floats) -> Floats:
    """What parts cost that are one cell or will be split on: their spread, and how badly their numbers of households divide."""
    count = moments[:, 0]
    apart = (moments[:, 1] ** 2 + moments[:, 2] ** 2) / np.maximum(count, 1)
    spreads = np.where(count > 0, np.maximum(moments[:, 3] - apart, 0.0), 0.0)
    slack = band.slacks(int(count.max()))[count.astype(np.int64)]
    on = np.where(slack < 0, spreads + MISSED * (5 - slack), spreads * (1 + 0.5 / (1 + np.maximum(slack, 0.0))))
    prices: Floats = np.where((band.low <= count) & (count <= band.high), spreads, on)
    return prices


def tree(graph: Graph, nodes: Sequence[int], rng: Random) -> Tree:
    """A spanning tree that prefers short steps, by chance: its branches are compact."""
    inside, steps, chance, push = set(nodes), graph.steps, rng.random, heapq.heappush
    root = nodes[rng.randrange(len(nodes))]
    order, parent = [], {}
    heap = [(0.0, root, root)]
    while heap:
        _, node, above = heapq.heappop(heap)
        if node in parent:
            continue
        parent[node] = above
        order.append(node)
        inside.remove(node)
        for other, step in steps[node]:
            if other in inside:
                push(heap, (step * chance(), other, node))
    return order, parent


def _best_edge(graph: Graph, band: Band, tree: Tree, whole: Moment) -> tuple[float, int]:
    """The node whose branch is best cut off (of equals the lowest), with the price of the two sides."""
    order, parent = tree
    if len(order) < 2:
        return float("inf"), order[0]
    branch = {node: graph.moment[node] for node in order}
    for node in reversed(order[1:]):
        branch[parent[node]] = add(branch[parent[node]], branch[node])
    nodes = sorted(order[1:])
    moments = np.array([branch[node] for node in nodes])
    prices = _prices(band, moments) + _prices(band, np.array(whole) - moments)
    at = int(prices.argmin())
    return float(prices[at]), nodes[at]


def halves(order: list[int], parent: dict[int, int], edge: int) -> tuple[list[int], list[int]]:
    """What hangs on a building of a tree, with it, and the rest."""
    branch = {edge}
    for node in order[order.index(edge) + 1 :]:
        if parent[node] in branch:
            branch.add(node)
    return [n for n in order if n in branch], [n for n in order if n not in branch]
