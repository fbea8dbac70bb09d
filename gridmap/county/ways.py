"""What runs through the land: a river, a railway, the roads between villages, and where they cross."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.random import Generator
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.county.plan import Floats

Pair = tuple[int, int]

HALF_RIVER = 34.0
END = 17_000.0
"""River and railway run on beyond the county, so that no rounding at its border leaves a way round them."""
VERGE = 30.0
"""Metres that streets and houses keep from water and rails."""
MEADOW = 170.0
"""Metres that hamlets keep from them."""
SQUARE = 190.0
"""Metres that a road may take over a barrier and its verges: it crosses about squarely, or elsewhere."""
FORD = 2.2
"""A road over the river counts as this many times its length: few roads cross it."""


@dataclass(frozen=True)
class Barriers:
    """What nobody crosses but by a bridge, in metres."""

    river: Polygon
    railway: LineString

    @cached_property
    def both(self) -> BaseGeometry:
        return shapely.union(self.river, self.railway)

    @cached_property
    def verges(self) -> BaseGeometry:
        """Where no street runs along."""
        return shapely.buffer(self.both, VERGE)

    @cached_property
    def meadows(self) -> BaseGeometry:
        """Where no hamlet stands."""
        return shapely.buffer(self.both, MEADOW)


@dataclass(frozen=True, slots=True)
class Ways:
    """In metres: the villages' hearts, moved off the water; the barriers; the roads by the pair of villages that they join."""

    hearts: Floats
    barriers: Barriers
    roads: dict[Pair, LineString]


def lay(hearts: Floats, pairs: Sequence[Pair], urban: Sequence[bool], rng: Generator) -> Ways:
    """River and railway, then roads between neighbouring villages' hearts."""
    barriers = Barriers(shapely.buffer(LineString(_river(rng)), HALF_RIVER, cap_style="flat"), _railway(rng))
    hearts = dry(hearts, barriers)
    return Ways(hearts, barriers, _roads(hearts, pairs, urban, barriers, rng))


def dry(points: Floats, barriers: Barriers, far: float = 150.0) -> Floats:
    """The points, those within `far` metres of a barrier moved straight away from it."""
    moved = points.copy()
    for barrier in (barriers.river, barriers.railway):
        middle = barrier if barrier.geom_type == "LineString" else barrier.exterior
        for row, point in enumerate(shapely.points(moved)):
            if point.distance(barrier) < far:
                foot = np.array(middle.interpolate(middle.project(point)).coords[0])
                away = moved[row] - foot if not barrier.covers(point) else foot - moved[row]
                moved[row] = foot + away / max(float(np.hypot(*away)), 1e-6) * far * 1.3
    return moved


def _river(rng: Generator) -> Floats:
    """A winding line along x, all but straight where it passes the county town."""
    x = np.arange(-END, END + 1, 50.0)
    calm = 1 - np.exp(-np.power(x / 2500, 4))
    y = np.zeros_like(x)
    for length, height in ((15_000, 700), (6_100, 420), (2_900, 190), (1_300, 60)):
        swing = 0.7 + 0.6 * rng.random()
        y += height * swing * np.sin(2 * np.pi * (x / length + rng.random()))
    return np.column_stack([x + 90 * calm * np.sin(x / 410), y * calm])


def _railway(rng: Generator) -> LineString:
    """A smooth line from the south-west to the north-east, past the county town and the park."""
    stops = np.array(
        [(-END, -9500), (-9000, -4700), (-3500, -2500), (-800, -1750), (1500, -1600), (3000, -700), (4700, 1500), (9000, 4300), (END, 8000)]
    )
    stops = stops + (rng.random(stops.shape) - 0.5) * np.array(
        [[0, 2500], [900, 1400], [400, 300], [0, 60], [0, 60], [200, 100], [500, 500], [900, 1400], [0, 2500]]
    )
    return LineString(smooth(stops, 5))


def smooth(line: Floats, rounds: int) -> Floats:
    """The line with its corners cut, again and again (Chaikin); its ends stay."""
    for _ in range(rounds):
        early, late = line[:-1] * 0.75 + line[1:] * 0.25, line[:-1] * 0.25 + line[1:] * 0.75
        line = np.concatenate([line[:1], np.stack([early, late], axis=1).reshape(-1, 2)[1:-1], line[-1:]])
    return line


def _roads(hearts: Floats, pairs: Sequence[Pair], urban: Sequence[bool], barriers: Barriers, rng: Generator) -> dict[Pair, LineString]:
    """The cheapest roads that join all villages, and some more where no barrier is in the way."""
    straight = {pair: LineString(hearts[list(pair)]) for pair in pairs}
    crosses = {pair: line.intersects(barriers.both) for pair, line in straight.items()}
    slant = {pair: max(_beside(line, barriers) - SQUARE, 0) for pair, line in straight.items()}
    cost = {pair: line.length * (FORD if crosses[pair] else 1.0) + 20 * slant[pair] for pair, line in straight.items()}
    chosen = _spanning(cost, len(hearts))
    for pair in pairs:
        if pair not in chosen and rng.random() < (0.0 if slant[pair] else 0.1 if crosses[pair] else 0.32):
            chosen.append(pair)
    drawn = {pair: wind(straight[pair], barriers, rng) for pair in sorted(chosen)}
    return {pair: line for pair, line in drawn.items() if not (urban[pair[0]] and urban[pair[1]])}


def _spanning(cost: dict[Pair, float], nodes: int) -> list[Pair]:
    """The cheapest pairs that join all nodes (Kruskal)."""
    group = list(range(nodes))
    chosen = []
    for one, other in sorted(cost, key=lambda pair: (cost[pair], pair)):
        if group[one] != group[other]:
            chosen.append((one, other))
            old, new = group[other], group[one]
            group = [new if found == old else found for found in group]
    return chosen


def wind(line: LineString, barriers: Barriers, rng: Generator) -> LineString:
    """A country road instead of a straight line; less bent, or straight, where bending would take it to a barrier once more."""
    start, end = (np.array(point) for point in line.coords)
    t = np.linspace(0, 1, max(int(line.length / 60), 2) + 1)
    swing = (rng.random((4, 2)).sum(axis=1) - 1) / np.arange(1, 5)
    side = np.array([start[1] - end[1], end[0] - start[0]])
    bend = np.outer(np.sin(np.pi * np.outer(t, np.arange(1, 5))) @ swing, side)
    fewest, longest = _meetings(line, barriers.both), max(_beside(line, barriers), SQUARE)
    for much in (0.14, 0.07, 0.03):
        road = LineString(start + np.outer(t, end - start) + much * bend)
        if _meetings(road, barriers.verges) <= fewest and _beside(road, barriers) <= longest:
            return road
    return line


def _meetings(road: LineString, barrier: BaseGeometry) -> int:
    """How often a road meets a barrier."""
    met = shapely.intersection(road, barrier)
    return 0 if met.is_empty else len(shapely.get_parts(met))


def _beside(road: LineString, barriers: Barriers) -> float:
    """How many metres of a road lie on or right beside a barrier."""
    return float(shapely.intersection(road, barriers.verges).length)


def bridges(roads: Sequence[LineString], barriers: Barriers) -> list[LineString]:
    """From bank to bank and a little farther, wherever a road crosses the river or the railway."""
    lines = np.array(roads, dtype=object)
    found = []
    for barrier, beyond in ((barriers.river, 12), (barriers.railway, 15)):
        spans = shapely.get_parts(shapely.intersection(lines[shapely.intersects(lines, barrier)], shapely.buffer(barrier, beyond)))
        found += [span for span in spans if span.intersects(barrier)]
    return found
