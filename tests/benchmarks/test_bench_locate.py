"""Who owns each point: AreaIndex beside the usual engines, on the same points in one run. Judges the answers, never the time."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
import pytest
import shapely

from gridmap import AreaIndex
from gridmap.grid.index import building, warm
from tests.benchmarks.peers import PEERS, Answer, Floats, Owners, is_here
from tests.benchmarks.sheet import Sheet
from tests.builders import Shapes, bent_coverage, moved

pytestmark = pytest.mark.bench
Made = TypeVar("Made")
POINTS, RUNS = 500_000, 3


def land(areas: int, bends: int, power: float = 1.0) -> Shapes:
    """Areas of 4 bends + 4 corners in a square; with a power, packed towards a corner, as a town beside a desert."""
    shapes = bent_coverage(round(areas**0.5), bends, seed=0)
    if power != 1.0:
        shapes = shapely.transform(shapes, lambda xy: ((xy + 0.1) / 1.1) ** power)
    return moved(shapes, scale=0.002 * areas**0.5, east=105, north=33)


def drawn(shapes: Shapes, run: int, *, count: int = POINTS, ordered: bool = False) -> tuple[Floats, Floats]:
    """Fresh points: half beside the middle of an area, half anywhere."""
    rng = np.random.default_rng(run)
    west, south, east, north = shapely.total_bounds(shapes)
    middle = shapely.get_coordinates(shapely.centroid(shapes))[rng.integers(0, len(shapes), count // 2)]
    near = middle + rng.normal(0, 2e-4, middle.shape)
    x, y = np.vstack([near, rng.uniform((west, south), (east, north), (count - len(near), 2))]).T
    order = np.lexsort((x, np.floor(y * 2000))) if ordered else rng.permutation(count)
    return x[order].copy(), y[order].copy()


def clocked(make: Callable[[], Made]) -> tuple[float, Made]:
    """(seconds, what was made)."""
    start = time.perf_counter()
    made = make()
    return time.perf_counter() - start, made


def timed(answer: Answer, draw: Callable[[int], tuple[Floats, Floats]]) -> tuple[list[float], Owners]:
    """(the seconds of each run over fresh points, ascending; the owners of the last ones)."""
    seconds = []
    for run in range(RUNS + 1):
        x, y = draw(run)
        took, owner = clocked(partial(answer, x, y))
        seconds.append(took)
    return sorted(seconds[1:]), owner


def rate(seconds: list[float], count: int = POINTS) -> str:
    """Millions of points a second: the median, and the slowest to the fastest run."""
    return f"{count / statistics.median(seconds) / 1e6:.3g} ({count / seconds[-1] / 1e6:.3g}-{count / seconds[0] / 1e6:.3g})"


@pytest.mark.parametrize(("power", "ordered"), [(1.0, False), (2.5, False), (1.0, True)], ids=["uniform", "town and desert", "sorted"])
def test_the_usual_engines_give_the_same_answers(sheet: Sheet, power: float, ordered: bool) -> None:
    warm()
    shapes = land(100_000, 6, power)
    build, index = clocked(lambda: AreaIndex(shapes))
    draw = partial(drawn, shapes, ordered=ordered)
    ours, owner = timed(index.locate, draw)
    rows: list[tuple[object, ...]] = [("**AreaIndex**", rate(ours), f"{build:.2f}", "", "", f"{index.nbytes / len(shapes):,.0f}")]
    for name, (package, engine) in PEERS.items():
        if not is_here(package):
            rows.append((name, "missing", "", "", "", ""))
            continue
        built, answer = clocked(partial(engine, shapes))
        theirs, their_owner = timed(answer, draw)
        warm_ratio = statistics.median(theirs) / statistics.median(ours)
        once = (built + statistics.median(theirs)) / (build + statistics.median(ours))
        rows.append((name, rate(theirs), f"{built:.2f}", f"{warm_ratio:.0f}", f"{once:.2f}", ""))
        assert np.array_equal(owner, their_owner)
    kind = f"{'sorted' if ordered else 'random'} points, areas {'packed towards a corner (2.5)' if power != 1 else 'of one size'}"
    head = ("engine", "M points/s (spread)", "build, s", "AreaIndex is × as fast", "× once, build included", "bytes an area")
    sheet.add(f"{len(shapes):,} areas, {kind}", f"{POINTS:,} points, areas of 28 corners; median of {RUNS}.", head, rows)


def test_how_the_cost_grows(sheet: Sheet) -> None:
    rows: list[tuple[object, ...]] = []
    for areas, bends in [(1_000, 6), (10_000, 6), (100_000, 6), (10_000, 1), (10_000, 24), (1_000, 240)]:
        shapes = land(areas, bends)
        build, index = clocked(partial(AreaIndex, shapes))
        for count in (10_000, 1_000_000):
            seconds, owner = timed(index.locate, partial(drawn, shapes, count=count))
            x, y = drawn(shapes, RUNS, count=count)
            border, _ = clocked(partial(index.border_distance, x, y, owner))
            corners = shapely.get_num_coordinates(shapes).mean()
            sizes = (f"{len(shapes):,}", f"{corners:.0f}", f"{count:,}", f"{build:.3f}", f"{index.nbytes / len(shapes):,.0f}")
            rows.append((*sizes, rate(seconds, count), f"{count / border / 1e6:.2g}"))
    head = ("areas", "corners", "points", "build, s", "bytes an area", "located, M/s (spread)", "borders measured, M/s")
    sheet.add("How the cost grows", "Random points, half of them near the middle of an area.", head, rows)


def test_what_each_part_of_the_design_buys(sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = land(20_000, 6)
    rows: list[tuple[object, ...]] = []
    plain = None
    for name, changes in {
        "as it is": {},
        "a third of the cells": {"CELLS_AN_EDGE": 0.5},
        "three times the cells": {"CELLS_AN_EDGE": 4.5},
        "one cell a tile: no answers without geometry": {"CELLS_AN_EDGE": 1e-9},
        "large tiles": {"EDGES_A_TILE": 480},
        "borders not shared (every other area)": {},
    }.items():
        with monkeypatch.context() as patch:
            for constant, value in changes.items():
                patch.setattr(building, constant, value)
            some = shapes[:: 2 if name.startswith("borders") else 1]
            build, index = clocked(partial(AreaIndex, some))
        seconds, owner = timed(index.locate, partial(drawn, shapes))
        plain = owner if plain is None else plain
        assert np.array_equal(np.where(plain % 2 == 0, plain // 2, -1) if name.startswith("borders") else plain, owner)
        rows.append((name, rate(seconds), f"{build:.2f}", f"{index.nbytes / len(some):,.0f}"))
    head = ("design", "M points/s (spread)", "build, s", "bytes an area")
    sheet.add("What each part of the design buys", f"{len(shapes):,} areas, {POINTS:,} random points.", head, rows)
