"""The compiled half of writing text: answers as bytes, and rows with their answers behind them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.grid.index.compiled import compiled
from gridmap.matching.files.scan import POINT, ZERO, Bytes, Rows

SPLIT = float((1 << 27) + 1)
LONGEST_METRES = 16  # of a number below BEYOND with two decimals
BEYOND = 1e12


Metres = tuple[NDArray[np.float64], NDArray[np.float64]]


class Pieces(NamedTuple):
    """Texts one behind the other, as UTF-8: text number n is data[starts[n] : starts[n + 1]]."""

    data: Bytes
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Pieces":
        _, starts, data = pa.array(texts, pa.large_string()).buffers()
        return cls(np.frombuffer(data or b"", np.uint8), np.frombuffer(starts, np.int64)[: len(texts) + 1])

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How many bytes each has."""
        return np.diff(self.starts)


Named = tuple[NDArray[np.int64], Pieces]  # which text each row has


def lay_rows(block: Bytes, rows: Rows, answers: Pieces, delimiter: int, line_end: bytes) -> bytes:
    """The rows of the block, made up to the number of columns, each with its answers behind; `line_end` where it has none."""
    marks = delimiter, np.frombuffer(line_end, np.uint8)
    size = len(line_end) + len(rows.begin) + int((rows.end - rows.begin + rows.missing).sum()) + int(answers.starts[-1])
    out = np.empty(size, np.uint8)
    return out[: _lay_rows(block, rows, answers, marks, out)].tobytes()


@compiled
def _lay_rows(block: Bytes, rows: Rows, answers: Pieces, marks: tuple[int, Bytes], out: Bytes) -> int:
    delimiter, line_end = marks
    to = 0
    for row in range(len(rows.begin)):
        to = _copy(block, rows.begin[row], rows.body[row], out, to)
        for _ in range(rows.missing[row] + 1):
            out[to] = delimiter
            to += 1
        to = _copy(answers.data, answers.starts[row], answers.starts[row + 1], out, to)
        if rows.end[row] > rows.body[row]:
            to = _copy(block, rows.body[row], rows.end[row], out, to)
        else:
            to = _copy(line_end, 0, len(line_end), out, to)
    return to


def lay_answers(owner: Named, how: Named, metres: Metres, delimiter: int) -> Pieces:
    """Of each row two texts and two numbers of metres, as fields with the delimiter between them."""
    size = len(metres[0]) * (2 * LONGEST_METRES + 3) + sum(int(texts.sizes[at].sum()) for at, texts in (owner, how))
    data, starts = np.empty(size, np.uint8), np.empty(len(metres[0]) + 1, np.int64)
    _lay_answers(owner, how, metres, delimiter, Pieces(data, starts))
    return Pieces(data, starts)


@compiled
def _lay_answers(named_owner: Named, named_how: Named, metres: Metres, delimiter: int, out: Pieces) -> None:
    (owner, codes), (how, hows), (distance_m, border_m) = named_owner, named_how, metres
    data, to = out.data, 0
    for row in range(len(owner)):
        out.starts[row] = to
        to = _copy(codes.data, codes.starts[owner[row]], codes.starts[owner[row] + 1], data, to)
        data[to] = delimiter
        to = _copy(hows.data, hows.starts[how[row]], hows.starts[how[row] + 1], data, to + 1)
        data[to] = delimiter
        to = _lay_metres(distance_m[row], data, to + 1)
        data[to] = delimiter
        to = _lay_metres(border_m[row], data, to + 1)
    out.starts[len(owner)] = to


@compiled
def _lay_metres(value: float, out: Bytes, to: int) -> int:
    """A number from 0 to BEYOND as Python's "%.2f" has it, to the last bit: 100 times the number is split into two floats, without error.
    Nothing for not a number."""
    if np.isnan(value):
        return to
    split = value * SPLIT
    high = split - (split - value)
    first, second = 100.0 * high, 100.0 * (value - high)
    total = first + second
    part = total - first
    rest = (first - (total - part)) + (second - part)
    near = np.rint(total)
    if total - near == 0.5 and rest > 0:
        near += 1.0
    elif total - near == -0.5 and rest < 0:
        near -= 1.0
    cents = np.int64(near)
    places = 3
    limit = np.int64(1000)
    while cents >= limit:
        limit *= 10
        places += 1
    for at in range(to + places, to - 1, -1):
        if at == to + places - 2:
            out[at] = POINT
        else:
            out[at] = ZERO + cents % 10
            cents //= 10
    return to + places + 1


@compiled
def _copy(what: Bytes, begin: int, end: int, out: Bytes, to: int) -> int:
    for at in range(begin, end):
        out[to] = what[at]
        to += 1
    return to
