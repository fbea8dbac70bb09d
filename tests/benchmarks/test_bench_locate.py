"""Who owns a million points: AreaIndex beside Shapely's STRtree, on the same points in one run. Judges the answers, never the time."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from gridmap import AreaIndex
from tests.builders import Shapes, bent_coverage, moved

Floats = NDArray[np.float64]
Made = TypeVar("Made")
Answer = Callable[[Floats, Floats], NDArray[np.integer]]
POINTS = 1_000_000
RUNS = 3
BENDS = 6  # 28 corners an area


def strtree(shapes: Shapes) -> Answer:
    """The usual way: a tree of boxes, then prepared shapes."""
    tree = shapely.STRtree(shapes)
    shapely.prepare(shapes)

    def owners(x: Floats, y: Floats) -> NDArray[np.integer]:
        point, area = tree.query(shapely.points(x, y), predicate="intersects")
        owner = np.full(len(x), -1)
        owner[point] = area
        return owner

    return owners


def clocked(make: Callable[[], Made]) -> tuple[float, Made]:
    """(seconds, what was made)."""
    start = time.perf_counter()
    made = make()
    return time.perf_counter() - start, made


def timed(answer: Answer, shapes: Shapes) -> tuple[float, NDArray[np.integer]]:
    """(median seconds over fresh points, the owners of the last ones)."""
    west, south, east, north = shapely.total_bounds(shapes)
    seconds = []
    for run in range(RUNS + 1):
        rng = np.random.default_rng(run)
        x, y = rng.uniform(west, east, POINTS), rng.uniform(south, north, POINTS)
        took, owner = clocked(partial(answer, x, y))
        seconds.append(took)
    return statistics.median(seconds[1:]), owner


@pytest.mark.bench
@pytest.mark.parametrize("areas", [500, 20_000])
def test_a_million_points_find_their_owners(areas: int) -> None:
    shapes = moved(bent_coverage(round(areas**0.5), BENDS, seed=0), scale=0.2, east=113, north=28)
    build, index = clocked(lambda: AreaIndex(shapes))
    peer_build, peer = clocked(lambda: strtree(shapes))
    ours, owner = timed(index.locate, shapes)
    theirs, peer_owner = timed(peer, shapes)
    corners = shapely.get_num_coordinates(shapes).mean()
    print(f"\n{len(shapes):,} areas of {corners:.0f} corners, {POINTS:,} fresh points, median of {RUNS}")
    print(f"  AreaIndex       {POINTS / ours / 1e6:6.2f} M/s, build {build:5.2f} s, {index.nbytes / len(shapes):,.0f} bytes an area")
    print(f"  shapely STRtree {POINTS / theirs / 1e6:6.2f} M/s, build {peer_build:5.2f} s; AreaIndex is {theirs / ours:.1f} times as fast")
    assert np.array_equal(owner, peer_owner)
