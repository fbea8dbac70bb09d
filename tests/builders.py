"""Made-up coverages for tests: areas that share every corner of their borders, and an owner found without floating point."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.access import Action, allowed, operator

Shapes = NDArray[np.object_]

OPERATOR = operator("test")
ALL = allowed(OPERATOR, Action.OPERATE)


def bent_coverage(side: int, bends: int, seed: int) -> Shapes:
    """side x side areas that tile the unit square: jittered nodes, each inner wall between two nodes bent and used by both neighbours."""
    rng = np.random.default_rng(seed)
    steps = np.arange(side + 1) / side
    nodes = np.stack(np.meshgrid(steps, steps), axis=-1)
    nodes[1:-1, :, 1] += rng.uniform(-0.25, 0.25, (side - 1, side + 1)) / side
    nodes[:, 1:-1, 0] += rng.uniform(-0.25, 0.25, (side + 1, side - 1)) / side
    inner = [bends if 0 < line < side else 0 for line in range(side + 1)]
    level = [[_wall(nodes[row, at], nodes[row, at + 1], inner[row], rng) for at in range(side)] for row in range(side + 1)]
    upright = [[_wall(nodes[row, at], nodes[row + 1, at], inner[at], rng) for at in range(side + 1)] for row in range(side)]
    shapes = [
        shapely.Polygon(np.vstack([level[row][at], upright[row][at + 1], level[row + 1][at][::-1], upright[row][at][::-1]]))
        for row in range(side)
        for at in range(side)
    ]
    return np.array(shapes, dtype=object)


def _wall(a: NDArray[np.float64], b: NDArray[np.float64], bends: int, rng: np.random.Generator) -> NDArray[np.float64]:
    t = np.linspace(0, 1, bends + 2)[:, None]
    line = a * (1 - t) + b * t
    reach = 0.3 * float(np.linalg.norm(b - a)) / (bends + 1)
    line[1:-1] += rng.uniform(-reach, reach, (bends, 2))
    return line


def moved(shapes: Shapes, *, scale: float = 1.0, east: float = 0.0, north: float = 0.0) -> Shapes:
    """The same coverage, larger or smaller, elsewhere: every shared corner is moved by the same floats, so that borders stay shared."""
    found: Shapes = shapely.transform(shapes, lambda xy: xy * scale + [east, north])
    return found


def awkward_points(shapes: Shapes, count: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Corners, middles of edges, points level with and upright over corners; each with the floats beside it."""
    rng = np.random.default_rng(seed)
    corners = shapely.get_coordinates(shapes)
    a, b = (corners[rng.integers(0, len(corners), count)] for _ in range(2))
    at = rng.integers(0, len(corners) - 1, count)
    points = np.vstack([a, (corners[at] + corners[at + 1]) / 2, np.c_[a[:, 0], b[:, 1]]])
    points = np.vstack([points, np.nextafter(points, np.inf), np.nextafter(points, -np.inf)])
    return points[:, 0].copy(), points[:, 1].copy()


def exact_owner(shapes: Shapes, x: float, y: float) -> int:
    """The first area that holds (x + e, y + d), 0 < d << e << 1, by counting the edges east of the point in fractions; -1 for none."""
    return next((position for position, shape in enumerate(shapes) if shape is not None and _holds(shape, x, y)), -1)


def _holds(shape: shapely.Geometry, x: float, y: float) -> bool:
    west, south, east, north = shape.bounds
    if not (west <= x <= east and south <= y <= north):
        return False
    edges = [edge for ring in shapely.get_rings(shapely.get_parts(shape)) for edge in _edges(ring)]
    return sum(_east_of(edge, Fraction(x), Fraction(y)) for edge in edges) % 2 == 1


def _edges(ring: shapely.LinearRing) -> list[list[Fraction]]:
    corners = [[Fraction(value) for value in corner] for corner in shapely.get_coordinates(ring).tolist()]
    return [[*a, *b] for a, b in pairwise(corners)]


def _east_of(edge: list[Fraction], x: Fraction, y: Fraction) -> bool:
    ax, ay, bx, by = edge
    return (ay > y) != (by > y) and ax + (bx - ax) * (y - ay) / (by - ay) > x
