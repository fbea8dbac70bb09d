"""Areas from a file, and every fault that can be in them: each a row with a reason and a place."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon, box

from gridmap.boundaries.areas import STAGES, AreaColumns, AreaFile, AreaOptions, read_areas
from gridmap.boundaries.report import ReportFormat, write_report
from gridmap.errors import ColumnMissing
from gridmap.geometry.metres import Metres, area_m2
from gridmap.grid import Area, Finding, Level, Severity
from tests.builders import bent_coverage, moved

METRE = 1 / 111_320  # of latitude, in degrees
TOWN = Area("430102001", Level.TOWNSHIP, "河东镇", None, box(113.0, 28.0, 113.1, 28.1))
NEXT_TOWN = Area("430102002", Level.TOWNSHIP, "河西镇", None, box(113.1, 28.0, 113.2, 28.1))
TOWNS = (TOWN, NEXT_TOWN)
Row = tuple[object, object]


def write(path: Path, rows: Sequence[Row], **columns: Sequence[object]) -> Path:
    """A GeoJSON file of (code, shape) rows, further columns by name."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": f"n{code}"} | {name: values[at] for name, values in columns.items()},
            "geometry": None if shape is None else shapely.geometry.mapping(shape),
        }
        for at, (code, shape) in enumerate(rows)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


@pytest.fixture
def bring(tmp_path: Path) -> Any:
    """Read these rows as areas beside those that are known."""

    def read(
        rows: Sequence[Row],
        *,
        level: Level = Level.VILLAGE,
        known: Sequence[Area] = TOWNS,
        tolerance: float = 100,
        **columns: Sequence[object],
    ) -> AreaFile:
        path = write(tmp_path / "areas.geojson", rows, **columns)
        wanted = AreaColumns("code", "name", parent="parent" if "parent" in columns else None)
        return read_areas(path, AreaOptions(level, wanted, tolerance_m=tolerance), known=known)

    return read


def found(file: AreaFile, code: str) -> list[Finding]:
    return [finding for finding in file.findings if finding.code == code]


def only(file: AreaFile, code: str) -> Finding:
    (finding,) = found(file, code)
    assert finding.text("en")
    assert finding.text("zh")
    return finding


def test_a_coverage_that_fits_its_parents_has_no_fault(bring: Any) -> None:
    halves = [("430102001001", box(113.0, 28.0, 113.05, 28.1)), ("430102001002", box(113.05, 28.0, 113.1, 28.1))]
    file = bring([*halves, ("430102002001", NEXT_TOWN.shape)])
    assert [area.parent for area in file.areas] == [TOWN.code, TOWN.code, NEXT_TOWN.code]
    assert [finding.code for finding in file.findings] == ["parents_found"]
    assert [area.name for area in file.areas] == ["n430102001001", "n430102001002", "n430102002001"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(side=st.integers(1, 4), bends=st.integers(0, 6), seed=st.integers(0, 99))
def test_a_made_up_coverage_of_any_bends_tiles_its_parent(bring: Any, side: int, bends: int, seed: int) -> None:
    shapes = moved(bent_coverage(side, bends, seed), scale=0.1, east=113.0, north=28.0)
    whole = Area("1", Level.TOWNSHIP, "", None, shapely.union_all(shapes))
    file = bring([(f"c{row}", shape) for row, shape in enumerate(shapes)], known=[whole])
    assert {area.parent for area in file.areas} == {"1"}
    assert all(finding.severity is Severity.NOTE for finding in file.findings)


def test_codes_stay_text(bring: Any) -> None:
    rows = [("06", box(113.0, 28.0, 113.1, 28.1)), ("0502A", box(113.1, 28.0, 113.2, 28.1))]
    assert [area.code for area in bring(rows, level=Level.TOWNSHIP, known=()).areas] == ["06", "0502A"]
    rows = [(6.0, rows[0][1]), (7, rows[1][1])]
    assert [area.code for area in bring(rows, level=Level.TOWNSHIP, known=()).areas] == ["6", "7"]


def test_a_code_that_is_a_number_too_long_for_a_number_is_refused(bring: Any) -> None:
    file = bring([(61092200100100100101, TOWN.shape), (None, NEXT_TOWN.shape)], level=Level.TOWNSHIP, known=())
    assert only(file, "code_inexact").severity is Severity.ERROR
    fits = bring([(610922001001001, TOWN.shape), (1.5, NEXT_TOWN.shape)], level=Level.TOWNSHIP, known=())
    assert [area.code for area in fits.areas] == ["610922001001001", "1.5"]


def test_a_code_that_is_there_twice_is_an_error_at_each_place(bring: Any) -> None:
    file = bring([("7", box(113.0, 28.0, 113.02, 28.1)), ("7", box(113.05, 28.0, 113.1, 28.1)), ("8", box(113.02, 28.0, 113.05, 28.1))])
    repeated = found(file, "duplicate_code")
    assert [finding.severity for finding in repeated] == [Severity.ERROR] * 2
    assert [finding.lon for finding in repeated] == pytest.approx([113.01, 113.075], abs=0.01)
    assert [area.code for area in file.areas] == ["8"]


def test_a_row_without_a_code_or_a_name_is_told(bring: Any) -> None:
    file = bring([("", box(113.0, 28.0, 113.1, 28.1)), ("8", box(113.1, 28.0, 113.2, 28.1))], name=["a", None])
    assert only(file, "missing_code").severity is Severity.ERROR
    assert only(file, "name_missing").severity is Severity.WARNING
    assert file.areas[0].name == "8"


def test_a_bow_is_repaired_and_the_change_of_its_area_is_told(bring: Any) -> None:
    bow = Polygon([(113.0, 28.0), (113.1, 28.1), (113.1, 28.0), (113.0, 28.1)])
    file = bring([("1", bow)], level=Level.TOWNSHIP, known=())
    finding = only(file, "invalid_shape_changed")
    assert finding.severity is Severity.WARNING
    assert (finding.lon, finding.lat) == pytest.approx((113.05, 28.05))
    assert finding.facts["after_m2"] == pytest.approx(area_m2(file.areas[0].shape))
    assert file.areas[0].shape.is_valid


def test_a_ring_that_touches_itself_is_repaired_and_keeps_its_area(bring: Any) -> None:
    pinched = Polygon([(113.0, 28.0), (113.1, 28.0), (113.05, 28.05), (113.1, 28.1), (113.0, 28.1), (113.05, 28.05)])
    file = bring([("1", pinched)], level=Level.TOWNSHIP, known=())
    finding = only(file, "invalid_shape")
    assert finding.severity is Severity.NOTE
    assert file.areas[0].shape.area == pytest.approx(pinched.area, rel=1e-12)


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (None, "no shape"),
        (Point(113, 28), "only points or lines"),
        (Polygon([(113, 28), (113.5, 28.5), (114, 29)]), "too few corners|crosses itself"),
        (box(179, 28, 181, 29), "leave the globe"),
        (box(113, 89, 114, 91), "leave the globe"),
        (Polygon([(179.9, -18), (-179.9, -18), (-179.9, -17), (179.9, -17)]), "180° meridian"),
    ],
)
def test_a_shape_that_cannot_be_land_is_an_error_that_says_why(bring: Any, shape: object, why: str) -> None:
    file = bring([("1", box(113, 28, 113.1, 28.1)), ("2", box(113.1, 28, 113.2, 28.1)), ("3", shape)], level=Level.TOWNSHIP, known=())
    finding = only(file, "no_shape")
    assert (finding.severity, finding.area) == (Severity.ERROR, "3")
    assert any(part in finding.text() for part in why.split("|"))
    assert len(file.areas) == 2


def test_an_open_ring_is_closed_and_told(tmp_path: Path) -> None:
    ring = [[113.0, 28.0], [113.1, 28.0], [113.1, 28.1]]
    row = {"type": "Feature", "properties": {"code": "1", "name": "a"}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    path = tmp_path / "open.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [row]}), "utf-8")
    file = read_areas(path, AreaOptions(Level.TOWNSHIP, AreaColumns("code", "name")))
    assert shapely.equals(file.areas[0].shape, Polygon(ring))
    assert [finding.code for finding in file.findings] == ["ring_closed"]


def test_the_parent_comes_from_the_column_first(bring: Any) -> None:
    file = bring([("430102001001", NEXT_TOWN.shape)], parent=["430102002"])
    assert file.areas[0].parent == NEXT_TOWN.code


def test_an_empty_parent_is_found_as_if_there_were_no_column(bring: Any) -> None:
    file = bring([("a", NEXT_TOWN.shape), ("b", TOWN.shape)], parent=["430102002", ""])
    assert [area.parent for area in file.areas] == [NEXT_TOWN.code, TOWN.code]
    assert only(file, "parents_found").facts == {"column": 1, "code": 0, "land": 1}


def test_the_longest_code_that_begins_the_childs_is_its_parent(bring: Any) -> None:
    wards = [Area("1", Level.TOWNSHIP, "", None, TOWN.shape), Area("10", Level.TOWNSHIP, "", None, NEXT_TOWN.shape)]
    file = bring([("1A", TOWN.shape), ("10A", NEXT_TOWN.shape)], known=wards)
    assert [area.parent for area in file.areas] == ["1", "10"]
    assert only(file, "parents_found").facts["code"] == 2


def test_codes_that_contradict_the_land_are_not_believed(bring: Any) -> None:
    wards = [Area("1", Level.TOWNSHIP, "", None, TOWN.shape), Area("2", Level.TOWNSHIP, "", None, NEXT_TOWN.shape)]
    file = bring([("21", TOWN.shape), ("12", NEXT_TOWN.shape)], known=wards)
    assert [area.parent for area in file.areas] == ["1", "2"]
    assert file.errors == ()


def test_one_code_that_contradicts_the_land_is_an_error(bring: Any) -> None:
    west, east = box(113.0, 28.0, 113.05, 28.1), box(113.05, 28.0, 113.1, 28.1)
    rows = [("430102001001", west), ("430102002002", east), ("430102002001", NEXT_TOWN.shape)]
    (finding,) = bring(rows).errors
    assert (finding.code, finding.area, finding.facts["parent"]) == ("child_outside_parent", "430102002002", "430102002")


def test_the_largest_shared_area_decides_where_nothing_else_does(bring: Any) -> None:
    file = bring([("x", box(113.04, 28.0, 113.12, 28.1))], tolerance=3000)
    assert file.areas[0].parent == TOWN.code


def test_orphans_are_errors_with_a_place(bring: Any) -> None:
    file = bring([("x", box(114.0, 28.0, 114.1, 28.1)), ("y", TOWN.shape)], parent=["", "430102009"])
    lost, named = only(file, "orphan"), only(file, "orphan_named")
    assert (lost.severity, named.severity) == (Severity.ERROR, Severity.ERROR)
    assert lost.lon == pytest.approx(114.05, abs=0.01)
    assert "430102009" in named.text()


def test_villages_before_townships_are_refused_once(bring: Any) -> None:
    file = bring([("x", TOWN.shape), ("y", NEXT_TOWN.shape)], known=())
    assert [finding.code for finding in file.errors] == ["level_above_empty"]


@pytest.mark.parametrize(("metres", "severity"), [(40, Severity.WARNING), (160, Severity.ERROR)])
def test_sticking_out_is_a_warning_up_to_the_tolerance_and_an_error_beyond(bring: Any, metres: float, severity: Severity) -> None:
    file = bring([("430102001001", box(113.0, 28.0 - metres * METRE, 113.1, 28.1))])
    finding = only(file, "child_outside_parent")
    assert finding.severity is severity
    assert finding.facts["reach_m"] == pytest.approx(metres, rel=0.02)
    assert finding.lat == pytest.approx(28.0 - metres * METRE, abs=METRE)
    outside = Metres(113, 28).forward(box(113.0, 28.0 - metres * METRE, 113.1, 28.0)).area
    assert finding.facts["outside_m2"] == pytest.approx(outside, rel=1e-3)


def test_a_small_area_that_is_mostly_outside_is_an_error_however_near(bring: Any) -> None:
    yard = box(113.05, 28.0 - 30 * METRE, 113.0505, 28.0 + 10 * METRE)
    assert only(bring([("430102001001", yard)]), "child_outside_parent").severity is Severity.ERROR


def test_rounding_is_no_fault(bring: Any) -> None:
    file = bring([("430102001001", box(113.0, 28.0 - 1e-12, 113.1, 28.1)), ("430102002001", NEXT_TOWN.shape)])
    assert [finding.code for finding in file.findings] == ["parents_found"]


def test_an_overlap_is_told_with_its_size_and_place(bring: Any) -> None:
    rows = [("430102001001", box(113.0, 28.0, 113.051, 28.1)), ("430102001002", box(113.05, 28.0, 113.1, 28.1))]
    finding = only(bring(rows), "overlap")
    assert finding.severity is Severity.WARNING
    assert finding.facts["area_m2"] == pytest.approx(area_m2(box(113.05, 28.0, 113.051, 28.1)), rel=1e-6)
    assert 113.05 < (finding.lon or 0) < 113.051


def test_an_area_inside_another_overlaps_it(bring: Any) -> None:
    rows = [("430102001001", TOWN.shape), ("430102001002", box(113.04, 28.04, 113.06, 28.06))]
    assert len(found(bring(rows), "overlap")) == 1


def test_an_overlap_with_what_is_there_already_is_told_and_old_ones_are_not(bring: Any) -> None:
    old = [Area(f"43010200200{n}", Level.VILLAGE, "", NEXT_TOWN.code, box(113.1, 28.0, 113.2, 28.1)) for n in (8, 9)]
    file = bring([("430102001001", box(113.0, 28.0, 113.1001, 28.1))], known=[*TOWNS, *old])
    assert sorted(finding.facts["other"] for finding in found(file, "overlap")) == ["430102002008", "430102002009"]


def test_a_gap_between_children_is_told_with_its_size_and_place(bring: Any) -> None:
    hole = box(113.04, 28.04, 113.06, 28.06)
    finding = only(bring([("430102001001", shapely.difference(TOWN.shape, hole))]), "gap")
    assert finding.severity is Severity.WARNING
    assert finding.area == TOWN.code
    assert finding.facts["area_m2"] == pytest.approx(area_m2(hole), rel=1e-6)
    assert hole.contains(Point(finding.lon or 0, finding.lat or 0))


def test_land_of_the_parent_that_no_child_has_is_told(bring: Any) -> None:
    wide = only(bring([("430102001001", box(113.0, 28.0, 113.05, 28.1))]), "gap_at_border")
    assert wide.facts["area_m2"] == pytest.approx(area_m2(box(113.05, 28.0, 113.1, 28.1)), rel=1e-6)
    narrow = only(bring([("430102001001", box(113.0, 28.0 + 20 * METRE, 113.1, 28.1 - 30 * METRE))]), "gaps_narrow")
    assert narrow.facts["count"] == 2
    assert narrow.facts["area_m2"] == pytest.approx(50 * area_m2(TOWN.shape) / (0.1 / METRE), rel=0.01)


def test_the_new_children_are_judged_together_with_those_that_stay(bring: Any) -> None:
    old = Area("430102001002", Level.VILLAGE, "", TOWN.code, box(113.05, 28.0, 113.1, 28.1))
    file = bring([("430102001001", box(113.0, 28.0, 113.05, 28.1))], known=[*TOWNS, old])
    assert [finding.code for finding in file.findings] == ["parents_found"]


def test_land_that_townships_enclose_is_told(bring: Any) -> None:
    ring = shapely.difference(TOWN.shape, box(113.04, 28.04, 113.06, 28.06))
    assert only(bring([("1", ring)], level=Level.TOWNSHIP, known=()), "gap_enclosed").severity is Severity.WARNING


def test_a_code_of_another_level_becomes_the_parents_and_its_own(bring: Any) -> None:
    file = bring([("430102001", TOWN.shape)], parent=["430102001"])
    assert [area.code for area in file.areas] == ["430102001-430102001"]
    assert only(file, "code_shared").severity is Severity.WARNING
    taken = bring([("430102001", TOWN.shape)], level=Level.TOWNSHIP, known=[Area("430102001", Level.VILLAGE, "", None, TOWN.shape)])
    assert only(taken, "code_taken").severity is Severity.ERROR


def test_an_exclave_is_one_area(bring: Any) -> None:
    two = MultiPolygon([box(113.0, 28.0, 113.05, 28.1), box(113.06, 28.0, 113.1, 28.1)])
    file = bring([("430102001001", two), ("430102001002", box(113.05, 28.0, 113.06, 28.1))])
    assert file.areas[0].shape.equals(two)
    assert [finding.code for finding in file.findings] == ["parents_found"]


def test_a_column_that_is_not_there_refuses_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.geojson", [("1", TOWN.shape)])
    with pytest.raises(ColumnMissing, match="code, name"):
        read_areas(path, AreaOptions(Level.TOWNSHIP, AreaColumns("kode", "name")))


def test_progress_is_told_at_each_stage(tmp_path: Path) -> None:
    steps: list[int] = []
    path = write(tmp_path / "a.geojson", [("1", TOWN.shape)])
    read_areas(path, AreaOptions(Level.TOWNSHIP, AreaColumns("code", "name")), advance=lambda: steps.append(1))
    assert len(steps) == STAGES


FINDINGS = (
    Finding("overlap", Severity.WARNING, "=1+1", 113.0, 28.0, {"other": "2", "area_m2": 5.0}),
    Finding("crs_assumed", Severity.NOTE),
)


def test_a_report_is_written_as_a_table_or_a_map(tmp_path: Path) -> None:
    for name in ("r.csv", "r.xlsx", "r.geojson"):
        write_report(tmp_path / name, FINDINGS, "zh")
    assert "=1+1 与 2 重叠 5 平方米" in (tmp_path / "r.csv").read_text("utf-8-sig")
    features = json.loads((tmp_path / "r.geojson").read_text("utf-8"))["features"]
    assert [feature["geometry"] and feature["geometry"]["coordinates"] for feature in features] == [[113.0, 28.0], None]
    with pytest.raises(ReportFormat):
        write_report(tmp_path / "r.pdf", FINDINGS)


def test_no_cell_of_a_report_is_a_formula(tmp_path: Path) -> None:
    from openpyxl import load_workbook  # noqa: PLC0415

    write_report(tmp_path / "r.xlsx", FINDINGS)
    book = load_workbook(tmp_path / "r.xlsx")
    rows = list(book.worksheets[0].iter_rows())
    assert [cell.data_type for cell in rows[1]] == ["s", "s", "s", "n", "n", "s"]
    assert np.shape(rows) == (3, 6)
    book.close()
