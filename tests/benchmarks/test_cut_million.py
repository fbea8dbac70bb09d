"""A county of a million households is cut by the command itself, from files to a file: every household in a building of its own is the
hardest, since each building gets a face of land."""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import geopandas
import numpy as np
import pytest
import shapely

from gridmap.planning.village import divide
from tests.benchmarks.partitions import BAND
from tests.benchmarks.sheet import Sheet
from tests.benchmarks.test_bench_cut import sites_of

pytestmark = pytest.mark.bench

MILLION = 1_000_000
SIDE = 1200.0
EAST, NORTH = 96486.0, 110852.0
"""Metres of a degree, near enough."""
LIMIT_S, LIMIT_SOLVER_S, LIMIT_GB = 300.0, 60.0, 8.0


def county(households: int, village: int, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Square villages side by side, of so many households each, in buildings of one to `most`, gathered about six hamlets: the villages'
    outlines (degrees); of each building its village's number, its place (lon, lat), and its households."""
    rng, number = np.random.default_rng(households + most), households // village
    across = int(np.ceil(np.sqrt(number)))
    corner = np.array([(at % across * SIDE, at // across * SIDE) for at in range(number)])
    shapes = shapely.box(*(corner / (EAST, NORTH) + (116, 30)).T, *((corner + SIDE) / (EAST, NORTH) + (116, 30)).T)
    of, places, weights = [], [], []
    for at in range(number):
        weight = np.minimum(rng.geometric(0.3, village), most)
        weight = weight[: int(np.searchsorted(np.cumsum(weight), village)) + 1]
        weight[-1] -= weight.sum() - village
        hamlets = rng.uniform(200, SIDE - 200, (6, 2))[rng.integers(0, 6, len(weight))]
        metres = np.clip(hamlets + rng.normal(0, 120, (len(weight), 2)), 1, SIDE - 1)
        of.append(np.full(len(weight), at))
        places.append((corner[at] + metres) / (EAST, NORTH) + (116, 30))
        weights.append(weight)
    return shapes, np.concatenate(of), np.concatenate(places), np.concatenate(weights)


def solved(shapes: np.ndarray, of: np.ndarray, places: np.ndarray, weights: np.ndarray) -> float:
    """Seconds of processor that the solver takes for all villages, after their faces were made."""
    took = 0.0
    for at, shape in enumerate(shapes):
        for site in sites_of(shape, [], places[of == at], weights[of == at]):
            begun = time.process_time()
            divide(site.graph, BAND, Random(0), thorough=False)
            took += time.process_time() - begun
    return took


def timed(asked: list[str], folder: Path) -> tuple[float, resource.struct_rusage]:
    """How long the command takes, and what it and the processes that it starts use."""
    begun = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", "from gridmap.cli import main; main()", *asked], cwd=folder) as running:
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
    assert running.returncode == 0
    return time.perf_counter() - begun, used


@pytest.mark.parametrize(("village", "most"), [(500, 9), (2000, 1)])
def test_a_million_households(sheet: Sheet, tmp_path: Path, village: int, most: int) -> None:
    shapes, of, places, weights = county(MILLION, village, most)
    assert weights.sum() == MILLION
    codes = [f"{330000000000 + at}" for at in range(len(shapes))]
    geopandas.GeoDataFrame({"code": codes}, geometry=shapes, crs=4326).to_file(tmp_path / "villages.gpkg")
    geopandas.GeoDataFrame({"n": weights}, geometry=shapely.points(places), crs=4326).to_file(tmp_path / "people.gpkg")
    asked = ["--villages", "villages.gpkg", "--village-code", "code", "--households", "people.gpkg", "--count", "n", "--out", "cells.gpkg"]
    seconds, used = timed(["plan", "cut", *asked], tmp_path)
    cells = geopandas.read_file(tmp_path / "cells.gpkg", layer="cells")
    share = cells.households.between(BAND.low, BAND.high).mean()
    solver = solved(shapes, of, places, weights)
    cores = len(os.sched_getaffinity(0))
    gigabytes = used.ru_maxrss / 2**20
    about = (
        f"`gridmap plan cut` from files to a file: {len(shapes):,} villages of {village:,} households in {len(weights):,} buildings. "
        f"The solver's seconds are of one processor, without the faces; {cores} processes share them. GB are of the largest process."
    )
    head = ("seconds", "processor s", "solver, processor s", "GB", "cells", "% in 50-80")
    spent = used.ru_utime + used.ru_stime
    row = (f"{seconds:.0f}", f"{spent:.0f}", f"{solver:.0f}", f"{gigabytes:.2f}", f"{len(cells):,}", f"{100 * share:.2f}")
    sheet.add(f"A million households, {'each in its own building' if most == 1 else f'one to {most} in a building'}", about, head, [row])
    assert cells.households.sum() == MILLION
    assert spent < LIMIT_S  # as if one processor did it all: the clock on the wall counts what else runs
    assert solver / cores < LIMIT_SOLVER_S
    assert gigabytes * (cores + 1) < LIMIT_GB
