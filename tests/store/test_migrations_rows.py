"""A database of the first version, with rows in it, comes to ours: nothing is lost, the log becomes a chained history."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, text

from gridmap.incidents import State
from gridmap.store import Store, chain, history, incidents, lives, migrate, schema
from gridmap.store.connect import make_engine, read_url
from gridmap.store.migrate import HEAD, VERSION_TABLE
from gridmap.store.migrations.versions import v0003_life, v0004_deadlines, v0006_handling
from gridmap.store.schema import metadata
from gridmap.store.triggers import APPEND_ONLY, REGISTERS
from tests import postgres
from tests.builders import ALL
from tests.closing import close_within
from tests.store import build
from tests.store.build import DAY, NOON

COUNT = 7
NEW = v0003_life.NEW | v0004_deadlines.NEW | v0006_handling.NEW


@pytest.fixture(params=["sqlite", "postgis"])
def first(request: pytest.FixtureRequest, tmp_path: Any) -> str:
    """The URL of a database as version 0001 left it: COUNT incidents, of which the first two are closed, and one without a place."""
    url = f"sqlite:///{tmp_path}/a.db" if request.param == "sqlite" else request.getfixturevalue("bare_postgres")
    with begun(url) as tx:
        command.upgrade(_config(tx), "0001")
        fill(tx)
    return str(url)


def _config(tx: Connection) -> Config:
    config = Config(attributes={"connection": tx, "version_table": VERSION_TABLE})
    config.set_main_option("script_location", str(migrate.__file__).replace("migrate.py", "migrations"))
    return config


def put(tx: Connection, table: str, row: dict[str, Any]) -> None:
    """One row as a statement of that time would write it."""
    tx.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})"), row)


@contextmanager
def begun(url: str) -> Iterator[Connection]:
    """A transaction without a scope, as the migrations have it."""
    engine = make_engine(read_url(url))
    try:
        with engine.connect() as connection, connection.execution_options(writes=True).begin():
            yield connection
    finally:
        engine.dispose()


def fill(tx: Connection) -> None:
    numbers = [f"2026-{n:06d}" for n in range(1, COUNT + 1)]
    made = [build.incident(number, at=NOON + n * DAY, cell=None if n == 3 else "330100001001001") for n, number in enumerate(numbers)]
    tx.execute(
        insert(schema.edition),
        {"number": 1, "in_force_from": NOON, "recorded_at": NOON, "note": "", "areas": 4, "digest": "", "actor": "x"},
    )
    for area in build.land():
        west, south, east, north = area.shape.bounds
        kept = {
            "edition": 1,
            "code": area.code,
            "level": str(area.level),
            "parent": area.parent,
            "name": area.name,
            "name_en": area.name_en,
        }
        tx.execute(insert(schema.area), {**kept, "shape": area.shape, "west": west, "south": south, "east": east, "north": north})
    for worker in build.WORKERS:
        tx.execute(insert(schema.worker), {"id": worker.id, "name": worker.name, "name_en": worker.name_en, "phone": worker.phone})
    for office in build.OFFICES:
        kept = {
            "code": office.code,
            "name": office.name,
            "name_en": office.name_en,
            "kind": str(office.kind),
            "area": office.area,
            "phone": office.phone,
        }
        tx.execute(insert(schema.office), kept)
    for one in made:
        row = {name: value for name, value in incidents.row_of(one).items() if name not in NEW}
        row |= {"state": "closed", "revision": 2} if one in made[:2] else {}
        row |= {name: json.dumps(row[name], ensure_ascii=False) for name in ("candidates", "reasons")}
        row |= {name: stored(tx, row[name]) for name in ("at", "recorded_at")}
        put(tx, "incident", row)
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT setval('incident_serial_seq', :last)"), {"last": COUNT})
    for one in made:
        log(tx, one.id, NOON, {"what": "receive", "before": None, "after": str(one.state)}, {"report": f"报告-{one.number}"})
    for one in made[:2]:
        done = {"what": "close", "before": "dispatched", "after": "closed"}
        log(tx, one.id, NOON + timedelta(microseconds=7), done, {"note": '已修好 "x" \\'})


def stored(tx: Connection, at: Any) -> Any:
    """An instant as the driver has it."""
    return at if tx.dialect.name == "postgresql" else at.strftime("%Y-%m-%d %H:%M:%S.%f")


def log(tx: Connection, incident: str, at: Any, done: dict[str, str | None], facts: dict[str, str]) -> None:
    columns = "incident, at, actor, what, from_state, to_state, facts"
    kept = {"incident": incident, **done, "facts": json.dumps(facts, ensure_ascii=False)}
    said = text(f"INSERT INTO incident_log ({columns}) VALUES (:incident, :at, 'desk 一', :what, :before, :after, :facts)")
    tx.execute(said.bindparams(at=stored(tx, at)), kept)


def test_nothing_is_lost_and_the_log_is_chained(first: str) -> None:
    assert Store.migrate(first) == HEAD
    with Store.open(first) as store:
        with store.read(ALL) as tx:
            found = incidents.list_(tx, states=list(State), limit=100)
            rows = history.rows(tx, limit=100)
            assert history.head(tx) == (rows[-1].id, rows[-1].hash)
        assert sorted(one.number for one in found) == [f"2026-{n:06d}" for n in range(1, COUNT + 1)]
        assert [row.id for row in rows] == list(range(1, COUNT + 3))
        assert [(row.what, row.to_state) for row in rows[-2:]] == [("close", "closed")] * 2
        assert (rows[-1].facts, rows[-1].actor) == ({"note": '已修好 "x" \\'}, "desk 一")
        assert rows[-1].at == NOON + timedelta(microseconds=7)
        assert {row.subject for row in rows} == {f"incident:{row.incident}" for row in rows}
        before = chain.START
        for row in rows:
            before = chain.link(before, {name: getattr(row, name) for name in chain.CHAINED})
            assert row.hash == before
        with store.begin(ALL) as tx:
            closed = close_within(tx, "2026-000005", at=NOON + DAY)
            assert [row.id for row in history.rows(tx, after=COUNT + 2, limit=10)] == [COUNT + 3, COUNT + 4]
            assert incidents.history(tx, closed.id)[-1].to_state == State.CLOSED
            (another,) = build.keep(tx)
            assert another.number > "2026-000007"


def test_who_had_left_a_contact_is_answered_before_the_end_and_what_was_closed_stays_so(first: str) -> None:
    with begun(first) as tx:
        command.upgrade(_config(tx), "0002")
        asker = tx.exec_driver_sql("SELECT id FROM incident WHERE number = '2026-000005'").scalar_one()
        report = {"id": "r", "incident": asker, "sender": "x", "body_hash": "", "answer": "{}", "raw": "{}", "sender_number": ""}
        report |= {
            "issue": "x",
            "channel": "hotline",
            "text": "",
            "place": "",
            "datum": "",
            "at": stored(tx, NOON),
            "received_at": stored(tx, NOON),
        }
        put(tx, "report", report)
        put(tx, "contact", {"report": "r", "contact": "0700", "masked": "****", "kept_until": stored(tx, NOON + DAY)})
    assert Store.migrate(first) == HEAD
    with Store.open(first) as store, store.read(ALL) as tx:
        found = {one.number: one for one in incidents.list_(tx, states=list(State), limit=100)}
        assert [number for number, one in found.items() if one.life.must_reply] == ["2026-000005"]
        assert [found[f"2026-{n:06d}"].state for n in (1, 2, 3)] == [State.CLOSED, State.CLOSED, State.DISPATCHED]
        assert {(one.returns, one.reworks, one.reopened, one.handled_by, one.settled) for one in found.values()} == {(0, 0, 0, None, False)}
        assert all(lives.replayed(tx, one) == one.life for one in found.values())


def test_tasks_that_were_all_withdrawn_are_not_forgotten(first: str) -> None:
    with begun(first) as tx:
        command.upgrade(_config(tx), "0006")
        which = tx.exec_driver_sql("SELECT id FROM incident WHERE number = '2026-000005'").scalar_one()
        asked = {"incident": which, "number": 1, "kind": "assist", "office": build.OFFICES[0].code, "until": None}
        put(tx, "task", asked | {"arrived": False, "answered": False, "withdrawn": True})
    Store.migrate(first)
    with Store.open(first) as store, store.read(ALL) as tx:
        found = {one.number: one for one in incidents.list_(tx, limit=100)}
        assert [(number, task.withdrawn) for number, one in found.items() for task in one.tasks] == [("2026-000005", True)]


def test_the_walls_stand_afterwards_as_in_a_new_database(first: str) -> None:
    Store.migrate(first)
    if first.startswith("sqlite"):
        with begun(first) as tx:
            triggers = set(tx.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars())
        marking = {f"{table}_changed_{verb}" for table in REGISTERS for verb in ("insert", "update", "delete")}
        assert triggers == {f"{table}_{verb}" for table in APPEND_ONLY for verb in ("update", "delete")} | marking
        return
    walled = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
    assert {name for (name,) in postgres.ask_sql(first, walled)} == set(metadata.tables)
    triggers = {name for (name,) in postgres.ask_sql(first, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")}
    marking = {f"{table}_changed" for table in REGISTERS}
    assert triggers == {f"{table}_{what}" for table in APPEND_ONLY for what in ("rows", "all")} | marking


def test_migrating_again_changes_nothing(first: str) -> None:
    Store.migrate(first)
    kept = everything(first)
    assert Store.migrate(first) == HEAD
    assert everything(first) == kept


def everything(url: str) -> dict[str, list[Any]]:
    with begun(url) as tx:
        tables = {name: sorted(map(str, tx.exec_driver_sql(f'SELECT * FROM "{name}"').all())) for name in metadata.tables}
        if tx.dialect.name == "postgresql":
            tables["policies"] = sorted(map(str, tx.exec_driver_sql("SELECT * FROM pg_policies").all()))
    return tables


def test_a_migration_that_fails_half_way_leaves_the_first_version_whole(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the light went out")

    monkeypatch.setattr(migrate, "raise_walls", fail)
    with pytest.raises(RuntimeError):
        Store.migrate(first)
    monkeypatch.undo()
    with begun(first) as tx:
        assert tx.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar() == "0001"
        assert tx.exec_driver_sql("SELECT count(*) FROM incident_log").scalar() == COUNT + 2
    assert Store.migrate(first) == HEAD
