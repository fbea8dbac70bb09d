"""What was read of one layer of one file: columns and shapes side by side, in (lon, lat)."""

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadInput, ColumnMissing
from gridmap.grid import Finding

EXACT = 2**53
Shapes = NDArray[np.object_]


class LayerNeeded(BadInput):
    """The file has several layers and none was named, or not the one that was; facts: path, layers."""


class ShapesMissing(BadInput):
    """The file can be read and holds no shapes; facts: path."""


class EncodingWrong(BadInput):
    """The file's text is not in this encoding; facts: path, encoding."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read a spatial file. `crs` (an EPSG number or WKT) overrides what the file says of itself; `near` is a (lon, lat) beside
    which the land is expected, for advice where nothing says the coordinate system; `encoding` is for Shapefiles."""

    layer: str | None = None
    crs: str | None = None
    near: tuple[float, float] | None = None
    encoding: str | None = None


@dataclass(frozen=True, eq=False)
class Raw:
    """A layer as the file has it: shapes in its own coordinate system, None where a row has none. `crs` is what the file says it is in.

    `mended` marks the rows whose rings were not closed and now are.
    """

    layer: str
    columns: Mapping[str, NDArray[Any]]
    fids: NDArray[np.int64]
    shapes: Shapes
    mended: NDArray[np.bool_]
    crs: str | None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False)
class Table:
    """A layer ready for use: `shapes` are in EPSG:4326 (lon, lat), two-dimensional, not yet repaired.

    `crs` is the system that they were taken to be in.
    """

    path: Path
    layer: str
    columns: Mapping[str, NDArray[Any]]
    fids: NDArray[np.int64]
    shapes: Shapes
    mended: NDArray[np.bool_]
    crs: str
    findings: tuple[Finding, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.shapes)

    def column(self, name: str) -> str:
        """The column of this name, whatever its case; ColumnMissing lists those that there are."""
        if name in self.columns:
            return name
        alike = [column for column in self.columns if column.casefold() == name.casefold()]
        if len(alike) != 1:
            raise ColumnMissing(column=name, path=self.path, columns=", ".join(self.columns))
        return alike[0]

    def text(self, name: str) -> list[str]:
        """A column as text: `06` stays `06`, 1.0 becomes `1`, nothing becomes the empty text, blanks around it are dropped."""
        return [as_text(value) for value in self.columns[self.column(name)].tolist()]

    def inexact(self, name: str) -> list[int]:
        """The rows whose value is a number too long for its digits to be sure (above 2^53): a code that should have been text."""
        values = self.columns[self.column(name)].tolist()
        return [row for row, value in enumerate(values) if isinstance(value, float) and abs(value) > EXACT]


def as_text(value: object) -> str:
    """One value of a file as a person would write it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    return str(value).strip()
