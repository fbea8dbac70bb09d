"""Bring cells into the band by handing few households over: each that does not fit gives to a neighbour, takes from one, or joins one."""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from gridmap.planning.cells import Cells, add, less, spread

TOUCH = 3
"""To change one more cell is as dear as this many households: whoever lives there gets another worker's number, and a sheet is printed."""
SEEDS = 8
"""From how many of its buildings on the border a hand-over may start."""
Hand = tuple[frozenset[int], int]
"""Buildings, and the cell that they are handed to."""
Price = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Amount:
    """How many households a hand-over may be."""

    least: int
    most: int


def fewest_moves(counts: Iterable[tuple[int, int]], low: int, high: int) -> int:
    """How many households have to change cells at least, whatever is done. Of each cell: its households, and those of its largest
    building, which nothing divides.

    What is over has to leave; what is short either joins others whole, or as many have to come. One move may serve both, so the larger
    of leaving and coming counts, for the best choice of which short cells join.
    """
    coming = {0: 0}  # by how many leave
    for count, largest in counts:
        if count > high and largest <= high:
            coming = {gone + count - high: come for gone, come in coming.items()}
        elif 0 < count < low:
            choices = [
                *((gone, come + low - count) for gone, come in coming.items()),
                *((gone + count, come) for gone, come in coming.items()),
            ]
            coming = {}
            for gone, come in choices:
                coming[gone] = min(come, coming.get(gone, come))
    return min(max(gone, come) for gone, come in coming.items())


def fewest_touched(counts: Collection[int], low: int) -> int:
    """How many cells of one village have to change at least: all that do not fit (their households), and where a single one cannot be
    divided into two, a neighbour."""
    return 2 if len(counts) == 1 and max(counts) < 2 * low else len(counts)


def hand_over(cells: Cells, fixed: Collection[int] = ()) -> frozenset[int]:
    """Hand buildings over between neighbouring cells until all fit but those in `fixed` (numbers of cells that stay as they are) and those
    that nothing helps. The numbers of the cells that changed. Every cell stays connected; one that joined another is left empty.

    Each cell is settled for itself, so that two may ask a neighbour each where one neighbour could help both: a cell that only helps is
    spared where that is cheaper, be it that the others that change do without it or that another helps instead.
    """
    before, missed = list(cells.of), set(cells.missed())
    beside = {cell: cells.beside(cell) for cell in cells.nodes}
    touched = _settle(cells, fixed)
    for helper, others in product(sorted(touched - missed), (frozenset(cells.nodes), frozenset[int]())):
        group = _together(beside, helper, touched) if helper in touched else frozenset()
        now, cost = list(cells.of), _cost(cells, before, touched)
        _put(cells, [then if {at, then} <= group else at for at, then in zip(now, before, strict=True)])
        again = touched - group | _settle(cells, (others | touched) - group | {helper, *fixed})
        if _cost(cells, before, again) < cost:
            touched = again
        else:
            _put(cells, now)
    return touched


def _together(beside: Mapping[int, Collection[int]], cell: int, touched: Collection[int]) -> frozenset[int]:
    """The touched cells that one comes to from `cell` by steps of two neighbours at most: those that may have asked for the same help."""
    found, waiting = {cell}, [cell]
    while waiting:
        near = set(beside[waiting.pop()])
        new = ({other for one in near for other in beside[one]} | near) & set(touched) - found
        found |= new
        waiting += new
    return frozenset(found)


def _settle(cells: Cells, fixed: Collection[int]) -> frozenset[int]:
    """One cell after the other, the worst first, by the cheapest hand-over that helps it. The numbers of the cells that changed."""
    rest, touched = set(fixed), set[int]()
    while waiting := [cell for cell in cells.missed() if cell not in rest and cells.nodes[cell]]:
        cell = max(waiting, key=lambda each: (_wrong(cells, each), -each))
        plans = [(_price(cells, plan, touched), plan) for plan in _plans(cells, cell, rest)]
        better = [each for each in plans if each[0][0] < 0]
        if not better:
            rest.add(cell)
            continue
        _, plan = min(better, key=lambda each: each[0][1:])
        touched |= {cells.of[node] for nodes, _ in plan for node in nodes} | {target for _, target in plan}
        _take(cells, plan)
    return frozenset(touched)


def _cost(cells: Cells, before: Sequence[int], touched: Collection[int]) -> tuple[int, int]:
    """How many households are out of the band, and what it took to come here from `before`, the cell of each building."""
    moved = sum(weight for weight, now, then in zip(cells.graph.weight, cells.of, before, strict=True) if now != then)
    return sum(_wrong(cells, cell) for cell in cells.missed()), moved + TOUCH * len(touched)


def _put(cells: Cells, of: Sequence[int]) -> None:
    """Each building into this cell."""
    for node, cell in enumerate(of):
        if cells.of[node] != cell:
            cells.move(node, cell)


def _wrong(cells: Cells, cell: int) -> int:
    """By how many households a cell is out of the band; an empty one is none."""
    count = cells.moment[cell][0]
    return max(0, count - cells.band.high, cells.band.low - count) if count else 0


def _take(cells: Cells, plan: Iterable[Hand]) -> None:
    for nodes, target in plan:
        for node in sorted(nodes):
            cells.move(node, target)


def _price(cells: Cells, plan: list[Hand], touched: set[int]) -> Price:
    """How much less is out of the band (negative is better), what it costs, and how much wider the cells get."""
    involved = sorted({cells.of[node] for nodes, _ in plan for node in nodes} | {target for _, target in plan})
    moved = sum(cells.graph.weight[node] for nodes, _ in plan for node in nodes)
    back = [(node, cells.of[node]) for nodes, _ in plan for node in nodes]
    before = [(_wrong(cells, cell), spread(cells.moment[cell])) for cell in involved]
    _take(cells, plan)
    after = [(_wrong(cells, cell), spread(cells.moment[cell])) for cell in involved]
    for node, source in back:
        cells.move(node, source)
    gain = sum(wrong for wrong, _ in before) - sum(wrong for wrong, _ in after)
    wider = sum(wide for _, wide in after) - sum(wide for _, wide in before)
    cost = moved + TOUCH * len(set(involved) - touched)
    return -gain, cost - 2 * gain, wider


def _plans(cells: Cells, cell: int, rest: Collection[int]) -> list[list[Hand]]:
    """What would bring a cell into the band: by one hand-over, else by two, else by more than one neighbour at once."""
    whole = [plan for plan in _single(cells, cell, rest) if _settles(cells, plan, cell)]
    return whole or [plan for plan in _double(cells, cell, rest) if _settles(cells, plan, cell)] or list(_part(cells, cell, rest))


def _settles(cells: Cells, plan: list[Hand], cell: int) -> bool:
    """Whether `cell` fits afterwards and no other cell is worse than it was."""
    counts = {each: cells.moment[each][0] for nodes, target in plan for each in (target, *(cells.of[node] for node in nodes))}
    before = dict(counts)
    for nodes, target in plan:
        for node in nodes:
            counts[cells.of[node]] -= cells.graph.weight[node]
            counts[target] += cells.graph.weight[node]
    fits = {each: count == 0 or cells.band.holds(count) for each, count in counts.items()}
    return fits[cell] and all(fits[each] or not cells.band.holds(before[each]) for each in counts)


def _single(cells: Cells, cell: int, rest: Collection[int]) -> Iterator[list[Hand]]:
    count, band = cells.moment[cell][0], cells.band
    for other in _open(cells, cell, rest):
        theirs = cells.moment[other][0]
        if count > band.high:
            most = min(band.high - theirs, count - band.low)
            for least in {count - band.high, max(count - band.high, band.low - theirs)}:
                yield from _handed(cells, cell, other, Amount(least, most))
        else:
            for least in {band.low - count, max(band.low - count, theirs - band.high)}:
                yield from _handed(cells, other, cell, Amount(least, min(theirs - band.low, band.high - count)))
            if count + theirs <= band.high:
                yield [(frozenset(cells.nodes[cell]), other)]


def _double(cells: Cells, cell: int, rest: Collection[int]) -> Iterator[list[Hand]]:
    """By way of a neighbour that has no room, or nothing to spare, itself."""
    count, band = cells.moment[cell][0], cells.band
    for other in _open(cells, cell, rest):
        theirs = cells.moment[other][0]
        for third in _open(cells, other, {*rest, cell}):
            far = cells.moment[third][0]
            if count > band.high:
                needed = count - band.high - (band.high - theirs)
                first = _handed(cells, other, third, Amount(max(1, needed), band.high - far))
            else:
                needed = band.low - count - (theirs - band.low)
                first = _handed(cells, third, other, Amount(max(1, needed), far - band.low))
            for [hand] in first:
                yield from _followed(cells, cell, other, hand)


def _followed(cells: Cells, cell: int, other: int, hand: Hand) -> Iterator[list[Hand]]:
    """A hand-over to or from `other`, and what `cell` can then give to it or take from it."""
    back = [(node, cells.of[node]) for node in hand[0]]
    _take(cells, [hand])
    count, theirs, band = cells.moment[cell][0], cells.moment[other][0], cells.band
    if count > band.high:
        found = list(_handed(cells, cell, other, Amount(count - band.high, band.high - theirs)))
    else:
        found = list(_handed(cells, other, cell, Amount(band.low - count, theirs - band.low)))
    for node, source in back:
        cells.move(node, source)
    yield from ([hand, second] for [second] in found if not second[0] & hand[0])


def _part(cells: Cells, cell: int, rest: Collection[int]) -> Iterator[list[Hand]]:
    """As much as one neighbour has room for, or can spare: the next round asks another one."""
    count, band = cells.moment[cell][0], cells.band
    for other in _open(cells, cell, rest):
        theirs = cells.moment[other][0]
        if count > band.high:
            yield from _handed(cells, cell, other, Amount(min(count - band.high, max(1, band.high - theirs)), band.high - theirs))
        else:
            yield from _handed(cells, other, cell, Amount(min(band.low - count, max(1, theirs - band.low)), theirs - band.low))


def _open(cells: Cells, cell: int, rest: Collection[int]) -> list[int]:
    return [other for other in cells.beside(cell) if other not in rest and not cells.has_giant(other)]


def _handed(cells: Cells, source: int, target: int, amount: Amount) -> Iterator[list[Hand]]:
    """Buildings of one cell that can go to a neighbour, as few households as may be; both stay connected."""
    if not 1 <= amount.least <= amount.most:
        return
    found = set()
    for seed in _seeds(cells, source, target):
        for exact in (False, True):
            nodes = _grown(cells, source, (target, seed), amount, exact=exact)
            if nodes and nodes not in found:
                found.add(nodes)
                yield [(nodes, target)]


def _seeds(cells: Cells, source: int, target: int) -> list[int]:
    """Buildings on the border, those first by which the two cells get least wide."""
    border = [node for node in cells.nodes[source] if any(cells.of[near] == target for near in cells.graph.near[node])]
    return sorted(border, key=lambda node: (_widening(cells, source, target, node), node))[:SEEDS]


def _widening(cells: Cells, source: int, target: int, node: int) -> float:
    moment = cells.graph.moment[node]
    one, other = cells.moment[source], cells.moment[target]
    return spread(less(one, moment)) - spread(one) + spread(add(other, moment)) - spread(other)


def _grown(cells: Cells, source: int, start: tuple[int, int], amount: Amount, *, exact: bool) -> frozenset[int]:
    """From a building on the border inwards until there are households enough; nothing where they become too many.

    What would be cut off from its cell goes along. With `exact`, buildings that would be too much wait for smaller ones.
    """
    graph, (target, seed) = cells.graph, start
    taken, total, seen = set[int](), 0, {seed}
    heap = [(False, 0.0, seed)]
    while heap and total < amount.least:
        _, _, node = heapq.heappop(heap)
        if total + graph.weight[node] > amount.most:
            continue
        taken.add(node)
        total += graph.weight[node]
        for near in graph.near[node]:
            if near not in seen and cells.of[near] == source:
                seen.add(near)
                big = exact and graph.weight[near] > amount.least - total
                heapq.heappush(heap, (big, _widening(cells, source, target, near), near))
    return _with_cut_off(cells, source, taken, amount)


def _with_cut_off(cells: Cells, source: int, taken: set[int], amount: Amount) -> frozenset[int]:
    parts = cells.graph.components(cells.nodes[source] - taken)
    weight = [sum(cells.graph.weight[node] for node in part) for part in parts]
    if parts:
        main = max(range(len(parts)), key=lambda at: (weight[at], -at))
        taken = taken.union(*(part for at, part in enumerate(parts) if at != main))
    return frozenset(taken) if amount.least <= sum(cells.graph.weight[node] for node in taken) <= amount.most else frozenset()
