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
from gridmap.atlas.room import Room

Shapes = NDArray[np.object_]
Floats = NDArray[np.float64]
LEAST = 0.62
"""How small a circle may be beside what its number asks for."""
SIZES = 6
"""How many sizes of circles there are down to that."""
AROUND = np.stack([np.cos(np.arange(16) * np.pi / 8), np.sin(np.arange(16) * np.pi / 8)])
"""The directions in which a number may stand beside its cell."""
MOST_LEADERS = 60
"""More lines than this from numbers to cells cannot be told apart."""


@dataclass(slots=True, eq=False)
class Board:
    """Labels and callouts on a sheet of `paper`; none overlaps another."""

    paper: Polygon
    fonts: Fonts
    factor: float
    labels: list[Label] = field(default_factory=list)
    callouts: list[Callout] = field(default_factory=list)
    _bounds: Floats = field(default_factory=lambda: np.empty((4, 256)))
    """West, north, east and south of what stands there, and room for more."""
    _shapes: list[Polygon | None] = field(default_factory=list)
    """What stands there where that is not just its bounds: turned type."""

    def is_free(self, one: Label | Callout) -> bool:
        """Whether nothing stands there yet."""
        hits = np.flatnonzero(self._overlap(np.array(one.bounds)))
        if not len(hits) or not (one.turn or any(self._shapes[at] for at in hits)):
            return not len(hits)
        there = [self._shapes[at] or shapely.box(*self._bounds[:, at].tolist()) for at in hits.tolist()]
        return not bool(shapely.intersects(np.array(there, dtype=object), one.box).any())

    def _overlap(self, bounds: Floats) -> NDArray[np.bool_]:
        """Which bounds of what stands there meet these: (4, …) gives (…, kept)."""
        return _meet(self._bounds[:, : len(self._shapes)], bounds)

    def _keep(self, bounds: Floats, shapes: Sequence[Polygon | None]) -> None:
        """Bounds (4, n) are taken from now on, within them these shapes where there are some."""
        first, last = len(self._shapes), len(self._shapes) + len(shapes)
        if last > self._bounds.shape[1]:
            self._bounds = np.hstack([self._bounds, np.empty((4, last))])
        self._bounds[:, first:last] = bounds
        self._shapes += shapes

    def add(self, *labels: Label | None, plate: str = "") -> None:
        """Labels whose places are known to be free, on plates of this colour."""
        for label in labels:
            if label:
                self.labels.append(replace(label, plate=plate or label.plate))
                self._keep(np.array(label.bounds)[:, None], [label.box if label.turn else None])

    def add_free(self, labels: Sequence[Label | None], *, plate: str = "") -> None:
        """Each label whose place is free when its turn comes."""
        for label in labels:
            if label and self.is_free(label):
                self.add(label, plate=plate)

    def call_out(self, room: Room) -> list[Callout | None]:
        """A numbered circle for each shape: in its roomiest place, smaller in a small one, beside it with a line where it is too small.

        None where more cells are too small than lines could be told apart, or nothing is free nearby: the list tells the grid square.
        """
        needed = self._radius(len(room.shapes))
        sizes = np.linspace(1, LEAST, SIZES)
        reached, spots = room.fit(np.broadcast_to(2.1 * needed * sizes[:, None, None], (SIZES, len(room.shapes), 2)))
        lead = int((reached == SIZES).sum()) <= MOST_LEADERS
        held = self._hold(spots, np.where(reached < SIZES, needed * np.append(sizes, np.nan)[reached], np.nan))
        found: list[Callout | None] = []
        for at, (shape, (x, y)) in enumerate(zip(room.shapes, spots.tolist(), strict=True)):
            number = len(self.callouts) + 1
            if held[at] > 0:
                free: Callout | None = Callout(number, x, y, min(self._radius(number), float(held[at])))
            else:
                free = self._beside(number, shape, needed * 0.75) if lead else None
            if free:
                self.callouts.append(free)
            found.append(free)
        return found

    def _hold(self, spots: Floats, radii: Floats) -> Floats:
        """The radii of those circles that are free, which are kept from now on; 0 of the others and of what is not a number."""
        around = np.stack([*(spots.T - radii), *(spots.T + radii)])
        rows = np.flatnonzero(~(np.isnan(radii) | self._overlap(around).any(axis=1)))
        earlier = np.tril(_meet(around[:, rows], around[:, rows]), -1)  # of cells that overlap each other
        rows = rows[~earlier.any(axis=1)]
        self._keep(around[:, rows], [None] * len(rows))
        held = np.zeros(len(radii))
        held[rows] = radii[rows]
        return held

    def _radius(self, number: int) -> float:
        return self.fonts.width(str(number), 7.5 * self.factor, bold=True) / 2 + 1.0 * self.factor

    def _beside(self, number: int, shape: BaseGeometry, r: float) -> Callout | None:
        """The nearest free place around, which is taken."""
        x, y = shapely.get_coordinates(shapely.point_on_surface(shape))[0].tolist()
        west, north, east, south = self.paper.bounds
        for reach in range(2, 16):
            away = r * (1 + reach * 0.7)
            xs, ys = x + away * AROUND[0], y + away * AROUND[1]
            inside = (xs - r >= west) & (xs + r <= east) & (ys - r >= north) & (ys + r <= south)
            inside[inside] = ~self._overlap(np.stack([xs - r, ys - r, xs + r, ys + r])[:, inside]).any(axis=1)
            for at in np.flatnonzero(inside)[:1].tolist():
                found = Callout(number, float(xs[at]), float(ys[at]), r, (x, y))
                self._keep(np.array(found.bounds)[:, None], [None])
                return found
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
            label = label_of(lines, x, y, self.fonts)
            if shape.contains(label.box) and self.is_free(label):
                return label
        return None

    def add_along(self, names: Sequence[str], lines: Shapes, room: BaseGeometry, line: Line, *, plate: str = "") -> None:
        """Names along lines, each once, on a stretch that is straight enough and free within `room`; the longest lines first."""
        named = set()
        for at in np.argsort(-shapely.length(lines), kind="stable").tolist():
            if names[at] and names[at] not in named:
                label = next(self._stretches(line._replace(text=names[at]), lines[at], room), None)
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
                if room.contains(label.box) and self.is_free(label):
                    yield label


def _middles(length: float, w: float) -> list[float]:
    if length < w * 1.1:
        return []
    steps = np.arange(0, length / 2 - w / 2, w * 0.6)
    return [float(length / 2 + side * step) for step in steps[:12] for side in ((1, -1) if step else (1,))]


def _meet(there: Floats, here: Floats) -> NDArray[np.bool_]:
    """Which bounds (4, n) meet which others (4, …): (…, n)."""
    west, north, east, south = here[..., None]
    found: NDArray[np.bool_] = (there[0] <= east) & (there[2] >= west) & (there[1] <= south) & (there[3] >= north)
    return found
