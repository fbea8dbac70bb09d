"""The whole job on a real city: Cambridge's tracts and block groups, cut into cells, and Boston's requests drawn onto its parcels.

The requests are synthetic as placed: types and times are Boston's of 2015, the places are Cambridge's residential parcels.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pytest
import shapely

from gridmap.access import operator
from gridmap.boundaries import HouseholdColumns, ReadOptions
from gridmap.boundaries.areas import AreaColumns, AreaOptions
from gridmap.catalogue import By, IssueType, Kind, Limit, Rule
from gridmap.duty import Office, OfficeKind, Worker
from gridmap.flows.cut_draft import cut_draft
from gridmap.flows.import_areas import import_areas
from gridmap.flows.import_land import import_households, import_land
from gridmap.flows.intake import receive_many
from gridmap.flows.publish import publish
from gridmap.grid import Edition, Level
from gridmap.incidents import Answer, Channel, Report, State
from gridmap.roster import stand
from gridmap.store import Store, catalogues, offices, people
from tests import postgres
from tests.builders import ALL

pytestmark = pytest.mark.real

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
ACTOR = operator("test")


@dataclass(frozen=True)
class City:
    """Cambridge after the whole job, in one database."""

    edition: Edition
    answers: list[Answer]
    points: np.ndarray


@pytest.fixture(scope="module")
def cambridge(real_data: Path) -> Path:
    return real_data / "cambridge"


@pytest.fixture(scope="module", params=[2_000, pytest.param(10_000, marks=pytest.mark.proof)])
def requests(request: pytest.FixtureRequest, real_data: Path, cambridge: Path) -> pandas.DataFrame:
    """Boston's types and times, each at a residential parcel of Cambridge (a few parcels lie just outside every block group)."""
    rows = pandas.read_csv(real_data / "boston311" / "boston311_2015_subset.csv.gz", dtype=str)
    rows = rows.sample(request.param, random_state=0).reset_index(drop=True)
    parcels = geopandas.read_file(cambridge / "cambridge_household_points.gpkg").to_crs(4326)
    villages = geopandas.read_file(cambridge / "DEMOGRAPHICS_AdjustedBlockGroups2020.geojson")
    parcels = parcels[parcels.within(villages.union_all())]
    rng = np.random.default_rng(0)
    drawn = parcels.geometry.iloc[rng.choice(len(parcels), request.param, p=parcels.households / parcels.households.sum())]
    return rows.assign(lon=drawn.x.values, lat=drawn.y.values)


@pytest.fixture(scope="module")
def sqlite_city(tmp_path_factory: pytest.TempPathFactory, cambridge: Path, requests: pandas.DataFrame) -> Iterator[City]:
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('cambridge')}/gridmap.db") as store:
        yield _do_the_job(store, cambridge, requests)


@pytest.fixture(scope="module")
def postgis_city(postgres_url: str, migrated_template: str, cambridge: Path, requests: pandas.DataFrame) -> Iterator[tuple[City, str]]:
    with postgres.fresh_database(postgres_url, migrated_template) as url, Store.open(url) as store:
        yield _do_the_job(store, cambridge, requests), url


def _do_the_job(store: Store, cambridge: Path, requests: pandas.DataFrame) -> City:
    _bring_land(store, cambridge)
    cut_draft(store, draft="import", now=NOW, actor=ACTOR)
    edition = publish(store, "import", at=NOW, now=NOW, actor=ACTOR)
    _bring_registers(store, edition, requests)
    answers = receive_many(store, [_report(row) for row in requests.itertuples()], now=NOW, actor=ACTOR)
    return City(edition, [answer for answer in answers if isinstance(answer, Answer)], requests[["lon", "lat"]].to_numpy())


def _bring_land(store: Store, cambridge: Path) -> None:
    columns = AreaColumns(code="GEOID20", name="NAMELSAD20")
    for file, level in (("Tracts", Level.TOWNSHIP), ("BlockGroups", Level.VILLAGE)):
        import_areas(store, cambridge / f"DEMOGRAPHICS_Adjusted{file}2020.geojson", AreaOptions(level, columns), now=NOW, actor=ACTOR)
    points = cambridge / "cambridge_household_points.gpkg"
    import_households(store, points, HouseholdColumns("households"), ReadOptions(), now=NOW, actor=ACTOR)
    import_land(store, cambridge / "TRANS_Rail.geojson", "barrier", ReadOptions(), now=NOW, actor=ACTOR)


def _bring_registers(store: Store, edition: Edition, requests: pandas.DataFrame) -> None:
    cells = edition.at(Level.CELL)
    workers = [Worker(f"w{number:04}", f"Worker {number:04}") for number in range(len(cells))]
    types = sorted(requests.TYPE.unique())
    desks = sorted(requests.Department.unique())
    usual = requests.groupby("TYPE").Department.agg(lambda column: Counter(column).most_common(1)[0][0])
    with store.begin(ALL) as tx:
        people.put_workers(tx, workers)
        people.put_posts(tx, stand(cells, workers, since=NOW))
        offices.put(tx, [Office(desk, desk, OfficeKind.DEPARTMENT) for desk in desks])
        catalogues.put_issue_types(tx, [IssueType(kind, "311", Kind.EVENT, kind, Limit.parse("5 WD")) for kind in types])
        catalogues.put_rules(tx, [Rule(usual[kind], kind, By.SUBJECT) for kind in types])


def _report(row: object) -> Report:
    at = datetime.strptime(row.OPEN_DT, "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC)  # type: ignore[attr-defined]
    return Report(
        issue=row.TYPE, channel=Channel.SYSTEM, at=at, lon=row.lon, lat=row.lat, datum="wgs84",  # type: ignore[attr-defined]
        sender="replay", sender_number=row.CASE_ENQUIRY_ID, key=row.CASE_ENQUIRY_ID,  # type: ignore[attr-defined]
    )  # fmt: skip


def test_every_request_finds_its_cell_worker_and_office_with_reasons(sqlite_city: City) -> None:
    assert len(sqlite_city.answers) == len(sqlite_city.points)
    for answer in sqlite_city.answers:
        assert answer.state is State.DISPATCHED
        assert answer.cell
        assert answer.worker
        assert answer.office
        assert answer.reasons


def test_the_cell_is_the_one_that_holds_the_point(sqlite_city: City) -> None:
    """Each point lies in or on the cell that was found; a point inside one cell is in no other (Shapely as witness)."""
    cells = sqlite_city.edition.at(Level.CELL)
    shapes = np.array([cell.shape for cell in cells], dtype=object)
    points = shapely.points(sqlite_city.points)
    found = np.array([next(at for at, cell in enumerate(cells) if cell.code == a.cell.code) for a in sqlite_city.answers if a.cell])
    assert shapely.intersects(shapes[found], points).all()
    holders = shapely.STRtree(shapes).query(points, predicate="within")
    assert np.array_equal(found[holders[0]], holders[1])


def test_cells_keep_every_household_of_the_city(sqlite_city: City, cambridge: Path) -> None:
    parcels = geopandas.read_file(cambridge / "cambridge_household_points.gpkg").to_crs(4326)
    land = shapely.union_all([area.shape for area in sqlite_city.edition.at(Level.VILLAGE)])
    inside = parcels[shapely.intersects(land, parcels.geometry.values)]
    assert sum(cell.households or 0 for cell in sqlite_city.edition.at(Level.CELL)) == inside.households.sum()


def test_postgis_and_sqlite_give_equal_answers(sqlite_city: City, postgis_city: tuple[City, str]) -> None:
    def said(city: City) -> list[tuple[object, ...]]:
        return [(a.number, a.state, a.cell, a.worker, a.backup, a.office, a.how, a.border_m, a.reasons) for a in city.answers]

    assert postgis_city[0].edition.digest == sqlite_city.edition.digest
    assert said(postgis_city[0]) == said(sqlite_city)


def test_postgis_agrees_that_each_incident_lies_in_its_cell(postgis_city: tuple[City, str]) -> None:
    """The views that a desktop GIS opens, joined by the database itself."""
    rows = postgres.ask_sql(
        postgis_city[1],
        """select count(*), count(*) filter (where st_covers(a.shape, st_setsrid(st_makepoint(i.lon, i.lat), 4326)))
           from incident i join areas_in_force a on a.code = i.cell""",
    )
    assert rows == [(len(postgis_city[0].points),) * 2]
