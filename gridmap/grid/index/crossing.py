"""Is a point west of an edge at its own height? Floating point where its error is provably too small to matter, fractions elsewhere."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates" (1997), section 4.3: the
# determinant's error stays under (3 + 16 e) e times the sum of its two products' sizes, e = 2^-53, when nothing underflows.
RELATIVE_ERROR = (3 + 16 * 2.0**-53) * 2.0**-53
# Each of the two products may lose half of the smallest subnormal by underflow (2^-1075); this is far above both.
UNDERFLOW = 2.0**-1000


def west_of(px: Floats, py: Floats, a: Floats, b: Floats) -> NDArray[np.bool_]:
    """True where the point lies strictly west of the edge a → b, measured along the point's own latitude.

    `a`, `b` are (n, 2) corners; each edge must reach over the point's height: one end at or below it, the other above.
    """
    west = px < np.minimum(a[:, 0], b[:, 0])
    beside = np.flatnonzero(~west & (px < np.maximum(a[:, 0], b[:, 0])))
    px, py, a, b = px[beside], py[beside], a[beside], b[beside]
    ax, ay, bx, by = a[:, 0], a[:, 1], b[:, 0], b[:, 1]
    left, right = (bx - ax) * (py - ay), (by - ay) * (px - ax)
    turn = np.where(by > ay, left - right, right - left)
    west[beside] = turn > 0
    sure = np.abs(turn) > RELATIVE_ERROR * (np.abs(left) + np.abs(right)) + UNDERFLOW
    for i in np.flatnonzero(~sure):
        west[beside[i]] = _west_exactly(px[i], py[i], a[i], b[i])
    return west


def _west_exactly(px: float, py: float, a: Floats, b: Floats) -> bool:
    x, y, ax, ay, bx, by = (Fraction(float(v)) for v in (px, py, *a, *b))
    return x < ax + (y - ay) * (bx - ax) / (by - ay)
