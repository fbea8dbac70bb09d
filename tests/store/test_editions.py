"""Editions never change, and what held at an instant that has passed never changes either."""

from datetime import timedelta

import psycopg2
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Point
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from gridmap.errors import AreaMissing, EditionMissing, InstantPast, NoEditionInForce
from gridmap.grid import Area, Level
from gridmap.store import Store, editions, schema
from gridmap.store.faults import StoreForbidden
from tests import postgres
from tests.builders import ALL
from tests.store import build
from tests.store.build import DAY, NOON, land, undone

CELL = "330100001001001"


def test_an_edition_comes_back_as_it_was_recorded(store):
    with store.begin(ALL) as tx:
        recorded = editions.add(tx, reversed(land()), in_force_from=NOON + DAY, recorded_at=NOON, note="第一版")
    with store.read(ALL) as tx:
        loaded = editions.load(tx, 1)
        (head,) = editions.heads(tx)
    assert loaded == recorded
    assert loaded.digest == recorded.digest
    assert [area.code for area in loaded.areas] == [area.code for area in land()]
    assert (head.number, head.in_force_from, head.recorded_at, head.note, head.areas) == (1, NOON + DAY, NOON, "第一版", 4)


def test_editions_are_numbered_from_one_without_gaps_even_after_a_rollback(store):
    with store.begin(ALL) as tx:
        editions.add(tx, land(), in_force_from=NOON, recorded_at=NOON)
    with undone(store) as tx:
        editions.add(tx, land(0.1), in_force_from=NOON, recorded_at=NOON)
    with store.begin(ALL) as tx:
        assert editions.add(tx, land(0.2), in_force_from=NOON, recorded_at=NOON).number == 2
    with store.read(ALL) as tx:
        assert [head.number for head in editions.heads(tx)] == [2, 1]


def test_a_number_that_was_rolled_back_is_not_remembered(store):
    with undone(store) as tx:
        editions.add(tx, land(0.1), in_force_from=NOON, recorded_at=NOON)
        assert store.edition_in_force(tx, NOON).area(CELL) == land(0.1)[2]
    with store.begin(ALL) as tx:
        editions.add(tx, land(0.2), in_force_from=NOON, recorded_at=NOON)
        assert store.edition_in_force(tx, NOON).area(CELL) == land(0.2)[2]


def test_an_edition_is_loaded_once(store):
    build.settle(store)
    with store.read(ALL) as tx:
        first = store.edition(tx, 1)
    with store.read(ALL) as tx:
        assert store.edition_in_force(tx, NOON + DAY) is first


def test_an_edition_that_would_hold_in_the_past_is_refused(store):
    with pytest.raises(InstantPast), store.begin(ALL) as tx:
        editions.add(tx, land(), in_force_from=NOON, recorded_at=NOON + timedelta(microseconds=1))


def test_nothing_is_in_force_before_the_first_edition(store):
    build.settle(store)
    with store.read(ALL) as tx:
        with pytest.raises(NoEditionInForce):
            store.edition_in_force(tx, NOON - timedelta(microseconds=1))
        with pytest.raises(NoEditionInForce):
            editions.area_at(tx, CELL, NOON - DAY)
        assert store.edition_in_force(tx, NOON).number == 1
        with pytest.raises(EditionMissing):
            store.edition(tx, 2)


def test_which_area_held_a_code_or_a_point_at_a_past_instant_can_be_asked(store):
    with store.begin(ALL) as tx:
        editions.add(tx, land(), in_force_from=NOON, recorded_at=NOON)
        editions.add(tx, land(0.2), in_force_from=NOON + 10 * DAY, recorded_at=NOON + 5 * DAY)
    point = Point(0.45, 0.5)
    with store.read(ALL) as tx:
        before, after = NOON + 9 * DAY, NOON + 10 * DAY
        assert editions.area_at(tx, CELL, before).shape == land()[2].shape
        assert editions.area_at(tx, CELL, after).shape == land(0.2)[2].shape
        owners = [
            [cell.code for cell in store.edition_in_force(tx, at).at(Level.CELL) if shapely.covers(cell.shape, point)]
            for at in (before, after)
        ]
        with pytest.raises(AreaMissing):
            editions.area_at(tx, "330100001001009", after)
    assert owners == [["330100001001002"], [CELL]]


def test_an_edition_recorded_later_for_an_earlier_instant_supersedes_the_one_that_was_planned(store):
    with store.begin(ALL) as tx:
        editions.add(tx, land(), in_force_from=NOON, recorded_at=NOON)
        editions.add(tx, land(0.1), in_force_from=NOON + 30 * DAY, recorded_at=NOON + DAY)
        editions.add(tx, land(0.2), in_force_from=NOON + 20 * DAY, recorded_at=NOON + 2 * DAY)
        editions.add(tx, land(0.3), in_force_from=NOON + 40 * DAY, recorded_at=NOON + 3 * DAY)
        editions.add(tx, land(0.4), in_force_from=NOON + 40 * DAY, recorded_at=NOON + 4 * DAY)
    with store.read(ALL) as tx:
        held = [editions.number_in_force(tx, NOON + days * DAY) for days in (-1, 0, 19, 20, 30, 39, 40)]
    assert held == [None, 1, 1, 3, 3, 3, 5]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(plans=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=6))
def test_what_held_at_an_instant_that_has_passed_never_changes(tmp_path_factory, plans):
    """A model of the rule: after each recording, every answer about instants before it stays as it was."""
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('editions')}/a.db") as store:
        clock, told = 0, {}
        for waited, planned in plans:
            clock += waited
            with store.begin(ALL) as tx:
                editions.add(tx, land(), in_force_from=NOON + (clock + planned) * DAY, recorded_at=NOON + clock * DAY)
            with store.read(ALL) as tx:
                answers = {day: editions.number_in_force(tx, NOON + day * DAY) for day in range(40)}
            assert all(answers[day] == number for day, number in told.items() if day < clock)
            told = answers


@pytest.mark.parametrize("table", ["edition", "area", "history"])
def test_the_database_itself_refuses_to_change_or_drop_what_was_recorded(store, table, request):
    build.settle(store)
    with store.begin(ALL) as tx:
        build.keep(tx)
    rows = schema.metadata.tables[table]
    column = next(iter(rows.primary_key))
    changes = [f"UPDATE {table} SET {column.name} = {column.name} + 1", f"DELETE FROM {table}"]
    if store.dialect == "sqlite":
        for statement in changes:
            with pytest.raises(DBAPIError, match=f"{table} is append only"), store.begin(ALL) as tx:
                tx.execute(text(statement))
        return
    for statement in [*changes, f"TRUNCATE {table} CASCADE"]:
        with pytest.raises(StoreForbidden, match=f"permission denied for table {table}"), store.begin(ALL) as tx:
            tx.execute(text(statement))
        with pytest.raises(psycopg2.Error, match="is append only"):  # nor can the owner of the table, a superuser at that
            postgres.run_sql(request.getfixturevalue("fresh_postgres"), statement)


def test_an_area_whose_parent_is_not_in_the_edition_is_refused_by_the_database(store):
    township, village, *_ = land()
    orphan = Area("330100002001", Level.VILLAGE, "丙村", "330100002", village.shape)
    with pytest.raises(IntegrityError), store.begin(ALL) as tx:
        editions.add(tx, [township, orphan], in_force_from=NOON, recorded_at=NOON)
    with store.read(ALL) as tx:
        assert editions.heads(tx) == ()


def test_the_box_of_each_area_is_kept_beside_its_shape(store):
    build.settle(store)
    columns = (schema.area.c.shape, schema.area.c.west, schema.area.c.south, schema.area.c.east, schema.area.c.north)
    with store.read(ALL) as tx:
        rows = tx.execute(schema.area.select().with_only_columns(*columns)).all()
    assert len(rows) == 4
    assert all(tuple(row[1:]) == row.shape.bounds for row in rows)


def test_levels_are_counted_also_where_there_are_none(store):
    with store.begin(ALL) as tx:
        editions.add(tx, land()[:2], in_force_from=NOON, recorded_at=NOON)
    with store.read(ALL) as tx:
        assert editions.count_levels(tx, 1) == {Level.TOWNSHIP: 1, Level.VILLAGE: 1, Level.CELL: 0}


def test_codes_that_were_ever_given_are_remembered(store):
    with store.begin(ALL) as tx:
        assert editions.codes_ever(tx, Level.CELL) == frozenset()
        editions.add(tx, land()[:3], in_force_from=NOON, recorded_at=NOON)
        editions.add(tx, [*land()[:2], land()[3]], in_force_from=NOON, recorded_at=NOON)
        assert editions.codes_ever(tx, Level.CELL) == {CELL, "330100001001002"}
        assert editions.codes_ever(tx, Level.TOWNSHIP) == {"330100001"}
