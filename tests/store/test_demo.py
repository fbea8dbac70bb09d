"""`gridmap demo`: the main job as a newcomer runs it, in a folder of their own."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

GRIDMAP = Path(sys.executable).with_name("gridmap")
EXAMPLES = Path(__file__).parents[2] / "data" / "boundaries"


def demo(folder: Path, *options: object) -> subprocess.CompletedProcess[str]:
    command = [str(each) for each in (GRIDMAP, "demo", "--no-serve", *options)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def rows(folder: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "gridmap.db")) as database:
        return database.execute(question).fetchall()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """The made-up county's demonstration: its folder, and what it told."""
    folder = tmp_path_factory.mktemp("demo")
    done = demo(folder, "--json")
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


def test_the_whole_county_comes_in_and_the_counts_add_up(whole: tuple[Path, dict[str, int]]) -> None:
    _, told = whole
    assert (told["townships"], told["villages"], told["reports"]) == (11, 80, 3000)
    assert told["reports"] == told["matched"] + told["triaged"]
    assert told["rejected"] == 0
    assert 24_000 <= told["households"] <= 26_000
    assert told["households"] / 80 <= told["cells"] <= told["households"] / 50


def test_each_matched_report_has_cell_worker_office_and_reasons_and_each_triaged_one_a_reason(whole: tuple[Path, dict[str, int]]) -> None:
    folder, told = whole
    matched = rows(folder, "select cell, worker, office, reasons from incident where state in ('dispatched', 'filed')")
    triaged = rows(folder, "select reasons from incident where state = 'triage'")
    assert (len(matched), len(triaged)) == (told["matched"], told["triaged"])
    assert all(cell and worker and office and json.loads(str(reasons)) for cell, worker, office, reasons in matched)
    assert all(json.loads(str(reasons)) for (reasons,) in triaged)


def test_every_cell_has_a_worker_and_another_as_backup(whole: tuple[Path, dict[str, int]]) -> None:
    folder, told = whole
    pairs = rows(
        folder,
        """select w.area, w.worker, b.worker from post w join post b on b.area = w.area and b.duty = 'backup'
           where w.duty = 'worker'""",
    )
    assert len({area for area, _, _ in pairs}) == told["cells"]
    assert all(worker != backup for _, worker, backup in pairs)


def test_a_folder_that_lacks_a_file_replaces_nothing(tmp_path: Path) -> None:
    assert demo(tmp_path, "--data", EXAMPLES).returncode == 0
    before = (tmp_path / "gridmap.db").read_bytes()
    (tmp_path / "empty").mkdir()
    refused = demo(tmp_path, "--data", tmp_path / "empty")
    assert refused.returncode == 1
    assert 'no file "townships"' in refused.stderr
    assert (tmp_path / "gridmap.db").read_bytes() == before
