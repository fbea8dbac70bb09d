"""An interrupted `gridmap match` goes on where it was: the file holds what an unbroken run writes."""

import codecs
import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from gridmap.flows.match_file import MatchedFile, MatchOptions, match_file
from gridmap.flows.place_points import Watch, unwatched
from gridmap.matching.files import blocks, opening, table, text
from gridmap.matching.files.text import QuoteOpen
from tests.builders import bent_coverage, moved

OPTIONS = MatchOptions(code="code", snap_m=100)
TEXT_ROWS, TABLE_ROWS = 1 << 10, 1 << 12  # in a portion, so that a small file has many


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "PORTION_ROWS", TEXT_ROWS)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 45 * TEXT_ROWS)
    for module in (table, opening):
        monkeypatch.setattr(module, "TABLE_ROWS", TABLE_ROWS)


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with areas, and points in each kind of file, some of them in no area and some nowhere."""
    folder = tmp_path_factory.mktemp("land")
    shapes = moved(bent_coverage(4, 2, seed=1), scale=0.1, east=113, north=28)
    features = [
        {"type": "Feature", "properties": {"code": f"{n:03}"}, "geometry": shapely.geometry.mapping(s)} for n, s in enumerate(shapes)
    ]
    (folder / "areas.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    lon, lat = np.random.default_rng(2).uniform([[112.99], [27.99]], [[113.11], [28.11]], (2, 13 * TABLE_ROWS // 2))
    lon[::1000] = 999
    pq.write_table(pa.table({"id": np.arange(len(lon)), "lon": lon, "lat": lat}), folder / "points.parquet")
    rows = zip(range(13 * TEXT_ROWS // 2), lon.tolist(), lat.tolist(), strict=False)
    (folder / "points.csv").write_text("id,lon,lat\n" + "".join(f"{n},{x},{y}\n" for n, x, y in rows))
    return folder


def stopped_after(portions: int) -> Watch:
    """Somebody who presses Ctrl-C when so many portions have gone by."""

    @contextmanager
    def watch(_total: int) -> Iterator[Callable[[int], None]]:
        left = portions + 1  # the first call says what an earlier run has done

        def advance(_rows: int) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt

        yield advance

    return watch


def matched(land: Path, out: Path, watch: Watch = unwatched, options: MatchOptions = OPTIONS) -> MatchedFile:
    points = land / ("points.parquet" if out.suffix == ".parquet" else "points.csv")
    return match_file(points, land / "areas.geojson", out, options, watch=watch)


def content(out: Path) -> bytes | pa.Table:
    if out.suffix == ".parquet":
        return pq.read_table(out)
    return gzip.decompress(out.read_bytes()) if out.suffix == ".gz" else out.read_bytes()


@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.csv.gz"])
@pytest.mark.parametrize("stops", [(0,), (1,), (2,), (0, 0, 0)], ids=str)
def test_a_run_that_was_stopped_goes_on_and_no_row_is_lost_or_doubled(
    land: Path, tmp_path: Path, name: str, stops: tuple[int, ...]
) -> None:
    whole, out = tmp_path / f"whole-{name}", tmp_path / name
    unbroken = matched(land, whole)
    for portions in stops:
        with pytest.raises(KeyboardInterrupt):
            matched(land, out, stopped_after(portions))
        assert not out.exists()
    resumed = matched(land, out)
    assert content(out) == content(whole)
    assert (resumed.rows, resumed.by_how, resumed.notes) == (unbroken.rows, unbroken.by_how, unbroken.notes)
    assert {path.name for path in tmp_path.iterdir()} == {whole.name, name}


def test_a_mark_of_the_encoding_stands_once_before_all_parts(land: Path, tmp_path: Path) -> None:
    points, out = tmp_path / "points.csv", tmp_path / "out.csv"
    points.write_bytes(codecs.BOM_UTF8 + (land / "points.csv").read_bytes())
    with pytest.raises(KeyboardInterrupt):
        match_file(points, land / "areas.geojson", out, OPTIONS, watch=stopped_after(2))
    match_file(points, land / "areas.geojson", out, OPTIONS)
    matched(land, tmp_path / "plain.csv")
    assert out.read_bytes() == codecs.BOM_UTF8 + content(tmp_path / "plain.csv")


def test_what_an_earlier_run_wrote_is_not_written_again(land: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    with pytest.raises(KeyboardInterrupt):
        matched(land, out, stopped_after(2))
    done: list[int] = []

    @contextmanager
    def watch(_total: int) -> Iterator[Callable[[int], None]]:
        yield done.append

    matched(land, out, watch)
    assert done[0] >= TABLE_ROWS
    assert sum(done) == 13 * TABLE_ROWS // 2


def test_other_options_or_other_points_begin_anew(land: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    with pytest.raises(KeyboardInterrupt):
        matched(land, out, stopped_after(1))
    other = matched(land, out, options=MatchOptions(code="code", snap_m=0))
    matched(land, tmp_path / "whole.csv", options=MatchOptions(code="code", snap_m=0))
    assert content(out) == content(tmp_path / "whole.csv")
    assert other.by_how["nearest"] == 0
    assert {path.name for path in tmp_path.iterdir()} == {"out.csv", "whole.csv"}, "what the stopped run left is gone too"


def test_a_killed_process_leaves_its_whole_parts(land: Path, tmp_path: Path) -> None:
    """No warning at all: the process ends in the midst of a part."""
    out = tmp_path / "out.parquet"
    program = f"""
import os
from contextlib import contextmanager
from pathlib import Path
from gridmap.flows import match_file as flow
from gridmap.matching.files import table

flow.ROWS_A_PART, table.TABLE_ROWS = 1, {TABLE_ROWS}
calls = iter(range(4))

@contextmanager
def watch(total):
    yield lambda rows: next(calls) < 3 or os._exit(9)

flow.match_file(Path({str(land / "points.parquet")!r}), Path({str(land / "areas.geojson")!r}), Path({str(out)!r}),
    flow.MatchOptions(code="code", snap_m=100), watch=watch)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    [left] = tmp_path.iterdir()
    assert list(left.glob("*.json"))
    resumed = matched(land, out)
    matched(land, tmp_path / "whole.parquet")
    assert content(out) == content(tmp_path / "whole.parquet")
    assert resumed.rows == 13 * TABLE_ROWS // 2


def test_a_refusal_in_mid_file_leaves_nothing(land: Path, tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    points.write_text((land / "points.csv").read_text() + '"open,113,28\n')
    with pytest.raises(QuoteOpen):
        match_file(points, land / "areas.geojson", tmp_path / "out.csv", OPTIONS)
    assert [path.name for path in tmp_path.iterdir()] == ["points.csv"]
