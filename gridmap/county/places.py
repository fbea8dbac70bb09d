"""Where reports come from: doors, streets, river banks, and a few places that are reported again and again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from gridmap.county.county import County
from gridmap.county.plan import LAT, LON, Floats
from gridmap.geometry.metres import Metres

Ground = Literal["any", "town", "rural", "river"]
"""What kind of place a report is about."""

HOT = 60
HOT_SHARE = 0.3
STREET_SHARE = 0.25
"""Of the reports, those from one of the hot spots, and those from anywhere along a street; the rest come from a door."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in WGS84 degrees, and its name in both languages: village and street."""

    lon: float
    lat: float
    name: str
    name_en: str


def find_spots(county: County, grounds: Sequence[Ground], error_m: Floats, rng: Generator) -> list[Spot]:
    """One place for each ground asked for, off its true point by about `error_m` metres, inside the county."""
    plane = Metres(LON, LAT)
    pools = _pools(county, plane, rng)
    points = np.empty((len(grounds), 2))
    for ground in sorted(set(grounds)):
        rows = np.flatnonzero(np.array(grounds) == ground)
        points[rows] = pools[ground][rng.integers(0, len(pools[ground]), len(rows))]
    radius, turn = error_m * np.sqrt(-2 * np.log(1 - rng.random(len(points)))) / np.sqrt(2), rng.random(len(points)) * 2 * np.pi
    moved = points + np.column_stack([radius * np.cos(turn), radius * np.sin(turn)])
    lon, lat = plane.lonlat(*_kept_inside(moved, points, county, plane).T)
    return [Spot(x, y, *names) for x, y, names in zip(lon.tolist(), lat.tolist(), _names(county, lon, lat), strict=True)]


def _pools(county: County, plane: Metres, rng: Generator, size: int = 5000) -> dict[Ground, Floats]:
    """Points (metres) to draw from for each ground, as often as reports come from them."""
    house = county.households
    community = np.array([int(code[9]) < 2 for code in house.ids])  # 001 to 199 are communities
    doors = np.column_stack(plane.xy(house.lon, house.lat))
    banks = shapely.intersection(county.barriers[0].shape.boundary, county.outline)
    return {
        "any": _pool(doors, house.counts, county, plane, size=size, rng=rng),
        "town": _pool(doors[community], house.counts[community], county, plane, size=size, rng=rng),
        "rural": doors[~community][rng.integers(0, int((~community).sum()), size)],
        "river": _along(plane.forward(banks), size // 4, rng),
    }


def _pool(doors: Floats, counts: NDArray[np.int64], county: County, plane: Metres, *, size: int, rng: Generator) -> Floats:
    """Doors by the households behind them, streets near those doors, and hot spots, the first by far the hottest."""
    share = counts / counts.sum()
    homes = doors[rng.choice(len(doors), size, p=share)]
    streets = plane.forward(np.array([street.shape for street in county.streets], dtype=object))
    tree = shapely.STRtree(streets)
    near = tree.nearest(shapely.points(homes))
    onto = shapely.get_coordinates(shapely.line_interpolate_point(streets[near], rng.random(size), normalized=True))
    rank = 1 / np.arange(2, HOT + 2)
    hot = onto[rng.integers(0, size, HOT)][rng.choice(HOT, size, p=rank / rank.sum())]
    which = rng.random(size)[:, None]
    return np.where(which < HOT_SHARE, hot, np.where(which < HOT_SHARE + STREET_SHARE, onto, homes))


def _along(line: shapely.Geometry, size: int, rng: Generator) -> Floats:
    parts = shapely.get_parts(line)
    chosen = rng.choice(len(parts), size, p=shapely.length(parts) / shapely.length(parts).sum())
    return np.asarray(shapely.get_coordinates(shapely.line_interpolate_point(parts[chosen], rng.random(size), normalized=True)))


def _kept_inside(moved: Floats, points: Floats, county: County, plane: Metres) -> Floats:
    """The moved points, but those that left the county as they were."""
    outline = plane.forward(county.outline)
    shapely.prepare(outline)
    return np.where(shapely.contains_xy(outline, *moved.T)[:, None], moved, points)


def _names(county: County, lon: Floats, lat: Floats) -> list[tuple[str, str]]:
    """The village that each point lies in and the street nearest to it."""
    points = shapely.points(lon, lat)
    street = shapely.STRtree([street.shape for street in county.streets]).nearest(points)
    village = shapely.STRtree([area.shape for area in county.villages]).nearest(points)
    named = ((county.villages[area], county.streets[way]) for area, way in zip(village, street, strict=True))
    return [(f"{area.name}{way.name}", f"{way.name_en}, {area.name_en}") for area, way in named]
