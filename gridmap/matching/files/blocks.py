"""Text read in blocks of bytes by compiled loops: rows stay bytes, and what those loops cannot judge is left to the exact reader."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.matching.files.laying import lay_rows
from gridmap.matching.files.portion import Added, Portion
from gridmap.matching.files.scan import UNUSUAL, Bytes, Layout, Rows, find_rows

BLOCK_BYTES = 1 << 21  # some ten thousands of rows: they take little memory, and fixed costs vanish
# A field longer than this is a quote that was never closed.
LONGEST_FIELD = 1 << 24


@dataclass(slots=True)
class Begun:
    """How much of a file has been read: so many bytes, which are so many lines, and whether the names of the columns were among them."""

    size: int = 0
    lines: int = 0
    headed: bool = False

    def take(self, block: bytes) -> None:
        self.size += len(block)
        self.lines += block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n")


class Source(Protocol):
    """The file of which a block is part."""

    delimiter: str

    @property
    def line_end(self) -> str: ...

    def read_text(self, rows: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> Portion: ...


def read_blocks(file: BinaryIO, source: Source, layout: Layout, begun: Begun) -> Iterator["BlockPortion"]:
    """The rows of UTF-8 text from where `file` stands, up to its end or to the first block with something unusual: `begun` tells where."""
    left = b""
    while len(left) < LONGEST_FIELD:
        more = file.read(BLOCK_BYTES)
        data = left + more
        block = np.frombuffer(data, np.uint8)
        rows = Rows.of(data.count(b"\n") + 1)
        count, end = find_rows(block, not more, layout, rows)
        if count == UNUSUAL:
            return
        begun.take(data[:end])
        first, begun.headed = int(not begun.headed and count > 0), begun.headed or count > 0
        if count > first:
            yield BlockPortion.of(block, rows.between(first, count), source, layout)
        if not more:
            return
        left = data[end:]


@dataclass(frozen=True, slots=True, eq=False)
class BlockPortion:
    """Some rows of a text file, as its bytes."""

    block: Bytes
    rows: Rows
    source: Source

    @classmethod
    def of(cls, block: Bytes, rows: Rows, source: Source, layout: Layout) -> Self:
        """With the numbers that only Python can read."""
        for column, places in ((rows.x, rows.x_at), (rows.y, rows.y_at)):
            for row in np.flatnonzero(places[:, 1]).tolist():
                begin, end = places[row].tolist()
                column[row] = number(_unquoted(block[begin:end].tobytes().decode()), layout.comma)
        return cls(block, rows, source)

    @property
    def x(self) -> NDArray[np.float64]:
        return self.rows.x

    @property
    def y(self) -> NDArray[np.float64]:
        return self.rows.y

    def lines(self, added: Added) -> bytes:
        between = self.source.delimiter
        return lay_rows(self.block, self.rows, added.laid(between), ord(between), self.source.line_end.encode())

    def text(self, column: str) -> list[str]:
        return self._fields().text(column)

    def batch(self, added: Added) -> pa.RecordBatch:
        return self._fields().batch(added)

    def _fields(self) -> Portion:
        text = self.block[self.rows.begin[0] : self.rows.end[-1]].tobytes().decode()
        return self.source.read_text(text, self.x, self.y)


def _unquoted(field: str) -> str:
    return field[1:-1].replace('""', '"') if field.startswith('"') else field


def number(text: str, comma: bool = False) -> float:
    """The number that a person wrote, not a number for all else. With `comma`, 6,5 is six and a half."""
    if "_" in text:  # Python would read 1_000 as a thousand
        return float("nan")
    try:
        return float(text.replace(",", ".") if comma else text)
    except ValueError:
        return float("nan")
