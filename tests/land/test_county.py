"""The made-up county: complete, exact, the same every time, and like a place."""

import math
import re
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import geopandas
import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from gridmap import catalogue_default
from gridmap.cli import app
from gridmap.cli.county import FolderInUse
from gridmap.county import County, make_county, make_reports, workers, workers_for, write_county, write_examples
from gridmap.duty import OfficeKind
from gridmap.geometry.datums import Datum, read_datum, to_wgs84
from gridmap.geometry.metres import Metres
from gridmap.grid import Level
from gridmap.incidents import Channel, Report, check_report
from gridmap.routing import route

EXAMPLES = Path(__file__).parents[2] / "data" / "boundaries"
ASSIGNED = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82}


@pytest.fixture(scope="module")
def county() -> County:
    return make_county()


@pytest.fixture(scope="module")
def reports(county: County) -> tuple[Report, ...]:
    return make_reports(county)


def _metric(county: County) -> Metres:
    return Metres.around([area.shape for area in county.townships])


def test_it_has_the_size_of_a_small_county(county: County) -> None:
    assert (len(county.townships), len(county.villages)) == (11, 80)
    assert 24_000 <= county.households.total <= 26_000
    assert sum(office.kind == OfficeKind.DEPARTMENT for office in county.offices) == 31
    assert sum(office.kind == OfficeKind.CENTRE for office in county.offices) == 1 + 11 + 80


def test_villages_tile_their_townships_exactly(county: County) -> None:
    villages = [village.shape for village in county.villages]
    assert shapely.coverage_is_valid(villages)
    assert shapely.coverage_is_valid([township.shape for township in county.townships])
    assert county.outline.geom_type == "Polygon"
    assert not county.outline.interiors
    for township in county.townships:
        union = shapely.union_all([village.shape for village in county.villages if village.parent == township.code])
        assert union.equals(township.shape)
        assert township.shape.geom_type == "Polygon"


def test_codes_are_a_countys_and_no_real_countys(county: County) -> None:
    kinds = {"街道": "0", "镇": "1", "乡": "2", "园": "4"}
    for township in county.townships:
        assert re.fullmatch(r"\d{9}", township.code)
        assert next(digit for suffix, digit in kinds.items() if township.name.endswith(suffix)) == township.code[6]
    for village in county.villages:
        assert re.fullmatch(r"\d{12}", village.code)
        assert village.code[:9] == village.parent
        low, high = (1, 199) if village.name.endswith("社区") else (200, 399)
        assert low <= int(village.code[9:]) <= high
    assert {int(area.code[:2]) for area in county.townships}.isdisjoint(ASSIGNED)
    codes = [area.code for area in (*county.townships, *county.villages)]
    assert len(codes) == len(set(codes)) == 91
    assert codes == [*sorted(codes[:11]), *sorted(codes[11:])]


def test_names_are_said_in_both_languages_and_told_apart(county: County) -> None:
    for names in ([area.name for area in county.villages], [area.name_en for area in county.villages]):
        assert len(set(names)) == 80
    assert all(area.name_en.isascii() and not area.name.isascii() for area in (*county.townships, *county.villages))
    assert all(feature.name and feature.name_en.isascii() for feature in (*county.streets, *county.bridges, *county.barriers))


def test_every_building_lies_strictly_inside_its_village_and_on_dry_land(county: County) -> None:
    house = county.households
    points = shapely.points(house.lon, house.lat)
    found, village = shapely.STRtree([area.shape for area in county.villages]).query(points, predicate="within")
    assert found.tolist() == list(range(len(house)))
    assert [county.villages[of].code for of in village] == [one[:12] for one in house.ids]
    assert not shapely.intersects(county.barriers[0].shape, points).any()
    assert len(set(house.ids)) == len(house)
    assert house.counts.min() >= 1


def test_areas_count_the_households_in_them(county: County) -> None:
    per_village = Counter[str]()
    for one, count in zip(county.households.ids, county.households.counts.tolist(), strict=True):
        per_village[one[:12]] += count
    assert {area.code: area.households for area in county.villages} == per_village
    assert sum(area.households or 0 for area in county.townships) == county.households.total


def test_towns_are_dense_and_villages_are_wide(county: County) -> None:
    hectares = shapely.area(_metric(county).forward(np.array([area.shape for area in county.villages], dtype=object))) / 1e4
    density = {area.code: (area.households or 0) / size for area, size in zip(county.villages, hectares, strict=True)}
    town = [density[area.code] for area in county.villages if area.code[6] == "0" and area.name.endswith("社区")]
    fields = [density[area.code] for area in county.villages if area.code[6] in "12" and area.name.endswith("村")]
    assert min(town) > 10 * float(np.median(fields))
    assert 3 <= (county.households.counts > 80).sum() <= 30


def test_buildings_stand_along_streets(county: County) -> None:
    plane = _metric(county)
    streets = plane.forward(np.array([street.shape for street in county.streets], dtype=object))
    house = county.households
    points = shapely.points(*plane.xy(house.lon, house.lat))
    near = shapely.STRtree(streets).query_nearest(points, return_distance=True, all_matches=False)[1]
    assert float(np.quantile(near, 0.99)) < 30
    assert near.min() > 5


def test_river_and_railway_run_through_and_only_bridges_cross_them(county: County) -> None:
    river, railway = (barrier.shape for barrier in county.barriers)
    assert (river.geom_type, railway.geom_type) == ("Polygon", "LineString")
    for barrier in (river, railway):
        assert shapely.difference(county.outline, shapely.buffer(barrier, 1e-6)).geom_type == "MultiPolygon"
        crossed = [street for street in county.streets if street.shape.intersects(barrier)]
        bridges = shapely.union_all([shapely.buffer(bridge.shape, 1e-5) for bridge in county.bridges])
        assert crossed
        assert all(shapely.intersection(street.shape, barrier).within(bridges) for street in crossed)
    assert 4 <= len(county.bridges) <= 20


def test_all_villages_can_be_reached_by_road(county: County) -> None:
    """Streets that meet, and areas that they run through, hang together as one."""
    plane = _metric(county)
    streets = [shapely.buffer(plane.forward(street.shape), 25) for street in county.streets]
    net = max(shapely.get_parts(shapely.union_all(streets)), key=lambda part: part.area)
    assert all(plane.forward(village.shape).intersects(net) for village in county.villages)


def test_workers_are_plainly_made_up(county: County) -> None:
    staff = workers(120)
    assert (staff[0].name, staff[0].name_en, staff[119].name) == ("网格员甲001", "Worker A001", "网格员乙120")
    assert len({worker.id for worker in staff}) == len({worker.phone for worker in staff}) == 120
    assert all(worker.phone.startswith("000-") for worker in staff)
    assert all(office.phone.startswith("000-") for office in county.offices)
    assert 350 <= len(workers_for(county.villages)) <= 400


def test_every_office_of_the_rules_is_in_the_county(county: County) -> None:
    codes = {office.code for office in county.offices}
    assert {rule.office for rule in county.rules} - codes == {"*"}
    assert len(codes) == len(county.offices)


def test_a_damaged_road_goes_to_the_urban_management_bureau(county: County) -> None:
    issue = next(kind for kind in county.issue_types if kind.name == "道路破损")
    village = county.villages[30]
    found = route(county.rules, county.offices, issue, (str(village.parent), village.code))
    assert (found.office, str(issue.limit)) == ("urban-management", "5 WD")


def test_a_quarrel_stays_in_the_village(county: County) -> None:
    issue = next(kind for kind in county.issue_types if kind.name == "邻里纠纷")
    village = county.villages[30]
    assert route(county.rules, county.offices, issue, (str(village.parent), village.code)).office == f"centre-{village.code}"


def test_every_issue_type_finds_an_office_everywhere(county: County) -> None:
    for village in (county.villages[0], county.villages[-1]):
        path = (str(village.parent), village.code)
        assert all(route(county.rules, county.offices, issue, path).office for issue in county.issue_types)


def test_every_report_can_be_taken(reports: tuple[Report, ...]) -> None:
    for report in reports:
        check_report(report, datetime(2026, 4, 1, tzinfo=UTC))
    assert len(reports) == len({report.key for report in reports}) == 3000
    assert all(uuid.UUID(report.key).version == 4 for report in reports)


def test_reports_are_the_same_for_the_same_county_and_day(county: County) -> None:
    few = make_reports(county, count=60)
    assert make_reports(county, count=60) == few
    assert make_reports(replace(county, seed=1), count=60) != few
    until = date(2028, 3, 3)
    days = {report.at.astimezone(ZoneInfo("Asia/Shanghai")).date() for report in make_reports(county, until=until, count=60) if report.at}
    assert until - timedelta(days=31) <= min(days) <= max(days) < until


def test_reports_have_the_shape_of_a_citys(reports: tuple[Report, ...]) -> None:
    times = [report.at.astimezone(ZoneInfo("Asia/Shanghai")) for report in reports if report.at]
    assert times == sorted(times)
    kinds = [count / len(reports) for _, count in Counter(report.issue for report in reports).most_common()]
    assert kinds[0] < 0.1
    assert sum(kinds[:10]) > 0.4
    assert len(kinds) > 90
    by_day = [sum(time.hour in range(7, 19) for time in times) / len(times), sum(time.weekday() < 5 for time in times) / len(times)]
    assert by_day[0] > 0.8
    assert 0.8 < by_day[1] < 0.95
    assert {report.channel for report in reports} == set(Channel)


def test_most_reports_lie_in_the_county_once_their_datum_is_undone(county: County, reports: tuple[Report, ...]) -> None:
    placed = [report for report in reports if report.has_point]
    points = np.array([to_wgs84(float(report.lon or 0), float(report.lat or 0), read_datum(report.datum)) for report in placed])
    inside = shapely.contains_xy(county.outline, points[:, 0], points[:, 1])
    assert 0.97 < inside.mean() < 0.995
    assert {Datum(report.datum) for report in placed} == set(Datum)
    assert {Datum(report.datum) for report in placed if report.channel == Channel.WORKER} == {Datum.WGS84, Datum.CGCS2000}


def test_reports_bring_the_trouble_of_real_ones(county: County, reports: tuple[Report, ...]) -> None:
    west, south, east, north = county.bounds
    known = {issue.code for issue in county.issue_types}
    words_only = [report for report in reports if not report.has_point]
    assert 30 <= len(words_only) <= 90
    assert all(report.place for report in words_only)
    assert sum(report.issue not in known for report in reports) >= 3
    assert sum((report.lon, report.lat) == (0, 0) for report in reports) >= 1
    assert sum(report.lon is not None and south < report.lon < north for report in reports) >= 1
    assert sum(report.lon is not None and report.lon > 60 and not west - 0.02 < report.lon < east + 0.02 for report in reports) >= 15
    assert sum((report.accuracy_m or 0) > 150 for report in reports) >= 5


def test_the_examples_are_those_that_a_seed_makes_again_everywhere(county: County, tmp_path: Path) -> None:
    paths = write_examples(county, tmp_path)
    """Every format, small; and so the county itself is the same at every run, on every machine."""
    assert {path.suffix for path in paths} >= {".gpkg", ".geojson", ".topojson", ".parquet", ".shp", ".cpg", ".zip", ".csv"}
    assert all(path.stat().st_size < 100_000 for path in paths)
    assert sum(path.stat().st_size for path in paths) < 600_000
    assert {path.name for path in paths} | {"README.md"} == {path.name for path in EXAMPLES.iterdir()}
    for path in paths:
        assert _content(path) == _content(EXAMPLES / path.name), path.name


def _content(path: Path) -> object:
    """What a reader gets: bytes of a text, rows and shapes of a spatial file."""
    if path.suffix in {".csv", ".geojson", ".topojson", ".cpg", ".prj", ".shx"}:
        return path.read_bytes()
    frame = geopandas.read_parquet(path) if path.suffix == ".parquet" else geopandas.read_file(path)
    return [[value.normalize().wkb if isinstance(value, shapely.Geometry) else value for value in row] for row in frame.to_numpy().tolist()]


def test_all_formats_say_the_same_of_the_villages(county: County) -> None:
    wanted = {area.code: area for area in county.villages if area.parent == "990121400"}
    assert 5 <= len(wanted) <= 9
    for name in ("villages.gpkg", "villages.geojson", "villages.topojson", "villages.shp", "villages.parquet"):
        path = EXAMPLES / name
        frame = geopandas.read_parquet(path) if path.suffix == ".parquet" else geopandas.read_file(path)
        for row in frame.itertuples():
            area = wanted[row.code]
            assert (row.name, row.name_en, row.parent, row.households) == (area.name, area.name_en, area.parent, area.households)
            assert row.geometry.normalize() == area.shape.normalize()
        assert len(frame) == len(wanted)


def test_the_whole_county_is_written_with_every_part(county: County, tmp_path: Path) -> None:
    paths = {path.name: path for path in write_county(county, tmp_path, reports=50)}
    assert len(geopandas.read_file(paths["villages.gpkg"])) == 80
    assert geopandas.read_parquet(paths["households.parquet"])["households"].sum() == county.households.total
    rows = {name: len(path.read_text("utf-8").splitlines()) - 1 for name, path in paths.items() if path.suffix == ".csv"}
    assert rows["reports.csv"] == 50
    assert rows["offices.csv"] == len(county.offices)
    assert rows["issue-types.csv"] == len(catalogue_default.issue_types())
    assert math.isclose(sum(area.shape.area for area in county.villages), county.outline.area, rel_tol=1e-9)
    assert {area.level for area in county.villages} == {Level.VILLAGE}


def test_the_command_never_writes_over_somebodys_files(tmp_path: Path) -> None:
    (tmp_path / "villages.gpkg").write_text("mine")
    done = CliRunner().invoke(app, ["county", "--out", str(tmp_path)])
    assert isinstance(done.exception, FolderInUse)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]
