"""Every difference of the two databases. The rest of the room writes one query for both."""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import MINYEAR, UTC, datetime, timedelta
from enum import IntEnum
from functools import lru_cache
from typing import Any

import orjson
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Integer,
    Interval,
    LargeBinary,
    String,
    Table,
    and_,
    func,
    insert,
    literal,
    select,
    text,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

LONLAT = 4326
SEPARATOR = "\x1f"  # stands in no code
POSTGRESQL = "postgresql"
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

Key = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number that the database gives out: BIGINT, or SQLite's INTEGER PRIMARY KEY."""

Code = String().with_variant(String(collation="C"), POSTGRESQL)
"""Text that programs compare: ordered by code point on both databases, whatever the server's locale is."""


def to_json(value: Any) -> str:
    """What a JSON column keeps: readable Chinese, and no NaN, which PostgreSQL refuses."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Shape(TypeDecorator[BaseGeometry]):
    """A shapely shape in degrees: geometry(…, 4326) on PostGIS, WKB on SQLite; every bit of every coordinate comes back."""

    impl = LargeBinary
    cache_ok = True
    spatial_index = False  # GeoAlchemy would make one by itself; ours is named in the schema

    def load_dialect_impl(self, dialect: Dialect | None) -> TypeEngine[Any]:
        """GeoAlchemy's listeners ask without a dialect, to learn whether this is a column of theirs."""
        if dialect is None:
            return _geometry()
        return dialect.type_descriptor(_geometry() if dialect.name == POSTGRESQL else LargeBinary())

    def process_bind_param(self, value: BaseGeometry | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if dialect.name != POSTGRESQL:
            return shapely.to_wkb(value)
        from geoalchemy2.shape import from_shape  # noqa: PLC0415 (as in `_geometry`)

        return from_shape(value, srid=LONLAT, extended=True)  # because GeoAlchemy sends plain WKB as rounded text

    def process_result_value(self, value: Any, dialect: Dialect) -> BaseGeometry | None:
        if value is None:
            return None
        if dialect.name != POSTGRESQL:
            return shapely.from_wkb(value)
        from geoalchemy2.shape import to_shape  # noqa: PLC0415 (as in `_geometry`)

        return to_shape(value)


def _geometry() -> TypeEngine[Any]:
    from geoalchemy2 import Geometry  # noqa: PLC0415 (a tenth of a second for each command, and SQLite needs none of it)

    found: TypeEngine[Any] = Geometry(srid=LONLAT, spatial_index=False)
    return found


class Instant(TypeDecorator[datetime]):
    """An instant: aware in, aware UTC out, to the microsecond. A naive one is refused: nobody could say when it was."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive instant {value!r}")
        try:
            utc = value.astimezone(UTC)
        except OverflowError:  # the zone's hours lead beyond the first or the last day there is: nothing of ours lies there
            utc = datetime.min.replace(tzinfo=UTC) if value.year == MINYEAR else datetime.max.replace(tzinfo=UTC)
        return utc if dialect.name == POSTGRESQL else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def point_of(table: Table) -> Any:
    """The point of a row with `lon` and `lat` as PostGIS indexes it."""
    return func.ST_SetSRID(func.ST_MakePoint(table.c.lon, table.c.lat), text(str(LONLAT)))


def lies_in(tx: Connection, table: Table, bounds: tuple[float, float, float, float]) -> ColumnElement[bool]:
    """Whether a row's point lies in (west, south, east, north), borders included; PostGIS finds it by its spatial index."""
    west, south, east, north = bounds
    plain = and_(table.c.lon.between(west, east), table.c.lat.between(south, north))
    if tx.dialect.name != POSTGRESQL:
        return plain
    return and_(point_of(table).op("&&")(func.ST_MakeEnvelope(west, south, east, north, LONLAT)), plain)


class _ListsAny(FunctionElement[bool]):
    """A column of codes with SEPARATOR around each, and the codes that are looked for."""

    name = "lists_any"
    type = Boolean()
    inherit_cache = True


@compiles(_ListsAny)
def _by_text(element: _ListsAny, compiler: Any, **how: Any) -> str:
    column, *codes = (compiler.process(each, **how) for each in element.clauses)
    return "(" + " OR ".join(f"instr({column}, char(31) || {code} || char(31)) > 0" for code in codes) + ")"


@compiles(_ListsAny, POSTGRESQL)
def _by_array(element: _ListsAny, compiler: Any, **how: Any) -> str:
    """As the index and the second wall have it."""
    column, *codes = (compiler.process(each, **how) for each in element.clauses)
    return f"string_to_array({column}, chr(31)) && ARRAY[{', '.join(codes)}]::text[]"


def listed_in(column: Column[Any]) -> Any:
    """The codes of such a column as PostgreSQL indexes them."""
    return func.string_to_array(column, text("chr(31)"))


def lists_any(column: Column[Any], codes: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column of codes with SEPARATOR around each has one of these, of which there is one at least."""
    return _ListsAny(column, *(literal(code, String) for code in codes))


def pairs_among(tx: Connection, columns: tuple[Column[str], Column[str]], pairs: Collection[tuple[str, str]]) -> ColumnElement[bool]:
    """Whether two columns of text are one of these pairs. PostgreSQL takes them as two arrays: each pair is then looked up by itself, and
    the statement is the same for however many."""
    if tx.dialect.name != POSTGRESQL:
        return tuple_(*columns).in_(pairs)
    firsts, seconds = ([pair[at] for pair in pairs] for at in (0, 1))
    table = func.unnest(literal(firsts, ARRAY(String)), literal(seconds, ARRAY(String))).table_valued("first", "second").render_derived()
    return tuple_(*columns).in_(select(table.c.first, table.c.second))


class Lock(IntEnum):
    """What only one transaction may do at a time, until it ends."""

    MIGRATE = 0x6772_6964_0001
    EDITION = 0x6772_6964_0002
    DRAFT = 0x6772_6964_0004


def hold(tx: Connection, lock: Lock) -> None:
    """Wait for `lock` and hold it to the end of the transaction. SQLite's write transactions are alone already."""
    if tx.dialect.name == POSTGRESQL:
        tx.execute(select(func.pg_advisory_xact_lock(int(lock))))


def insert_once(tx: Connection, table: Table, *, on: Sequence[str], update: Iterable[str] = ()) -> Any:
    """An INSERT that leaves the row that is there (`on` names the unique columns), or brings its columns `update` up to date."""
    new = (postgresql.insert if tx.dialect.name == POSTGRESQL else sqlite.insert)(table)
    changes = {name: new.excluded[name] for name in update}
    return new.on_conflict_do_update(index_elements=on, set_=changes) if changes else new.on_conflict_do_nothing(index_elements=on)


def insert_once_if(
    tx: Connection, table: Table, *, on: Sequence[str], update: Mapping[str, Any], where: ColumnElement[bool], answer: Column[Any]
) -> Any:
    """An INSERT that changes the row that is there (`on` names the unique columns) if `where` holds of it; answers `answer`, or no row."""
    new = (postgresql.insert if tx.dialect.name == POSTGRESQL else sqlite.insert)(table)
    return new.on_conflict_do_update(index_elements=on, set_=dict(update), where=where).returning(answer)


def later(tx: Connection, instant: Column[datetime], by: timedelta) -> ColumnElement[datetime]:
    """A column's instant and `by` more, to the millisecond."""
    if tx.dialect.name == POSTGRESQL:
        return type_coerce(instant.op("+")(literal(by, Interval())), Instant())
    shifted = func.strftime("%Y-%m-%d %H:%M:%f", instant, f"+{by.total_seconds():.3f} seconds").op("||")("000")
    return type_coerce(shifted, Instant())


def upsert(tx: Connection, table: Table, rows: Iterable[Mapping[str, Any]], *, on: Sequence[str]) -> None:
    """Insert rows, or bring those that are there up to date; of two rows for one key the last counts.

    They are made one here, because PostgreSQL refuses to touch a row twice in one statement.
    """
    last = {tuple(row[name] for name in on): row for row in rows}
    if last:
        columns = next(iter(last.values())).keys()
        tx.execute(insert_once(tx, table, on=on, update=[name for name in columns if name not in on]), list(last.values()))


def insert_all(tx: Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert rows, however many, in as few statements as the database takes."""
    listed = list(rows)
    if listed:
        tx.execute(insert(table), listed)


Parts = Sequence[tuple[Table, Sequence[Mapping[str, Any]]]]
"""Tables, and rows of like columns for each."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Rows of several tables as the database is given them: by table the columns and the rows as one JSON text, or the rows themselves."""

    as_json: Mapping[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    plain: Parts = ()

    def __or__(self, other: "Ready") -> "Ready":
        """Both, of other tables."""
        return Ready({**self.as_json, **other.as_json}, (*self.plain, *other.plain))


def ready(tx: Connection, parts: Parts) -> Ready:
    """Rows made ready to be inserted: the larger part of the work, which holds nothing.

    PostgreSQL takes each table's rows as one JSON text, several times as fast as values that are each written into a statement. COPY it
    refuses for tables with row-level security.
    """
    given = [(table, rows) for table, rows in parts if rows]
    if tx.dialect.name != POSTGRESQL:
        return Ready(plain=given)
    written = [(table, rows, _as_rows(rows)) for table, rows in given]
    return Ready(
        {table.name: (tuple(rows[0]), as_json) for table, rows, as_json in written if not has_nul(as_json)},
        # NUL it reads in no JSON, but keeps in one that it does not read.
        [(table, rows) for table, rows, as_json in written if has_nul(as_json)],
    )


def insert_ready(tx: Connection, rows: Ready) -> None:
    """Insert them, in one statement on PostgreSQL: they may refer to each other as far as that is looked at when the transaction ends."""
    for table, plain in rows.plain:
        tx.execute(insert(table), plain)
    if not rows.as_json:
        return
    *others, last = (_from_json(name, columns) for name, (columns, _) in rows.as_json.items())
    with_others = "WITH " + ", ".join(f"other_{n} AS ({each})" for n, each in enumerate(others)) if others else ""
    tx.execute(text(f"{with_others} {last}"), {f"rows_{name}": as_json for name, (_, as_json) in rows.as_json.items()})


def insert_together(tx: Connection, parts: Parts) -> None:
    """Make ready, and insert."""
    insert_ready(tx, ready(tx, parts))


def _from_json(table: str, columns: Iterable[str]) -> str:
    listed = ", ".join(f'"{name}"' for name in columns)
    return f"INSERT INTO {table} ({listed}) SELECT {listed} FROM json_populate_recordset(NULL::{table}, :rows_{table})"


def has_nul(text: str) -> bool:
    r"""Whether a JSON text has the character NUL, which is another than the text `\u0000`. The expression alone is slow on long texts."""
    return "\\u0000" in text and _NUL.search(text) is not None


def _as_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    try:
        return orjson.dumps(rows, default=_as_instant, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except orjson.JSONEncodeError:  # numbers of more than 64 bits, which Python writes
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_as_instant)


@lru_cache(maxsize=1024)  # what is received together has one instant in many columns
def _as_instant(value: object) -> str:
    """An instant as JSON has it; anything else is no value of a column."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"no value of a column: {value!r}")
    return value.isoformat()


def reserve(tx: Connection, key: Column[int], count: int, *, among: ColumnElement[bool]) -> list[int]:
    """The next `count` numbers of a table's key, ascending; `among` is all its rows. SQLite's write transaction keeps others away."""
    if tx.dialect.name == POSTGRESQL:
        sequence = func.pg_get_serial_sequence(key.table.name, key.name)
        return sorted(tx.scalars(select(func.nextval(sequence)).select_from(func.generate_series(1, count))))
    last = tx.scalar(select(func.coalesce(func.max(key), 0)).where(among)) or 0
    return list(range(last + 1, last + 1 + count))
