"""Many short runs of numbers, laid out in one array without a loop."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]
# Numbers laid out at once: bounds the memory of every step, whatever the shapes look like.
MOST_AT_ONCE = 1 << 18


def spread(starts: Ints, counts: Ints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every run `start, start + 1, … (count of them)`, one after another: (which run each number is of, the numbers)."""
    of = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts, dtype=np.int64) - counts
    return of, np.arange(len(of)) + (starts - before)[of]


def run_starts(keys: Ints, number: int) -> NDArray[np.int64]:
    """Where each of the keys 0 … number - 1 starts when entries are sorted by key; one more at the end closes the last run."""
    starts = np.zeros(number + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=number), out=starts[1:])
    return starts


def portions(counts: Ints) -> Iterator[slice]:
    """Slices of the runs that lay out about MOST_AT_ONCE numbers each, and at least one run."""
    ends = np.cumsum(counts, dtype=np.int64)
    at, laid = 0, 0
    while at < len(ends):
        upto = max(at + 1, int(np.searchsorted(ends, laid + MOST_AT_ONCE, side="right")))
        yield slice(at, upto)
        at, laid = upto, int(ends[upto - 1])
