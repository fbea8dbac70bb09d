"""Where type goes on a map: into its own cell, as large as the sheet's others; what does not fit becomes a numbered callout.

Everything is in millimetres of the map, y downward. Nothing that is placed here overlaps anything else that is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from gridmap.atlas.fonts import Fonts

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
POINT = 25.4 / 72
LEADING = 1.22
SMALLEST = 6.0
"""Points: smaller type is not read at an arm's length."""
STEPS = (2.0, 1.7, 1.45, 1.25, 1.1, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
"""Sizes that are tried, the largest first, beside the one that the sheet is set in."""


@dataclass(frozen=True, slots=True)
class Line:
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

    def as_dict(self) -> dict[str, Any]:
        """Each line with its own left and top, as the typesetter places it; turned labels about their middle."""
        top, found = self.y - sum(line.size for line in self.lines) * LEADING * POINT / 2, []
        for line, width in zip(self.lines, self.widths, strict=True):
            high = line.size * LEADING * POINT
            left = self.x - width / 2
            found.append(
                {"t": line.text, "x": round(left, 2), "y": round(top + high / 2, 2), "s": line.size, "b": line.bold, "c": line.ink}
            )
            top += high
        return {"lines": found, "x": round(self.x, 2), "y": round(self.y, 2), "w": round(self.w, 2), "turn": self.turn}


@dataclass(frozen=True, slots=True)
class Callout:
    """The circle with the number of what stands in the list beside the map; `leader` is where a line to its cell ends."""

    number: int
    x: float
    y: float
    r: float
    leader: tuple[float, float] | None = None

    @property
    def box(self) -> Polygon:
        return _box(self.x, self.y, 2 * self.r, 2 * self.r)


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
    return max(_widths(lines, fonts)) * 1.02 + 0.8, sum(line.size for line in lines) * LEADING * POINT + 0.5


def _widths(lines: Sequence[Line], fonts: Fonts) -> tuple[float, ...]:
    return tuple(fonts.width(line.text, line.size, bold=line.bold) for line in lines)


def fit(
    shapes: Shapes, wordings: Sequence[Sequence[tuple[Line, ...]]], fonts: Fonts, *, even: float = 0.35, grow: bool = True
) -> list[Label | None]:
    """A label inside each shape, or None where none fits.

    `wordings` are ways to say it for each shape, the fullest first. Labels of one sheet are of one size where they can: the size that
    all but the share `even` of them could have, yet not below nine tenths for a few small ones; without `grow` none is larger than its
    lines say.
    """
    if not len(shapes):
        return []
    shapely.prepare(shapes)
    first = 0 if grow else STEPS.index(1.0)
    sizes = np.array([[_sizes(ways[min(way, len(ways) - 1)], fonts) for ways in wordings] for way in range(max(map(len, wordings)))])
    found = _search(shapes, sizes, first, _spots(shapes, 0.55), _centroids(shapes))
    poor = [at for at, each in enumerate(found) if each is None or each.way or STEPS[each.step] < 1]
    if poor:
        more = [_spots(shapes[poor], narrow) for narrow in (0.38, 1.0)]
        for at, each in zip(poor, _search(shapes[poor], sizes[:, poor], first, *more), strict=True):
            found[at] = min(filter(None, (found[at], each)), key=lambda one: (one.way, one.step), default=None)
    reached = sorted((each.step for each in found if each), reverse=True)
    common = reached[min(len(reached) - 1, int(len(reached) * even))] if reached else 0
    common = max(min(common, STEPS.index(0.9)), first)
    return [_label(each, common, wordings[at], fonts) if each else None for at, each in enumerate(found)]


@dataclass(frozen=True, slots=True)
class _Found:
    """Which wording fits in which of STEPS, and about which middle."""

    way: int
    step: int
    x: float
    y: float


def _search(shapes: Shapes, sizes: Floats, first: int, *spots: Floats) -> list[_Found | None]:
    """For each shape the fullest wording that fits about one of its spots, at the largest size from STEPS[first] on that it fits in.

    `sizes` are (wording, shape, step, width and height).
    """
    bounds = shapely.bounds(shapes)
    room = bounds[:, 2:] - bounds[:, :2]
    found: list[_Found | None] = [None] * len(shapes)
    open_ = np.ones(len(shapes), dtype=bool)
    for way, step in product(range(len(sizes)), range(first, len(STEPS))):
        fits = (sizes[way, :, step] <= room).all(axis=1)
        for spot in spots:
            rows = np.flatnonzero(open_ & fits)
            half, middle = sizes[way, rows, step] / 2, spot[rows]
            boxes = shapely.box(*(middle - half).T, *(middle + half).T)
            for at in rows[shapely.contains(shapes[rows], boxes)].tolist():
                found[at], open_[at] = _Found(way, step, float(spot[at, 0]), float(spot[at, 1])), False
    return found


def _sizes(lines: Sequence[Line], fonts: Fonts) -> Floats:
    """Width and height of a wording in each of STEPS, as `size_of` tells them."""
    points = np.array([np.maximum(min(SMALLEST, line.size), line.size * np.array(STEPS)).round(2) for line in lines])
    ems = np.array([fonts.width(line.text, 1, bold=line.bold) for line in lines])
    return np.column_stack([(points * ems[:, None]).max(axis=0) * 1.02 + 0.8, points.sum(axis=0) * LEADING * POINT + 0.5])


def _spots(shapes: Shapes, narrow: float) -> Floats:
    """Where there is most room for something `1 / narrow` times as broad as high."""
    thin = shapely.transform(shapes, lambda xy: xy * [narrow, 1.0])
    middles: Floats = shapely.get_coordinates(shapely.get_point(shapely.maximum_inscribed_circle(thin, tolerance=1.0), 0))
    return middles / [narrow, 1.0]


def _centroids(shapes: Shapes) -> Floats:
    found: Floats = shapely.get_coordinates(shapely.centroid(shapes))
    return found


def _label(found: _Found, common: int, ways: Sequence[tuple[Line, ...]], fonts: Fonts) -> Label:
    """The label that was found, no larger than the sheet's others."""
    return label_of(tuple(line.at(STEPS[max(found.step, common)]) for line in ways[found.way]), found.x, found.y, fonts)


def label_of(lines: tuple[Line, ...], x: float, y: float, fonts: Fonts, turn: float = 0.0) -> Label:
    """Lines of type about (x, y)."""
    w, h = size_of(lines, fonts)
    return Label(lines, x, y, w, h, _widths(lines, fonts), turn)
