"""Who owns each point: AreaIndex beside the usual engines, on the same points in one run. Judges the answers, never the time."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

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
TABLE = np.arange(2048 * 2048, dtype=np.int64)


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


class Clocked(NamedTuple):
    """Seconds by the wall, and of all threads on the processor: the second tells what a busy machine hides."""

    wall: float
    processor: float


def clocked(make: Callable[[], Made]) -> tuple[Clocked, Made]:
    """(how long it took, what was made)."""
    start = time.perf_counter(), time.process_time()
    made = make()
    return Clocked(time.perf_counter() - start[0], time.process_time() - start[1]), made


class Timed(NamedTuple):
    """Runs over fresh points: seconds by the wall, and on the processor, each ascending; the owners of the last points."""

    walls: list[float]
    processors: list[float]
    owner: Owners

    @property
    def wall(self) -> float:
        return statistics.median(self.walls)

    @property
    def processor(self) -> float:
        return statistics.median(self.processors)


def timed(answer: Answer, draw: Callable[[int], tuple[Floats, Floats]], count: int = RUNS) -> Timed:
    """Each run over fresh points but the first, which warms up."""
    runs = []
    for run in range(count + 1):
        x, y = draw(run)
        took, owner = clocked(partial(answer, x, y))
        runs.append(took)
    return Timed(sorted(run.wall for run in runs[1:]), sorted(run.processor for run in runs[1:]), owner)


def rate(seconds: list[float], count: int = POINTS) -> str:
    """Millions of points a second: the median, and the slowest to the fastest run."""
    return f"{count / statistics.median(seconds) / 1e6:.3g} ({count / seconds[-1] / 1e6:.3g}-{count / seconds[0] / 1e6:.3g})"


def read_at_random(x: Floats, y: Floats) -> Owners:
    """One read from a table of 16 MB a point, at the point's place, and nothing else: what no look-up by one thread can beat."""
    side = 2048
    row, column = (((v - v.min()) / np.ptp(v) * (side - 1)).astype(np.int64) for v in (y, x))
    return TABLE.take(row * side + column)


def power_of(sizes: list[float], costs: list[float]) -> float:
    """The b of costs = a sizes^b that lies nearest to what was measured, by least squares of the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


@pytest.mark.parametrize(("power", "ordered"), [(1.0, False), (2.5, False), (1.0, True)], ids=["uniform", "town and desert", "sorted"])
def test_the_usual_engines_give_the_same_answers(sheet: Sheet, power: float, ordered: bool) -> None:
    warm()
    shapes = land(100_000, 6, power)
    build, index = clocked(lambda: AreaIndex(shapes))
    draw = partial(drawn, shapes, ordered=ordered)
    ours = timed(index.locate, draw)
    size = f"{index.nbytes / len(shapes):,.0f}"
    rows: list[tuple[object, ...]] = [
        ("**AreaIndex**", rate(ours.walls), rate(ours.processors), f"{build.processor:.2f}", "", "", "", size)
    ]
    for name, (package, engine) in PEERS.items():
        if not is_here(package):
            rows.append((name, "missing", *[""] * 6))
            continue
        built, answer = clocked(partial(engine, shapes))
        theirs = timed(answer, draw)
        ratios = theirs.wall / ours.wall, theirs.processor / ours.processor
        once = (built.processor + theirs.processor) / (build.processor + ours.processor)
        told = (*(f"{ratio:.0f}" for ratio in ratios), f"{once:.2f}")
        rows.append((name, rate(theirs.walls), rate(theirs.processors), f"{built.processor:.2f}", *told, ""))
        assert np.array_equal(ours.owner, theirs.owner)
    roof = timed(read_at_random, draw)
    rows.append(("*one random read a point, one thread*", rate(roof.walls), rate(roof.processors), *[""] * 5))
    kind = f"{'sorted' if ordered else 'random'} points, areas {'packed towards a corner (2.5)' if power != 1 else 'of one size'}"
    head = (
        "engine", "M points/s (spread)", "M points a second of processor", "build, s of processor",
        "AreaIndex is × as fast", "× by processor", "× once, build included, by processor", "bytes an area",
    )  # fmt: skip
    sheet.add(f"{len(shapes):,} areas, {kind}", f"{POINTS:,} points, areas of 28 corners; median of {RUNS}.", head, rows)


def test_how_the_cost_grows(sheet: Sheet) -> None:
    warm()
    rows: list[tuple[object, ...]] = []
    corners_built, built, areas_asked, asked = [], [], [], []
    for areas, bends in [(1_000, 6), (10_000, 6), (100_000, 6), (1_000_000, 6), (10_000, 1), (10_000, 24), (1_000, 240)]:
        shapes = land(areas, bends)
        build, index = clocked(partial(AreaIndex, shapes))
        corners_built.append(float(shapely.get_num_coordinates(shapes).sum()))
        built.append(build.processor)
        for count in (10_000, 1_000_000, 100_000_000) if (areas, bends) == (100_000, 6) else (10_000, 1_000_000):
            located = timed(index.locate, partial(drawn, shapes, count=count), 1 if count > 1_000_000 else RUNS)
            if bends == 6 and count == 1_000_000:
                areas_asked.append(float(areas))
                asked.append(located.processor)
            x, y = drawn(shapes, RUNS, count=min(count, 1_000_000))
            located = located._replace(owner=index.locate(x, y))
            border, _ = clocked(partial(index.border_distance, x, y, located.owner))
            corners = shapely.get_num_coordinates(shapes).mean()
            sizes = (f"{len(shapes):,}", f"{corners:.0f}", f"{count:,}", f"{build.processor:.3f}", f"{index.nbytes / len(shapes):,.0f}")
            rows.append((*sizes, rate(located.processors, count), f"{len(x) / border.processor / 1e6:.2g}"))
    head = ("areas", "corners", "points", "build, s", "bytes an area", "located, M/s (spread)", "borders measured, M/s")
    sheet.add(
        "How the cost grows",
        "Random points, half of them near the middle of an area. Seconds and rates are of one processor core. "
        f"Building grows with the {power_of(corners_built, built):.2f}th power of the corners; a point's cost with the "
        f"{power_of(areas_asked, asked):.2f}th power of the areas (28 corners each, a million points).",
        head,
        rows,
    )


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
        located = timed(index.locate, partial(drawn, shapes))
        owner = located.owner
        plain = owner if plain is None else plain
        assert np.array_equal(np.where(plain % 2 == 0, plain // 2, -1) if name.startswith("borders") else plain, owner)
        rows.append((name, rate(located.processors), f"{build.processor:.2f}", f"{index.nbytes / len(some):,.0f}"))
    head = ("design", "M points/s (spread)", "build, s", "bytes an area")
    sheet.add(
        "What each part of the design buys",
        f"{len(shapes):,} areas, {POINTS:,} random points. Seconds and rates are of one processor core.",
        head,
        rows,
    )
