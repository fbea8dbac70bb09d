"""Whole tables out of PostgreSQL and into it, as CSV that comes back bit by bit: the order is the primary key's, the zone UTC."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import IO, Any

from sqlalchemy import Connection, Table, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import func

from gridmap.store.backup_file import Part, Tally

# How values are written, whatever the server's defaults are.
_WRITTEN = {"timezone": "UTC", "datestyle": "ISO, YMD", "intervalstyle": "iso_8601", "extra_float_digits": "1", "bytea_output": "hex"}


def copy_out(tx: Connection, name: str, columns: Sequence[str], key: Sequence[str], out: Tally) -> int:
    """Write a table's rows in the order of `key`; answers how many they are."""
    tx.execute(select(*(func.set_config(setting, value, True) for setting, value in _WRITTEN.items())))
    rows = f"SELECT {_listed(columns)} FROM {_quoted(name)} ORDER BY {_listed(key)}"
    return _copy(tx, f"COPY ({rows}) TO STDOUT (FORMAT csv, HEADER)", out)


def copy_in(tx: Connection, part: Part, name: str, file: IO[bytes]) -> int:
    """Add the rows of a part to the table; answers how many they were."""
    tx.execute(select(*(func.set_config(setting, value, True) for setting, value in _WRITTEN.items())))
    return _copy(tx, f"COPY {_quoted(name)} ({_listed(part.columns)}) FROM STDIN (FORMAT csv, HEADER)", file)


def key_of(tx: Connection, name: str) -> tuple[str, ...]:
    """The columns of the table's primary key."""
    found = text(
        "SELECT attname FROM pg_index CROSS JOIN LATERAL unnest(indkey) WITH ORDINALITY AS part (number, place) "
        "JOIN pg_attribute ON attrelid = indrelid AND attnum = part.number "
        "WHERE indrelid = to_regclass(:name) AND indisprimary ORDER BY place"
    )
    return tuple(tx.scalars(found, {"name": _quoted(name)}))


def set_sequences(tx: Connection, tables: Iterable[str]) -> None:
    """Let each sequence go on behind the highest number that its table has."""
    wanted = text(
        "SELECT attname, pg_get_serial_sequence(:name, attname) AS sequence FROM pg_attribute "
        "WHERE attrelid = to_regclass(:name) AND attnum > 0 AND NOT attisdropped AND pg_get_serial_sequence(:name, attname) IS NOT NULL"
    )
    for name in tables:
        for column, sequence in tx.execute(wanted, {"name": _quoted(name)}).all():
            highest = f"SELECT setval(:sequence, coalesce(max({_quoted(column)}), 1), count(*) > 0) FROM {_quoted(name)}"
            tx.execute(text(highest), {"sequence": sequence})


def columns_of(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


def _copy(tx: Connection, statement: str, file: Any) -> int:
    with _as_sqlalchemy_tells(tx, statement), closing(tx.connection.cursor()) as opened:
        cursor: Any = opened  # psycopg2's own, which can more than every driver's
        cursor.copy_expert(statement, file)
        return int(cursor.rowcount)


@contextmanager
def _as_sqlalchemy_tells(tx: Connection, statement: str) -> Iterator[None]:
    """What the driver refuses here, where SQLAlchemy does not stand between, in SQLAlchemy's words: it becomes a sentence as all else."""
    refused: Any = tx.dialect.loaded_dbapi.Error
    try:
        yield
    except refused as fault:
        driver: Any = tx.connection.dbapi_connection
        gone = driver is None or bool(driver.closed)
        raise DBAPIError.instance(statement, None, fault, refused, True, gone, tx.dialect) from fault


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_quoted, names))


_quoted: Callable[[str], str] = '"{}"'.format
