"""Where type goes on a map: into its own cell, as large as the sheet's others; what does not fit becomes a numbered callout.

Everything is in millimetres of the map, y downward. Nothing that is placed here overlaps anything else that is.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
STEPS = (2.0, 1.7, 1.45, 1.25, 1.1, 1.0, 0.9, 0.8, 0.7, 0.6)
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
            found.append({"t": line.text, "x": round(left, 2), "y": round(top + high / 2, 2), "s": line.size, "b": line.bold, "c": line.ink})
            top += high
        return {"lines": found, "x": round(self.x, 2), "y": round(self.y, 2), "w": round(self.w, 2), "turn": self.turn}


@dataclass(frozen=True, slots=True)
class Callout:
    """The circle with the number of what stands in the list beside the map; `leader` is where a line to its cell ends, if it lies outside."""

    number: int
    x: float
    y: float
    r: float
    leader: tuple[float, float] | None = None

    @property
    def box(self) -> Polygon:
        return _box(self.x, self.y, 2 * self.r, 2 * self.r)


@dataclass(slots=True)
class Placed:
    """What stands on a map so far."""

    labels: list[Label] = field(default_factory=list)
    callouts: list[Callout] = field(default_factory=list)

    def taken(self) -> Shapes:
        return np.array([each.box for each in (*self.labels, *self.callouts)], dtype=object)

    def free(self, box: BaseGeometry) -> bool:
        """Whether nothing stands there yet."""
        taken = self.taken()
        return not len(taken) or not shapely.intersects(taken, box).any()


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


def fit(shapes: Shapes, wordings: Sequence[Sequence[tuple[Line, ...]]], fonts: Fonts, *, even: float = 0.35, grow: bool = True) -> list[Label | None]:
    """A label inside each shape, or None where none fits.

    `wordings` are ways to say it for each shape, the fullest first. Labels of one sheet are of one size where they can: the size that
    all but the share `even` of them could have; without `grow` none is larger than its lines say.
    """
    spots = list(_spots(shapes))
    shapely.prepare(shapes)
    best: list[tuple[int, int, int] | None] = [_best(shape, [spot[at] for spot in spots], wordings[at], fonts) for at, shape in enumerate(shapes)]
    plain = 0 if grow else STEPS.index(1.0)
    reached = sorted((found[1] for found in best if found), reverse=True)
    common = reached[min(len(reached) - 1, int(len(reached) * even))] if reached else 0
    return [_set(found, max(common, plain), shape, [spot[at] for spot in spots], wordings[at], fonts) for at, (shape, found) in enumerate(zip(shapes, best, strict=True))]


Spot = tuple[float, float]


def _spots(shapes: Shapes) -> Iterator[list[Spot]]:
    """Places to try for the middle of a label: where there is most room for something broad, most room at all, the centroid."""
    for narrow in (0.45, 0.75, 1.0):
        thin = shapely.transform(shapes, lambda xy, narrow=narrow: xy * [narrow, 1.0])
        ends = shapely.get_coordinates(shapely.get_point(shapely.maximum_inscribed_circle(thin, tolerance=0.3), 0))
        yield [(float(x) / narrow, float(y)) for x, y in ends]
    yield [(float(x), float(y)) for x, y in shapely.get_coordinates(shapely.centroid(shapes))]


def _best(shape: BaseGeometry, spots: Sequence[Spot], ways: Sequence[tuple[Line, ...]], fonts: Fonts) -> tuple[int, int, int] | None:
    """The fullest wording that fits, the largest size that it fits in (as a place in STEPS), and the spot."""
    for way, lines in enumerate(ways):
        for step, scale in enumerate(STEPS):
            at = _fits(shape, spots, size_of([line.at(scale) for line in lines], fonts))
            if at is not None:
                return way, step, at
    return None


def _fits(shape: BaseGeometry, spots: Sequence[Spot], size: tuple[float, float]) -> int | None:
    w, h = size
    west, north, east, south = shape.bounds
    if w > east - west or h > south - north:
        return None
    for at, (x, y) in enumerate(spots):
        if shape.contains(shapely.box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)):
            return at
    return None


def _set(
    found: tuple[int, int, int] | None, common: int, shape: BaseGeometry, spots: Sequence[Spot], ways: Sequence[tuple[Line, ...]], fonts: Fonts
) -> Label | None:
    if found is None:
        return None
    way, step, spot = found
    lines = tuple(line.at(STEPS[max(step, common)]) for line in ways[way])
    w, h = size_of(lines, fonts)
    x, y = spots[spot]
    return Label(lines, x, y, w, h, _widths(lines, fonts))


def call_out(shapes: Shapes, first: int, placed: Placed, room: Polygon, fonts: Fonts, factor: float) -> list[Callout]:
    """A numbered circle for each shape: in its roomiest place, smaller in a small one, beside it with a line where it is too small for any."""
    found: list[Callout] = []
    circles = shapely.maximum_inscribed_circle(shapes, tolerance=0.1)
    ends = shapely.get_coordinates(circles).reshape(-1, 2, 2)
    taken = Taken(placed.taken())
    for nth, ((x, y), (edge_x, edge_y)) in enumerate(ends.tolist()):
        number, room_mm = first + nth, math.hypot(edge_x - x, edge_y - y)
        needed = _radius(number, factor, fonts)
        radius = min(needed, room_mm * 0.94)
        callout = Callout(number, x, y, radius) if radius >= needed * 0.62 else _beside(number, x, y, needed * 0.75, taken, room)
        found.append(callout)
        taken.add(callout.box)
    return found


def _radius(number: int, factor: float, fonts: Fonts) -> float:
    return fonts.width(str(number), 7.5 * factor, bold=True) / 2 + 1.0 * factor


def _beside(number: int, x: float, y: float, r: float, taken: "Taken", room: Polygon) -> Callout:
    """The nearest free place around, or on the cell itself where there is none."""
    for reach in range(2, 16):
        for turn in range(16):
            away, angle = r * (1 + reach * 0.7), turn * math.pi / 8
            at = Callout(number, x + away * math.cos(angle), y + away * math.sin(angle), r, (x, y))
            if taken.is_free(at.box) and room.contains(at.box):
                return at
    return Callout(number, x, y, r)


class Taken:
    """Boxes that are taken, asked about many times while they grow."""

    def __init__(self, boxes: Shapes) -> None:
        self._boxes = list(boxes)
        self._tree = shapely.STRtree(boxes)
        self._late: list[BaseGeometry] = []

    def is_free(self, box: BaseGeometry) -> bool:
        if len(self._tree.query(box, predicate="intersects")):
            return False
        return not self._late or not bool(shapely.intersects(np.array(self._late, dtype=object), box).any())

    def add(self, box: BaseGeometry) -> None:
        self._late.append(box)
        if len(self._late) > 64:
            self._boxes += self._late
            self._tree, self._late = shapely.STRtree(np.array(self._boxes, dtype=object)), []


def along(names: Sequence[str], lines: Shapes, taken: Taken, room: Polygon, fonts: Fonts, size: float, ink: str) -> list[Label]:
    """Names along lines, each once, on a stretch that is straight enough and free; the longest lines first."""
    found: list[Label] = []
    named = {}
    for at in np.argsort(-shapely.length(lines), kind="stable").tolist():
        if names[at] and names[at] not in named and (label := _on(names[at], lines[at], taken, room, fonts, size, ink)):
            named[names[at]] = True
            found.append(label)
            taken.add(label.box)
    return found


def _on(name: str, line: BaseGeometry, taken: Taken, room: Polygon, fonts: Fonts, size: float, ink: str) -> Label | None:
    lines = (Line(name, size, ink=ink),)
    w, h = size_of(lines, fonts)
    length = line.length
    if length < w * 1.1:
        return None
    middles = length / 2 + np.arange(0, length / 2 - w / 2, w * 0.6).repeat(2) * np.tile([1, -1], len(np.arange(0, length / 2 - w / 2, w * 0.6)))
    for middle in middles[:24].tolist():
        (x1, y1), (x2, y2) = shapely.get_coordinates(shapely.line_interpolate_point(line, [middle - w / 2, middle + w / 2])).tolist()
        chord = math.hypot(x2 - x1, y2 - y1)
        turn = math.degrees(math.atan2(y2 - y1, x2 - x1))
        if chord < w * 0.985:
            continue
        turn = (turn + 90) % 180 - 90
        label = Label(lines, (x1 + x2) / 2, (y1 + y2) / 2, w, h, _widths(lines, fonts), round(turn, 2))
        if room.contains(label.box) and taken.is_free(label.box):
            return label
    return None
