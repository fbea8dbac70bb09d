"""A whole database into one file, and back: a snapshot of one moment, and a place where it is laid down whole or not at all.

SQLite's file is copied while others write it, and put right while nobody does (`page_copy`). PostgreSQL's tables go out by COPY in one
snapshot and come back in one transaction: the tables are made by our migrations, as they were at the backup's schema, filled, compared and
only then brought to ours.
"""

import errno
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TypeVar

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.errors import Conflict, Unavailable
from gridmap.store import editions, history, page_copy
from gridmap.store.backup_file import Advance, Backup, BackupDamaged, BackupWriter, Manifest, Tally
from gridmap.store.connect import make_engine, read_url, shown, sqlite_file
from gridmap.store.copying import columns_of, copy_in, copy_out, key_of, set_sequences
from gridmap.store.dialect import POSTGRESQL
from gridmap.store.faults import SchemaNewer, StoreFileMissing, StoreFolderMissing, StoreForbidden, told
from gridmap.store.migrate import HEAD, found_version, remake
from gridmap.store.schema import contact, metadata
from gridmap.store.scoping import enter
from gridmap.store.store import Store, Tx
from gridmap.version import __version__

DATABASE = "database.sqlite"
T = TypeVar("T")


class RestoreElsewhere(Conflict):
    """The backup is of the other kind of database than the place it shall go to; facts: database, url."""


class RestoreOverLive(Conflict):
    """There is something in the database already; facts: url, rows."""


class ScratchForbidden(Unavailable):
    """The login may make no database in which a backup could be tried; facts: url."""


class RestoreUnfaithful(Unavailable):
    """What came back is not what the backup says it holds; nothing was kept; facts: part."""


def copy_all(store: Store, writer: BackupWriter, *, actor: Actor, now: datetime, beside: Path, advance: Advance) -> Manifest:
    """Write the whole database as it is at one moment. `beside` is a name for the copy of a SQLite file, gone afterwards.

    Forbidden for all but the operator; StoreUnreachable and its kinds.
    """
    scope = allowed(actor, Action.OPERATE)
    if store.dialect == POSTGRESQL:
        with store.read(scope) as tx:
            for table in metadata.sorted_tables:
                if table is contact:  # which even the operator's role reads only as whoever reads a contact does
                    enter(tx, allowed(actor, Action.CONTACT_READ))
                _write_table(tx, writer, table.name, columns_of(table), advance)
                enter(tx, scope)
            return _manifest(tx, store, writer, now)
    with _copied(store, beside, advance) as copy, copy.read(scope) as tx:
        _write_file(writer, beside, sum(_counts(tx).values()), advance)
        return _manifest(tx, store, writer, now)


def _write_table(tx: Tx, writer: BackupWriter, name: str, columns: tuple[str, ...], advance: Advance) -> None:
    key = key_of(tx, name)
    made = writer.add(f"tables/{name}.csv", columns, lambda out: copy_out(tx, name, columns, key, out))
    advance(made.size)


@contextmanager
def _copied(store: Store, beside: Path, advance: Advance) -> Iterator[Store]:
    """The file's copy, of one moment. Writers go on while it is copied, and wait while what they changed meanwhile is looked for: a
    reading transaction holds them off, which also has undone what a dead one left half-way."""
    beside.touch(0o600)
    try:
        assert store.file is not None
        with _page_copier(store.file, beside) as (copied, go):
            advance(copied())
            with _driver_told(store.url_shown), store.raw() as source:
                source.execute("BEGIN")
                try:
                    source.execute("SELECT count(*) FROM sqlite_master").close()
                    go()
                    size = copied()
                finally:
                    source.execute("ROLLBACK")
            advance(size)
        with Store.open(f"sqlite:///{beside}", make=False) as copy:
            yield copy
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _page_copier(source: Path, target: Path) -> Iterator[tuple[Callable[[], int], Callable[[], None]]]:
    """`page_copy` at work: what waits until it has copied (then: how many bytes) and what tells it that nobody writes now. OSError."""
    command = [sys.executable, "-I", "-B", page_copy.__file__, str(source), str(target)]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told, heard = process.stdin, process.stdout

        def copied() -> int:
            word, _, number = heard.readline().partition(" ")
            if word != page_copy.COPIED:
                code = int(number) if word == page_copy.FAULT else errno.EIO
                raise OSError(code, os.strerror(code), str(target))
            return int(number)

        def go() -> None:
            told.write(f"{page_copy.GO}\n")
            told.flush()

        try:
            yield copied, go
        finally:
            process.kill()


@contextmanager
def _driver_told(url: str) -> Iterator[None]:
    """What SQLite refuses its own driver, where SQLAlchemy does not stand between, as the same sentences: a full disk, a busy file."""
    with told(url):
        try:
            yield
        except sqlite3.Error as fault:
            raise DBAPIError.instance("", None, fault, sqlite3.Error, True) from fault


def _write_file(writer: BackupWriter, file: Path, rows: int, advance: Advance) -> None:
    def fill(out: Tally) -> int:
        with file.open("rb") as pages:
            while data := pages.read(1 << 20):
                out.write(data)
                advance(len(data))
        return rows

    writer.add(DATABASE, (), fill)


def _manifest(tx: Tx, store: Store, writer: BackupWriter, now: datetime) -> Manifest:
    head, head_hash = history.head(tx)
    counted = {part.name.removeprefix("tables/").removesuffix(".csv"): part.rows for part in writer.parts if part.columns}
    return Manifest(
        made_at=now.astimezone(UTC).isoformat(timespec="seconds"), version=__version__, database=store.dialect, server=_server(tx),
        schema=store.schema, head=head, head_hash=head_hash,
        editions={str(each.number): editions.identity(tx, each.number)[1] for each in reversed(editions.heads(tx))},
        rows=counted or _counts(tx), parts=tuple(writer.parts),
    )  # fmt: skip


def _server(tx: Tx) -> str:
    return str(tx.scalar(text("SHOW server_version"))) if tx.dialect.name == POSTGRESQL else sqlite3.sqlite_version


def _counts(tx: Tx) -> dict[str, int]:
    """How many rows each table has, of whatever schema."""
    return {name: tx.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one() for name in metadata.tables}


def lay_down(backup: Backup, url: str, settle: Callable[[Tx], T], *, actor: Actor, replace: bool, beside: Path, advance: Advance) -> T:
    """Make the database at `url` what the backup holds, in our schema, compared with the manifest; whole or not at all.

    `settle` is done with it in the same transaction, before anybody sees it. Another database is replaced only with `replace`, also one
    that a service is using; where it is refused, or fails, what is there stays as it was. `beside` is a name for a copy of a SQLite file.
    RestoreElsewhere, RestoreOverLive, RestoreUnfaithful, SchemaNewer; StoreUnreachable and its kinds.
    """
    address = read_url(url)
    if address.get_backend_name() != backup.manifest.database:
        raise RestoreElsewhere(database=backup.manifest.database, url=shown(address))
    if backup.manifest.schema > HEAD:
        raise SchemaNewer(found=backup.manifest.schema, wanted=HEAD)
    scope = allowed(actor, Action.OPERATE)
    lay = _lay_tables if backup.manifest.database == POSTGRESQL else _lay_file
    return lay(backup, url, settle, scope, replace=replace, beside=beside, advance=advance)


def _lay_tables(backup: Backup, url: str, settle: Callable[[Tx], T], scope: Scope, *, replace: bool, advance: Advance, **_: object) -> T:
    address = read_url(url)
    engine = make_engine(address, 1)
    try:
        with told(shown(address), address.password), engine.connect() as tx, tx.execution_options(scope=scope, writes=True).begin():
            if not replace:
                _refuse_live(tx, scope, shown(address))
            remake(tx, shown(address), backup.manifest.schema, lambda: _fill(tx, backup, advance), backup.manifest.rows)
            enter(tx, scope)
            _hold_against(tx, backup.manifest)
            return settle(tx)
    finally:
        engine.dispose()


def _refuse_live(tx: Tx, scope: Scope, url: str) -> None:
    """A database that was only made ready has no history: nothing is lost with it. One of an earlier schema was never only that."""
    found = found_version(tx, url)
    if found == HEAD:
        with tx.begin_nested() as asked:
            enter(tx, scope)
            rows = history.head(tx)[0]
            asked.rollback()
    if found is not None and (found != HEAD or rows):
        raise RestoreOverLive(url=url, rows=rows if found == HEAD else "?")


def _fill(tx: Tx, backup: Backup, advance: Advance) -> None:
    """Rows in, and out again: what the database holds now is, byte by byte, what it held when the backup was made."""
    named = {part.name.removeprefix("tables/").removesuffix(".csv"): part for part in backup.manifest.parts}
    for name in reversed(named):  # what the migrations put there
        tx.execute(text(f'DELETE FROM "{name}"'))
    for name, part in named.items():
        with backup.open(part) as file:
            copy_in(tx, part, name, file)
        advance(part.size)
    set_sequences(tx, named)
    for name, part in named.items():
        again = Tally()
        rows = copy_out(tx, name, part.columns, key_of(tx, name), again)
        again.flush()
        if (rows, again.sha256) != (part.rows, part.sha256):
            raise RestoreUnfaithful(part=part.name)
        advance(part.size)
    tx.execute(text(f"ANALYZE {', '.join(named)}"))


def _hold_against(tx: Tx, manifest: Manifest) -> None:
    """The head of the history and each edition's land are those that the manifest names."""
    if history.head(tx) != (manifest.head, manifest.head_hash):
        raise RestoreUnfaithful(part="history")
    for number, digest in manifest.editions.items():
        if editions.load(tx, int(number)).digest != digest:
            raise RestoreUnfaithful(part=f"edition {number}")


def _lay_file(backup: Backup, url: str, settle: Callable[[Tx], T], scope: Scope, *, replace: bool, beside: Path, advance: Advance) -> T:
    file = sqlite_file(read_url(url))
    if file is None:
        raise StoreFileMissing(url=shown(read_url(url)))
    if not file.parent.is_dir():
        raise StoreFolderMissing(url=shown(read_url(url)), folder=file.parent)
    if file.exists() and file.stat().st_size:  # somebody's file of another kind is refused here, whatever was asked for
        with Store.open(url, make=False) as live, live.read(scope) as tx:
            if (rows := history.head(tx)[0]) and not replace:
                raise RestoreOverLive(url=live.url_shown, rows=rows)
    try:
        _unpack(backup, beside, advance)
        with Store.open(f"sqlite:///{beside}", make=False) as store, store.begin(scope) as tx:
            _hold_against(tx, backup.manifest)
            settled = settle(tx)
        _put_into(beside, file, read_url(url))
        return settled
    finally:
        beside.unlink(missing_ok=True)


def _unpack(backup: Backup, beside: Path, advance: Advance) -> None:
    """The file out of the archive, its pages, foreign keys and counts looked through. RestoreUnfaithful."""
    part = next(iter(backup.manifest.parts), None)
    if part is None or part.name != DATABASE:
        raise BackupDamaged(path=backup.path)
    beside.touch(0o600)
    with backup.open(part) as packed, beside.open("wb") as file:
        while data := packed.read(1 << 20):
            file.write(data)
            advance(len(data))
    with _driver_told(str(backup.path)), closing(sqlite3.connect(beside)) as database:
        counts = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in backup.manifest.rows}
        whole = database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        if not whole or database.execute("PRAGMA foreign_key_check").fetchone() or counts != dict(backup.manifest.rows):
            raise RestoreUnfaithful(part=DATABASE)


def _put_into(beside: Path, file: Path, url: URL) -> None:
    """Write the pages into the database file under its own lock and journal: other processes that have it open see the old one or the
    new one, and a process that dies here leaves the old one."""
    with _driver_told(shown(url)), closing(sqlite3.connect(beside)) as source, closing(sqlite3.connect(file, timeout=60)) as target:
        target.execute("PRAGMA synchronous=EXTRA").close()
        source.backup(target)


def file_of(url: str) -> Path | None:
    """Where the SQLite database of this address lies; None for a server's."""
    return sqlite_file(read_url(url))


@contextmanager
def scratch(url: str, name: str) -> Iterator[str]:
    """The address of an empty database of this name beside the one at `url`, dropped at the end. ScratchForbidden."""
    address = read_url(url)
    try:
        _run(address, f'CREATE DATABASE "{name}" TEMPLATE template0')
    except StoreForbidden as refusal:
        raise ScratchForbidden(url=shown(address)) from refusal
    try:
        yield address.set(database=name).render_as_string(hide_password=False)
    finally:
        _run(address, f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(address: URL, statement: str) -> None:
    """Outside any transaction."""
    engine = make_engine(address, 1)
    try:
        with told(shown(address), address.password), engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(statement)
    finally:
        engine.dispose()
