"""`gridmap match --engine dask`: the same answers from many processes, whichever of them are lost on the way."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import distributed
import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from gridmap.cli import match as _command  # noqa: F401 (the command joins the application)
from gridmap.cli.door import app
from gridmap.flows import match_spread as flow
from gridmap.flows.match_file import MatchOptions, match_file
from gridmap.flows.match_spread import PartsUnusable, SchedulerUnreachable, match_spread
from gridmap.tables.export import OutputExists
from tests.builders import bent_coverage, moved

OPTIONS = MatchOptions(code="code", snap_m=100)
ROWS, GROUP = 9_000, 500


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Areas; a folder of three files of points, some of them in no area, some nowhere; and all of them in one file."""
    folder = tmp_path_factory.mktemp("land")
    shapes = moved(bent_coverage(4, 2, seed=1), scale=0.1, east=113, north=28)
    areas = geopandas.GeoDataFrame({"code": [f"{n:03}" for n in range(len(shapes))]}, geometry=shapes, crs=4326)
    (folder / "areas.geojson").write_text(areas.to_json())
    lon, lat = np.random.default_rng(2).uniform([[112.99], [27.99]], [[113.11], [28.11]], (2, ROWS))
    lon[::1000], lon[1::1000] = 999, 0
    points = pa.table({"id": np.arange(ROWS), "lon": lon, "lat": lat})
    (folder / "points").mkdir()
    for at in range(3):
        pq.write_table(points.slice(at * 3000, 3000), folder / "points" / f"{at}.parquet", row_group_size=GROUP)
    pq.write_table(points, folder / "points.parquet")
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as running:
        yield running


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "ROWS_A_PIECE", GROUP)


def in_one(land: Path, tmp_path: Path) -> tuple[Any, pa.Table]:
    """What a run from file to file answers."""
    done = match_file(land / "points.parquet", land / "areas.geojson", tmp_path / "one.parquet", OPTIONS)
    return done, pq.read_table(tmp_path / "one.parquet")


def parts(out: Path) -> pa.Table:
    return pa.concat_tables(pq.read_table(path) for path in sorted(out.iterdir()))


def watched(what: Callable[[int], None]) -> flow.Watch:
    """Somebody who does something after each piece, whose number is told."""

    @contextmanager
    def watch(_total: int) -> Iterator[Callable[[int], None]]:
        count = -1  # the first call says what an earlier run has done

        def advance(_rows: int) -> None:
            nonlocal count
            count += 1
            what(count)

        yield advance

    return watch


def test_parts_hold_what_one_file_holds_in_its_order(land: Path, tmp_path: Path, cluster: Any) -> None:
    out = tmp_path / "out"
    done = match_spread(land / "points", land / "areas.geojson", out, OPTIONS, scheduler=cluster.scheduler_address)
    alone, rows = in_one(land, tmp_path)
    assert parts(out).equals(rows)
    assert (done.rows, done.by_how, done.columns, done.notes) == (ROWS, alone.by_how, alone.columns, alone.notes)
    assert [path.name for path in sorted(out.iterdir())] == [f"part-{at:05}.parquet" for at in range(ROWS // GROUP)]
    assert {path.name for path in tmp_path.iterdir()} == {"out", "one.parquet"}, "nothing else is left"


def test_a_worker_that_is_killed_in_mid_run_loses_no_row_and_doubles_none(land: Path, tmp_path: Path, cluster: Any) -> None:
    killed: list[int] = []

    def kill(piece: int) -> None:
        if piece in {2, 7}:
            victim = next(each.pid for each in cluster.workers.values() if each.pid and each.pid not in killed)
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)

    out, address = tmp_path / "out", cluster.scheduler_address
    done = match_spread(land / "points", land / "areas.geojson", out, OPTIONS, scheduler=address, watch=watched(kill))
    assert len(killed) == 2
    assert parts(out).equals(in_one(land, tmp_path)[1])
    assert done.rows == ROWS


def test_an_interrupted_run_goes_on_and_does_nothing_twice(land: Path, tmp_path: Path, cluster: Any) -> None:
    out, address = tmp_path / "out", cluster.scheduler_address

    def stop(piece: int) -> None:
        if piece == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        match_spread(land / "points", land / "areas.geojson", out, OPTIONS, scheduler=address, watch=watched(stop))
    assert not out.exists()
    [kept] = tmp_path.iterdir()
    before = {note.with_suffix(".parquet").name: note.with_suffix(".parquet").stat().st_mtime_ns for note in kept.glob("part-*.json")}
    assert len(before) == 5
    match_spread(land / "points", land / "areas.geojson", out, OPTIONS, scheduler=address)
    assert before.items() <= {path.name: path.stat().st_mtime_ns for path in out.iterdir()}.items()
    assert parts(out).equals(in_one(land, tmp_path)[1])


def test_what_cannot_be_matched_in_parts_is_refused_and_nothing_is_left(land: Path, tmp_path: Path) -> None:
    mixed, text, out = tmp_path / "mixed", tmp_path / "points.csv", tmp_path / "out"
    mixed.mkdir()
    text.write_text("lon,lat\n1,2\n")
    for points in (mixed, text):
        with pytest.raises(PartsUnusable):
            match_spread(points, land / "areas.geojson", out, OPTIONS)
    pq.write_table(pa.table({"lon": [1.0], "lat": [2.0]}), mixed / "a.parquet")
    pq.write_table(pa.table({"lon": [1.0], "latitude": [2.0]}), mixed / "b.parquet")
    with pytest.raises(PartsUnusable):
        match_spread(mixed, land / "areas.geojson", out, OPTIONS)
    assert {path.name for path in tmp_path.iterdir()} == {"mixed", "points.csv"}


def test_a_refusal_of_a_worker_is_told_as_it_is(land: Path, tmp_path: Path, cluster: Any) -> None:
    pq.write_table(pa.table({"lon": [[1.0]], "lat": [2.0]}), tmp_path / "lists.parquet")
    with pytest.raises(flow.BadInput, match="lon"):
        match_spread(tmp_path / "lists.parquet", land / "areas.geojson", tmp_path / "out", OPTIONS, scheduler=cluster.scheduler_address)
    assert {path.name for path in tmp_path.iterdir()} == {"lists.parquet"}


def test_a_scheduler_that_does_not_answer_is_named(land: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "PATIENCE_S", 0.5)
    for nowhere in ("tcp://127.0.0.1:9", "no scheme://"):
        with pytest.raises(SchedulerUnreachable):
            match_spread(land / "points", land / "areas.geojson", tmp_path / "out", OPTIONS, scheduler=nowhere)


def test_force_replaces_parts_and_never_a_folder_of_something_else(land: Path, tmp_path: Path, cluster: Any) -> None:
    out, options = tmp_path / "out", MatchOptions(code="code", force=True)
    out.mkdir()
    (out / "diary.txt").write_text("mine")
    with pytest.raises(OutputExists):
        match_spread(land / "points", land / "areas.geojson", out, options)
    assert (out / "diary.txt").read_text() == "mine"
    (out / "diary.txt").rename(out / "part-00099.parquet")
    match_spread(land / "points", land / "areas.geojson", out, options, scheduler=cluster.scheduler_address)
    assert parts(out).num_rows == ROWS


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ([], "MatchOneWay"),
        (["points.csv"], "MatchOneWay"),
        (["points.csv", "--out", "o.csv", "--from-table", "a", "--to-table", "b"], "MatchOneWay"),
        (["--from-table", "a", "--to-table", "b", "--engine", "dask"], "MatchOneWay"),
        (["--from-table", "a"], "MatchOneWay"),
        (["points.csv", "--out", "o.csv", "--to-table", "b"], "MatchOneWay"),
        (["points.csv", "--out", "o.csv", "--key", "id"], "MatchOneWay"),
        (["points.csv", "--out", "o.csv", "--scheduler", "tcp://x:1"], "SchedulerWithoutDask"),
    ],
)
def test_files_and_tables_are_not_mixed_and_a_scheduler_needs_its_engine(asked: list[str], refusal: str) -> None:
    told = CliRunner().invoke(app, ["match", *asked, "--areas", "a.gpkg", "--code", "c"])
    assert type(told.exception).__name__ == refusal
