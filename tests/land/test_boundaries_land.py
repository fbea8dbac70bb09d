"""Households and the lines of the land from files."""

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon

from gridmap.boundaries import HouseholdColumns, ReadOptions, read_households, read_land, read_lines
from gridmap.boundaries.place import AxesSwapped
from gridmap.boundaries.table import EncodingWrong
from gridmap.errors import ColumnMissing, FileMissing, FileUnreadable, ImportRefused, TableEmpty
from gridmap.geometry.datums import Datum, from_wgs84


def write(path: Path, *rows: tuple[dict[str, object], object]) -> Path:
    features = [
        {"type": "Feature", "properties": facts, "geometry": None if shape is None else shapely.geometry.mapping(shape)}
        for facts, shape in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_households_come_from_points_and_buildings(tmp_path: Path) -> None:
    house, block = shapely.Point(113.01, 28.01), shapely.box(113.02, 28.02, 113.021, 28.021)
    file = read_households(
        write(tmp_path / "h.geojson", ({"id": "06", "n": 3}, house), ({"id": "07", "n": 60}, block)), HouseholdColumns("n", "id")
    )
    homes = file.households
    assert (homes.ids.tolist(), homes.counts.tolist(), homes.total) == (["06", "07"], [3, 60], 63)
    assert block.contains(shapely.Point(homes.lon[1], homes.lat[1]))
    assert [finding.code for finding in file.findings] == ["buildings_as_points"]


def test_without_an_id_the_features_number_stands(tmp_path: Path) -> None:
    path = write(tmp_path / "h.geojson", ({"n": 3}, shapely.Point(113, 28)), ({"n": 0}, shapely.Point(113, 28)))
    assert read_households(path, HouseholdColumns("n")).households.ids.tolist() == ["0", "1"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_households_come_from_a_csv_in_either_language(tmp_path: Path, encoding: str) -> None:
    path = write_csv(tmp_path / "户.csv", '编号,经度,纬度,户数,"备注"\n06,113.01,28.01,5,"两\n行"\n07,113.02,28.02,6,\n', encoding)
    homes = read_households(path, HouseholdColumns("户数", "编号")).households
    assert (homes.ids.tolist(), homes.lon.tolist(), homes.counts.tolist()) == (["06", "07"], [113.01, 113.02], [5, 6])


def test_the_datum_of_households_is_taken_off(tmp_path: Path) -> None:
    lon, lat = from_wgs84(113.01, 28.01, Datum.GCJ02)
    path = write_csv(tmp_path / "h.csv", f"lon,lat,n\n{lon!r},{lat!r},5\n")
    homes = read_households(path, HouseholdColumns("n", datum=Datum.GCJ02)).households
    assert (homes.lon[0], homes.lat[0]) == pytest.approx((113.01, 28.01), abs=1e-9)


def test_a_csv_of_metres_is_converted(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "h.csv", "e,n,count\n528000,3686000,5\n")
    homes = read_households(path, HouseholdColumns("count", lon="e", lat="n"), ReadOptions(crs="4545")).households
    assert (homes.lon[0], homes.lat[0]) == pytest.approx((108.30063, 33.29945), abs=1e-4)


def test_every_row_that_is_no_household_is_told_and_nothing_is_read(tmp_path: Path) -> None:
    rows = ["06,113.01,28.01,5", "07,,28.01,5", "08,113.01,28.01,many", "09,113.01,28.01,-1", "10,113.01,28.01,2.5", "06,113.02,28.02,1"]
    path = write_csv(tmp_path / "h.csv", "\n".join(["id,lon,lat,n", *rows]))
    with pytest.raises(ImportRefused) as refused:
        read_households(path, HouseholdColumns("n", "id"))
    faults: Any = refused.value.findings
    told = sorted((fault.code, fault.facts.get("row", fault.facts.get("id"))) for fault in faults)
    assert told == [
        ("household_count", 3),
        ("household_count", 4),
        ("household_count", 5),
        ("household_nowhere", 2),
        ("household_repeated", "06"),
    ]
    assert all(fault.text("en") and fault.text("zh") for fault in faults)


def test_a_row_without_a_place_is_named_whatever_it_has_instead(tmp_path: Path) -> None:
    shapes = [Point(108.2, 33.1), Point(), None, Polygon(), LineString([(108.2, 33.1), (108.3, 33.1)])]
    path = tmp_path / "h.gpkg"
    geopandas.GeoDataFrame({"n": [1, 2, 3, 4, 5]}, geometry=shapes, crs=4326).to_file(path)
    with pytest.raises(ImportRefused) as refused:
        read_households(path, HouseholdColumns("n"))
    assert [(one.code, one.facts["row"]) for one in refused.value.findings] == [("household_nowhere", row) for row in (2, 3, 4, 5)]


def test_a_count_that_no_building_holds_is_told_and_never_added_up(tmp_path: Path) -> None:
    text = "lon;lat;n\n108.2;33.1;9223372036854775807\n108.2;33.1;99999999999999999999999\n1_08.2;33.1;2\n"
    with pytest.raises(ImportRefused) as told:
        read_households(write_csv(tmp_path / "h.csv", text, "utf-16"), HouseholdColumns("n"))
    assert sorted(finding.code for finding in told.value.findings) == ["household_count", "household_count", "household_nowhere"]


def test_a_csv_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    wanted = {
        "": TableEmpty,
        "lon,lat,n\n": TableEmpty,
        'lon,lat,n\n1,2,"3\n': FileUnreadable,
        "a,b\n1,2\n": ColumnMissing,
        "lon,lat,n\n33.1,108.2,4\n": AxesSwapped,
    }
    for text, refusal in wanted.items():
        with pytest.raises(refusal):
            read_households(write_csv(tmp_path / "h.csv", text), HouseholdColumns("n"))
    with pytest.raises(EncodingWrong):  # UTF-16 without its mark
        read_households(write_csv(tmp_path / "h.csv", "lon,lat,n\n108.2,33.1,4\n", "utf-16-le"), HouseholdColumns("n"))
    with pytest.raises(FileMissing):
        read_households(tmp_path / "absent.csv", HouseholdColumns("n"))
    with pytest.raises(EncodingWrong):
        read_households(write_csv(tmp_path / "h.csv", "经度,lat,n\n1,2,3\n"), HouseholdColumns("n"), ReadOptions(encoding="ascii"))


def test_barriers_are_lines_or_water(tmp_path: Path) -> None:
    rail = shapely.LineString([(113.0, 28.0), (113.1, 28.1)])
    bow = shapely.Polygon([(113.0, 28.0), (113.1, 28.1), (113.1, 28.0), (113.0, 28.1)])
    path = write(tmp_path / "l.geojson", ({"name": "铁路"}, rail), ({"name": None}, bow))
    file = read_land(path, name="name")
    assert file.names == ("铁路", "")
    assert file.shapes[0].equals(rail)
    assert shapely.is_valid(file.shapes).all()
    assert [finding.code for finding in file.findings] == ["land_mended"]
    assert read_lines(path)[0].equals(rail)


@pytest.mark.parametrize("shape", [None, shapely.Point(113, 28), shapely.LineString([(113, 28), (113, 28)]), shapely.box(113, 28, 113, 29)])
def test_what_is_neither_line_nor_polygon_is_refused(tmp_path: Path, shape: object) -> None:
    rail = shapely.LineString([(113.0, 28.0), (113.1, 28.1)])
    with pytest.raises(ImportRefused, match="Row 2"):
        read_land(write(tmp_path / "l.geojson", ({}, rail), ({}, shape)))


def test_a_line_off_the_globe_is_refused(tmp_path: Path) -> None:
    rows = [({}, shapely.LineString([(113.0, 28.0), (113.1 + step, 28.1)])) for step in (0, 0, 90)]
    with pytest.raises(ImportRefused, match="Row 3"):
        read_land(write(tmp_path / "l.geojson", *rows))
    assert np.isfinite(shapely.total_bounds(read_lines(write(tmp_path / "l.geojson", *rows[:2])))).all()
