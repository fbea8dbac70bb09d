"""Streets: a grid in the county town, small ones in towns and the park, lanes in hamlets, and the roads between them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from numpy.random import Generator
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.county.hearts import scatter
from gridmap.county.plan import Floats
from gridmap.county.ways import Barriers, Ways, wind

BLOCK_X, BLOCK_Y = 142.0, 104.0
TOWN_BRIDGES = (-520.0, -60.0, 470.0)
"""Where, along the river, the county town's streets cross it."""
SHORTEST = 35.0
BUILT_UP = (1230.0, 1210.0)
"""The county town's reach along and across the river: streets inside, fields outside."""
FAR = 1500.0
"""No hamlet lies farther from its village's heart."""


class Manner(StrEnum):
    """What kind of street it is, and so what is built along it."""

    TOWN = "town"
    LANE = "lane"
    ROAD = "road"


@dataclass(frozen=True, slots=True)
class Street:
    """A street in metres. Pieces of one street in a town share their `row`; `villages` are where a lane lies or what a road joins."""

    manner: Manner
    shape: LineString
    row: str = ""
    villages: tuple[int, ...] = ()


def grid(ground: BaseGeometry, middle: Floats, blocks: tuple[float, float], rng: Generator, *, turn: float, name: str) -> list[Street]:
    """Crossing streets over the ground in blocks of about this size (metres), turned about the middle; `name` begins their rows."""
    west, south, east, north = ground.bounds
    reach = float(np.hypot(east - west, north - south))
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    streets = []
    for axis, block in enumerate(blocks):
        count = int(reach / block)
        at = (np.arange(-count, count + 1) + 0.5) * block + (rng.random(2 * count + 1) - 0.5) * 0.34 * block
        for number, offset in enumerate(at):
            ends = np.array([(offset, -reach), (offset, reach)]) if axis == 0 else np.array([(-reach, offset), (reach, offset)])
            line = LineString(ends @ rotation + middle)
            streets += [Street(Manner.TOWN, piece, f"{name}{'xy'[axis]}{number:03d}") for piece in _pieces(line, ground)]
    return streets


def _pieces(line: LineString, ground: BaseGeometry) -> list[LineString]:
    parts = shapely.get_parts(shapely.intersection(line, ground))
    return [part for part in parts if part.geom_type == "LineString" and part.length >= SHORTEST]


def county_town(communities: list[Polygon], ways: Ways, rng: Generator) -> list[Street]:
    """The county town's grid on both banks, and its two streets over the river."""
    town = shapely.intersection(shapely.union_all(communities), built_up())
    dry = shapely.difference(shapely.buffer(town, -15), ways.barriers.verges)
    dry = shapely.difference(dry, _closed(rng))
    streets = grid(dry, np.zeros(2), (BLOCK_X, BLOCK_Y), rng, turn=0.0, name="town-")
    for number, x in enumerate(TOWN_BRIDGES):
        over = LineString([(x, -330), (x, 330)])
        streets.append(Street(Manner.TOWN, over, f"town-x-over-{number}"))
    return streets


def built_up() -> Polygon:
    """The ground of the county town, about round."""
    turn = np.linspace(0, 2 * np.pi, 33)[:-1]
    wave = 1 + 0.05 * np.sin(3 * turn) + 0.04 * np.cos(5 * turn)
    return Polygon(np.column_stack([np.cos(turn) * wave, np.sin(turn) * wave]) * BUILT_UP)


def _closed(rng: Generator) -> BaseGeometry:
    """Grounds that no street crosses: a park, schools, yards."""
    corners = (rng.random((9, 2)) - 0.5) * 1.7 * np.array(BUILT_UP)
    sizes = 90 + 170 * rng.random((9, 2))
    return shapely.union_all(shapely.box(*corners.T, *(corners + sizes).T))


def hamlets(land: Polygon, heart: Floats, households: int, barriers: Barriers, rng: Generator) -> list[Floats]:
    """Where a village's hamlets stand: one at its heart, others apart from it, none by the water or at the border."""
    found = [heart]
    wanted = 1 + int(rng.random() < 0.55) + int(households / 120)
    inner = shapely.difference(shapely.buffer(land, -170), barriers.meadows)
    if inner.is_empty:
        return found
    for spot in scatter(inner, 40, rng) if inner.area > 40_000 else ():
        if len(found) < wanted and np.hypot(*(spot - heart)) < FAR and min(np.hypot(*(spot - other)) for other in found) > 430:
            found.append(spot)
    return found


def lanes(spot: Floats, households: float, toward: Floats, ground: BaseGeometry, rng: Generator) -> list[LineString]:
    """A hamlet's main lane in the direction of the road that it lies on, and side lanes off it."""
    along = toward / max(float(np.hypot(*toward)), 1e-6)
    across = np.array([-along[1], along[0]])
    length = 100 + 2.8 * households
    t = np.linspace(-0.5, 0.5, 9)
    sway = (rng.random(2) - 0.5) * 0.16 * length
    spine = spot + np.outer(t * length, along) + np.outer(sway[0] * np.cos(np.pi * t) + sway[1] * np.sin(2 * np.pi * t), across)
    found = [LineString(spine)]
    for at in np.arange(-0.42, 0.45, 62 / length):
        root = np.array(found[0].interpolate(at + 0.5, normalized=True).coords[0])
        for side in (1, -1):
            if rng.random() < 0.74:
                reach = (45 + 95 * rng.random()) * side
                lean = (rng.random() - 0.5) * 0.5 * reach
                found.append(LineString([root, root + across * reach * 0.55 + along * lean * 0.4, root + across * reach + along * lean]))
    return [piece for line in found for piece in _pieces(line, ground)]


def link(spot: Floats, network: BaseGeometry, barriers: Barriers, rng: Generator) -> LineString | None:
    """A track from a hamlet to the nearest road; None where it stands on one, or where a barrier lies between."""
    track = shapely.shortest_line(shapely.Point(spot), network)
    return None if track.length < 30 or track.intersects(barriers.both) else wind(track, barriers, rng)
