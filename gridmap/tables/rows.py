"""A table as it lies in its file: rows of texts, each with the number that a spreadsheet shows for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from gridmap.words import Lang, Sentence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file (from 1) and its cells as stripped texts."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken, and every reason."""

    row: Row
    reasons: tuple[Sentence, ...]

    def as_dict(self, lang: Lang = "en") -> dict[str, Any]:
        return {"row": self.row.number, "reasons": [reason.text(lang) for reason in self.reasons]}


@dataclass(frozen=True, slots=True)
class Sheet:
    """All rows of a file that are not blank. `broken` are lines that could not be taken apart (newline-delimited JSON only)."""

    path: Path
    rows: tuple[Row, ...]
    broken: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Headed:
    """A sheet whose header was understood: `place` maps our columns to positions; `ignored` are headers that nobody reads."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    place: Mapping[str, int]
    ignored: tuple[str, ...]

    def cell(self, row: Row, column: str) -> str:
        """The text of our column in this row; empty where the file lacks the column or the row is short."""
        position = self.place.get(column, len(row.cells))
        return row.cells[position] if position < len(row.cells) else ""


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """What a file gave: the good rows as nouns, the rejected ones with reasons, both in the order of the file."""

    path: Path
    header: tuple[str, ...]
    good: tuple[tuple[Row, T], ...]
    rejected: tuple[Rejected, ...]
    ignored: tuple[str, ...]

    @property
    def read(self) -> int:
        return len(self.good) + len(self.rejected)
