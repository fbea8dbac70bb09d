"""Buildings along streets, and how many households live in each."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.county.plan import Floats
from gridmap.county.streets import Manner, Street

Ints = NDArray[np.int64]

SPACING = {Manner.TOWN: 27.0, Manner.LANE: 19.0, Manner.ROAD: 75.0}
SETBACK = {Manner.TOWN: 17.0, Manner.LANE: 12.0, Manner.ROAD: 19.0}
TAKEN = {Manner.TOWN: 0.9, Manner.LANE: 0.86, Manner.ROAD: 0.2}
"""Along each kind of street: metres between plots, from its middle to the buildings, and the share of plots that could be built on."""
DOORYARD = 8.0
"""No building stands nearer than this to the middle of a street."""

TOWN_SIZES = ((1, 2, 0.58), (3, 6, 0.2), (8, 16, 0.115), (18, 36, 0.075), (40, 72, 0.024), (84, 132, 0.006))
VILLAGE_SIZES = ((1, 1, 0.86), (2, 2, 0.11), (3, 4, 0.03))
DORM_SIZES = ((1, 2, 0.4), (12, 24, 0.35), (30, 72, 0.25))
"""Households of a building: from, to, and the share of such buildings."""


def plots(streets: Sequence[Street], rng: Generator) -> Floats:
    """Places along both sides of all streets where a building could stand (metres), none on a street or on another's plot."""
    found = [_alongside(street, rng) for street in streets]
    points = np.concatenate([part for part in found if len(part)])
    lines = shapely.STRtree([street.shape for street in streets])
    blocked = np.unique(lines.query(shapely.points(points), predicate="dwithin", distance=DOORYARD)[0])
    points = np.delete(points, blocked, axis=0)
    _, first = np.unique(np.floor(points / 13.0).astype(np.int64), axis=0, return_index=True)
    return points[np.sort(first)]


def _alongside(street: Street, rng: Generator) -> Floats:
    manner = street.manner
    length = street.shape.length
    at = np.arange(SPACING[manner] / 2, length, SPACING[manner])
    at = np.repeat(at, 2) + (rng.random(2 * len(at)) - 0.5) * 0.5 * SPACING[manner]
    at = np.clip(at, 0, length - 0.5)
    here, ahead = (shapely.get_coordinates(shapely.line_interpolate_point(street.shape, at + step)) for step in (0.0, 0.4))
    along = (ahead - here) / np.maximum(np.hypot(*(ahead - here).T), 1e-6)[:, None]
    side = np.where(np.arange(len(at)) % 2, 1.0, -1.0)
    setback = SETBACK[manner] * (0.85 + 0.45 * rng.random(len(at)))
    points = here + np.column_stack([-along[:, 1], along[:, 0]]) * (side * setback)[:, None]
    return points[rng.random(len(at)) < TAKEN[manner]]


def settle(points: Floats, households: int, sizes: Sequence[tuple[int, int, float]], rng: Generator) -> tuple[Floats, Ints]:
    """Buildings on some of these plots until `households` live there: their places and counts. Too few plots hold fewer households."""
    if not len(points):
        return points, np.zeros(0, dtype=np.int64)
    kind = rng.choice(len(sizes), len(points), p=[share for _, _, share in sizes])
    low, high = (np.array([size[end] for size in sizes])[kind] for end in (0, 1))
    counts = low + np.floor(rng.random(len(points)) * (high - low + 1)).astype(np.int64)
    order = rng.permutation(len(points))
    enough = int(np.searchsorted(np.cumsum(counts[order]), households)) + 1
    chosen = np.sort(order[:enough])
    return points[chosen], counts[chosen]


def owners(points: Floats, lands: Sequence[BaseGeometry], barrier: BaseGeometry) -> Ints:
    """The village of each plot, -1 where it is outside, too near a border or too near water and rails."""
    owner = np.full(len(points), -1, dtype=np.int64)
    inner = shapely.buffer(np.asarray(lands, dtype=object), -7.0)
    spots = shapely.points(points)
    found, village = shapely.STRtree(inner).query(spots, predicate="within")
    owner[found] = village
    owner[shapely.contains_xy(shapely.buffer(barrier, 18.0), *points.T)] = -1
    return owner
