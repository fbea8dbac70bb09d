"""`gridmap match` from file to file, beside DuckDB's own COPY of a spatial join on the same files. Judges the answers, never the time."""

import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from gridmap.grid.index import warm
from tests.benchmarks.peers import duckdb_database, is_here
from tests.benchmarks.sheet import Sheet
from tests.benchmarks.test_bench_locate import Clocked, clocked, drawn, land

pytestmark = pytest.mark.bench
POINTS = 50_000_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("match")
    shapes = land(100_000, 6)
    codes = [f"{position:012d}" for position in range(len(shapes))]
    geopandas.GeoDataFrame({"code": codes}, geometry=shapes, crs=4326).to_parquet(folder / "areas.parquet")
    x, y = drawn(shapes, 1, count=POINTS)
    table = pa.table({"id": np.arange(len(x)), "lon": x, "lat": y})
    pq.write_table(table, folder / "points.parquet")
    pyarrow.csv.write_csv(table, folder / "points.csv")
    return folder


def match(files: Path, kind: str) -> tuple[Clocked, float]:
    """(how long, resident memory in GB at most) of the command, as a process of its own."""
    out = files / f"ours.{kind}"
    program = (
        "import atexit, sys\nimport gridmap.cli\nfrom gridmap.cli.door import run\n"
        "told = lambda: next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'))\n"  # ru_maxrss is also ours
        "atexit.register(lambda: print(told(), file=sys.stderr))\nrun()\n"
    )
    command = [sys.executable, "-c", program]
    asked = [
        "match",
        f"{files}/points.{kind}",
        "--areas",
        f"{files}/areas.parquet",
        "--code",
        "code",
        "--out",
        str(out),
        "--json",
        "--force",
    ]
    before = os.times()
    done = subprocess.run([*command, *asked], check=True, capture_output=True, text=True)
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    took = Clocked(after.elapsed - before.elapsed, processor)
    assert json.loads(done.stdout)["rows"] > 0
    return took, int(done.stderr.split()[-1]) * 1024 / 1e9


def codes(file: Path, column: str) -> pa.ChunkedArray:
    """The code of each point, in the points' order."""
    return pq.read_table(file, columns=["id", column]).sort_by("id").column(column).cast(pa.string())


def test_memory_hardly_grows_with_the_points(sheet: Sheet, files: Path) -> None:
    rows: list[tuple[object, ...]] = []
    table = pq.read_table(files / "points.parquet")
    for count in (POINTS // 5, POINTS):
        pq.write_table(table.slice(0, count), files / "points.pq", row_group_size=1 << 17)
        took, memory = match(files, "pq")
        rows.append((f"{count:,}", f"{took.wall:.1f}", f"{took.processor:.1f}", f"{count / took.processor / 1e6:.2f}", f"{memory:.3f}"))
        (files / "points.pq").unlink()
    head = ("points", "seconds", "seconds of processor", "M points a second of processor", "GB at most")
    sheet.add(
        "Memory of gridmap match, Parquet to Parquet over 100,000 areas",
        "Whole commands: reading the areas, building, writing.",
        head,
        rows,
    )


@pytest.mark.skipif(not is_here("duckdb"), reason="DuckDB is there in `make bench` only")
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_file_is_matched_as_duckdb_joins_it(sheet: Sheet, files: Path, kind: str) -> None:
    warm()
    ours, memory = match(files, kind)
    rows: list[tuple[object, ...]] = [
        ("**gridmap match**, with distances to borders", f"{ours.wall:.1f}", f"{ours.processor:.1f}", "", "", f"{memory:.2f}")
    ]
    for condition in ("ST_Intersects(a.geometry, p.g)", "ST_DWithin(a.geometry, p.g, 0)"):
        points = f"(select *, ST_Point(lon, lat) g from '{files}/points.{kind}') p"
        join = f"select p.* exclude g, a.code from {points} left join '{files}/areas.parquet' a on {condition}"
        theirs, _ = clocked(lambda join=join: duckdb_database().execute(f"copy ({join}) to '{files}/theirs.{kind}' (format {kind})"))
        told = (
            f"{theirs.wall:.1f}",
            f"{theirs.processor:.1f}",
            f"{theirs.wall / ours.wall:.1f}",
            f"{theirs.processor / ours.processor:.1f}",
        )
        rows.append((f"DuckDB COPY, {condition.partition('(')[0]}, the code only", *told, ""))
    if kind == "parquet":
        assert codes(files / "ours.parquet", "match_code").equals(codes(files / "theirs.parquet", "code"))
    head = ("engine", "seconds", "seconds of processor", "gridmap is × as fast", "× by processor", "GB at most")
    sheet.add(
        f"{kind} to {kind}, {POINTS:,} points over 100,000 areas", "Whole commands: reading the areas, building, writing.", head, rows
    )
