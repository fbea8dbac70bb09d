"""Cutting villages beside programs that divide graphs: the same graphs, raw answers and repaired ones, failures counted. Judges our
answers alone."""

import signal
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import geopandas
import numpy as np
import pytest
import shapely

from gridmap.county import make_county
from gridmap.planning.cells import Cells
from gridmap.planning.faces import build, cover
from gridmap.planning.graph import Graph
from gridmap.planning.pieces import part
from gridmap.planning.plane import Plane
from gridmap.planning.polish import polish
from tests.benchmarks.divisions import HEAD, Score, Site
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


def repaired(graph: Graph, label: Labels) -> Labels:
    """A peer's answer as our own is polished: what hangs together of each cell is a cell, then small changes as long as they help."""
    apart = [part for cell in np.unique(label) for part in graph.components(np.flatnonzero(label == cell).tolist())]
    cells = Cells(graph, BAND, apart)
    polish(cells, Random(0))
    return np.array(cells.of)


def asked(program: Divide, sites: Sequence[Site], *, repair: bool) -> tuple[Score, Score]:
    """The program's scores over all villages that need more than one cell, raw and repaired; ImportError where it is not installed."""
    raw, after = Score(), Score()
    for site in sites:
        graph, left = site.graph, PATIENCE - raw.seconds
        if left <= 0:
            raw.unfinished += 1
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
            raw.unfinished += 1
            continue
        except Exception:  # noqa: BLE001 (whatever a peer raises is its failure, which is counted)
            raw.failed += 1
            continue
        finally:
            raw.seconds += time.process_time() - begun
        raw.add(site, label)
        if repair:
            begun = time.process_time()
            better = repaired(graph, label)
            after.seconds += time.process_time() - begun
            after.add(site, better)
    after.seconds, after.failed, after.unfinished = after.seconds + raw.seconds, raw.failed, raw.unfinished
    return raw, after


def sites_of(shape: shapely.Geometry, barriers: list[shapely.Geometry], lonlat: np.ndarray, counts: np.ndarray) -> Iterator[Site]:
    """The connected parts of one village's buildings that need more than one cell, as the cut sees them."""
    plane = Plane.around(shape)
    flat = plane.ground(shape)
    pieces = part(flat, list(plane.forward(barriers)))
    found = build(shapely.get_coordinates(plane.forward(shapely.points(lonlat))), counts, pieces)
    whole = Site.of(*cover(flat, pieces, found, []))
    for nodes in whole.graph.components(range(len(whole.graph.weight))):
        one = whole.only(nodes)
        if sum(one.graph.weight) >= 2 * BAND.low:
            yield one


def made_up(households: int) -> list[Site]:
    """Villages of some five hundred households, each in buildings of one to nine, gathered about a few hamlets."""
    rng, found = np.random.default_rng(households), list[Site]()
    for _ in range(households // 500):
        weight = np.minimum(rng.geometric(0.3, 500), 9)
        weight = weight[np.cumsum(weight) <= 500]
        hamlets = rng.uniform(200, 1000, (6, 2))
        metres = np.clip(hamlets[rng.integers(0, 6, len(weight))] + rng.normal(0, 120, (len(weight), 2)), 1, 1199)
        found += sites_of(shapely.box(116, 30, 116 + 1200 / 96486, 30 + 1200 / 110852), [], metres / (96486, 110852) + (116, 30), weight)
    return found


def cambridge(folder: Path) -> list[Site]:
    points = geopandas.read_file(folder / "cambridge_household_points.gpkg").to_crs(4326)
    villages = geopandas.read_file(folder / "DEMOGRAPHICS_AdjustedBlockGroups2020.geojson").to_crs(4326)
    walls = [
        shape
        for name in ("TRANS_Rail", "HYDRO_WaterBodies")
        for shape in geopandas.read_file(folder / f"{name}.geojson").to_crs(4326).geometry
    ]
    found = list[Site]()
    for shape in villages.geometry:
        own = points[points.within(shape)]
        near = [wall for wall in walls if wall.intersects(shape)]
        if own.households.sum() >= 2 * BAND.low:
            lonlat = np.column_stack([own.geometry.x, own.geometry.y])
            found += sites_of(shape, near, lonlat, own.households.to_numpy().astype(np.int64))
    return found


def county() -> list[Site]:
    made, found = make_county(0), list[Site]()
    people, barriers = made.households, [each.shape for each in made.barriers]
    for village in made.villages:
        own = shapely.contains_xy(village.shape, people.lon, people.lat)
        if people.counts[own].sum() >= 2 * BAND.low:
            near = [wall for wall in barriers if wall.intersects(village.shape)]
            found += sites_of(village.shape, near, np.column_stack([people.lon, people.lat])[own], people.counts[own])
    return found


def compare(sheet: Sheet, heading: str, sites: list[Site]) -> None:
    rows: list[tuple[object, ...]] = []
    for name, program in PEERS.items():
        ours = name == "Gridmap"
        try:
            raw, after = asked(program, sites, repair=not ours)
        except ImportError:
            rows.append((name, *("missing",) * (len(HEAD) - 1)))
            continue
        rows.append((name, *raw.row()))
        if ours:
            assert (raw.apart, raw.failed, raw.unfinished) == (0, 0, 0)
            assert sum(raw.households) == sum(sum(site.graph.weight) for site in sites)
        else:
            rows.append((f"{name}, repaired", *after.row()))
    total = sum(sum(site.graph.weight) for site in sites)
    about = (
        f"{len(sites)} villages (pieces of them, where barriers part them) of {total:,} households. All get the same graphs of buildings, "
        "the number of cells that 65 households each would make, and 23 % of imbalance where they know one; repaired is what hangs "
        "together of their cells after our own small changes, with the time of both. Buildings are not divided. Each program has "
        f"{PATIENCE:.0f} s of processor; villages that it has not finished by then are failures too. Metres to the centre are the root of "
        "the mean square over households; Polsby-Popper is of the land of a cell's buildings, half of the cells have less."
    )
    sheet.add(heading, about, HEAD, rows)


@pytest.mark.parametrize("households", [10_000, 100_000, 1_000_000])
def test_made_up_places(sheet: Sheet, households: int) -> None:
    compare(sheet, f"Cells, a made-up place of {households:,} households", made_up(households))


def test_the_made_up_county(sheet: Sheet) -> None:
    compare(sheet, "Cells, the made-up county", county())


def test_cambridge(sheet: Sheet, real_data: Path) -> None:
    compare(sheet, "Cells, Cambridge", cambridge(real_data / "cambridge"))
