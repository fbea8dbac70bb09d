"""What the faces of a coverage share: their borders, piece by piece."""

import heapq
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Borders:
    """Straight bits of border as parallel arrays: between faces `left` and `right`, from corner `start` to corner `end`."""

    left: Ints
    right: Ints
    start: Floats
    end: Floats

    @property
    def length(self) -> Floats:
        return np.hypot(*(self.end - self.start).T)

    def only(self, wanted: NDArray[np.bool_]) -> "Borders":
        return Borders(self.left[wanted], self.right[wanted], self.start[wanted], self.end[wanted])


def segments(faces: list[Polygon]) -> tuple[Ints, Floats, Floats]:
    """Every straight bit of every ring: the face it belongs to, its start, its end."""
    rings, face = shapely.get_rings(np.asarray(faces, dtype=object), return_index=True)
    corners, ring = shapely.get_coordinates(rings, return_index=True)
    inside = ring[:-1] == ring[1:]
    return face[ring[:-1][inside]].astype(np.int64), corners[:-1][inside], corners[1:][inside]


def number(*corners: Floats) -> list[Ints]:
    """The corners of each array as whole numbers: equal corners, equal numbers."""
    flat = np.concatenate([c[:, 0] + 1j * c[:, 1] for c in corners])
    _, numbers = np.unique(flat, return_inverse=True)
    return list(np.split(numbers.astype(np.int64), np.cumsum([len(c) for c in corners])[:-1]))


def shared(faces: list[Polygon]) -> Borders:
    """The borders between two faces of a coverage whose faces carry each other's corners."""
    face, start, end = segments(faces)
    a, b = number(start, end)
    key = np.minimum(a, b) * (len(a) + len(b)) + np.maximum(a, b)
    order = np.argsort(key, kind="stable")
    twice = np.flatnonzero(key[order][:-1] == key[order][1:])
    one, other = order[twice], order[twice + 1]
    return Borders(face[one], face[other], start[one], end[one])


def lengths(borders: Borders, owner: Ints) -> dict[tuple[int, int], float]:
    """Metres of border between owners, by (lower, higher) owner; faces of one owner, or of none (-1), share nothing."""
    a, b = owner[borders.left], owner[borders.right]
    apart = (a != b) & (a >= 0) & (b >= 0)
    low, high = np.minimum(a, b)[apart], np.maximum(a, b)[apart]
    pairs, place = np.unique(np.column_stack([low, high]), axis=0, return_inverse=True)
    total = np.bincount(place.ravel(), borders.length[apart], len(pairs))
    return {(int(i), int(j)): float(t) for (i, j), t in zip(pairs.tolist(), total, strict=True)}


def adopt(borders: Borders, owner: Ints, family: Ints | None = None) -> Ints:
    """Give every face without owner (-1) to the owner with which it shares most border, the longest border first.

    With `family`, a face joins only owners' faces of its own family. A face that touches no owned face keeps -1.
    """
    owner, beside = owner.copy(), _beside(borders, family)
    pull: dict[int, dict[int, float]] = {face: {} for face in np.flatnonzero(owner < 0).tolist()}
    heap: list[tuple[float, int, int]] = []

    def reach(face: int, mine: int) -> None:
        for other, length in beside.get(face, {}).items():
            if owner[other] < 0:
                pull[other][mine] = pull[other].get(mine, 0.0) + length
                heapq.heappush(heap, (-pull[other][mine], other, mine))

    for face in {near for waiting in pull for near in beside.get(waiting, {}) if owner[near] >= 0}:
        reach(face, int(owner[face]))
    while heap:
        _, face, mine = heapq.heappop(heap)
        if owner[face] < 0:
            owner[face] = mine
            reach(face, mine)
    return owner


def _beside(borders: Borders, family: Ints | None) -> dict[int, dict[int, float]]:
    """Metres of border of each face with each other face (of its family)."""
    face = np.arange(int(max(borders.left.max(initial=-1), borders.right.max(initial=-1))) + 1)
    found: dict[int, dict[int, float]] = {}
    for (a, b), length in lengths(borders, face).items():
        if family is None or family[a] == family[b]:
            found.setdefault(a, {})[b] = length
            found.setdefault(b, {})[a] = length
    return found
