"""What offices did before, as numbers: one row a report, the oldest first, and the names that the numbers stand for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
NOWHERE = 0  # the number of the area of a report that lies in none


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Past reports in the order of time, as positions in sorted names; the first area is "": nowhere.

    Names are sorted, so that what is learned does not depend on which of them came first.
    """

    types: Sequence[str]
    areas: Sequence[str]
    offices: Sequence[str]
    type_of: Ints
    area_of: Ints
    office_of: Ints

    def __len__(self) -> int:
        return len(self.type_of)

    def part(self, start: float, end: float) -> "History":
        """The rows between two shares of the whole; (0, 0.5) is the older half."""
        rows = slice(round(start * len(self)), round(end * len(self)))
        return replace(self, type_of=self.type_of[rows], area_of=self.area_of[rows], office_of=self.office_of[rows])


def history_of(types: Sequence[str], areas: Sequence[str], offices: Sequence[str]) -> History:
    """A history of three texts a row, the oldest first; an area "" is nowhere."""
    gathered = Gathering()
    gathered.add(types, areas, offices)
    return gathered.history()


class Gathering:
    """Rows on their way into a history: names become numbers as they come, so that a row takes some twenty bytes."""

    def __init__(self) -> None:
        self._names: tuple[dict[str, int], ...] = ({}, {"": NOWHERE}, {})
        self._parts: list[NDArray[np.int32]] = []

    def add(self, types: Sequence[str], areas: Sequence[str], offices: Sequence[str]) -> None:
        """More rows, newer than those before."""
        columns = zip(self._names, (types, areas, offices), strict=True)
        self._parts.append(np.array([[names.setdefault(text, len(names)) for text in column] for names, column in columns], dtype=np.int32))

    def history(self, order: Ints | None = None) -> History:
        """All rows; `order` are their positions by time where they did not come so."""
        rows = np.concatenate([np.empty((3, 0), np.int32), *self._parts], axis=1).astype(np.int64)
        rows = rows if order is None else rows[:, order]
        names = [sorted(found) for found in self._names]
        for at, (found, by_name) in enumerate(zip(self._names, names, strict=True)):
            rank = {name: position for position, name in enumerate(by_name)}
            rows[at] = np.array([rank[name] for name in found] or [0], dtype=np.int64)[rows[at]]
        return History(names[0], names[1], names[2], rows[0], rows[1], rows[2])
