"""A map while type is put on it: what stands there already, and where something else is free. Millimetres, y downward."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.atlas.fonts import Fonts
from gridmap.atlas.labels import Callout, Label, Line, label_of, size_of

Shapes = NDArray[np.object_]
LEAST = 0.62
"""How small a circle may be beside what its number asks for."""
MOST_LEADERS = 60
"""More lines than this from numbers to cells cannot be told apart."""
LATE = 64
"""Boxes that are searched one by one before the tree is made anew."""


@dataclass(slots=True, eq=False)
class Board:
    """Labels and callouts on a sheet of `paper`; none overlaps another."""

    paper: Polygon
    fonts: Fonts
    factor: float
    labels: list[Label] = field(default_factory=list)
    callouts: list[Callout] = field(default_factory=list)
    _kept: list[Polygon] = field(default_factory=list)
    _tree: shapely.STRtree | None = None
    _in_tree: int = 0

    def is_free(self, box: BaseGeometry) -> bool:
        """Whether nothing stands there yet."""
        if len(self._kept) - self._in_tree > LATE:
            self._tree, self._in_tree = shapely.STRtree(self._kept), len(self._kept)
        if self._tree is not None and len(self._tree.query(box, predicate="intersects")):
            return False
        late = self._kept[self._in_tree :]
        return not late or not bool(shapely.intersects(np.array(late, dtype=object), box).any())

    def add(self, *labels: Label | None, plate: str = "") -> None:
        """Labels whose places are known to be free, on plates of this colour."""
        for label in labels:
            if label:
                self.labels.append(replace(label, plate=plate or label.plate))
                self._kept.append(label.box)

    def add_free(self, labels: Sequence[Label | None], *, plate: str = "") -> None:
        """Each label whose place is free when its turn comes."""
        for label in labels:
            if label and self.is_free(label.box):
                self.add(label, plate=plate)

    def call_out(self, shapes: Shapes) -> list[Callout | None]:
        """A numbered circle for each shape: in its roomiest place, smaller in a small one, beside it with a line where it is too small.

        None where more cells are too small than lines could be told apart, or nothing is free nearby: the list tells the grid square.
        """
        ends = shapely.get_coordinates(shapely.maximum_inscribed_circle(shapes, tolerance=0.25)).reshape(-1, 2, 2)
        rooms = np.hypot(*(ends[:, 1] - ends[:, 0]).T) * 0.94
        smallest = self._radius(len(shapes)) * LEAST
        lead = int((rooms < smallest).sum()) <= MOST_LEADERS
        found: list[Callout | None] = []
        for (x, y), room in zip(ends[:, 0].tolist(), rooms.tolist(), strict=True):
            number = len(self.callouts) + 1
            needed = self._radius(number)
            inside = Callout(number, x, y, min(needed, room)) if room >= needed * LEAST else None
            free = inside if inside and self.is_free(inside.box) else self._beside(number, x, y, needed * 0.75) if lead else None
            if free:
                self.callouts.append(free)
                self._kept.append(free.box)
            found.append(free)
        return found

    def _radius(self, number: int) -> float:
        return self.fonts.width(str(number), 7.5 * self.factor, bold=True) / 2 + 1.0 * self.factor

    def _beside(self, number: int, x: float, y: float, r: float) -> Callout | None:
        """The nearest free place around."""
        for reach in range(2, 16):
            away = r * (1 + reach * 0.7)
            for turn in range(16):
                angle = turn * math.pi / 8
                at = Callout(number, x + away * math.cos(angle), y + away * math.sin(angle), r, (x, y))
                if self.paper.contains(at.box) and self.is_free(at.box):
                    return at
        return None

    def anywhere(self, shape: BaseGeometry, lines: tuple[Line, ...]) -> Label | None:
        """A label on the first free place of a raster over the shape, from its middle outward."""
        w, h = size_of(lines, self.fonts)
        west, north, east, south = shape.bounds
        xs, ys = np.arange(west + w / 2, east - w / 2, h / 2), np.arange(north + h / 2, south - h / 2, h / 2)
        spots = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        middle = shape.centroid
        shapely.prepare(shape)
        for x, y in spots[np.argsort(np.hypot(spots[:, 0] - middle.x, spots[:, 1] - middle.y), kind="stable")].tolist():
            box = shapely.box(x - w / 2, y - h / 2, x + w / 2, y + h / 2)
            if shape.contains(box) and self.is_free(box):
                return label_of(lines, x, y, self.fonts)
        return None

    def add_along(self, names: Sequence[str], lines: Shapes, room: BaseGeometry, line: Line, *, plate: str = "") -> None:
        """Names along lines, each once, on a stretch that is straight enough and free within `room`; the longest lines first."""
        named = set()
        for at in np.argsort(-shapely.length(lines), kind="stable").tolist():
            if names[at] and names[at] not in named:
                label = next(self._stretches(replace(line, text=names[at]), lines[at], room), None)
                if label:
                    named.add(names[at])
                    self.add(label, plate=plate)

    def _stretches(self, text: Line, line: BaseGeometry, room: BaseGeometry) -> Iterator[Label]:
        """Places for a name on its line, from the middle outward."""
        w, _ = size_of([text], self.fonts)
        for middle in _middles(line.length, w):
            (x1, y1), (x2, y2) = shapely.get_coordinates(shapely.line_interpolate_point(line, [middle - w / 2, middle + w / 2])).tolist()
            if math.hypot(x2 - x1, y2 - y1) >= w * 0.985:
                turn = (math.degrees(math.atan2(y2 - y1, x2 - x1)) + 90) % 180 - 90
                label = label_of((text,), (x1 + x2) / 2, (y1 + y2) / 2, self.fonts, round(turn, 2))
                if room.contains(label.box) and self.is_free(label.box):
                    yield label


def _middles(length: float, w: float) -> list[float]:
    if length < w * 1.1:
        return []
    steps = np.arange(0, length / 2 - w / 2, w * 0.6)
    return [float(length / 2 + side * step) for step in steps[:12] for side in ((1, -1) if step else (1,))]
