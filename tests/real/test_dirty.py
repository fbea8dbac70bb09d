"""Shapes that break importers: GEOS's own validity cases, and GeoJSON files made to be wrong."""

import json
import math
import warnings
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import pyogrio
import pytest
import shapely

from gridmap.boundaries.areas import AreaColumns, AreaFile, AreaOptions, read_areas
from gridmap.boundaries.read import read_table
from gridmap.errors import ImportRefused, Refusal
from gridmap.flows.import_areas import import_areas
from gridmap.grid import Level, Severity
from gridmap.store import Store, drafts
from tests.builders import ALL, OPERATOR

pytestmark = pytest.mark.real
NOW = datetime(2026, 1, 5, tzinfo=UTC)
OPTIONS = AreaOptions(Level.TOWNSHIP, AreaColumns("code", "name"))
PLOT = 1 / 64  # degrees: each case has a plot of its own


class Case(NamedTuple):
    """A shape, and whether GEOS says that it is valid."""

    code: str
    shape: Any
    valid: bool
    exact: bool  # every corner was moved without rounding, so that the verdict still holds


def plotted(shape: Any, position: int) -> tuple[Any, bool]:
    """The shape on its plot, made smaller by a power of two, which rounds nothing that was whole."""
    corners = shapely.get_coordinates(shape)
    corners = corners[np.isfinite(corners).all(axis=1)]
    if not len(corners):
        return shape, True
    low, span = np.floor(corners.min(axis=0)), float(np.ptp(corners, axis=0).max())
    scale = 2.0 ** -math.ceil(math.log2(max(span, 1e-9) * 2 / PLOT))
    home = np.array([112.0, 28.0]) + PLOT * np.array(divmod(position, 30))
    moved = shapely.transform(shape, lambda xy: (xy - low) * scale + home)
    back = (shapely.get_coordinates(moved) - home) / scale + low
    return moved, bool(np.array_equal(back, shapely.get_coordinates(shape), equal_nan=True))


@pytest.fixture(scope="module")
def cases(real_data: Path) -> list[Case]:
    found: list[Case] = []
    for path in sorted((real_data / "dirty").glob("geos_Test*.xml")):
        for case in ElementTree.parse(path).getroot().iter("case"):
            for op in case.iter("op"):
                if op.get("name") != "isValid":
                    continue
                text = (case.findtext(op.get("arg1", "").lower()) or "").strip()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # NaN
                    shape = shapely.from_wkb(text) if text.startswith("0") else shapely.from_wkt(text)
                    moved, exact = plotted(shape, len(found))
                found.append(Case(f"g{len(found)}", moved, (op.text or "").strip() == "true", exact))
    assert len(found) == 844
    return found


def write(path: Path, cases: list[Case]) -> Path:
    fields: list[Any] = [np.array([case.code for case in cases], dtype=object)] * 2
    shapes = np.array([case.shape for case in cases], dtype=object)
    pyogrio.raw.write(path, shapely.to_wkb(shapes), fields, ["code", "name"], driver="GPKG", geometry_type="Unknown", crs="EPSG:4326")
    return path


@pytest.fixture(scope="module")
def imported(cases: list[Case], tmp_path_factory: pytest.TempPathFactory) -> AreaFile:
    return read_areas(write(tmp_path_factory.mktemp("dirty") / "cases.gpkg", cases), OPTIONS)


def told(file: AreaFile, *codes: str) -> dict[str, Any]:
    return {finding.area: finding for finding in file.findings if finding.code in codes}


def test_each_of_844_cases_is_imported_as_it_is_repaired_or_refused(cases: list[Case], imported: AreaFile) -> None:
    areas = {area.code: area.shape for area in imported.areas}
    refused, repaired = told(imported, "no_shape"), told(imported, "invalid_shape", "invalid_shape_changed")
    ends: Counter[str] = Counter()
    for case in cases:
        ends[end] = ends[end := "refused" if case.code in refused else "repaired" if case.code in repaired else "as it is"] + 1
        assert (case.code in areas) == (end != "refused")
        if end == "as it is":
            # Corner by corner: GEOS 3.14 crashes when asked whether a polygon with an empty hole equals another.
            assert np.array_equal(shapely.get_coordinates(areas[case.code]), shapely.get_coordinates(case.shape))
        if end == "repaired":
            assert areas[case.code].is_valid
            assert areas[case.code].area > 0
    assert ends["as it is"] >= 275
    assert ends["repaired"] >= 42
    assert sum(ends.values()) == 844


def test_the_verdict_of_geos_decides_what_is_touched(cases: list[Case], imported: AreaFile) -> None:
    touched = told(imported, "no_shape", "invalid_shape", "invalid_shape_changed")
    polygons = [case for case in cases if case.exact and case.shape.geom_type in ("Polygon", "MultiPolygon") and not case.shape.is_empty]
    assert len(polygons) > 300
    assert [case.code for case in polygons if case.valid == (case.code in touched)] == []


def test_a_repair_keeps_the_area_to_a_billionth_or_says_the_change(cases: list[Case], imported: AreaFile) -> None:
    before = {case.code: case.shape.area for case in cases}
    after = {area.code: area.shape.area for area in imported.areas}
    kept, changed = told(imported, "invalid_shape"), told(imported, "invalid_shape_changed")
    assert kept
    assert changed
    for code in kept:
        assert math.isclose(after[code], before[code], rel_tol=1e-9)
    for code, finding in changed.items():
        assert not math.isclose(after[code], before[code], rel_tol=1e-9)
        assert finding.facts["before_m2"] / finding.facts["after_m2"] == pytest.approx(before[code] / after[code], abs=1e-3)
        assert finding.severity is Severity.WARNING


def test_nothing_is_half_imported(tmp_path: Path, cases: list[Case], imported: AreaFile) -> None:
    refused = told(imported, "no_shape")
    with Store.open(f"sqlite:///{tmp_path}/dirty.db") as store:
        with pytest.raises(ImportRefused):
            import_areas(store, write(tmp_path / "all.gpkg", cases), OPTIONS, now=NOW, actor=OPERATOR)
        with store.read(ALL) as tx:
            assert drafts.heads(tx) == ()
        done = import_areas(
            store, write(tmp_path / "good.gpkg", [case for case in cases if case.code not in refused]), OPTIONS, now=NOW, actor=OPERATOR
        )
        with store.read(ALL) as tx:
            kept = {area.code: area.shape for area in drafts.areas(tx, "import")}
    assert done.areas == len(kept) == 844 - len(refused)
    assert all(shapely.equals_identical(kept[area.code], area.shape) for area in imported.areas)


@pytest.fixture(scope="module")
def geojson_files(real_data: Path) -> list[Path]:
    found = sorted((real_data / "dirty" / "geojson-invalid-geometry").rglob("*.*json"))
    assert len(found) == 74
    return found


def test_each_geojson_file_is_read_or_refused_in_a_sentence(geojson_files: list[Path]) -> None:
    ends = {path: _end(path) for path in geojson_files}
    assert [path.name for path, end in ends.items() if path.name not in end] == []
    assert sum(end.startswith("read") for end in ends.values()) > 40


def _end(path: Path) -> str:
    """What became of a file, in words."""
    try:
        return f"read: {len(read_table(path))} rows of {path.name}"
    except Refusal as refusal:
        return refusal.text("en") + refusal.text("zh")


def test_each_geometry_of_them_becomes_an_area_or_an_error_with_a_reason(tmp_path: Path, geojson_files: list[Path]) -> None:
    ends: Counter[str] = Counter()
    for path in geojson_files:
        geometries = _geometries(json.loads(path.read_text("utf-8")))
        features = [
            {"type": "Feature", "properties": {"code": f"{row}", "name": path.stem}, "geometry": geometry}
            for row, geometry in enumerate(geometries)
        ]
        wrapped = tmp_path / path.name
        wrapped.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
        try:
            file = read_areas(wrapped, OPTIONS)
        except Refusal:
            ends["refused files"] += 1
            continue
        errors = {finding.area for finding in file.errors}
        assert len(file.areas) + len(errors) == len(geometries)
        ends["areas"] += len(file.areas)
        ends["errors"] += len(errors)
    assert ends["refused files"] <= 6
    assert ends["areas"] > 20
    assert ends["errors"] > 30


def _geometries(document: Any) -> list[Any]:
    """Every geometry of a document that may break each rule of GeoJSON."""
    if not isinstance(document, dict):
        return [document]
    if isinstance(document.get("features"), list):
        return [row.get("geometry") if isinstance(row, dict) else row for row in document["features"]]
    return [document.get("geometry")] if document.get("type") == "Feature" else [document]
