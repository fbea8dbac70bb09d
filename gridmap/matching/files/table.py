"""Points in Parquet and GeoParquet, a batch at a time; types and metadata are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from gridmap.errors import BadInput, FileUnreadable
from gridmap.geometry.geoparquet import find_shapes
from gridmap.matching.files.blocks import number
from gridmap.matching.files.portion import TABLE_ROWS, Added, Columns
from gridmap.words import Sentence

BYTES_AHEAD = 1 << 20  # of each column


class ColumnNotNumbers(BadInput):
    """A coordinate column holds something else; facts: path, column, kind."""


class ColumnNotText(BadInput):
    """A column that a text file cannot hold; facts: path, reason."""


class ColumnNotTexts(BadInput):
    """A column of names or codes holds something else; facts: path, column, kind."""


def open_parquet(path: Path) -> pq.ParquetFile:
    """A Parquet file to be read in portions, of which only the one under way is in memory: neither all groups of rows nor a whole one."""
    return pq.ParquetFile(path, pre_buffer=False, buffer_size=BYTES_AHEAD)


class TablePoints:
    """A Parquet file of points: two columns of numbers, or the column of shapes of a GeoParquet file."""

    encoding = "utf-8"
    notes: tuple[Sentence, ...] = ()

    def __init__(self, path: Path, groups: Sequence[int] | None = None) -> None:
        """All of the file, or only these of its row groups."""
        self.path, self._groups = path, groups
        try:
            self._file = open_parquet(path)
            self._schema = self._file.schema_arrow
            about = find_shapes(self._schema.metadata, self._schema.names)
        except (pa.ArrowException, ValueError) as fault:
            raise FileUnreadable(path=path, reason=fault) from fault
        self.columns = tuple(self._schema.names)
        about_rows = self._file.metadata
        self.rows = about_rows.num_rows if groups is None else sum(about_rows.row_group(group).num_rows for group in groups)
        self.shapes_column = about.name if about else None
        self.has_shapes = about is not None
        self.crs = about.crs if about else None

    def schema(self, added: pa.Schema) -> pa.Schema:
        return pa.schema([*self._schema, *added], metadata=self._schema.metadata)

    def head(self, added: pa.Schema) -> str:
        """As text; ColumnNotText where a column cannot be."""
        return self.as_text(pa.RecordBatch.from_pylist([], schema=self.schema(added)), header=True).decode()

    def portions(self, columns: Columns) -> Iterator["TablePortion"]:
        batches = self._file.iter_batches(batch_size=TABLE_ROWS, row_groups=self._groups)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError) as fault:
                raise FileUnreadable(path=self.path, reason=fault) from fault
            if batch is None:
                return
            x, y = self._places(batch) if columns is None else (self._numbers(batch, name) for name in columns)
            yield TablePortion(x, y, batch, self)

    def _numbers(self, batch: pa.RecordBatch, name: str) -> NDArray[np.float64]:
        column = _decoded(batch.column(name))
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            return np.array([number(text or "") for text in column.to_pylist()], dtype=np.float64)
        try:
            found = pc.cast(column, pa.float64(), safe=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
            raise ColumnNotNumbers(path=self.path, column=name, kind=column.type) from fault
        return np.asarray(pc.fill_null(found, float("nan")))

    def _places(self, batch: pa.RecordBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        column = batch.column(self.shapes_column)
        if pa.types.is_struct(column.type):  # GeoParquet's own encoding of points
            x, y = (np.asarray(pc.fill_null(pc.struct_field(column, axis), float("nan"))) for axis in ("x", "y"))
            return x, y
        shapes = _shapes(column)
        shapes[shapely.get_type_id(shapes) != shapely.GeometryType.POINT] = None
        return shapely.get_x(shapes), shapely.get_y(shapes)

    def as_text(self, batch: pa.RecordBatch, *, header: bool) -> bytes:
        """Comma-separated lines; shapes as WKT."""
        columns = [self._plain(name, batch.column(at)) for at, name in enumerate(batch.schema.names)]
        written = BytesIO()
        try:
            options = pyarrow.csv.WriteOptions(include_header=header)
            pyarrow.csv.write_csv(pa.Table.from_arrays(columns, names=batch.schema.names), written, options)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
            raise ColumnNotText(path=self.path, reason=fault) from fault
        return written.getvalue()

    def _plain(self, name: str, column: Any) -> Any:
        if name == self.shapes_column and not pa.types.is_struct(column.type):
            return pa.array(shapely.to_wkt(_shapes(column), rounding_precision=-1), pa.string())
        return _decoded(column)


@dataclass(frozen=True, slots=True, eq=False)
class TablePortion:
    """Some rows of a Parquet file."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    rows: pa.RecordBatch
    source: Any  # what they were read from: TablePoints, or a table of a database

    def text(self, column: str) -> list[str]:
        cells = _decoded(self.rows.column(column))
        try:
            texts = pc.cast(cells, pa.string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
            raise ColumnNotTexts(path=self.source.path, column=column, kind=cells.type) from fault
        return [(text or "").strip() for text in texts.to_pylist()]

    def lines(self, added: Added) -> bytes:
        return self.source.as_text(self.batch(added), header=False)

    def batch(self, added: Added) -> pa.RecordBatch:
        return pa.RecordBatch.from_arrays([*self.rows.columns, *added.arrays()], schema=self.source.schema(added.schema))


def spelled_out(rows: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with texts where there were positions of texts, which CSV cannot hold."""
    return pa.RecordBatch.from_arrays([_decoded(column) for column in rows.columns], names=rows.schema.names)


def _decoded(column: Any) -> Any:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _shapes(column: Any) -> NDArray[np.object_]:
    wkb = np.array(column.to_pylist(), dtype=object)
    return np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object)
