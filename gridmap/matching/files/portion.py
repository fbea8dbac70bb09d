"""What passes between reading, matching and writing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.matching.files.laying import BEYOND, Pieces, lay_answers
from gridmap.words import Sentence

# Rows in memory at a time: enough that fixed costs vanish, few enough that wide rows stay small.
PORTION_ROWS = 16_384
TABLE_ROWS = 131_072  # of a table, whose rows take no object each; a row group of what is written
ADDED = ("match_code", "match_how", "match_distance_m", "match_border_m")
ONCE = pa.dictionary(pa.int32(), pa.string())  # texts of which each is kept once; files tell them as texts
ADDED_SCHEMA = pa.schema(zip(ADDED, (ONCE, ONCE, pa.float64(), pa.float64()), strict=True))

NOTHING = pa.schema([])  # for files that are only read

Columns = tuple[str, str] | None  # the names of the lon (x) and lat (y) columns; None for a column of shapes


class Added(Protocol):
    """The answers of one portion, row by row: the columns behind those that the file has."""

    @property
    def schema(self) -> pa.Schema: ...

    def arrays(self) -> list[pa.Array]:
        """As the columns of `schema`, nothing as null."""

    def texts(self) -> list[Sequence[str]]:
        """As the fields of a text file, column by column, not yet quoted."""

    def laid(self, between: str) -> Pieces:
        """The same row by row, quoted where need be, as bytes."""


def quoted(text: str, delimiter: str) -> str:
    """A text as one field."""
    if any(mark in text for mark in (delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def joined(columns: Sequence[Sequence[str]], between: str) -> list[str]:
    """Columns of texts as fields, row by row."""
    return list(map(between.join, zip(*(_fields(column, between) for column in columns), strict=True)))


def _fields(texts: Sequence[str], delimiter: str) -> Sequence[str]:
    together = "".join(texts)
    if quoted(together, delimiter) is together:
        return texts
    as_field = {text: quoted(text, delimiter) for text in set(texts)}
    return [as_field[text] for text in texts]


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Texts that rows name by their position, -1 for none."""

    array: pa.Array
    _pieces: dict[str, Pieces] = field(default_factory=dict)

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Names":
        return cls(pa.array(texts, pa.string()))

    def at(self, positions: NDArray[np.integer]) -> pa.Array:
        """Those texts, null for none."""
        return self.array.take(pa.array(positions, mask=positions < 0))

    def once(self, positions: NDArray[np.integer]) -> pa.DictionaryArray:
        """The same as ONCE, of no more texts than are named: what files are written from in a third of the time."""
        named = np.zeros(len(self.array) + 1, dtype=bool)
        named[positions] = True  # of none, the last
        kept = np.flatnonzero(named[:-1])
        place = np.cumsum(named, dtype=np.int32) - np.int32(1)
        return pa.DictionaryArray.from_arrays(pa.array(place[positions], mask=positions < 0), self.array.take(pa.array(kept)))

    def laid(self, positions: NDArray[np.integer], between: str) -> tuple[NDArray[np.int64], Pieces]:
        """(which piece is each one's, all texts as fields); the last piece is nothing at all."""
        if between not in self._pieces:
            self._pieces[between] = Pieces.of([*_fields(self.array.to_pylist(), between), ""])
        return np.where(positions < 0, len(self.array), positions), self._pieces[between]


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Whose each point is: positions in `codes` and `hows`, -1 for none; distances in metres, not a number for none."""

    owner: NDArray[np.int64]
    codes: Names
    how: NDArray[np.int8]
    hows: Names
    distance_m: NDArray[np.float64]
    border_m: NDArray[np.float64]
    schema: ClassVar[pa.Schema] = ADDED_SCHEMA

    def arrays(self) -> list[pa.Array]:
        """As the columns of ADDED_SCHEMA, nothing as null, distances in whole centimetres."""
        metres = (pa.array(np.round(column, 2), from_pandas=True) for column in (self.distance_m, self.border_m))
        return [self.codes.once(self.owner), self.hows.once(self.how), *metres]

    def texts(self) -> list[Sequence[str]]:
        names = (texts.at(positions).fill_null("").to_pylist() for texts, positions in ((self.codes, self.owner), (self.hows, self.how)))
        return [*names, _metres(self.distance_m), _metres(self.border_m)]

    def laid(self, between: str) -> Pieces:
        if any((column >= BEYOND).any() for column in (self.distance_m, self.border_m)):  # on no earth, but in no loop either
            return Pieces.of(joined(self.texts(), between))
        owner, how = self.codes.laid(self.owner, between), self.hows.laid(self.how, between)
        return lay_answers(owner, how, (self.distance_m, self.border_m), ord(between))


def _metres(values: NDArray[np.float64]) -> list[str]:
    """Metres with centimetres; empty where there is no number."""
    texts = ("%.2f\n" * len(values) % tuple(values.tolist())).split("\n")[:-1]
    return [text if text != "nan" else "" for text in texts] if np.isnan(values).any() else texts


class Portion(Protocol):
    """Some rows with their coordinates, not a number where a row has none."""

    @property
    def x(self) -> NDArray[np.float64]: ...

    @property
    def y(self) -> NDArray[np.float64]: ...

    def text(self, column: str) -> list[str]:
        """One column as texts without spaces around them, empty where a row has nothing there."""

    def lines(self, added: Added) -> bytes:
        """The rows as text in the encoding of their file, line ends included, the answers behind the last field."""

    def batch(self, added: Added) -> pa.RecordBatch:
        """The rows as a table, the answers as the last columns."""


class PointFile(Protocol):
    """A file of points, opened: what is known before its rows are read."""

    columns: tuple[str, ...]
    rows: int  # about; for progress
    notes: tuple[Sentence, ...]
    encoding: str  # of text written from it
    crs: str | None  # of its column of shapes, where that says so
    has_shapes: bool

    def head(self, added: pa.Schema) -> str:
        """The first line of a text file with these rows and their answers."""

    def schema(self, added: pa.Schema) -> pa.Schema:
        """The columns of a table with these rows and their answers."""

    def portions(self, columns: Columns) -> Iterator[Portion]:
        """All rows in their order."""


Writer = Callable[[Portion, Added], object]
