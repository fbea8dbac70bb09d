"""Who owns a million points: AreaIndex beside Shapely's STRtree, in one run, on the same points. Run by `make bench`; judges nothing.

python -m tests.benchmarks.bench_locate [--areas 500 20000] [--points 1000000]
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap import AreaIndex
from tests.builders import Shapes, bent_coverage, moved

Floats = NDArray[np.float64]
Answer = Callable[[Floats, Floats], NDArray[np.integer]]
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


def timed(answer: Answer, shapes: Shapes, points: int) -> tuple[float, NDArray[np.integer]]:
    """(median seconds over fresh points, the owners of the last ones)."""
    west, south, east, north = shapely.total_bounds(shapes)
    seconds = []
    for run in range(RUNS + 1):
        rng = np.random.default_rng(run)
        x, y = rng.uniform(west, east, points), rng.uniform(south, north, points)
        start = time.perf_counter()
        owner = answer(x, y)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:]), owner


def compare(areas: int, points: int) -> None:
    """Print one line of each engine."""
    shapes = moved(bent_coverage(round(areas**0.5), BENDS, seed=0), scale=0.2, east=113, north=28)
    start = time.perf_counter()
    index = AreaIndex(shapes)
    build = time.perf_counter() - start
    start = time.perf_counter()
    peer = strtree(shapes)
    peer_build = time.perf_counter() - start
    ours, owner = timed(index.locate, shapes, points)
    theirs, peer_owner = timed(peer, shapes, points)
    print(f"{len(shapes):,} areas of {shapely.get_num_coordinates(shapes).mean():.0f} corners, {points:,} points, median of {RUNS}")
    print(f"  AreaIndex       {points / ours / 1e6:6.2f} M/s  build {build:6.2f} s  {index.nbytes / len(shapes):,.0f} bytes an area")
    print(f"  shapely STRtree {points / theirs / 1e6:6.2f} M/s  build {peer_build:6.2f} s")
    print(f"  ratio {theirs / ours:.1f}; {int((owner != peer_owner).sum())} answers differ")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--areas", type=int, nargs="+", default=[500, 20_000])
    parser.add_argument("--points", type=int, default=1_000_000)
    chosen = parser.parse_args()
    for number in chosen.areas:
        compare(number, chosen.points)
