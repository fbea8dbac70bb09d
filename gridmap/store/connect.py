"""From a database URL to an engine: which driver, how SQLite is kept safe, and what may be shown of the URL."""

import logging
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from gridmap.store.dialect import POSTGRESQL, to_json
from gridmap.store.faults import DatabaseUrlUnusable, StoreFolderMissing

BUSY_SECONDS = 5
CONNECTIONS = 15
# What a statement was given may be a reporter's contact: it appears in no traceback and in no log.
_COMMON: dict[str, Any] = {"json_serializer": to_json, "hide_parameters": True}


def _is_no_stop(record: logging.LogRecord) -> bool:
    """A Ctrl-C that meets the pool while it takes a connection back is logged by it with a traceback; whoever is stopped says so itself."""
    return record.exc_info is None or not isinstance(record.exc_info[1], KeyboardInterrupt)


logging.getLogger(f"{QueuePool.__module__}.{QueuePool.__name__}").addFilter(_is_no_stop)


def read_url(text: str) -> URL:
    """The URL with our driver and, for SQLite, an absolute path; DatabaseUrlUnusable says what is wrong with it."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as fault:
        raise DatabaseUrlUnusable(url=text.split(":", maxsplit=1)[0]) from fault
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg2"}:
        return url.set(drivername="postgresql+psycopg2")
    if url.drivername not in {"sqlite", "sqlite+pysqlite"} or not url.database or url.database == ":memory:":
        raise DatabaseUrlUnusable(url=shown(url))
    return url if url.database.startswith("file:") else url.set(database=str(Path(url.database).absolute()))


def shown(url: URL) -> str:
    """The URL as it may be shown: without the password."""
    hidden = {name: "***" if name in {"password", "sslpassword"} else value for name, value in url.query.items()}
    return url.set(query=hidden, drivername=url.get_backend_name()).render_as_string(hide_password=True)


def sqlite_file(url: URL) -> Path | None:
    """Where a SQLite database lies; None for PostgreSQL (and for SQLite's own file: addresses)."""
    if url.get_backend_name() == POSTGRESQL or url.database is None or url.database.startswith("file:"):
        return None
    return Path(url.database)


def make_engine(url: URL, connections: int = CONNECTIONS) -> Engine:
    """An engine, not yet connected; it keeps at most so many connections."""
    pool = {"pool_size": connections, "max_overflow": 0}
    if url.get_backend_name() == POSTGRESQL:
        import geoalchemy2  # noqa: F401, PLC0415 (it listens to tables being made, and has to do so from before the first one)

        return create_engine(url, **_COMMON, **pool, pool_pre_ping=True, connect_args={"connect_timeout": int(patience(url))})
    file = sqlite_file(url)
    if file is not None and not file.parent.is_dir():
        raise StoreFolderMissing(url=shown(url), folder=file.parent)
    engine = create_engine(url, **_COMMON, **pool, connect_args={"timeout": patience(url)})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def patience(url: URL) -> float:
    """For how many seconds to wait for a lock or an answer: five, where the URL does not say so itself (`?timeout=30`)."""
    said = url.query.get("connect_timeout" if url.get_backend_name() == POSTGRESQL else "timeout")
    try:
        return float(said) if isinstance(said, str) else BUSY_SECONDS
    except ValueError as fault:
        raise DatabaseUrlUnusable(url=shown(url)) from fault


def _prepare(connection: Any, _record: object) -> None:
    """The settings of every SQLite connection. The driver's own BEGIN is turned off: `_begin` says it.

    The rollback journal, not WAL: before SQLite 3.51.3 a WAL database that two connections write can be corrupted, and those versions
    will be about for years. EXTRA also keeps a commit through a loss of power.
    """
    connection.isolation_level = None
    for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """A write transaction takes the write lock at once, so that it never fails half-way; a reading one cannot write."""
    writes = bool(connection.get_execution_options().get("writes"))
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
