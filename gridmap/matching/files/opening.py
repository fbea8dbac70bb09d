"""Which reader or writer a file needs, by its name, and which columns hold the coordinates."""

import gzip
import shutil
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from gridmap.errors import BadInput, ColumnMissing, FileMissing
from gridmap.matching.files.portion import ADDED_SCHEMA, TABLE_ROWS, Columns, PointFile, Writer
from gridmap.matching.files.table import TablePoints, open_parquet
from gridmap.matching.files.text import TextPoints

TABLES = (".parquet", ".geoparquet", ".pq")
TEXTS = (".csv", ".tsv", ".txt")
# Names that columns of coordinates go by, in pairs, the surest first; case does not matter.
USUAL_NAMES = (
    ("lon", "lat"), ("lng", "lat"), ("long", "lat"), ("longitude", "latitude"), ("经度", "纬度"),
    ("x", "y"), ("point_x", "point_y"), ("easting", "northing"), ("e", "n"),
)  # fmt: skip


class PointsKindUnknown(BadInput):
    """A file name that says neither CSV nor Parquet; facts: path, known."""


class CoordinatesUnnamed(BadInput):
    """Nobody said which columns hold the coordinates, and no usual name is among them; facts: path, columns."""


class ColumnTaken(BadInput):
    """The file already has a column that would be added; facts: path, column."""


def _kind(path: Path) -> str:
    name = path.name.lower()
    if name.endswith(TABLES):
        return "table"
    if name.removesuffix(".gz").endswith(TEXTS):
        return "text"
    known = " ".join((*TEXTS, *(f"{text}.gz" for text in TEXTS), *TABLES))
    raise PointsKindUnknown(path=path, known=known)


def open_points(path: Path, added: pa.Schema = ADDED_SCHEMA) -> PointFile:
    """A file of points, by its suffix. FileMissing, PointsKindUnknown, ColumnTaken, or what its kind refuses."""
    kind = _kind(path)
    if not path.exists():
        raise FileMissing(path=path)
    points: PointFile = TablePoints(path) if kind == "table" else TextPoints(path)
    for column in added.names:
        if column in points.columns:
            raise ColumnTaken(path=path, column=column)
    return points


def check_columns(points: PointFile, path: Path, named: Iterable[str | None]) -> None:
    """ColumnMissing, with those that there are, where a named column (None: not named) is not there."""
    for name in named:
        if name is not None and name not in points.columns:
            raise ColumnMissing(path=path, column=name, columns=", ".join(points.columns))


def choose_columns(points: PointFile, path: Path, lon: str | None, lat: str | None) -> Columns:
    """The columns named, else the column of shapes, else usual names; ColumnMissing or CoordinatesUnnamed list the columns."""
    listed = ", ".join(points.columns)
    check_columns(points, path, (lon, lat))
    if lon is not None and lat is not None:
        return lon, lat
    if points.has_shapes and lon is None and lat is None:
        return None
    plain = {name.strip().lower(): name for name in reversed(points.columns)}
    for usual_lon, usual_lat in USUAL_NAMES:
        found = lon or plain.get(usual_lon), lat or plain.get(usual_lat)
        if found[0] is not None and found[1] is not None:
            return found[0], found[1]
    raise CoordinatesUnnamed(path=path, columns=listed)


@contextmanager
def open_writer(
    path: Path, kind_of: Path, points: PointFile, added: pa.Schema = ADDED_SCHEMA, *, goes_on: bool = False
) -> Iterator[Writer]:
    """A function that takes portions of `points` with their answers and writes them to `path`, as the kind that the name `kind_of` says.

    With `goes_on` a text has no head, since it is to be put behind another.
    """
    if _kind(kind_of) == "table":
        schema = points.schema(added)
        with _written(path, schema, _told(schema, added)) as table:
            yield lambda portion, answers: table.write_batch(portion.batch(answers))
        return
    head = points.head(added).encode(points.encoding)
    with ExitStack() as files:
        file: BinaryIO = files.enter_context(path.open("wb"))
        if kind_of.suffix.lower() == ".gz":  # without the name that it has while it is written, nor the hour: equal rows make equal files
            file = files.enter_context(gzip.GzipFile("", "wb", 6, file, mtime=0))  # type: ignore[assignment]
        if not goes_on:
            file.write(head)
        yield lambda portion, answers: file.write(portion.lines(answers))


def join_files(parts: Sequence[Path], out: Path) -> None:
    """Put files that `open_writer` wrote one behind the other into one of their kind."""
    if _kind(out) == "table":
        with _written(out, schema := pq.read_schema(parts[0]), schema) as table:
            for part in parts:
                for batch in open_parquet(part).iter_batches(batch_size=TABLE_ROWS):
                    table.write_batch(batch)
        return
    with out.open("wb") as whole:
        for part in parts:
            with part.open("rb") as piece:
                shutil.copyfileobj(piece, whole, 1 << 20)


@contextmanager
def _written(path: Path, schema: pa.Schema, told: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """A Parquet file of batches with this schema, whose readers are told of another: of texts that come as positions of texts, as texts.

    What Arrow keeps of the schema for its readers is written by hand, because it would keep the one of the batches.
    """
    kept = {"ARROW:schema": b64encode(told.serialize()), **(told.metadata or {})}
    plain = [
        field.name for field in told if field.type == schema.field(field.name).type
    ]  # to know least and most of the others costs too much
    with pq.ParquetWriter(path, schema, use_dictionary=_repeated(told), write_statistics=plain, store_schema=False) as table:
        table.add_key_value_metadata(kept)
        yield table


def _told(schema: pa.Schema, added: pa.Schema) -> pa.Schema:
    """With the texts of the added columns as texts; a column of the file itself stays as it is."""
    ours = {field.name for field in added if pa.types.is_dictionary(field.type)}
    fields = (field.with_type(field.type.value_type) if field.name in ours else field for field in schema)
    return pa.schema(fields, metadata=schema.metadata)


def _repeated(schema: pa.Schema) -> list[str]:
    """The columns whose values come again and again; a measured number hardly ever does."""
    return [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
