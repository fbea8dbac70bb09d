"""Where type goes on a map: into its own cell, as large as the sheet's others; what does not fit becomes a numbered callout.

Everything is in millimetres of the map, y downward. Nothing that is placed here overlaps anything else that is.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from gridmap.atlas.fonts import Fonts
from gridmap.atlas.room import Room

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]
"""West, north, east, south: y grows downward."""
POINT = 25.4 / 72
LEADING = 1.22
SMALLEST = 6.0
"""Points: smaller type is not read at an arm's length."""
STEPS = (2.0, 1.7, 1.45, 1.25, 1.1, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
"""Sizes that are tried, the largest first, beside the one that the sheet is set in."""
WIDER = (3.2, 2.6, 2.2, 1.8, 1.5, 1.3, 1.15)
"""How many times as large as the largest of STEPS a label could still be: where it could, there it stands, amid the most room."""


class Line(NamedTuple):
    """One line of a label: the text, its size in points, and how it looks."""

    text: str
    size: float
    bold: bool = False
    ink: str = "#1A1A1A"

    def at(self, scale: float) -> "Line":
        """The same line larger or smaller, but never too small to read."""
        return Line(self.text, round(max(min(SMALLEST, self.size), self.size * scale), 2), self.bold, self.ink)


@dataclass(frozen=True, slots=True)
class Label:
    """Lines of type about a middle; `turn` in degrees, clockwise; `box` is what they cover."""

    lines: tuple[Line, ...]
    x: float
    y: float
    w: float
    h: float
    widths: tuple[float, ...]
    turn: float = 0.0
    plate: str = ""
    """The colour of a light ground under each line; none where it is empty."""

    @property
    def box(self) -> Polygon:
        return _box(self.x, self.y, self.w, self.h, self.turn)

    @property
    def bounds(self) -> Bounds:
        if self.turn:
            west, north, east, south = self.box.bounds
            return west, north, east, south
        return self.x - self.w / 2, self.y - self.h / 2, self.x + self.w / 2, self.y + self.h / 2

    def type_(self) -> Iterator[tuple[Line, float, float]]:
        """Each line with its own left and middle, as it stands before the label is turned."""
        top = self.y - sum(line.size for line in self.lines) * LEADING * POINT / 2
        for line, width in zip(self.lines, self.widths, strict=True):
            high = line.size * LEADING * POINT
            yield line, self.x - width / 2, top + high / 2
            top += high


@dataclass(frozen=True, slots=True)
class Callout:
    """The circle with the number of what stands in the list beside the map; `leader` is where a line to its cell ends."""

    number: int
    x: float
    y: float
    r: float
    leader: tuple[float, float] | None = None
    turn: ClassVar[float] = 0.0

    @property
    def box(self) -> Polygon:
        return _box(self.x, self.y, 2 * self.r, 2 * self.r)

    @property
    def bounds(self) -> Bounds:
        return self.x - self.r, self.y - self.r, self.x + self.r, self.y + self.r


def _box(x: float, y: float, w: float, h: float, turn: float = 0.0) -> Polygon:
    flat = shapely.box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)
    if not turn:
        return flat
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    middle = np.array([x, y])
    turned: Polygon = shapely.transform(flat, lambda xy: (xy - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle)
    return turned


def size_of(lines: Sequence[Line], fonts: Fonts) -> tuple[float, float]:
    """Width and height of lines of type in millimetres, with a little air."""
    return _size(lines, _widths(lines, fonts))


def _size(lines: Sequence[Line], widths: Sequence[float]) -> tuple[float, float]:
    return max(widths) * 1.02 + 0.8, sum(line.size for line in lines) * LEADING * POINT + 0.5


def _widths(lines: Sequence[Line], fonts: Fonts) -> tuple[float, ...]:
    return tuple(fonts.width(line.text, line.size, bold=line.bold) for line in lines)


def fit(
    room: Room,
    wordings: Sequence[Sequence[tuple[Line, ...]]],
    fonts: Fonts,
    *,
    even: float = 0.35,
    grow: bool = True,
    margin: float = 0.0,
) -> list[Label | None]:
    """A label inside each shape, or None where none fits.

    `wordings` are ways to say it for each shape, the fullest first. Labels of one sheet are of one size where they can: the size that
    all but the share `even` of them could have, yet not below nine tenths for a few small ones; without `grow` none is larger than its
    lines say. `margin` stays free around each.
    """
    found: list[_Found | None] = [None] * len(wordings)
    first = 0 if grow else STEPS.index(1.0)
    for way in range(max(map(len, wordings), default=0)):
        rows = np.array([at for at, ways in enumerate(wordings) if found[at] is None and way < len(ways)], dtype=int)
        if not len(rows):
            break
        reached, spots = room.among(rows).fit(_sizes([wordings[at][way] for at in rows], fonts) + 2 * margin)
        for at, step, (x, y) in zip(rows.tolist(), reached.tolist(), spots.tolist(), strict=True):
            if step < len(WIDER) + len(STEPS):
                found[at] = _Found(way, max(first, step - len(WIDER)), x, y)
    steps = sorted((each.step for each in found if each), reverse=True)
    common = steps[min(len(steps) - 1, int(len(steps) * even))] if steps else 0
    common = max(min(common, STEPS.index(0.9)), first)
    return [_label(each, common, wordings[at], fonts) if each else None for at, each in enumerate(found)]


@dataclass(frozen=True, slots=True)
class _Found:
    """Which wording fits in which of STEPS, and about which middle."""

    way: int
    step: int
    x: float
    y: float


def _sizes(said: Sequence[Sequence[Line]], fonts: Fonts) -> Floats:
    """Width and height of wordings in each of WIDER and STEPS, as `size_of` tells them: (step, wording, 2)."""
    most = max(map(len, said))
    blank = [0.0] * most
    ems = np.array([([fonts.width(line.text, 1, bold=line.bold) for line in lines] + blank)[:most] for lines in said])
    size = np.array([([line.size for line in lines] + blank)[:most] for lines in said])
    points = np.maximum(np.minimum(SMALLEST, size), size * np.array(STEPS)[:, None, None]).round(2)
    found = np.stack([(points * ems).max(axis=2) * 1.02 + 0.8, points.sum(axis=2) * LEADING * POINT + 0.5], axis=-1)
    return np.concatenate([found[0] * np.array(WIDER)[:, None, None], found])


def _label(found: _Found, common: int, ways: Sequence[tuple[Line, ...]], fonts: Fonts) -> Label:
    """The label that was found, no larger than the sheet's others."""
    return label_of(tuple(line.at(STEPS[max(found.step, common)]) for line in ways[found.way]), found.x, found.y, fonts)


def label_of(lines: tuple[Line, ...], x: float, y: float, fonts: Fonts, turn: float = 0.0) -> Label:
    """Lines of type about (x, y)."""
    widths = _widths(lines, fonts)
    return Label(lines, x, y, *_size(lines, widths), widths, turn)
