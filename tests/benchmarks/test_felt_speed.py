"""How fast it feels, on the made-up county: each test prints what it measured and holds a generous budget for two slow cores."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

import geopandas
import numpy as np
import pytest
import shapely

from gridmap.county import County, make_county
from gridmap.grid import Edition
from gridmap.grid.index import AreaIndex
from gridmap.matching import EditionIndex, find

pytestmark = pytest.mark.bench
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def county() -> County:
    return make_county()


def points(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Half of them beside households, half anywhere in the county's box."""
    rng = np.random.default_rng(count)
    land = county().households
    near = rng.integers(0, len(land.lon), count // 2)
    west, south, east, north = shapely.total_bounds([area.shape for area in county().townships])
    lon = np.concatenate([land.lon[near] + rng.normal(0, 2e-4, len(near)), rng.uniform(west, east, count - len(near))])
    lat = np.concatenate([land.lat[near] + rng.normal(0, 2e-4, len(near)), rng.uniform(south, north, count - len(near))])
    return lon, lat


def seconds(action: Callable[[], object], runs: int = 5) -> float:
    """The median of some runs, after one that warms up."""
    action()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def told(what: str, value: float, unit: str, budget: float) -> None:
    print(f"\n{what}: {value:,.2f} {unit} (budget {budget:g})")
    assert value <= budget


def test_one_point_is_matched_at_once() -> None:
    edition = Edition(1, NOW, NOW, county().townships + county().villages)
    index = EditionIndex(edition)
    lon, lat = points(2)
    told("one point matched, with its distances", 1000 * seconds(lambda: find(index, float(lon[0]), float(lat[0])), 50), "ms", 5)


def test_an_edition_is_compiled_while_nobody_notices() -> None:
    shapes = [area.shape for area in county().villages]
    told("index of 80 villages compiled", 1000 * seconds(lambda: AreaIndex(shapes)), "ms", 1000)


def test_points_in_bulk_are_located_faster_than_by_a_spatial_join() -> None:
    shapes = [area.shape for area in county().villages]
    index, (lon, lat) = AreaIndex(shapes), points(200_000)
    areas = geopandas.GeoDataFrame(geometry=shapes)

    def joined() -> np.ndarray:
        found = geopandas.sjoin(geopandas.GeoDataFrame(geometry=shapely.points(lon, lat)), areas, predicate="within")
        owner = np.full(len(lon), -1)
        owner[found.index] = found.index_right
        return owner

    assert np.array_equal(index.locate(lon, lat), joined())
    ours, theirs = seconds(lambda: index.locate(lon, lat)), seconds(joined, 3)
    print(f"\n200,000 points: {ours:.3f} s here, {theirs:.3f} s by GeoPandas ({theirs / ours:.1f} times)")
    assert ours < theirs
