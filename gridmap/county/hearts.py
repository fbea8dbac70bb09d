"""Where the villages are: a point for each, close together in the towns, far apart in the fields."""

import numpy as np
import shapely
from numpy.random import Generator
from shapely import MultiPoint, Polygon, box

from gridmap.county.plan import TOWNSHIPS, Floats, TownshipPlan

REACH = 40_000.0
GHOSTS = 15
GHOST_RING = 12_900.0
"""Land beyond the county is drawn too and thrown away: the county's own border is then as irregular as those inside."""


def place(rng: Generator) -> tuple[Floats, list[int]]:
    """The points of all villages (metres), then of land beyond the county; and each village's township by position."""
    centres = _centres(rng)
    lands = voronoi(centres)
    hearts: list[Floats] = []
    township: list[int] = []
    for position, plan in enumerate(TOWNSHIPS):
        fixed = _town(plan, centres[position], rng)
        free = plan.communities + plan.villages - len(fixed)
        hearts.append(spread(lands[position], fixed, free, rng))
        township += [position] * (plan.communities + plan.villages)
    hearts += [spread(land, np.empty((0, 2)), 5, rng) for land in lands[len(TOWNSHIPS) :]]
    return np.concatenate(hearts), township


def voronoi(points: Floats) -> list[Polygon]:
    """The land nearest to each point, in the points' order."""
    cells = shapely.voronoi_polygons(MultiPoint(points), extend_to=box(-REACH, -REACH, REACH, REACH), ordered=True)
    return list(shapely.get_parts(cells))


def _centres(rng: Generator) -> Floats:
    """The townships' middles, moved a little, and a ring of others outside."""
    middles = np.array([(plan.x, plan.y) for plan in TOWNSHIPS], dtype=float)
    loose = np.array([0.0 if plan.urban else 300.0 if plan.park else 900.0 for plan in TOWNSHIPS])
    middles += (rng.random(middles.shape) * 2 - 1) * loose[:, None]
    turn = 2 * np.pi * (np.arange(GHOSTS) + rng.random(GHOSTS) * 0.7) / GHOSTS
    ring = GHOST_RING * (1 + 0.16 * (rng.random(GHOSTS) - 0.5))
    return np.concatenate([middles, np.column_stack([ring * np.cos(turn), ring * np.sin(turn)])])


def _town(plan: TownshipPlan, middle: Floats, rng: Generator) -> Floats:
    """The communities of a township. The county town's face each other across the river, with three villages about each half."""
    if plan.urban:
        bank = 1.0 if plan.y > 0 else -1.0
        front = np.array([(x, 270.0) for x in (-810.0, -270.0, 270.0, 810.0)])
        back = np.array([(x, 800.0) for x in (-430.0, 430.0)])
        fields = np.array([(-1720.0, 640.0), (0.0, 1820.0), (1720.0, 640.0)])
        back, fields = (some + (rng.random(some.shape) - 0.5) * (260, loose) for some, loose in ((back, 160), (fields, 60)))
        return np.concatenate([front, back, fields]) * (1.0, bank)
    apart = np.arange(plan.communities)[:, None] * np.array([[620.0, 240.0]])
    return middle + apart


def spread(land: Polygon, fixed: Floats, free: int, rng: Generator, rounds: int = 7) -> Floats:
    """`fixed` points and `free` more, evenly over the land, closer together towards the fixed ones and the county town (Lloyd's rounds)."""
    ground = scatter(land, 900, rng)
    weight = 1 + 4 * np.exp(-np.square(np.hypot(ground[:, 0], ground[:, 1]) / 3000))
    for point in fixed:
        weight += 5 * np.exp(-np.square(np.hypot(*(ground - point).T) / 900))
    moving = ground[rng.choice(len(ground), free, replace=False)]
    for _ in range(rounds):
        hearts = np.concatenate([fixed, moving])
        nearest = np.argmin(np.square(ground[:, None, :] - hearts[None, :, :]).sum(axis=2), axis=1)
        mass = np.bincount(nearest, weight, len(hearts))
        middle = np.column_stack([np.bincount(nearest, weight * ground[:, axis], len(hearts)) for axis in (0, 1)])
        moving = np.where(mass[:, None] > 0, middle / np.maximum(mass, 1e-9)[:, None], hearts)[len(fixed) :]
    return np.concatenate([fixed, moving])


def scatter(land: Polygon, count: int, rng: Generator) -> Floats:
    """About `count` points at random in the land."""
    west, south, east, north = land.bounds
    tries = int(count * (east - west) * (north - south) / land.area)
    points = rng.random((tries, 2)) * (east - west, north - south) + (west, south)
    return points[shapely.contains_xy(land, points[:, 0], points[:, 1])]
