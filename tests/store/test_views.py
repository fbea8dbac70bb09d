"""What a desktop GIS finds in PostGIS: typed layers with a unique number for each row."""

from dataclasses import replace
from datetime import UTC, datetime

import shapely
from shapely import MultiPolygon

from gridmap.store import Store, editions, incidents
from tests import postgres
from tests.builders import ALL
from tests.closing import close_within
from tests.store.build import NOON, incident, keep, land, received, settle

LONG_AGO, FAR_AWAY = datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)


def test_both_views_are_typed_layers_with_a_unique_number(fresh_postgres):
    layers = "SELECT f_table_name, f_geometry_column, type, srid FROM geometry_columns WHERE f_table_name ~ '_(force|open)$'"
    assert sorted(postgres.ask_sql(fresh_postgres, layers)) == [
        ("areas_in_force", "shape", "MULTIPOLYGON", 4326),
        ("incidents_open", "shape", "POINT", 4326),
    ]
    with Store.open(fresh_postgres) as store:
        settle(store)
        with store.begin(ALL) as tx:
            keep(tx, 3)
    for view, rows in (("areas_in_force", 4), ("incidents_open", 3)):
        asked = f"SELECT count(DISTINCT id), count(*), pg_typeof(min(id))::text FROM {view}"
        assert postgres.ask_sql(fresh_postgres, asked) == [(rows, rows, "bigint")]


def test_the_areas_in_force_are_those_of_now(fresh_postgres):
    with Store.open(fresh_postgres) as store, store.begin(ALL) as tx:
        editions.add(tx, land(), in_force_from=LONG_AGO, recorded_at=LONG_AGO)
        editions.add(tx, land(0.1), in_force_from=LONG_AGO, recorded_at=LONG_AGO)
        editions.add(tx, land(0.2), in_force_from=FAR_AWAY, recorded_at=LONG_AGO)
        now = editions.number_in_force(tx, datetime.now(UTC))
    rows = postgres.ask_sql(fresh_postgres, "SELECT edition, code, ST_AsBinary(shape) FROM areas_in_force ORDER BY code")
    assert [(edition, code) for edition, code, _ in rows] == [(now, area.code) for area in sorted(land(), key=lambda area: area.code)]
    wanted = sorted(land(0.1), key=lambda area: area.code)
    assert [shapely.from_wkb(bytes(shape)) for _, _, shape in rows] == [MultiPolygon([area.shape]) for area in wanted]


def test_the_open_incidents_are_points_where_there_is_one(fresh_postgres):
    with Store.open(fresh_postgres) as store:
        settle(store)
        with store.begin(ALL) as tx:
            first, second = incidents.numbers(tx, 2, year=2026)
            placed = replace(incident(first), lon=0.25, lat=0.75)
            incidents.add_many(tx, [received(placed), received(incident(second, lon=None, cell=None))])
            close_within(tx, keep(tx)[0].id, at=NOON)
    rows = postgres.ask_sql(fresh_postgres, "SELECT number, state, ST_AsText(shape) FROM incidents_open ORDER BY id")
    assert rows == [(first, "dispatched", "POINT(0.25 0.75)"), (second, "triage", None)]


def test_the_areas_near_a_place_are_found_by_the_index(fresh_postgres):
    with Store.open(fresh_postgres) as store:
        settle(store)
    plan = postgres.ask_sql(fresh_postgres, "SET enable_seqscan = off; EXPLAIN SELECT code FROM area WHERE shape && ST_MakePoint(0.1, 0.1)")
    assert "ix_area_shape" in str(plan)
