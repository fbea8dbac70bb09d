"""Borders: every wall between two villages is drawn once, bent, and used by both; so nothing can gape or overlap."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from numpy.random import Generator
from shapely import Polygon

from gridmap.county.hearts import voronoi
from gridmap.county.plan import Floats

Corner = tuple[float, float]
Wall = tuple[Corner, Corner]

STEP = 75.0
"""Metres between the corners of a bent wall."""
WAVES = 9
ROOM = 0.55
"""How far into the triangle between a wall and a village's heart it may bend. Under 1, no two walls can meet but at their ends."""


def draw(hearts: Floats, villages: int, rng: Generator) -> tuple[list[Polygon], list[tuple[int, int]]]:
    """The shapes of the first `villages` hearts (metres) and the pairs of them that share a wall; the other hearts only bound them."""
    rings = [_ring(land) for land in voronoi(hearts)]
    sides: dict[Wall, list[int]] = {}
    for village, ring in enumerate(rings):
        for wall in _walls(ring):
            sides.setdefault(_canonical(wall), []).append(village)
    bent = {wall: _bend(wall, hearts[sides[wall]], rng) for wall in sorted(sides) if min(sides[wall]) < villages}
    shapes = [Polygon(np.concatenate([_along(wall, bent)[:-1] for wall in _walls(ring)])) for ring in rings[:villages]]
    pairs = sorted({(min(pair), max(pair)) for wall in bent if max(pair := sides[wall]) < villages and len(pair) == 2})
    return shapes, pairs


def _ring(land: Polygon) -> list[Corner]:
    return [(float(x), float(y)) for x, y in shapely.get_coordinates(land.exterior)]


def _walls(ring: Sequence[Corner]) -> list[Wall]:
    return list(pairwise(ring))


def _canonical(wall: Wall) -> Wall:
    return min(wall, wall[::-1])


def _along(wall: Wall, bent: dict[Wall, Floats]) -> Floats:
    """The bent wall in the direction asked for."""
    points = bent[_canonical(wall)]
    return points if _canonical(wall) == wall else points[::-1]


def _apart(hearts: Floats) -> float:
    """How far apart the hearts on both sides of a wall are: between the town's communities walls are nearly straight."""
    return float(np.hypot(*(hearts[0] - hearts[-1]))) if len(hearts) > 1 else np.inf


def _bend(wall: Wall, hearts: Floats, rng: Generator) -> Floats:
    """The wall as a wavy line between its ends: a random bridge, kept within the triangles towards the hearts on both sides."""
    start, end = np.array(wall[0]), np.array(wall[1])
    length = float(np.hypot(*(end - start)))
    waves = (rng.random((WAVES, 3)).sum(axis=1) - 1.5) * 2  # about normal, and the same on every machine
    steps = int(length / STEP) + 1
    if steps == 1:
        return np.array([start, end])
    t = np.linspace(0, 1, steps + 1)[1:-1]
    along = (end - start) / length
    across = np.array([-along[1], along[0]])
    order = np.arange(1, WAVES + 1)
    wander = (np.sin(np.pi * np.outer(t, order)) * (waves / order**1.25)).sum(axis=1)
    offset = wander * length * (0.012 if _apart(hearts) < 760 else 0.11)
    above, below = np.full(len(t), np.inf), np.full(len(t), np.inf)
    for heart in hearts:
        height, foot = float((heart - start) @ across), float((heart - start) @ along) / length
        room = abs(height) * ROOM * np.minimum(t / foot if foot > 0 else np.inf, (1 - t) / (1 - foot) if foot < 1 else np.inf)
        above, below = (np.minimum(above, room), below) if height > 0 else (above, np.minimum(below, room))
    limit = np.where(offset > 0, above, below)
    offset = np.where(np.isfinite(limit), limit * np.tanh(offset / limit), offset)
    return np.concatenate([[start], start + np.outer(t * length, along) + np.outer(offset, across), [end]])
