"""Cutting villages beside programs that divide graphs: the same graphs, raw answers, failures counted. Judges our answers alone."""

import math
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from gridmap.planning.cells import spread
from gridmap.planning.faces import build, cover
from gridmap.planning.graph import Graph
from gridmap.planning.pieces import part
from gridmap.planning.plane import Plane
from tests.benchmarks.partitions import BAND, PEERS, Divide, Labels
from tests.benchmarks.sheet import Sheet

pytestmark = pytest.mark.bench
PATIENCE = 120.0
"""Seconds of processor time that each program has for a place."""


class OutOfTime(BaseException):
    """The program's time for a place is over; what it has not finished by then it has failed."""


@contextmanager
def only(seconds: float) -> Iterator[None]:
    """OutOfTime once so many seconds of processor time are spent; compiled code that does not come back to Python is waited for."""

    def stop(*_: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@dataclass
class Score:
    """What one program made of all villages of a place."""

    cells: int = 0
    fit: int = 0
    apart: int = 0
    failed: int = 0
    unfinished: int = 0
    households: int = 0
    wide: float = 0.0
    seconds: float = 0.0
    why: set[str] = field(default_factory=set)

    def add(self, graph: Graph, label: Labels) -> None:
        for cell in np.unique(label[label >= 0]):
            nodes = np.flatnonzero(label == cell).tolist()
            moment = tuple(graph.moments[nodes].sum(axis=0).tolist())
            self.cells += 1
            self.fit += BAND.holds(int(moment[0]))
            self.apart += not graph.connected(nodes)
            self.households += int(moment[0])
            self.wide += spread((int(moment[0]), *moment[1:]))

    def row(self) -> tuple[object, ...]:
        away = math.sqrt(self.wide / self.households) if self.households else math.nan
        share = 100 * self.fit / max(1, self.cells)
        return (self.cells, f"{share:.1f}", self.apart, f"{away:.1f}", self.failed, self.unfinished, f"{self.seconds:.1f}")


def asked(program: Divide, graphs: list[Graph]) -> Score:
    """The program's score over all villages that need more than one cell; ImportError where it is not installed."""
    score = Score()
    for graph in graphs:
        left = PATIENCE - score.seconds
        if left <= 0:
            score.unfinished += 1
            continue
        cells = min(len(graph.weight), max(2, round(sum(graph.weight) / 65)))
        begun = time.process_time()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a peer that warns has answered all the same
                with only(left):
                    label = program(graph, cells)
        except ImportError:
            raise
        except OutOfTime:
            score.unfinished += 1
            continue
        except Exception as fault:  # noqa: BLE001 (whatever a peer raises is its failure, which is counted)
            score.failed += 1
            score.why.add(type(fault).__name__)
            continue
        finally:
            score.seconds += time.process_time() - begun
        score.add(graph, label)
    return score


def graphs_of(shape: shapely.Geometry, barriers: list[shapely.Geometry], lonlat: np.ndarray, counts: np.ndarray) -> Iterator[Graph]:
    """The connected parts of one village's buildings that need more than one cell, as the cut sees them."""
    plane = Plane.around(shape)
    flat = plane.ground(shape)
    pieces = part(flat, list(plane.forward(barriers)))
    found = build(shapely.get_coordinates(plane.forward(shapely.points(lonlat))), counts, pieces)
    buildings, faces = cover(flat, pieces, found, [])
    whole = Graph.of(buildings, faces.doors)
    for nodes in whole.components(range(len(whole.weight))):
        at = {node: number for number, node in enumerate(nodes)}
        near = [sorted(at[other] for other in whole.near[node]) for node in nodes]
        one = Graph([whole.weight[n] for n in nodes], [whole.x[n] for n in nodes], [whole.y[n] for n in nodes], near)
        if sum(one.weight) >= 2 * BAND.low:
            yield one


def made_up(households: int) -> list[Graph]:
    """Villages of some five hundred households, each in buildings of one to nine, gathered about a few hamlets."""
    rng, found = np.random.default_rng(households), list[Graph]()
    for _ in range(households // 500):
        weight = np.minimum(rng.geometric(0.3, 500), 9)
        weight = weight[np.cumsum(weight) <= 500]
        hamlets = rng.uniform(200, 1000, (6, 2))
        metres = np.clip(hamlets[rng.integers(0, 6, len(weight))] + rng.normal(0, 120, (len(weight), 2)), 1, 1199)
        found += graphs_of(shapely.box(116, 30, 116 + 1200 / 96486, 30 + 1200 / 110852), [], metres / (96486, 110852) + (116, 30), weight)
    return found


def cambridge(folder: Path) -> list[Graph]:
    points = geopandas.read_file(folder / "cambridge_household_points.gpkg").to_crs(4326)
    villages = geopandas.read_file(folder / "DEMOGRAPHICS_AdjustedBlockGroups2020.geojson").to_crs(4326)
    walls = [
        shape
        for name in ("TRANS_Rail", "HYDRO_WaterBodies")
        for shape in geopandas.read_file(folder / f"{name}.geojson").to_crs(4326).geometry
    ]
    found = list[Graph]()
    for shape in villages.geometry:
        own = points[points.within(shape)]
        near = [wall for wall in walls if wall.intersects(shape)]
        if own.households.sum() >= 2 * BAND.low:
            lonlat = np.column_stack([own.geometry.x, own.geometry.y])
            found += graphs_of(shape, near, lonlat, own.households.to_numpy().astype(np.int64))
    return found


def compare(sheet: Sheet, heading: str, graphs: list[Graph]) -> None:
    rows: list[tuple[object, ...]] = []
    for name, program in PEERS.items():
        try:
            score = asked(program, graphs)
        except ImportError:
            rows.append((name, *("missing",) * 7))
            continue
        rows.append((name, *score.row()))
        if name == "Gridmap":
            assert (score.apart, score.failed) == (0, 0)
            assert score.households == sum(sum(graph.weight) for graph in graphs)
    head = ("program", "cells", "% in 50-80", "in several pieces", "m to the centre", "villages failed", "not finished", "processor s")
    total = sum(sum(graph.weight) for graph in graphs)
    about = (
        f"{len(graphs)} villages (pieces of them, where barriers part them) of {total:,} households. All get the same graphs of buildings, "
        "the number of cells that 65 households each would make, and 23 % of imbalance where they know one; nobody's answer is repaired. "
        f"Buildings are not divided. Each program has {PATIENCE:.0f} s of processor; "
        "villages that it has not finished by then are failures too."
    )
    sheet.add(heading, about, head, rows)


@pytest.mark.parametrize("households", [10_000, 100_000, 1_000_000])
def test_made_up_places(sheet: Sheet, households: int) -> None:
    compare(sheet, f"Cells, a made-up place of {households:,} households", made_up(households))


def test_cambridge(sheet: Sheet, real_data: Path) -> None:
    compare(sheet, "Cells, Cambridge", cambridge(real_data / "cambridge"))
