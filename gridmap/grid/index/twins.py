"""Borders that two areas share are kept once: each edge with the areas on its two sides, paired by hashing its corners."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.compiled import compiled, prefetch
from gridmap.grid.index.corners import Rings, is_counter_clockwise
from gridmap.grid.index.turning import UNDECIDED

BLOCK = 128  # edges looked up at a time, so that their misses overlap
MIX, STIR = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
NOBODY = -1


class Edges(NamedTuple):
    """The borders, each edge once.

    A code is an area's position + 1; 0 is nobody. An edge is *shared* if it bounds two valid areas, one on each side: who crosses it
    leaves one and enters the other. All other edges are *lone*; areas may overlap there.
    """

    corners: NDArray[np.float64]
    at: NDArray[np.int32]  # the edge runs from corners[at] to corners[at + 1]
    code: NDArray[np.int32]  # of its area
    other: NDArray[np.int32]  # of the second area of a shared edge, 0 for a lone one
    east: NDArray[np.int8]  # 1 where its area lies east of it, -1 west; 0 for a shared edge, and where no side can be told


def paired(rings: Rings) -> Edges:
    """All edges of all rings, those that two rings walk in opposite ways only once. Linear in the number of corners."""
    count = len(rings.corners)
    slots = np.full(1 << max(4, int(1.5 * count).bit_length()), NOBODY, dtype=np.int32)
    at, code, other = (np.empty(count, dtype=np.int32) for _ in range(3))
    east = np.empty(count, dtype=np.int8)
    made = _pair(rings, rings.corners.view(np.uint64), slots, Edges(rings.corners, at, code, other, east))
    return Edges(rings.corners, at[:made].copy(), code[:made].copy(), other[:made].copy(), east[:made].copy())


@compiled
def _pair(rings: Rings, bits: NDArray[np.uint64], slots: NDArray[np.int32], edges: Edges) -> int:
    made = 0
    shift = np.uint64(64 - _bits(len(slots)))
    slot = np.empty(BLOCK, dtype=np.int64)
    for ring in range(len(rings.area)):
        start, end = rings.starts[ring], rings.starts[ring + 1]
        side = _inner_side(rings, ring)
        for block in range(start, end - 1, BLOCK):
            upto = min(block + BLOCK, end - 1)
            here = _mixed(bits, block)
            for k in range(block, upto):
                there = _mixed(bits, k + 1)
                slot[k - block] = np.int64(((here + there) * MIX) >> shift)
                prefetch(slots, slot[k - block])
                here = there
            for k in range(block, upto):
                made = _keep(Walked(k, rings.area[ring] + 1, side), slot[k - block], slots, edges, made)
    return made


@compiled
def _bits(size: int) -> int:
    """The exponent of a power of two."""
    bits = 0
    while size > 1:
        size >>= 1
        bits += 1
    return bits


@compiled
def _mixed(bits: NDArray[np.uint64], corner: int) -> np.uint64:
    mixed = (bits[corner, 0] * MIX) ^ (bits[corner, 1] * STIR)
    return mixed ^ (mixed >> np.uint64(29))


@compiled
def _inner_side(rings: Rings, ring: int) -> int:
    """1 where the ring's area lies to the left of its walk, -1 to the right, 0 where neither can be said."""
    if not rings.sound[rings.area[ring]]:
        return 0
    turned = is_counter_clockwise(rings.corners, rings.starts[ring], rings.starts[ring + 1])
    if turned == UNDECIDED:
        return 0
    return 1 if (turned == 1) != rings.hole[ring] else -1


class Walked(NamedTuple):
    """An edge of a ring: the corner that it starts at, its area's code, and on which side of the walk that area lies."""

    at: int
    code: int
    side: int


@compiled
def _keep(edge: Walked, slot: int, slots: NDArray[np.int32], edges: Edges, made: int) -> int:
    """Enter an edge: as the second side of one that is there, or as a new one. How many edges there are now."""
    k, code, side = edge
    corners = edges.corners
    ax, ay, bx, by = corners[k, 0], corners[k, 1], corners[k + 1, 0], corners[k + 1, 1]
    if ax == bx and ay == by:
        return made
    left = side if (ax < bx) or (ax == bx and ay < by) else -side  # seen along the edge from its lesser corner
    rising = (ay < by) == (ax < bx) if ax != bx else True
    east = -left if rising else left
    while slots[slot] != NOBODY:
        found = slots[slot]
        of = edges.at[found]
        cx, cy, dx, dy = corners[of, 0], corners[of, 1], corners[of + 1, 0], corners[of + 1, 1]
        if (ax == cx and ay == cy and bx == dx and by == dy) or (ax == dx and ay == dy and bx == cx and by == cy):
            twin = edges.other[found] == 0 and east * edges.east[found] == -1 and code != edges.code[found]
            if twin:
                edges.other[found], edges.east[found] = code, 0
                return made
        slot = (slot + 1) & (len(slots) - 1)
    slots[slot] = made
    edges.at[made], edges.code[made], edges.other[made], edges.east[made] = k, code, 0, east
    return made + 1
