"""A saved index answers as the one that was built; what is no whole index is refused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap import AreaIndex
from gridmap.errors import FileMissing
from gridmap.grid.index import IndexDamaged
from tests.builders import awkward_points, bent_coverage


@pytest.fixture(scope="module")
def index() -> AreaIndex:
    return AreaIndex([*bent_coverage(6, 3, seed=1), shapely.box(0.2, 0.2, 0.4, 0.4)])


@pytest.fixture(scope="module")
def saved(index: AreaIndex, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("index") / "land.index"
    index.save(path)
    return path


def test_an_opened_index_answers_as_the_one_that_was_saved(index: AreaIndex, saved: Path) -> None:
    opened = AreaIndex.open(saved)
    x, y = awkward_points(bent_coverage(6, 3, seed=1), 200, seed=2)
    owner = index.locate(x, y)
    assert np.array_equal(opened.locate(x, y), owner)
    assert np.array_equal(opened.border_distance(x, y, owner), index.border_distance(x, y, owner), equal_nan=True)
    assert (len(opened), opened.nbytes, opened.overlaps) == (37, index.nbytes, index.overlaps)
    assert saved.stat().st_size == index.nbytes
    assert opened.overlaps > 0


ONE_AND_ALL = """
import os, sys
from pathlib import Path
from gridmap import AreaIndex
from tests.builders import bent_coverage
if sys.argv[1] == "one":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
index = AreaIndex(bent_coverage(60, 14, seed=3))
index.save(Path(sys.argv[2]))
"""


def test_an_index_is_the_same_on_one_core_as_on_all(tmp_path: Path) -> None:
    """Its borders are more than one thread takes: work is shared, and put together again in the order of the borders."""
    for cores in ("one", "all"):
        subprocess.run([sys.executable, "-c", ONE_AND_ALL, cores, str(tmp_path / cores)], check=True)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "all").read_bytes()


def test_an_index_without_areas_is_saved_and_opened(tmp_path: Path) -> None:
    AreaIndex([]).save(tmp_path / "none")
    assert AreaIndex.open(tmp_path / "none").locate([0.0], [0.0]).tolist() == [-1]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_file_with_any_byte_changed_cut_off_or_added_is_refused(
    data: st.DataObject, saved: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = bytearray(saved.read_bytes())
    at = data.draw(st.one_of(st.integers(0, 300), st.integers(0, len(whole) - 1)))
    how = data.draw(st.sampled_from(["changed", "cut", "longer"]))
    if how == "changed":
        whole[at] ^= data.draw(st.integers(1, 255))
    damaged = tmp_path_factory.mktemp("damaged") / "land.index"
    damaged.write_bytes(whole[:at] if how == "cut" else whole + b"x" * (1 + at) if how == "longer" else whole)
    with pytest.raises(IndexDamaged, match=r"land\.index"):
        AreaIndex.open(damaged)


def test_a_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        AreaIndex.open(tmp_path / "nowhere")
    foreign = tmp_path / "foreign"
    for content in (b"", b"PK", b"\0" * 4096, "区划".encode() * 1000):
        foreign.write_bytes(content)
        with pytest.raises(IndexDamaged):
            AreaIndex.open(foreign)


def test_saving_over_a_file_that_others_have_opened_leaves_them_theirs(index: AreaIndex, tmp_path: Path) -> None:
    path = tmp_path / "land.index"
    index.save(path)
    opened = AreaIndex.open(path)
    AreaIndex([shapely.box(0, 0, 1, 1)]).save(path)
    assert opened.locate_one(0.99, 0.99) == index.locate_one(0.99, 0.99) > 0
    assert AreaIndex.open(path).locate_one(0.99, 0.99) == 0
    assert [one.name for one in tmp_path.iterdir()] == ["land.index"]


def test_the_way_up_is_read_from_the_cell() -> None:
    quarters = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(0, 1, 1, 2), shapely.box(1, 1, 2, 2)]
    cell, village, township = AreaIndex(quarters).locate_path([0.5, 1.5, 1.5, 9], [0.5, 0.5, 1.5, 9], [0, 0, 1, 1], [7, -1])
    assert (cell.tolist(), village.tolist(), township.tolist()) == ([0, 1, 3, -1], [0, 0, 1, -1], [7, 7, -1, -1])


def test_distances_may_be_measured_with_other_units_along_each_axis() -> None:
    index = AreaIndex([shapely.box(0, 0, 10, 10)])
    assert index.near_border([4, 5], [5, 1], [0, 0], ([1.0, 1.0], [0.1, 5.0])).distance == pytest.approx([0.5, 5])
    assert index.near_outside([12], [5], (3.0, 1.0)).distance == pytest.approx([6])


def test_one_point_is_answered_as_many_are(index: AreaIndex) -> None:
    x, y = awkward_points(bent_coverage(6, 3, seed=1), 40, seed=3)
    x, y = np.r_[x, np.nan, np.inf, 7.0], np.r_[y, 0.5, 0.5, -3.0]
    villages, townships = np.arange(len(index)) // 4, [1, 0] * 5
    paths = index.locate_path(x, y, villages, townships)
    near, border = index.nearest(x, y), index.border_distance(x, y, paths[0])
    for at, point in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        assert index.locate_path_one(*point, villages, townships) == tuple(int(path[at]) for path in paths)
        assert index.nearest_one(*point) == pytest.approx((near[0][at], near[1][at]), rel=0, nan_ok=True)
        assert index.border_distance_one(*point, int(paths[0][at])) == pytest.approx(border[at], rel=0, nan_ok=True)


def test_outlines_are_the_borders_of_the_areas() -> None:
    holed = shapely.box(0, 0, 3, 3) - shapely.box(1, 1, 2, 2)
    areas = np.array([holed, None, shapely.MultiPolygon([shapely.box(5, 5, 6, 6), shapely.box(7, 7, 8, 8)])], dtype=object)
    outlines = AreaIndex(areas).outlines()
    assert outlines[1] is None
    assert shapely.equals(outlines[[0, 2]], shapely.boundary(areas[[0, 2]])).all()
