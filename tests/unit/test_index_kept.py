"""Compiled code is made once for a user, wherever the sources lie, and whoever waits for it is told."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPILES = "import numpy; from gridmap.grid.index.corners import box_of; print(box_of(numpy.zeros((1, 2))))"


def said(sources: Path, home: Path) -> str:
    surroundings = {**os.environ, "HOME": str(home), "PYTHONPATH": str(sources), "GRIDMAP_LANG": "en"}
    done = subprocess.run([sys.executable, "-c", COMPILES], cwd=home, env=surroundings, capture_output=True, text=True, check=True)
    assert done.stdout == "(0.0, 0.0, 0.0, 0.0)\n"
    return done.stderr


def test_the_first_use_tells_of_its_wait_and_no_later_one_waits_even_in_another_copy(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(ROOT / "gridmap", copy / "gridmap", ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    assert "compiling" in said(ROOT, tmp_path)
    assert said(ROOT, tmp_path) == ""
    assert said(copy, tmp_path) == ""


def test_changed_sources_are_compiled_anew_and_what_they_were_is_forgotten_in_the_end(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(ROOT / "gridmap", copy / "gridmap", ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    kept = tmp_path / ".cache/gridmap"
    for old in range(9):
        (kept / f"compiled-{old}").mkdir(parents=True)
        os.utime(kept / f"compiled-{old}", (old, old))
    turning = copy / "gridmap/grid/index/turning.py"
    turning.write_text(turning.read_text() + "# other\n")
    assert "compiling" in said(copy, tmp_path)
    left = {path.name for path in kept.iterdir()}
    assert len(left) == 8
    assert not left & {"compiled-0", "compiled-1"}


def test_where_no_home_takes_it_the_code_is_kept_beside_its_sources(tmp_path: Path) -> None:
    copy, nowhere = tmp_path / "elsewhere", tmp_path / "no-folder"
    shutil.copytree(ROOT / "gridmap", copy / "gridmap", ignore=shutil.ignore_patterns("__pycache__", "vendor"))
    nowhere.write_text("a file where the home should be")
    surroundings = {**os.environ, "HOME": str(nowhere), "PYTHONPATH": str(copy)}
    program = COMPILES + "; from gridmap.grid.index.kept import KEPT_IN; print(KEPT_IN)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=True)
    assert Path(done.stdout.splitlines()[-1]).parent == copy / "gridmap/grid/index/__pycache__"
