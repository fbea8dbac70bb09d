"""Points in CSV and its kin: each row is carried over as it was written, byte for byte, with the answers behind it."""

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO, TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.errors import BadInput, FileUnreadable
from gridmap.matching.files.blocks import LONGEST_FIELD, Begun, number, read_blocks
from gridmap.matching.files.portion import PORTION_ROWS, Added, Columns, Portion, joined
from gridmap.matching.files.scan import Layout
from gridmap.words import Sentence

DELIMITERS = ",;\t|"
BLOCK = 1 << 20
PLAIN = ("utf-8", "utf-8-sig")  # in which no byte of a letter can be taken for a delimiter
Row = tuple[str, list[str]]  # as written, and its fields


class TextUnreadable(BadInput):
    """Neither UTF-8 nor GB18030; facts: path."""


class TextEmpty(BadInput):
    """Not even a line with the names of the columns; facts: path."""


class RowUneven(BadInput):
    """A row has more fields than there are columns; facts: path, line, fields, columns."""


class QuoteOpen(BadInput):
    """A quote is opened and never closed; facts: path, line."""


class TextPoints:
    """A CSV file of points, gzipped or not, its delimiter and encoding found by looking."""

    crs: str | None = None
    has_shapes = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding, self.rows = _look_through(path)
        self.notes: tuple[Sentence, ...] = (Sentence("cli.match_gb18030"),) if self.encoding == "gb18030" else ()
        csv.field_size_limit(LONGEST_FIELD)
        heads = [(head, delimiter) for delimiter in DELIMITERS for head in islice(self._all_records(delimiter), 1)]
        if not heads:
            raise TextEmpty(path=path)
        (self._head, names), self.delimiter = max(heads, key=lambda one: len(one[0][1]))
        self.columns = tuple(name.strip() for name in names)

    def head(self, added: pa.Schema) -> str:
        return self.delimiter.join((split_end(self._head)[0], *added.names)) + self.line_end

    @property
    def line_end(self) -> str:
        """As the first line has it."""
        return split_end(self._head)[1] or "\n"

    def schema(self, added: pa.Schema) -> pa.Schema:
        return pa.schema([*(pa.field(name, pa.string()) for name in self.columns), *added])

    def portions(self, columns: Columns) -> Iterator[Portion]:
        assert columns is not None, "text has no column of shapes"
        at_x, at_y = (self.columns.index(name) for name in columns)
        begun = Begun(len(codecs.BOM_UTF8) if self.encoding == "utf-8-sig" else 0)
        if self.encoding in PLAIN:
            layout = Layout(ord(self.delimiter), len(self.columns), at_x, at_y, self.delimiter == ";")
            with open_bytes(self.path) as file:
                file.seek(begun.size)
                yield from read_blocks(file, self, layout, begun)
        yield from self.read_exactly(at_x, at_y, begun)

    def read_exactly(self, at_x: int, at_y: int, begun: Begun) -> Iterator["TextPortion"]:
        """Those that the compiled loops have left to Python: field by field, of any encoding, each fault told with its line."""
        at, headed = begun.lines, begun.headed
        with open_text(self.path, self.encoding, begun.size) as file:
            lines = list(islice(file, PORTION_ROWS))
            while lines and not any('"' in line for line in lines):  # then each line is a row
                rows = self._plain_rows(lines, at)
                if not headed and rows:
                    headed, rows = True, rows[1:]
                if rows:
                    yield self._portion(rows, at_x, at_y)
                at += len(lines)
                lines = list(islice(file, PORTION_ROWS))
            records = self._records(chain(lines, file), self.delimiter, len(self.columns), at)
            if not headed:
                next(records, None)
            while rows := list(islice(records, PORTION_ROWS)):
                yield self._portion(rows, at_x, at_y)

    def read_text(self, rows: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> "TextPortion":
        """Whole rows of the file, field by field, whose numbers are known."""
        found = list(self._records(iter(StringIO(rows, newline="")), self.delimiter, len(self.columns)))
        return TextPortion(x, y, [raw for raw, _ in found], [fields for _, fields in found], self)

    def _plain_rows(self, lines: list[str], at: int) -> list[Row]:
        """Those of lines without quotes, which are read together: several times as fast."""
        try:
            found = list(csv.reader(lines, delimiter=self.delimiter))
        except csv.Error:  # told with its line
            return list(self._records(iter(lines), self.delimiter, len(self.columns), at))
        width = len(self.columns)
        if all(len(fields) == width for fields in found):
            return list(zip(lines, found, strict=True))
        numbered = enumerate(zip(lines, found, strict=True), start=at + 1)
        return [row if len(row[1]) == width else self._even(*row, width, line) for line, row in numbered if row[1]]

    def _portion(self, rows: list[Row], at_x: int, at_y: int) -> "TextPortion":
        comma = self.delimiter == ";"
        x, y = (numbers([fields[at] for _, fields in rows], comma) for at in (at_x, at_y))
        return TextPortion(x, y, [raw for raw, _ in rows], [fields for _, fields in rows], self)

    def _all_records(self, delimiter: str) -> Iterator[Row]:
        with open_text(self.path, self.encoding) as file:
            yield from self._records(file, delimiter)

    def _records(self, lines: Iterator[str], delimiter: str, width: int = 0, at: int = 0) -> Iterator[Row]:
        """Each row that is not blank: as written, its line end included, and its fields, made up to the number of columns.

        `at` is how many lines of the file come before.
        """
        tap = _Tap(lines)
        reader = csv.reader(tap, delimiter=delimiter)
        try:
            for fields in reader:
                raw = tap.take()
                if not fields:
                    continue
                width = width or len(fields)
                if len(fields) != width:
                    raw, fields = self._even(raw, fields, width, at + reader.line_num)  # noqa: PLW2901
                yield raw, fields
        except csv.Error as fault:
            raise QuoteOpen(path=self.path, line=at + reader.line_num) from fault
        if _is_open(tap.last, delimiter):
            raise QuoteOpen(path=self.path, line=at + reader.line_num - tap.lines + 1)

    def _even(self, raw: str, fields: list[str], width: int, line: int) -> Row:
        """A row that breaks off early gets empty fields; one that runs on cannot be told from a fault."""
        missing = width - len(fields)
        if missing < 0:
            raise RowUneven(path=self.path, line=line, fields=len(fields), columns=width)
        body, end = split_end(raw)
        return body + self.delimiter * missing + end, fields + [""] * missing


@dataclass(frozen=True, slots=True, eq=False)
class TextPortion:
    """Some rows of a text file: as written, and as fields."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    raw: Sequence[str]
    fields: Sequence[Sequence[str]]
    source: TextPoints

    def text(self, column: str) -> list[str]:
        at = self.source.columns.index(column)
        return [fields[at].strip() for fields in self.fields]

    def lines(self, added: Added) -> bytes:
        between, usual = self.source.delimiter, self.source.line_end
        answers = joined(added.texts(), between)
        bodies = [raw.rstrip("\r\n") for raw in self.raw]
        rows = zip(self.raw, bodies, answers, strict=True)
        text = "".join([f"{body}{between}{told}{raw[len(body) :] or usual}" for raw, body, told in rows])
        return text.encode(_behind(self.source.encoding))

    def batch(self, added: Added) -> pa.RecordBatch:
        columns = [pa.array(column, pa.string()) for column in zip(*self.fields, strict=True)]
        return pa.RecordBatch.from_arrays([*columns, *added.arrays()], schema=self.source.schema(added.schema))


class _Tap:
    """The lines of a file on their way to a reader, kept until they are taken: so that a row is known as it was written."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._from = lines
        self._kept: list[str] = []
        self.last = ""
        self.lines = 0

    def __iter__(self) -> "_Tap":
        return self

    def __next__(self) -> str:
        line = next(self._from)
        self._kept.append(line)
        return line

    def take(self) -> str:
        self.last, self.lines = "".join(self._kept), len(self._kept)
        self._kept.clear()
        return self.last


def _is_open(raw: str, delimiter: str) -> bool:
    """Whether a row ends within a quote: then a field put behind it does not count."""
    with_one, with_two = (len(next(csv.reader([split_end(raw)[0] + delimiter * more], delimiter=delimiter))) for more in (1, 2))
    return with_one == with_two


def open_text(path: Path, encoding: str, behind: int = 0) -> TextIOWrapper:
    """The file's text behind so many bytes, line ends untouched."""
    file = open_bytes(path)
    file.seek(behind)
    return TextIOWrapper(file, encoding=_behind(encoding) if behind else encoding, newline="")


def _behind(encoding: str) -> str:
    """The encoding of what does not stand at the beginning of a file."""
    return "utf-8" if encoding in PLAIN else encoding


def open_bytes(path: Path) -> Any:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def _look_through(path: Path) -> tuple[str, int]:
    """(encoding, about how many rows): read once whole, since one odd byte in the last row would otherwise end a long run."""
    for encoding in ("utf-8", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with open_bytes(path) as file:
                first = file.read(BLOCK)
                decoder.decode(first)
                lines = first.count(b"\n")
                while block := file.read(BLOCK):
                    decoder.decode(block)
                    lines += block.count(b"\n")
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        except (gzip.BadGzipFile, EOFError, zlib.error) as fault:
            raise FileUnreadable(path=path, reason=fault) from fault
        return ("utf-8-sig" if first.startswith(codecs.BOM_UTF8) else encoding), max(0, lines - 1)
    raise TextUnreadable(path=path)


def split_end(raw: str) -> tuple[str, str]:
    """(a row, its line end)."""
    body = raw.rstrip("\r\n")
    return body, raw[len(body) :]


def numbers(texts: list[str], comma: bool = False) -> NDArray[np.float64]:
    """Each as `number` reads it; all at once where each is one, as a program writes them."""
    if not comma and not any("_" in text for text in texts):
        with suppress(ValueError):
            return np.array(list(map(float, texts)))
    return np.array([number(text, comma) for text in texts])
