"""Paper: its sizes, how a sheet divides it, and scales that a person can calculate with. Lengths in millimetres, from the top left."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

SCALES = tuple(step * 10**power for power in range(2, 6) for step in (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5, 8))
"""The n of 1:n, as a sheet may have it by itself."""
OVERLAP = 15.0
"""How much of a map two adjoining sheets share, at least."""
CLEAR = 6.0
"""How far from the edge of the outermost sheets what they cover ends."""


class Paper(StrEnum):
    """Sizes of ISO 216."""

    A5 = "A5"
    A4 = "A4"
    A3 = "A3"
    A2 = "A2"
    A1 = "A1"
    A0 = "A0"

    @property
    def size(self) -> tuple[float, float]:
        """The short and the long side."""
        return {"A5": (148, 210), "A4": (210, 297), "A3": (297, 420), "A2": (420, 594), "A1": (594, 841), "A0": (841, 1189)}[self]

    @property
    def factor(self) -> float:
        """How large type and lines are beside an A3's, which is read from an arm's length."""
        return {"A5": 0.78, "A4": 0.86, "A3": 1.0, "A2": 1.25, "A1": 1.6, "A0": 2.0}[self]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on paper."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    def inset(self, by: float) -> "Box":
        return Box(self.x + by, self.y + by, self.w - 2 * by, self.h - 2 * by)

    def as_dict(self) -> dict[str, float]:
        return {"x": round(self.x, 3), "y": round(self.y, 3), "w": round(self.w, 3), "h": round(self.h, 3)}


@dataclass(frozen=True)
class Layout:
    """A map sheet: the title above, the map in its frame with the band of grid letters, the panel beside or below it, the foot."""

    paper: Paper
    landscape: bool

    @property
    def width(self) -> float:
        return self.paper.size[1 if self.landscape else 0]

    @property
    def height(self) -> float:
        return self.paper.size[0 if self.landscape else 1]

    @property
    def factor(self) -> float:
        return self.paper.factor

    @property
    def margin(self) -> float:
        return 8.0 + 2.0 * self.factor

    @property
    def band(self) -> float:
        """The width of the band with the grid letters."""
        return 4.2 * self.factor

    @cached_property
    def _content(self) -> Box:
        return Box(0, 0, self.width, self.height).inset(self.margin)

    @cached_property
    def title(self) -> Box:
        inner = self._content
        return Box(inner.x, inner.y, inner.w, 15.5 * self.factor)

    @cached_property
    def foot(self) -> Box:
        inner = self._content
        height = 10.5 * self.factor
        return Box(inner.x, inner.bottom - height, inner.w, height)

    @cached_property
    def panel(self) -> Box:
        top, bottom = self.title.bottom + 1.5 * self.factor, self.foot.y - 2 * self.factor
        if self.landscape:
            width = 66 * self.factor
            return Box(self._content.right - width, top, width, bottom - top)
        height = 62 * self.factor
        return Box(self._content.x, bottom - height, self._content.w, height)

    @cached_property
    def frame(self) -> Box:
        """The outer line of the frame."""
        top, panel, gap = self.title.bottom + 1.5 * self.factor, self.panel, 3.5 * self.factor
        if self.landscape:
            return Box(self._content.x, top, panel.x - gap - self._content.x, panel.h)
        return Box(self._content.x, top, self._content.w, panel.y - gap - top)

    @cached_property
    def map(self) -> Box:
        """The map itself, inside the band."""
        return self.frame.inset(self.band)

    @cached_property
    def grid(self) -> tuple[int, int]:
        """How many columns and rows the grid of letters has: squares of some 45 mm on an A3."""
        step = 45 * self.factor
        return max(2, round(self.map.w / step)), max(2, round(self.map.h / step))

    def squares(self) -> Callable[[float, float], str]:
        """What names the grid square of a place in the map (millimetres from its corner): `B3`."""
        (columns, rows), width, height = self.grid, self.map.w, self.map.h

        def square(x: float, y: float) -> str:
            column = min(columns - 1, max(0, int(x / width * columns)))
            row = min(rows - 1, max(0, int(y / height * rows)))
            return f"{letter(column)}{row + 1}"

        return square


def letter(nth: int) -> str:
    """A … Z, AA, AB …: the name of a column."""
    return (letter(nth // 26 - 1) if nth >= 26 else "") + chr(ord("A") + nth % 26)


def fitting_scale(width_m: float, height_m: float, box: Box, *, fill: float = 0.94) -> int:
    """The largest scale of SCALES at which so many metres fill no more than this share of the box, and leave CLEAR at each side."""
    width, height = (min(side * fill, side - 2 * CLEAR) for side in (box.w, box.h))
    needed = max(width_m / width, height_m / height) * 1000
    return int(next((scale for scale in SCALES if scale >= needed), math.ceil(needed / 100_000) * 100_000))


@dataclass(frozen=True, slots=True)
class Window:
    """What a map shows: metres of its plane, x east and y north, at 1:scale."""

    west: float
    north: float
    scale: int
    width_mm: float
    height_mm: float

    @property
    def mm_per_m(self) -> float:
        return 1000 / self.scale

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres."""
        return self.west, self.north - self.height_mm / self.mm_per_m, self.west + self.width_mm / self.mm_per_m, self.north


def windows(bounds: tuple[float, float, float, float], scale: int, box: Box) -> list[tuple[int, int, Window]]:
    """The sheets that cover these metres at this scale, (row, column, window) from the north-west; adjoining ones overlap."""
    west, south, east, north = bounds
    mm = 1000 / scale
    columns, rows = _count((east - west) * mm, box.w), _count((north - south) * mm, box.h)
    starts_x = list(_starts(west, east, columns, box.w / mm, CLEAR / mm))
    starts_y = list(_starts(-north, -south, rows, box.h / mm, CLEAR / mm))
    return [(row, column, Window(x, -y, scale, box.w, box.h)) for row, y in enumerate(starts_y) for column, x in enumerate(starts_x)]


def _count(length: float, side: float) -> int:
    whole = length + 2 * CLEAR
    return 1 if whole <= side + 1e-6 else math.ceil((whole - OVERLAP) / (side - OVERLAP))


def _starts(low: float, high: float, count: int, side: float, clear: float) -> Iterator[float]:
    """Where each sheet begins along one axis: all of them centred on what they cover, equally far apart, `clear` beyond it at both ends."""
    step = (high - low + 2 * clear - side) / (count - 1) if count > 1 else 0.0
    for nth in range(count):
        yield (low + high) / 2 + (nth - (count - 1) / 2) * step - side / 2


BARS = tuple(step * 10**power for power in range(6) for step in (1, 2, 5))


def scale_bar(scale: int, longest_mm: float) -> tuple[int, float]:
    """The length of the scale bar: in metres, and on paper in millimetres."""
    metres = max((bar for bar in BARS if bar * 1000 / scale <= longest_mm), default=1)
    return metres, metres * 1000 / scale
