"""`gridmap match --from-table --to-table`: points in PostgreSQL are matched where they live, as a file of them would be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import psycopg2
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from gridmap.errors import ColumnMissing, Refusal
from gridmap.flows.match_file import MatchOptions, match_file
from gridmap.flows.match_table import match_table
from gridmap.matching.files import ColumnNotNumbers
from gridmap.store.point_tables import (
    KeyNeeded,
    KeyRepeated,
    TableAsked,
    TableMissing,
    TableRefused,
    TablesNeedPostgres,
    TableTaken,
)
from tests.builders import bent_coverage, moved

OPTIONS = MatchOptions(code="code", snap_m=100)
ROWS = 1000


@pytest.fixture(scope="module")
def areas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("land") / "areas.geojson"
    shapes = moved(bent_coverage(4, 2, seed=1), scale=0.1, east=113, north=28)
    path.write_text(geopandas.GeoDataFrame({"code": [f"{n:03}" for n in range(len(shapes))]}, geometry=shapes, crs=4326).to_json())
    return path


@pytest.fixture
def url(fresh_postgres: str) -> str:
    return fresh_postgres


@contextmanager
def asking(url: str) -> Iterator[Any]:
    connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://"))
    try:
        with connection, connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def points() -> pa.Table:
    lon, lat = np.random.default_rng(2).uniform([[112.99], [27.99]], [[113.11], [28.11]], (2, ROWS))
    lon[::200], lon[1::200] = np.nan, 0
    return pa.table({"id": [f'{n}"\n,区' for n in range(ROWS)], "lon": lon, "lat": lat})


def fill(url: str, columns: str = "id text PRIMARY KEY, lon float8, lat float8") -> pa.Table:
    table = points()
    with asking(url) as cursor:
        cursor.execute(f"CREATE TABLE sent ({columns})")
        cursor.executemany("INSERT INTO sent VALUES (%s, %s, %s)", [tuple(row.values()) for row in table.to_pylist()])
    return table


def answers(url: str, table: str) -> list[tuple[Any, ...]]:
    with asking(url) as cursor:
        cursor.execute(f'SELECT id, match_code, match_how, match_distance_m, match_border_m FROM {table} ORDER BY id::text COLLATE "C"')
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def by_file(areas: Path, table: pa.Table, folder: Path) -> list[tuple[Any, ...]]:
    pq.write_table(table, folder / "points.parquet")
    match_file(folder / "points.parquet", areas, folder / "out.parquet", OPTIONS)
    rows = pq.read_table(folder / "out.parquet").drop_columns(["lon", "lat"]).to_pylist()
    return sorted(tuple(row.values()) for row in rows)


def test_columns_of_numbers_are_matched_as_those_of_a_file(areas: Path, url: str, tmp_path: Path) -> None:
    table = fill(url)
    done = match_table(TableAsked(url, "sent", "found"), areas, OPTIONS)
    assert answers(url, "found") == by_file(areas, table, tmp_path)
    assert (done.rows, done.columns) == (ROWS, ("lon", "lat"))
    assert all(done.by_how.values()), "every kind of answer is among them"
    with asking(url) as cursor, pytest.raises(psycopg2.errors.UniqueViolation):
        cursor.execute("INSERT INTO found SELECT * FROM found LIMIT 1")


@pytest.mark.parametrize("srid", [0, 4326, 4490, 32649])
def test_shapes_are_matched_in_whatever_system_they_are_kept(areas: Path, url: str, tmp_path: Path, srid: int) -> None:
    table = fill(url)
    place = f"ST_Transform(ST_SetSRID(ST_Point(lon, lat), 4326), {srid})" if srid else "ST_Point(lon, lat)"
    odd = {"z none": "NULL", "z line": f"ST_SetSRID('LINESTRING (0 0, 1 1)'::geometry, {srid})", "z empty": "'POINT EMPTY'"}
    with asking(url) as cursor:
        cursor.execute('CREATE SCHEMA "Ours"')
        cursor.execute(f'CREATE TABLE "Ours"."points here" AS SELECT id, {place} AS g FROM sent WHERE lon BETWEEN 1 AND 180')
        for name, shape in odd.items():
            cursor.execute(f'INSERT INTO "Ours"."points here" VALUES (%s, {shape})', (name,))
    match_table(TableAsked(url, "Ours.points here", "Ours.found", ("id",)), areas, OPTIONS)
    found = answers(url, '"Ours".found')
    assert [row[2] for row in found[-3:]] == ["invalid"] * 3
    same = by_file(areas, table.filter((pc.field("lon") >= 1) & (pc.field("lon") <= 180)), tmp_path)
    assert [row[:3] for row in found[:-3]] == [row[:3] for row in same]
    ours, theirs = (np.array([row[3:] for row in rows], dtype=float) for rows in (found[:-3], same))
    assert ours == pytest.approx(theirs, abs=0.011, nan_ok=True)


def test_a_key_of_several_columns_and_a_view_will_do(areas: Path, url: str) -> None:
    seen = "SELECT n AS day, n % 7 AS number, 113.05 AS lon, 28.05::numeric AS lat FROM generate_series(1, 50) n"
    with asking(url) as cursor:
        cursor.execute(f"CREATE VIEW seen AS {seen}")
    refused(areas, TableAsked(url, "seen", "found"), KeyNeeded)
    match_table(TableAsked(url, "seen", "found", ("day", "number")), areas, OPTIONS)
    with asking(url) as cursor:
        cursor.execute("SELECT pg_typeof(day)::text, count(*), count(match_code) FROM found GROUP BY 1")
        assert cursor.fetchall() == [("integer", 50, 50)]


def test_an_empty_table_makes_an_empty_table(areas: Path, url: str) -> None:
    with asking(url) as cursor:
        cursor.execute("CREATE TABLE sent (id int PRIMARY KEY, lon float8, lat float8)")
    assert match_table(TableAsked(url, "sent", "found"), areas, OPTIONS).rows == 0
    assert answers(url, "found") == []


def refused(areas: Path, asked: TableAsked, kind: type[Refusal], options: MatchOptions = OPTIONS) -> None:
    with pytest.raises(kind):
        match_table(asked, areas, options)


def test_what_cannot_be_done_is_refused_and_leaves_no_table(areas: Path, url: str) -> None:
    with asking(url) as cursor:
        cursor.execute(
            "CREATE TABLE sent (id int, lon float8, lat float8, name text); INSERT INTO sent VALUES (1, 1, 1, 'a'), (1, 2, 2, 'b')"
        )
        cursor.execute("CREATE TABLE diary (id int)")
    refused(areas, TableAsked(url, "nowhere", "found"), TableMissing)
    refused(areas, TableAsked(url, "sent", "found"), KeyNeeded)
    refused(areas, TableAsked(url, "sent", "found", ("nr",)), ColumnMissing)
    refused(areas, TableAsked(url, "sent", "found", ("id",)), KeyRepeated)
    refused(areas, TableAsked(url, "sent", "found", ("name",)), ColumnNotNumbers, MatchOptions(code="code", lon="name", lat="lat"))
    refused(areas, TableAsked(url, "sent", "no schema.found", ("name",)), TableRefused)
    refused(areas, TableAsked(url, "sent", "diary", ("name",), force=True), TableTaken)
    refused(areas, TableAsked(url, "sent", "sent", ("name",), force=True), TableTaken)
    refused(areas, TableAsked("sqlite:///x.db", "sent", "found", ("name",)), TablesNeedPostgres)
    with asking(url) as cursor:
        cursor.execute("SELECT to_regclass('found'), (SELECT count(*) FROM sent), to_regclass('diary')")
        assert cursor.fetchall() == [(None, 2, "diary")]


def test_force_replaces_what_an_earlier_match_wrote(areas: Path, url: str) -> None:
    fill(url)
    match_table(TableAsked(url, "sent", "found"), areas, MatchOptions(code="code"))
    refused(areas, TableAsked(url, "sent", "found"), TableTaken)
    match_table(TableAsked(url, "sent", "found", force=True), areas, OPTIONS)
    assert "nearest" in {row[2] for row in answers(url, "found")}


def test_a_run_that_is_stopped_leaves_the_table_as_it_was(areas: Path, url: str) -> None:
    fill(url)

    @contextmanager
    def watch(_rows: int) -> Iterator[Any]:
        def stop(_rows: int) -> None:
            raise KeyboardInterrupt

        yield stop

    with pytest.raises(KeyboardInterrupt):
        match_table(TableAsked(url, "sent", "found"), areas, OPTIONS, watch=watch)
    with asking(url) as cursor:
        cursor.execute("SELECT to_regclass('found'), count(*) FROM sent")
        assert cursor.fetchall() == [(None, ROWS)]
