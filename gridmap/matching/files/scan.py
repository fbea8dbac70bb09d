"""The compiled half of reading text: where the rows of a block of bytes lie, and what numbers stand in two of their columns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridmap.grid.index.compiled import Whole, compiled

Bytes = NDArray[np.uint8]
QUOTE, LINE, RETURN, SPACE, PLUS, MINUS, POINT, COMMA, ZERO = b'"\n\r +-.,0'
# What `find_rows` answers beside a number of rows.
UNUSUAL = -1
CUT, DONE = 0, 1
# Powers of ten that are floats themselves, and the longest number of digits that is a whole number of 64 bits.
TENS = np.array([10.0**power for power in range(23)])
MOST = 10**17
SPLIT = float((1 << 27) + 1)
NEARLY_ONE_MORE = 1 + 2.0**-40


class Layout(NamedTuple):
    """How the rows of a file are written: `comma` tells that 6,5 is six and a half."""

    delimiter: int
    width: int
    at_x: int
    at_y: int
    comma: bool


class Rows(NamedTuple):
    """Rows of a block, in their order: where each begins, where it ends without and with its line end, how many fields it lacks.

    (x, y) are not a number where nothing stands. `x_at` and `y_at` are the (begin, end) of those that Python has to read; else (0, 0).
    """

    begin: NDArray[np.int32]
    body: NDArray[np.int32]
    end: NDArray[np.int32]
    missing: NDArray[np.int32]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    x_at: NDArray[np.int32]
    y_at: NDArray[np.int32]

    @classmethod
    def of(cls, count: int) -> "Rows":
        """Room for so many."""
        begin, body, end, missing = (np.empty(count, np.int32) for _ in range(4))
        x_at, y_at = (np.empty((count, 2), np.int32) for _ in range(2))
        return cls(begin, body, end, missing, np.empty(count), np.empty(count), x_at, y_at)

    def between(self, first: int, last: int) -> "Rows":
        """Some of them."""
        return Rows._make(part[first:last] for part in self)


@compiled
def find_rows(block: Bytes, whole: bool, layout: Layout, rows: Rows) -> tuple[int, int]:
    """(how many rows there are, behind which byte the last whole one ends); `whole`: the file ends with the block.

    (UNUSUAL, 0) if the exact reader shall judge: a carriage return that ends no line, more fields than columns, a quote within a quote,
    or one that is never closed. A blank line is no row; there must be room for as many rows as there are line ends, and one.
    """
    count = at = 0
    while at < len(block):
        after = _line_end(block, at)
        if after == UNUSUAL:
            return (count, at) if at == len(block) - 1 and not whole else (UNUSUAL, 0)
        if after > at:
            at = after
            continue
        rows.begin[count] = at
        rows.x[count] = rows.y[count] = np.nan
        rows.x_at[count, 0] = rows.x_at[count, 1] = rows.y_at[count, 0] = rows.y_at[count, 1] = 0
        fields = 0
        while True:
            begin = at
            at, state = _field_end(block, begin, layout.delimiter, whole)
            if state == UNUSUAL or fields == layout.width:
                return UNUSUAL, 0
            if state == CUT:
                return count, rows.begin[count]
            if fields == layout.at_x:
                rows.x[count], rows.x_at[count, 0], rows.x_at[count, 1] = _read(block, begin, at, layout.comma)
            if fields == layout.at_y:
                rows.y[count], rows.y_at[count, 0], rows.y_at[count, 1] = _read(block, begin, at, layout.comma)
            fields += 1
            if at == len(block) or block[at] != layout.delimiter:
                break
            at += 1
        rows.body[count], rows.missing[count] = at, layout.width - fields
        at = _line_end(block, at)
        rows.end[count] = at
        count += 1
    return count, at


@compiled
def _line_end(block: Bytes, at: int) -> int:
    """Behind the line end that is here; `at` itself where none is; UNUSUAL where a carriage return ends no line."""
    if at == len(block) or block[at] > RETURN:
        return at
    if block[at] == LINE:
        return at + 1
    if block[at] != RETURN:
        return at
    return at + 2 if at + 1 < len(block) and block[at + 1] == LINE else UNUSUAL


@compiled
def _field_end(block: Bytes, at: int, delimiter: int, whole: bool) -> tuple[int, int]:
    """(where the field ends that begins here, DONE), or UNUSUAL, or CUT where the block ends before that is known."""
    size = len(block)
    if at < size and block[at] == QUOTE:
        at += 1
        while True:
            while at < size and block[at] != QUOTE:
                at += 1
            if at + 1 >= size and not (whole and at < size):
                return at, UNUSUAL if whole else CUT
            if at + 1 == size or block[at + 1] != QUOTE:
                break
            at += 2
        at += 1
        if at < size and block[at] != delimiter and block[at] != LINE and block[at] != RETURN:
            return at, UNUSUAL
    else:
        while at < size and block[at] != delimiter and (block[at] > RETURN or (block[at] != LINE and block[at] != RETURN)):
            at += 1
    if at == size:
        return at, DONE if whole else CUT
    if block[at] == RETURN and block[at] != delimiter:
        if at + 1 == size:
            return at, UNUSUAL if whole else CUT
        if block[at + 1] != LINE:
            return at, UNUSUAL
    return at, DONE


@compiled
def _read(block: Bytes, begin: int, end: int, comma: bool) -> tuple[float, int, int]:
    """(the number of a field, correctly rounded, 0, 0); (not a number, begin, end) where Python has to read it; (not a number, 0, 0) where
    nothing stands."""
    if begin == end:
        return np.nan, 0, 0
    unread = np.nan, begin, end
    if block[begin] == QUOTE:
        begin, end = begin + 1, end - 1
    while begin < end and block[begin] == SPACE:
        begin += 1
    while begin < end and block[end - 1] == SPACE:
        end -= 1
    negative = begin < end and block[begin] == MINUS
    if begin < end and (block[begin] == MINUS or block[begin] == PLUS):
        begin += 1
    digits: Whole = 0
    behind, seen, pointed = 0, 0, False
    for at in range(begin, end):
        digit = np.int64(block[at]) - ZERO
        if 0 <= digit <= 9 and digits < MOST:
            digits = digits * 10 + digit
            seen += 1
            behind += pointed
        elif not pointed and (block[at] == POINT or (comma and block[at] == COMMA)):
            pointed = True
        else:
            return unread
    if seen == 0 or behind > 22:
        return unread
    value = _quotient(digits, TENS[behind])
    if np.isnan(value):
        return unread
    return -value if negative else value, 0, 0


@compiled
def _quotient(digits: Whole, ten: float) -> float:
    """digits / ten as the float that is nearest; not a number where what is left of it after two floats could make another the nearest.

    `digits` is below 10^18, `ten` a power of ten that is a float: so each of the steps is exact but the last ones of `low`.
    """
    high = float(digits)
    rest = float(digits - np.int64(high))
    first = high / ten
    product = first * ten
    a, b = first * SPLIT, ten * SPLIT
    a_high, b_high = a - (a - first), b - (b - ten)
    a_low, b_low = first - a_high, ten - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    second = (((high - product) - error) + rest) / ten
    value = first + second
    low = second - (value - first)
    return value if value + low * NEARLY_ONE_MORE == value else np.nan
