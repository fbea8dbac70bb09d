"""Which colour and hatch each worker's cells get: neighbouring workers never alike, in colour or in a grey copy."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import numpy as np
import shapely
from numpy.typing import NDArray

TINTS = ("#FBE3BC", "#CFE6F5", "#CDE8D5", "#F3D3DF", "#F7F0B5", "#DBD7EE")
"""Pale, of one lightness or nearly: type reads on all of them, and none looks more important. After Okabe and Ito's hues."""
INKS = ("#C98A1B", "#4C93BF", "#4E9E78", "#BF6F93", "#A99A2B", "#7D73B8")
"""The same hues for hatches and keys."""


@dataclass(frozen=True, slots=True)
class Hatch:
    """Lines at `angle` degrees, `step` millimetres apart; `step` 0 is none."""

    angle: float
    step: float


HATCHES = (Hatch(0, 0), Hatch(45, 1.7), Hatch(135, 1.7), Hatch(0, 1.5), Hatch(90, 1.5), Hatch(45, 0.95))


@dataclass(frozen=True, slots=True)
class Look:
    """How the cells of one worker are filled; `number` is the same for workers that look alike."""

    number: int

    @property
    def tint(self) -> str:
        return TINTS[self.number % len(TINTS)]

    @property
    def ink(self) -> str:
        return INKS[self.number % len(INKS)]

    @property
    def hatch(self) -> Hatch:
        """Each colour has its own; should more than six be needed, the next six have theirs at another angle."""
        plain = HATCHES[self.number % len(HATCHES)]
        turn = self.number // len(HATCHES)
        return plain if turn == 0 else Hatch((plain.angle + 22.5 * turn) % 180, plain.step or 1.2)


NEAR = 1 / 16
"""Of a usual cell's side: what lies no farther apart looks as if it touched."""
NOBODY = "#FFFFFF"
"""A cell without a worker stays white."""


def look_of(shapes: NDArray[np.object_], holders: Sequence[Hashable]) -> dict[Hashable, Look]:
    """A look for each holder of shapes, None apart: no two that touch, or nearly (`NEAR`), at a corner either, look alike.

    Greedy by saturation (Brélaz 1979), in the order of holders where nothing else decides; of the looks that are free the rarest is
    taken, so that a sheet uses all of them.
    """
    near = _neighbours(shapes, holders)
    found: dict[Hashable, Look] = {}
    used: Counter[int] = Counter()
    order = {holder: at for at, holder in enumerate(dict.fromkeys(each for each in holders if each is not None))}
    taken: dict[Hashable, set[int]] = {holder: set() for holder in order}
    queue = [(0, -len(near[holder]), at, holder) for holder, at in order.items()]
    heapify(queue)
    while queue:
        saturation, _, _, holder = heappop(queue)
        if holder in found or -saturation < len(taken[holder]):
            continue  # an entry from before it knew of more neighbours
        beyond = set[int]().union(*(taken[other] for other in near[holder]))
        found[holder] = Look(number := _free(taken[holder], beyond, used))
        used[number] += 1
        for other in near[holder]:
            taken[other].add(number)
            if other not in found:
                heappush(queue, (-len(taken[other]), -len(near[other]), order[other], other))
    return found


def _free(taken: set[int], beyond: set[int], used: Counter[int]) -> int:
    """Of the first six that are free one that is not near either, then the rarest; else the first free one of more."""
    first = [number for number in range(len(TINTS)) if number not in taken]
    if first:
        return min(first, key=lambda number: (number in beyond, used[number], number))
    return next(number for number in range(len(TINTS), len(TINTS) + len(taken) + 1) if number not in taken)


def _neighbours(shapes: NDArray[np.object_], holders: Sequence[Hashable]) -> dict[Hashable, set[Hashable]]:
    near: dict[Hashable, set[Hashable]] = {holder: set() for holder in holders}
    for one, other in _pairs(shapes):
        a, b = holders[one], holders[other]
        if a != b and a is not None and b is not None:
            near[a].add(b)
            near[b].add(a)
    return near


def _pairs(shapes: NDArray[np.object_]) -> Iterable[tuple[int, int]]:
    near = np.sqrt(np.median(shapely.area(shapes))) * NEAR if len(shapes) else 0.0
    one, other = shapely.STRtree(shapes).query(shapely.box(*(shapely.bounds(shapes) + np.array([-near, -near, near, near])).T))
    one, other = one[one < other], other[one < other]
    shapely.prepare(shapes)
    close = shapely.dwithin(shapes[one], shapes[other], near)
    return zip(one[close].tolist(), other[close].tolist(), strict=True)
