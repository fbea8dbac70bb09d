"""What many machines would need, from parts that are measured here. Judges the answers, never the time."""

from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridmap.flows.match_file import MatchOptions
from gridmap.flows.match_spread import Piece, Work, match_piece
from gridmap.grid.index import warm
from gridmap.grid.index.cores import cores
from gridmap.matching import CoverageIndex
from tests.benchmarks.sheet import Sheet
from tests.benchmarks.test_bench_locate import clocked, drawn, land

pytestmark = pytest.mark.bench
BILLION = 1_000_000_000
POINTS = 4_000_000


@pytest.mark.parametrize("areas", [100_000, 1_000_000])
def test_what_a_billion_points_would_take(sheet: Sheet, tmp_path: Path, areas: int) -> None:
    warm()
    shapes = land(areas, 6)
    build, index = clocked(partial(CoverageIndex, list(shapes)))
    save, _ = clocked(partial(index.save, tmp_path / "areas.index"))
    codes = pa.array([f"{position:012d}" for position in range(len(shapes))])
    pq.write_table(pa.table({"code": codes}), tmp_path / "areas.codes")
    x, y = drawn(shapes, 1, count=POINTS)
    owner = index.owners(x, y)
    pq.write_table(pa.table({"lon": x, "lat": y}), tmp_path / "points.parquet")
    del shapes, index
    opened, _ = clocked(partial(CoverageIndex.open, tmp_path / "areas.index"))
    work = Work(str(tmp_path), ("lon", "lat"), MatchOptions(code="code"))
    groups = tuple(range(pq.ParquetFile(tmp_path / "points.parquet").num_row_groups))
    piece = Piece(0, str(tmp_path / "points.parquet"), groups, POINTS)
    match_piece(piece, work)
    took, _ = clocked(partial(match_piece, piece, work))
    found = pq.read_table(tmp_path / "part-00000.parquet").column("match_code").to_pylist()
    assert found == [codes[one].as_py() if one >= 0 else None for one in owner.tolist()]
    moved = sum((tmp_path / name).stat().st_size for name in ("points.parquet", "part-00000.parquet"))
    once = build.processor + save.processor
    rows: list[tuple[object, ...]] = []
    for machines in (1, 10, 100):
        pieces = BILLION / POINTS * took.processor / cores() / machines
        told = (f"{once:.0f}", f"{opened.processor:.1f}", f"{pieces:,.0f}", f"{once + opened.processor + pieces:,.0f}")
        rows.append((machines, *told, f"{moved * cores() / took.processor / 1e6:.0f}"))
    head = ("machines like this", "build and save, s", "open, s", "pieces, s", "all, s", "MB/s read and written on each")
    about = (
        "A model, not a run. Measured here, in processor time, so that what else runs does not count: build and saving, opening, and one "
        f"piece of {POINTS:,} points (Parquet read, owners and distances to borders, Parquet written), which {cores()} cores share. "
        "Building is counted as if one core did it. Machines share nothing but the files, so the pieces are divided by them; handing one "
        "out costs milliseconds. The file system has to bear the last column times the machines; what it makes wait is not in the model."
    )
    sheet.add(f"A billion points over {areas:,} areas", about, head, rows)
