"""Points that live in a PostgreSQL database: read by COPY, and told whose they are by COPY, in bounded memory."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
from psycopg2 import Error
from psycopg2.errors import NotNullViolation, UniqueViolation
from psycopg2.sql import SQL, Composable, Identifier
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gridmap.errors import BadInput, ColumnMissing, Conflict, NotFound, StoreUnreachable
from gridmap.matching.files import ADDED_SCHEMA, Added, ColumnNotNumbers, Columns, Portion, TablePortion, spelled_out
from gridmap.store.connect import make_engine, read_url, shown
from gridmap.store.dialect import POSTGRESQL
from gridmap.words import Sentence

BLOCK = 1 << 22
ANSWERS = "match_code text, match_how text NOT NULL, match_distance_m double precision, match_border_m double precision"


class TablesNeedPostgres(BadInput):
    """Points are matched in PostgreSQL only; facts: url."""


class TableMissing(NotFound):
    """No such table or view; facts: table."""


class TableTaken(Conflict):
    """The table to write is there already, and may not be replaced or is none of ours; facts: table."""


class KeyNeeded(BadInput):
    """Nobody said by which columns a row is known, and the table has no primary key; facts: table."""


class KeyRepeated(BadInput):
    """The key is not the row's own; facts: table, reason."""


class TableRefused(BadInput):
    """The database would not do it; facts: table, reason."""


@dataclass(frozen=True, slots=True)
class TableAsked:
    """Which table is read, which is written (`schema.table` or a name on the search path), and by which columns a row is known."""

    url: str
    source: str
    target: str
    key: tuple[str, ...] = ()
    force: bool = False


class PointTable:
    """A table of points, opened: its key goes along with the answers, the other columns stay where they are."""

    encoding = "utf-8"
    notes: tuple[Sentence, ...] = ()
    crs: str | None = None  # the database turns shapes into degrees itself

    def __init__(self, connection: Any, asked: TableAsked) -> None:
        self._connection, self.name = connection, asked.source
        with connection.cursor() as cursor:
            oid = _oid(cursor, asked.source)
            if oid is None:
                raise TableMissing(table=asked.source)
            cursor.execute(_COLUMNS, (oid,))
            self._kinds = dict(cursor.fetchall())
            cursor.execute(_PRIMARY_KEY, (oid,))
            self.key = asked.key or tuple(name for (name,) in cursor.fetchall())
            cursor.execute(_ABOUT, (oid,))
            self.rows = max(0, int(cursor.fetchone()[0]))
        if not self.key:
            raise KeyNeeded(table=asked.source)
        for name in self.key:
            if name not in self._kinds:
                raise ColumnMissing(path=asked.source, column=name, columns=", ".join(self._kinds))
        self.columns = tuple(self._kinds)
        shapes = [name for name, kind in self._kinds.items() if kind in {"geometry", "geography"}]
        self._shape = shapes[0] if shapes else None
        self.has_shapes = bool(shapes)

    def schema(self, added: pa.Schema) -> pa.Schema:
        return pa.schema([*((name, pa.string()) for name in self.key), *added])

    def head(self, added: pa.Schema) -> str:
        """Nobody writes such a table as text."""
        return ",".join(self.schema(added).names)

    def portions(self, columns: Columns) -> Iterator[TablePortion]:
        """All rows, as the database keeps them when the first is read."""
        keys = len(self.key)
        names = [*(f"key {at}" for at in range(keys)), "x", "y"]
        types = dict.fromkeys(names[:-2], pa.string()) | {"x": pa.float64(), "y": pa.float64()}
        read = pyarrow.csv.ReadOptions(column_names=names, block_size=BLOCK)
        as_kind = pyarrow.csv.ConvertOptions(column_types=types, strings_can_be_null=False)
        parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
        key = SQL(", ").join(SQL("{}::text").format(Identifier(name)) for name in self.key)
        places, beside = self._places(columns)
        asked = SQL("COPY (SELECT {}, {} FROM {}{}) TO STDOUT (FORMAT csv)").format(key, places, _named(self.name), beside)
        with _copied_out(self._connection, asked) as stream:
            try:
                batches = pyarrow.csv.open_csv(stream, read_options=read, parse_options=parse, convert_options=as_kind)
            except pa.ArrowInvalid:  # not one row: Arrow reads no empty file
                return
            for batch in batches:
                x, y = (np.asarray(batch.column(at).fill_null(float("nan"))) for at in (keys, keys + 1))
                rows = pa.RecordBatch.from_arrays(batch.columns[:keys], names=list(self.key))
                yield TablePortion(x, y, rows, self)

    def _places(self, columns: Columns) -> tuple[Composable, Composable]:
        """(what to select as x and y, what it is selected from beside the table)."""
        if columns is None:
            assert self._shape is not None, "a table without shapes has columns of numbers"
            shape = SQL("CASE WHEN GeometryType({0}::geometry) = 'POINT' THEN {0}::geometry END").format(Identifier(self._shape))
            degrees = SQL("CASE WHEN ST_SRID(shape) IN (0, 4326) THEN shape ELSE ST_Transform(shape, 4326) END")
            beside = SQL(", LATERAL (SELECT {} AS shape) AS one, LATERAL (SELECT {} AS place) AS two").format(shape, degrees)
            return SQL("ST_X(place), ST_Y(place)"), beside
        for name in columns:
            if self._kinds[name] not in {"float4", "float8", "numeric", "int2", "int4", "int8"}:
                raise ColumnNotNumbers(path=self.name, column=name, kind=self._kinds[name])
        return SQL(", ").join(map(Identifier, columns)), SQL("")


@contextmanager
def matched_table(asked: TableAsked) -> Iterator[tuple[PointTable, Callable[[Portion, Added], object]]]:
    """The table to read, and a function that takes its portions with their answers, for the table to write.

    That one has the key and the answers. It is there, whole, when the block is left, and otherwise not at all.
    """
    url = read_url(asked.url)
    if url.get_backend_name() != POSTGRESQL:
        raise TablesNeedPostgres(url=shown(url))
    engine = make_engine(url)
    try:
        with engine.connect() as reading, engine.connect() as writing:
            source, target = (_plain(connection) for connection in (reading, writing))
            table = PointTable(source, asked)
            with target, target.cursor() as cursor:
                _make_room(cursor, asked)
                _create(cursor, table, asked)
                copy = SQL("COPY {} FROM STDIN (FORMAT csv)").format(_named(asked.target))
                with _copied_in(cursor, copy) as stream:
                    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="all_valid")
                    yield table, lambda portion, answers: pyarrow.csv.write_csv(spelled_out(portion.batch(answers)), stream, options)
                _know_by_key(cursor, table, asked)
    except DBAPIError as fault:
        raise StoreUnreachable(url=shown(url), reason=_said(fault.orig)) from fault
    except Error as fault:
        raise TableRefused(table=asked.target, reason=_said(fault)) from fault
    finally:
        engine.dispose()


def _plain(connection: Connection) -> Any:
    """The driver's own connection, which knows COPY."""
    plain: Any = connection.connection.driver_connection
    plain.set_client_encoding("UTF8")
    return plain


_COLUMNS = """SELECT a.attname, t.typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
_PRIMARY_KEY = """SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = %s AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)"""
_ABOUT = "SELECT reltuples FROM pg_class WHERE oid = %s"


def _parts(name: str) -> Sequence[str]:
    return name.split(".", maxsplit=1)


def _named(name: str) -> Identifier:
    return Identifier(*_parts(name))


def _oid(cursor: Any, name: str) -> int | None:
    cursor.execute("SELECT to_regclass(%s)::oid", (_named(name).as_string(cursor),))
    found: int | None = cursor.fetchone()[0]
    return found


def _make_room(cursor: Any, asked: TableAsked) -> None:
    """TableTaken, unless the table to write is not there, or is one of ours and may be replaced."""
    oid = _oid(cursor, asked.target)
    if oid is None:
        return
    cursor.execute(_COLUMNS, (oid,))
    ours = {name for name, _ in cursor.fetchall()} >= set(ADDED_SCHEMA.names)
    if not (asked.force and ours) or oid == _oid(cursor, asked.source):
        raise TableTaken(table=asked.target)
    cursor.execute(SQL("DROP TABLE {}").format(_named(asked.target)))


def _create(cursor: Any, table: PointTable, asked: TableAsked) -> None:
    taken = sorted(set(table.key) & set(ADDED_SCHEMA.names))
    if taken:
        raise KeyRepeated(table=asked.source, reason=taken[0])
    key = SQL(", ").join(map(Identifier, table.key))
    cursor.execute(SQL("CREATE TABLE {} AS SELECT {} FROM {} WITH NO DATA").format(_named(asked.target), key, _named(asked.source)))
    for column in ANSWERS.split(", "):
        cursor.execute(SQL("ALTER TABLE {} ADD COLUMN " + column).format(_named(asked.target)))


def _know_by_key(cursor: Any, table: PointTable, asked: TableAsked) -> None:
    key = SQL(", ").join(map(Identifier, table.key))
    try:
        cursor.execute(SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(_named(asked.target), key))
    except (UniqueViolation, NotNullViolation) as fault:
        raise KeyRepeated(table=asked.source, reason=_said(fault)) from fault


def _said(fault: BaseException | None) -> str:
    return str(fault).strip().splitlines()[0] if fault is not None else ""


@contextmanager
def _copied_out(connection: Any, copy: Composable) -> Iterator[BinaryIO]:
    """What COPY … TO STDOUT tells, as a stream: it comes through a pipe from a thread, so never more of it than the pipe holds."""
    out, into = os.pipe()

    def work() -> None:
        with open(into, "wb") as pipe, connection.cursor() as cursor:
            cursor.copy_expert(copy, pipe, BLOCK)

    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(work)
        with open(out, "rb") as stream:
            yield stream
        done.result()


@contextmanager
def _copied_in(cursor: Any, copy: Composable) -> Iterator[BinaryIO]:
    """A stream to COPY … FROM STDIN, through a pipe to a thread."""
    out, into = os.pipe()

    def work() -> None:
        with open(out, "rb") as pipe:
            cursor.copy_expert(copy, pipe, BLOCK)

    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(work)
        try:
            with open(into, "wb") as stream:
                yield stream
        except BrokenPipeError:  # the thread has ended before us: it says why
            done.result()
            raise
        done.result()
