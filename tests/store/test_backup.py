"""A backup is the whole database of one moment, restored bit by bit; a damaged one is refused and what is there stays as it was."""

import hashlib
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any
from zipfile import ZipFile

import pytest
from alembic import command
from sqlalchemy import insert, text
from typer.testing import CliRunner

from gridmap.access import ALLOWED, Actor, Forbidden, Grant, Role
from gridmap.account import Token, TokenKind
from gridmap.cli import app
from gridmap.errors import Refusal
from gridmap.flows.audit import anchor
from gridmap.flows.back_up import back_up
from gridmap.flows.intake import receive, receive_many
from gridmap.flows.restore import prove, restore
from gridmap.flows.verify_history import verify
from gridmap.incidents.report import Report
from gridmap.store import Store, accounts, backups, history, incidents, people, schema
from gridmap.store.backup_file import _LETTERS, _SEAL, BackupDamaged, BackupForeign, Manifest, writing
from gridmap.store.backups import RestoreElsewhere, RestoreOverLive, RestoreUnfaithful, ScratchForbidden
from gridmap.store.copying import copy_out, key_of
from gridmap.store.faults import StoreBuiltUpon, StoreFileUnopened, StoreFolderMissing, StoreNotSqlite
from gridmap.store.schema import metadata
from tests import postgres
from tests.builders import ALL, OPERATOR
from tests.small_land import CELLS, NOW, settle
from tests.store import build, damage, small_world
from tests.store.damage import writers
from tests.store.small_world import World
from tests.store.test_migrations_rows import _config, begun
from tests.store.test_walls import database_of, login

TIMES, DAMAGED = 3, 12
COLUMNS_OF = text("SELECT column_name FROM information_schema.columns WHERE table_name = :name")


@pytest.fixture
def url(store: Store, request: pytest.FixtureRequest) -> str:
    return f"sqlite:///{store.file}" if store.file else str(request.getfixturevalue("fresh_postgres"))


@pytest.fixture
def elsewhere(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Another place of the same kind, where nothing is."""
    return f"sqlite:///{tmp_path}/elsewhere.db" if store.file else str(request.getfixturevalue("bare_postgres"))


@pytest.fixture
def world(store: Store) -> World:
    return small_world.make(store)


def contents(store: Store, url: str) -> dict[str, list[Any]]:
    """Every row of every table, read with the driver alone: on PostgreSQL as a superuser, whom no wall stops."""
    if not store.file:
        return {name: sorted(postgres.ask_sql(url, f'SELECT t::text FROM "{name}" t')) for name in metadata.tables}
    with Store.open(url) as opened, opened.raw() as database:
        return {name: sorted(map(repr, database.execute(f'SELECT * FROM "{name}"'))) for name in metadata.tables}


def without_history(held: dict[str, list[Any]]) -> dict[str, list[Any]]:
    return {name: rows for name, rows in held.items() if name not in {"history", "history_head", "token"}}


def test_every_row_of_every_table_comes_back_bit_by_bit(store, url, elsewhere, world, tmp_path):
    before = contents(store, url)
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    assert made.manifest.rows == {name: len(rows) for name, rows in before.items()}  # nothing that a wall would have hidden is missing
    done = restore(made.path, elsewhere, actor=OPERATOR, now=NOW)
    assert done.seal == made.seal
    after = contents(store, elsewhere)
    assert without_history(after) == without_history(before)
    assert [row for row in after["history"] if row not in before["history"]] != []  # that it was restored


def test_what_was_restored_is_a_database_to_work_on(store, url, elsewhere, tmp_path):
    settle(store)
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    restore(made.path, elsewhere, actor=OPERATOR, now=NOW)
    with Store.open(elsewhere) as again:
        answers = [receive(again, report(number), now=NOW, actor=OPERATOR) for number in range(3)]
        assert len({answer.incident for answer in answers}) == 3
        assert verify(again, None, actor=OPERATOR).good


def report(number: int) -> Report:
    return Report(issue="E0113", channel="hotline", at=NOW, lon=113.005, lat=28.005, datum="wgs84", text=f"report {number}")


def test_the_sequences_go_on_behind_what_was_restored(store, url, elsewhere, world, tmp_path):
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    restore(made.path, elsewhere, actor=OPERATOR, now=NOW)
    with Store.open(elsewhere) as again, again.begin(ALL) as tx:
        assert incidents.numbers(tx, 1, year=2026)[0] not in {one.number for one in world.incidents}


def test_sessions_and_invitations_end_and_keys_of_systems_hold(store, url, elsewhere, world, tmp_path):
    with store.begin(ALL) as tx:
        for number, kind in enumerate(TokenKind):
            made = Token(id=f"t{number}", account="account-an", kind=kind, label="", made_at=NOW, seen_at=NOW, until=NOW)
            accounts.add_token(tx, made, f"a{number:063}")
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    done = restore(made.path, elsewhere, actor=OPERATOR, now=NOW)
    with Store.open(elsewhere) as again, again.read(ALL) as tx:
        assert {each.kind for each in accounts.tokens(tx)} == set(TokenKind) - {"session", "invitation"}
    assert done.ended == 2


def test_backups_that_are_made_under_load_are_each_of_one_moment(store, url, tmp_path):
    settle(store)
    with writers(store) as written:
        for number in range(TIMES):
            before = sum(written)
            while sum(written) == before:
                pass
            made = back_up(store, tmp_path / f"{number}.gridmap", actor=OPERATOR, now=NOW)
            assert made.manifest.head >= before
            assert made.manifest.rows["history"] == made.manifest.head
    heads = [prove(tmp_path / f"{number}.gridmap", url, actor=OPERATOR).manifest.head for number in range(TIMES)]
    assert heads == sorted(set(heads))


def test_whoever_writes_while_a_file_is_copied_does_not_wait_and_is_part_of_it(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/a.db?timeout=0.1") as store:
        settle(store)
        receive_many(store, [report(number) for number in range(200)], now=NOW, actor=OPERATOR)
        steps: list[int] = []

        def write(size: int) -> None:
            """At each telling of how far it is; the first is when all was copied once."""
            with store.begin(ALL) as tx:
                history.hold(tx)
                history.record(tx, NOW, "draft.cut", f"draft:{len(steps)}")
                steps.append(history.head(tx)[0])

        made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW, advance=write)
        assert made.manifest.head == steps[0]
        assert len(steps) > 2
        assert prove(tmp_path / "a.gridmap", f"sqlite:///{tmp_path}/a.db", actor=OPERATOR).faults == ()


def test_a_file_that_is_written_grows_and_shrinks_while_it_is_copied_is_copied_as_it_is_in_the_end(tmp_path):
    source, target, random = tmp_path / "source", tmp_path / "target", Random(5)
    stop = Event()
    with source.open("wb+", buffering=0) as file:
        file.write(random.randbytes(9 * 2**20 + 17))
        target.touch()

        def scribble() -> None:
            while not stop.is_set():
                file.seek(random.randrange(9 * 2**20))
                file.write(random.randbytes(5000))
                file.truncate(random.randrange(8 * 2**20, 10 * 2**20))

        thread = Thread(target=scribble)
        thread.start()
        with backups._page_copier(source, target) as (copied, go):
            copied()
            stop.set()
            thread.join()
            go()
            assert copied() == source.stat().st_size
    assert target.read_bytes() == source.read_bytes()


def test_a_disk_that_takes_no_more_of_a_copy_is_told_and_nothing_is_left(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"x")
    with backups._page_copier(source, Path("/dev/full")) as (copied, _), pytest.raises(OSError, match="No space left"):
        copied()


def test_a_damaged_backup_is_refused_and_the_live_database_stays_as_it_was(store, url, tmp_path):
    settle(store)
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    whole, before = made.path.read_bytes(), contents(store, url)
    for seed in range(DAMAGED):
        bad = damage.write(tmp_path / "bad.gridmap", damage.damaged(whole, seed))
        with pytest.raises((BackupDamaged, BackupForeign)):
            restore(bad, url, actor=OPERATOR, now=NOW, replace=True)
    assert contents(store, url) == before


def test_a_file_of_another_kind_is_refused(store, url, tmp_path):
    archive = tmp_path / "other.zip"
    with ZipFile(archive, "w") as other:
        other.writestr("manifest.json", "{}")
    for content in (b"", b"x", b"SQLite format 3\0" * 50, archive.read_bytes()):
        with pytest.raises(BackupForeign):
            restore(damage.write(tmp_path / "foreign", content), url, actor=OPERATOR, now=NOW, replace=True)


def test_a_live_database_is_replaced_only_when_that_is_asked_for(store, url, world, tmp_path):
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    kept = contents(store, url)
    with store.begin(ALL) as tx:
        history.record(tx, NOW, "draft.cut", "draft:later")
    live = contents(store, url)
    with pytest.raises(RestoreOverLive):
        restore(made.path, url, actor=OPERATOR, now=NOW)
    assert contents(store, url) == live
    restore(made.path, url, actor=OPERATOR, now=NOW, replace=True)
    assert without_history(contents(store, url)) == without_history(kept)
    with store.read(ALL) as tx:  # whoever had it open sees the restored one
        assert {row.subject for row in history.rows(tx, limit=1000)} >= {"county:all"}
        assert "draft:later" not in {row.subject for row in history.rows(tx, limit=1000)}


def test_a_database_that_was_only_made_ready_is_no_live_one(store, url, elsewhere, world, tmp_path):
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    Store.migrate(elsewhere)
    assert restore(made.path, elsewhere, actor=OPERATOR, now=NOW).manifest.rows["incident"] == len(world.incidents)


def test_what_fails_in_the_middle_leaves_everything_as_it_was(store, url, world, tmp_path):
    """Sealed, and yet not what its manifest says: found after the rows are in."""
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    lying = _with_manifest(made.path, tmp_path / "lying.gridmap", head_hash="0" * 64)
    before = contents(store, url)
    with pytest.raises(RestoreUnfaithful):
        restore(lying, url, actor=OPERATOR, now=NOW, replace=True)
    assert contents(store, url) == before
    assert [path.name for path in tmp_path.iterdir() if "restore" in path.name] == []


def _with_manifest(path: Path, out: Path, **changed: Any) -> Path:
    """The backup with another manifest, under a true seal."""
    with ZipFile(path) as old, ZipFile(out, "w") as new:
        for each in old.infolist():
            content = old.read(each)
            if each.filename == "manifest.json":
                content = json.dumps(json.loads(content) | changed).encode()
            new.writestr(each, content)
        new.comment = _SEAL + b"0" * _LETTERS
    raw = out.read_bytes()[:-_LETTERS]
    out.write_bytes(raw + hashlib.sha256(raw).hexdigest().encode())
    return out


def test_the_witness_of_what_came_after_the_backup_is_kept_under_another_name(store, url, tmp_path):
    anchors = tmp_path / "x.anchors"
    with store.begin(ALL) as tx:
        history.record(tx, NOW, "draft.cut", "draft:1")
    anchor(store, anchors, None, actor=OPERATOR, now=NOW)
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    assert restore(made.path, url, actor=OPERATOR, now=NOW, replace=True, anchors=anchors).aside is None
    with store.begin(ALL) as tx:
        history.record(tx, NOW, "draft.cut", "draft:2")
    anchor(store, anchors, None, actor=OPERATOR, now=NOW)
    witnessed = anchors.read_bytes()
    done = restore(made.path, url, actor=OPERATOR, now=NOW, replace=True, anchors=anchors)
    assert done.aside is not None
    assert (done.aside.read_bytes(), anchors.exists()) == (witnessed, False)
    anchor(store, anchors, None, actor=OPERATOR, now=NOW)
    assert verify(store, anchors, actor=OPERATOR).good


def test_a_history_that_was_forged_before_the_backup_is_told(store, url, world, tmp_path):
    if store.file is None:
        postgres.run_sql(url, "ALTER TABLE history DISABLE TRIGGER ALL; UPDATE history SET actor = 'eve' WHERE id = 2")
    else:
        with store.raw() as database:
            database.execute("PRAGMA query_only=OFF")
            database.execute("DROP TRIGGER history_update")
            database.execute("UPDATE history SET actor = 'eve' WHERE id = 2")
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    assert [(each.wrong, each.row) for each in prove(made.path, url, actor=OPERATOR).faults] == [("changed", 2)]


def test_a_backup_of_an_earlier_schema_is_brought_to_ours(postgres_url, bare_postgres, tmp_path):
    """As a version before this one would have written it. A SQLite file of one is opened as any other, which brings it to ours."""
    with postgres.fresh_database(postgres_url) as old, begun(old) as tx, writing(tmp_path / "old.gridmap") as archive:
        command.upgrade(_config(tx), "0005")
        tx.execute(insert(schema.worker), [{**asdict(each)} for each in build.WORKERS])
        tx.execute(text("ALTER TABLE worker NO FORCE ROW LEVEL SECURITY"))
        tables = ("history", "history_head", "worker")
        for name in tables:
            columns = tuple(tx.scalars(COLUMNS_OF, {"name": name}))
            archive.add(f"tables/{name}.csv", columns, partial(copy_out, tx, name, columns, key_of(tx, name)))
        rows = {part.name[7:-4]: part.rows for part in archive.parts}
        told = {"made_at": "2026-03-01T00:00:00+00:00", "version": "0.0", "database": "postgresql", "server": "15", "schema": "0005"}
        archive.end(Manifest(**told, head=0, head_hash="", editions={}, rows=rows, parts=tuple(archive.parts)))
    assert restore(tmp_path / "old.gridmap", bare_postgres, actor=OPERATOR, now=NOW).manifest.schema == "0005"
    with Store.open(bare_postgres) as store, store.read(ALL) as tx:
        assert people.workers(tx) == build.WORKERS


def test_a_login_without_any_special_right_takes_backups_and_restores_them(postgres_url, tmp_path):
    with login(postgres_url, "CREATEROLE") as owner, database_of(postgres_url, owner) as url, database_of(postgres_url, owner) as other:
        Store.migrate(url)
        with Store.open(url) as store:
            world = small_world.make(store)
            made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
        assert made.manifest.rows["contact"] == len(world.reports)
        with pytest.raises(ScratchForbidden):
            prove(made.path, url, actor=OPERATOR)
        restore(made.path, other, actor=OPERATOR, now=NOW)
        with Store.open(other) as again, again.read(ALL) as tx:
            assert sum(incidents.count(tx).values()) == len(world.incidents)


def test_what_others_built_upon_the_tables_is_not_swept_away(fresh_postgres, tmp_path):
    with Store.open(fresh_postgres) as store:
        settle(store)
        made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
        postgres.run_sql(fresh_postgres, "CREATE VIEW of_the_planner AS SELECT code FROM area")
        with pytest.raises(StoreBuiltUpon):
            restore(made.path, fresh_postgres, actor=OPERATOR, now=NOW, replace=True)
        assert len(postgres.ask_sql(fresh_postgres, "SELECT * FROM of_the_planner")) > 0


def test_a_place_that_is_none_is_a_sentence(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/a.db") as store:
        made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    (tmp_path / "notes.db").write_text("x" * 5000)
    for place, refusal in (("nowhere/b.db", StoreFolderMissing), ("notes.db", StoreNotSqlite), (".", StoreFileUnopened)):
        with pytest.raises(refusal):
            restore(made.path, f"sqlite:///{tmp_path}/{place}", actor=OPERATOR, now=NOW, replace=True)
    assert (tmp_path / "notes.db").read_text() == "x" * 5000


def test_a_backup_of_one_kind_of_database_does_not_go_into_the_other(store, tmp_path):
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    other = "postgresql://nobody@127.0.0.1:1/never" if store.file else f"sqlite:///{tmp_path}/other.db"
    with pytest.raises(RestoreElsewhere):
        restore(made.path, other, actor=OPERATOR, now=NOW)
    assert not (tmp_path / "other.db").exists()


def test_proving_leaves_nothing_behind(store, url, tmp_path):
    settle(store)
    made = back_up(store, tmp_path / "a.gridmap", actor=OPERATOR, now=NOW)
    before = contents(store, url)
    databases = "SELECT datname FROM pg_database WHERE datname LIKE 'gridmap_verify%'"
    files = set(tmp_path.rglob("*"))
    assert prove(made.path, url, actor=OPERATOR).faults == ()
    assert contents(store, url) == before
    assert set(tmp_path.rglob("*")) == files
    assert store.file or postgres.ask_sql(url, databases) == []


def test_the_commands_say_what_they_did_in_both_languages(tmp_path, monkeypatch):
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", f"sqlite:///{tmp_path}/a.db")
    with Store.open(f"sqlite:///{tmp_path}/a.db") as store:
        settle(store)
    file = tmp_path / "a.gridmap"
    told = _run("backup", str(file), "--json")
    assert json.loads(told)["rows"]["worker"] > 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert "can be restored" in _run("restore", str(file), "--verify")
    assert "exists" in _run("backup", str(file), code=1)
    assert "--replace" in _run("restore", str(file), code=1)
    assert "as of" in _run("restore", str(file), "--into", f"sqlite:///{tmp_path}/b.db")
    assert CELLS[0] in str(_run("plan", "area", CELLS[0]))


def _run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, arguments)
    if isinstance(done.exception, Refusal):
        assert code == 1
        return done.exception.text("en")
    assert done.exit_code == code, done.output
    return done.stdout


def test_only_the_operator_takes_backups(store, tmp_path, world):
    for role in {rule.role for rule in ALLOWED} - {Role.OPERATOR}:
        with pytest.raises(Forbidden):
            back_up(store, tmp_path / "a.gridmap", actor=Actor("an", "account-an", "W1", (Grant(role),)), now=NOW)
    assert not (tmp_path / "a.gridmap").exists()
