"""On which side of an edge a point lies: floating point where its error is provably too small to matter, exact expansions elsewhere."""

from typing import NamedTuple

import numpy as np

from gridmap.grid.index.compiled import compiled

# Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates" (1997), section 4.3: the
# determinant's error stays under (3 + 16 e) e times the sum of its two products' sizes, e = 2^-53, when nothing underflows.
RELATIVE_ERROR = (3 + 16 * 2.0**-53) * 2.0**-53
# Each of the two products may lose half of the smallest subnormal by underflow (2^-1075); this is far above both.
UNDERFLOW = 2.0**-1000
# Between these sizes no product of two differences, and no part of one, leaves the range of doubles.
SMALLEST, LARGEST = 2.0**-480, 2.0**500
SPLITTER = 2.0**27 + 1.0
UNDECIDED = 2  # only fractions can tell: numbers of too different sizes


class Segment(NamedTuple):
    """An edge from (ax, ay) to (bx, by)."""

    ax: float
    ay: float
    bx: float
    by: float


@compiled
def two_difference(a: float, b: float) -> tuple[float, float]:
    """a - b as a rounded number and what rounding lost (Knuth)."""
    x = a - b
    more = a - x
    return x, (a - (x + more)) + (more - b)


@compiled
def two_sum(a: float, b: float) -> tuple[float, float]:
    """a + b as a rounded number and what rounding lost (Knuth)."""
    x = a + b
    more = x - a
    return x, (a - (x - more)) + (b - more)


@compiled
def two_product(a: float, b: float) -> tuple[float, float]:
    """a * b as a rounded number and what rounding lost (Veltkamp, Dekker)."""
    x = a * b
    c = SPLITTER * a
    a_high = c - (c - a)
    d = SPLITTER * b
    b_high = d - (d - b)
    a_low, b_low = a - a_high, b - b_high
    return x, a_low * b_low - (((x - a_high * b_high) - a_low * b_high) - a_high * b_low)


@compiled
def turn(px: float, py: float, edge: Segment) -> int:
    """Whether the point lies east (1) or west (-1) of the edge's line at its own height, or on it (0); a is the lower end.

    UNDECIDED where the numbers differ so much in size that doubles cannot hold the products.
    """
    left, right = (px - edge.ax) * (edge.by - edge.ay), (py - edge.ay) * (edge.bx - edge.ax)
    determinant = left - right
    error = RELATIVE_ERROR * (abs(left) + abs(right)) + UNDERFLOW
    if determinant > error:
        return 1
    if determinant < -error:
        return -1
    return _turn_exactly(px, py, edge)


@compiled
def _turn_exactly(px: float, py: float, edge: Segment) -> int:
    parts = np.empty(8)
    parts[0], parts[4] = two_difference(px, edge.ax)
    parts[1], parts[5] = two_difference(edge.by, edge.ay)
    parts[2], parts[6] = two_difference(py, edge.ay)
    parts[3], parts[7] = two_difference(edge.bx, edge.ax)
    for part in parts:
        if part != 0 and not SMALLEST < abs(part) < LARGEST:
            return UNDECIDED
    expansion = np.zeros(16)
    length = 0
    for high in (0, 4):
        for low in (0, 4):
            for first, second, sign in ((0, 1, 1.0), (2, 3, -1.0)):
                for term in two_product(sign * parts[first + high], parts[second + low]):
                    length = _grow(expansion, length, term)
    for at in range(length - 1, -1, -1):
        if expansion[at] != 0:
            return 1 if expansion[at] > 0 else -1
    return 0


@compiled
def _grow(expansion: np.ndarray, length: int, term: float) -> int:
    """Add a term to an expansion whose parts do not overlap, the largest last (Shewchuk, theorem 10)."""
    for at in range(length):
        term, expansion[at] = two_sum(term, expansion[at])
    expansion[length] = term
    return length + 1


@compiled
def crosses(px: float, py: float, edge: Segment, open_west: bool) -> int:
    """1 where the point's westward way meets the edge or starts on it, else 0; or UNDECIDED.

    The rule is half-open: the edge reaches over heights from its lower end, included, to its upper end, excluded. With `open_west` the
    edge's western end stands for one infinitely far out, below or above as the edge goes: for points of a cell that it enters from west.
    """
    ax, ay, bx, by = edge
    if ay > by:
        ax, ay, bx, by = bx, by, ax, ay
    if py < ay or ay == by:
        return 1 if open_west and py < ay and (ax <= bx or ay == by) else 0
    if py >= by:
        return 1 if open_west and bx < ax else 0
    if px < min(ax, bx):
        return 0
    if px >= max(ax, bx):
        return 1
    side = turn(px, py, Segment(ax, ay, bx, by))
    return side if side == UNDECIDED else int(side >= 0)
