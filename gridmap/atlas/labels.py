"""Where type goes on a map: into its own cell, as large as the sheet's others; what does not fit becomes a numbered callout.

Everything is in millimetres of the map, y downward. Nothing that is placed here overlaps anything else that is.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.atlas.fonts import Fonts

Shapes = NDArray[np.object_]
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
    spots = list(_spots(shapes))
    shapely.prepare(shapes)
    tries = [_Try(shape, [spot[at] for spot in spots], wordings[at], fonts) for at, shape in enumerate(shapes)]
    best = [each.best() for each in tries]
    reached = sorted((found[1] for found in best if found), reverse=True)
    common = reached[min(len(reached) - 1, int(len(reached) * even))] if reached else 0
    common = max(min(common, STEPS.index(0.9)), 0 if grow else STEPS.index(1.0))
    return [each.set(found, common) if found else None for each, found in zip(tries, best, strict=True)]


Spot = tuple[float, float]


def _spots(shapes: Shapes) -> Iterator[list[Spot]]:
    """Places to try for the middle of a label: where there is most room for something broad, most room at all, the centroid."""
    for narrow in (0.45, 0.75, 1.0):
        thin = shapely.transform(shapes, lambda xy, narrow=narrow: xy * [narrow, 1.0])
        ends = shapely.get_coordinates(shapely.get_point(shapely.maximum_inscribed_circle(thin, tolerance=0.3), 0))
        yield [(float(x) / narrow, float(y)) for x, y in ends]
    yield [(float(x), float(y)) for x, y in shapely.get_coordinates(shapely.centroid(shapes))]


@dataclass(frozen=True, slots=True, eq=False)
class _Try:
    """One shape with the spots and wordings to try in it."""

    shape: BaseGeometry
    spots: Sequence[Spot]
    ways: Sequence[tuple[Line, ...]]
    fonts: Fonts

    def best(self) -> tuple[int, int, int] | None:
        """The fullest wording that fits, the largest size that it fits in (as a place in STEPS), and the spot."""
        for way, lines in enumerate(self.ways):
            for step, scale in enumerate(STEPS):
                at = self._fits(size_of([line.at(scale) for line in lines], self.fonts))
                if at is not None:
                    return way, step, at
        return None

    def _fits(self, size: tuple[float, float]) -> int | None:
        w, h = size
        west, north, east, south = self.shape.bounds
        if w > east - west or h > south - north:
            return None
        boxes = (shapely.box(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for x, y in self.spots)
        return next((at for at, box in enumerate(boxes) if self.shape.contains(box)), None)

    def set(self, found: tuple[int, int, int], common: int) -> Label:
        """The label that was found, no larger than the sheet's others."""
        way, step, spot = found
        return label_of(tuple(line.at(STEPS[max(step, common)]) for line in self.ways[way]), *self.spots[spot], self.fonts)


def label_of(lines: tuple[Line, ...], x: float, y: float, fonts: Fonts, turn: float = 0.0) -> Label:
    """Lines of type about (x, y)."""
    w, h = size_of(lines, fonts)
    return Label(lines, x, y, w, h, _widths(lines, fonts), turn)
