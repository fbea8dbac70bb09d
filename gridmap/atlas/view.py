"""What a window on the land shows: shapes simplified together, so that neighbours never part, and brought to millimetres on paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.atlas.paper import Window
from gridmap.atlas.subject import Ground, Plot, Subject
from gridmap.geometry.zones import Zone

Shapes = NDArray[np.object_]
SIMPLER_MM = 0.12
"""What a border may be off on paper: less than its line is wide."""
BLEED = 3.0
"""Millimetres beyond the frame that are still drawn, so that no cut is seen."""


@dataclass(frozen=True, eq=False)
class Plane:
    """All that sheets may show, in the metres of the county's zone; made once for an atlas."""

    subject: Subject
    zone: Zone

    @classmethod
    def of(cls, subject: Subject) -> "Plane":
        return cls(subject, Zone.of(subject.bounds))

    @cached_property
    def plots(self) -> tuple[Plot, ...]:
        """Those that have a shape, by code."""
        return tuple(sorted((plot for plot in self.subject.plots if _has_shape(plot.shape)), key=lambda plot: plot.code))

    @cached_property
    def index(self) -> Mapping[str, int]:
        return {plot.code: at for at, plot in enumerate(self.plots)}

    @cached_property
    def shapes(self) -> Shapes:
        """Of `plots`, in metres."""
        found: Shapes = self.zone.forward(np.array([plot.shape for plot in self.plots], dtype=object))
        return found

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.shapes)

    @cached_property
    def _ground(self) -> Mapping[Ground, tuple[list[str], Shapes, shapely.STRtree]]:
        found = {}
        for kind, rows in self.subject.ground.items():
            shapes = self.zone.forward(np.array([shape for _, shape in rows], dtype=object)) if rows else np.array([], dtype=object)
            found[kind] = ([name for name, _ in rows], shapes, shapely.STRtree(shapes))
        return found

    def bounds(self, plots: Sequence[Plot]) -> tuple[float, float, float, float] | None:
        """West, south, east and north of plots in metres; None where none has a shape."""
        rows = [self.index[plot.code] for plot in plots if plot.code in self.index]
        if not rows:
            return None
        west, south, east, north = shapely.total_bounds(self.shapes[rows]).tolist()
        return west, south, east, north

    def room(self, plots: Sequence[Plot]) -> NDArray[np.float64]:
        """How much room each plot has, in metres: the radius of a circle of the same ratio of area and perimeter.

        No shape has an inscribed circle of less than half of that, and measuring the circle itself takes a hundred times as long.
        """
        shapes = self.shapes[[self.index[plot.code] for plot in plots if plot.code in self.index]]
        found: NDArray[np.float64] = 2 * shapely.area(shapes) / shapely.length(shapes)
        return found

    def touches(self, plots: Sequence[Plot], bounds: tuple[float, float, float, float]) -> bool:
        """Whether any of these plots reaches into these metres."""
        rows = [self.index[plot.code] for plot in plots if plot.code in self.index]
        return bool(shapely.intersects(self.shapes[rows], shapely.box(*bounds)).any())

    def seen(self, bounds: tuple[float, float, float, float]) -> list[int]:
        """The rows of plots that touch these metres, in order."""
        return sorted(self._tree.query(shapely.box(*bounds), predicate="intersects").tolist())

    def ground(self, kind: Ground, bounds: tuple[float, float, float, float]) -> tuple[list[str], Shapes]:
        """Names and shapes of a kind that touch these metres."""
        if kind not in self._ground:
            return [], np.array([], dtype=object)
        names, shapes, tree = self._ground[kind]
        rows = sorted(tree.query(shapely.box(*bounds), predicate="intersects").tolist()) if len(shapes) else []
        return [names[row] for row in rows], shapes[rows]


def _has_shape(shape: BaseGeometry | None) -> bool:
    return shape is not None and not shape.is_empty


@dataclass(frozen=True, eq=False)
class View:
    """A window filled: everything in millimetres, y downward from the map's top left."""

    plane: Plane
    window: Window
    plots: tuple[Plot, ...]
    shapes: Shapes
    own: NDArray[np.bool_]
    """Which plots the sheet is about; the others are faded."""

    @property
    def bled(self) -> tuple[float, float, float, float]:
        bleed = BLEED / self.window.mm_per_m
        west, south, east, north = self.window.bounds
        return west - bleed, south - bleed, east + bleed, north + bleed

    def ground(self, kind: Ground) -> tuple[list[str], Shapes]:
        """Names and shapes of a kind; lines are clipped to the window and joined by name."""
        names, shapes = self.plane.ground(kind, self.bled)
        if not len(shapes):
            return names, shapes
        drawn = to_paper(shapely.clip_by_rect(shapes, *self.bled), self.window)
        kept = ~shapely.is_empty(drawn)
        return [name for name, keep in zip(names, kept, strict=True) if keep], shapely.simplify(drawn[kept], SIMPLER_MM / 2)

    @cached_property
    def villages(self) -> Mapping[str, BaseGeometry]:
        """The outline of each village, as far as it is seen."""
        return self.outlines([plot.village for plot in self.plots])

    @cached_property
    def own_villages(self) -> frozenset[str]:
        """Those with a plot that the sheet is about."""
        return frozenset(plot.village for plot, own in zip(self.plots, self.own, strict=True) if own)

    def outlines(self, group: Sequence[str]) -> dict[str, BaseGeometry]:
        """Of plots that share a word in `group`, which goes with `plots`."""
        words = np.array(group, dtype=object)
        return {word: _together(self.shapes[words == word]) for word in dict.fromkeys(group) if word}


def _together(shapes: Shapes) -> BaseGeometry:
    """The land of shapes that tile: the quick way, or the sure one where their borders do not share every corner."""
    quick = shapely.coverage_union_all(shapes)
    return quick if quick.is_valid else shapely.union_all(shapes)


def look(plane: Plane, window: Window, own: frozenset[str]) -> View:
    """What the window shows, the plots with codes in `own` in the foreground."""
    bleed = BLEED / window.mm_per_m
    west, south, east, north = window.bounds
    bounds = (west - bleed, south - bleed, east + bleed, north + bleed)
    rows = plane.seen(bounds)
    whole = plane.shapes[rows]
    simple = shapely.coverage_simplify(whole, SIMPLER_MM / window.mm_per_m) if len(rows) else whole
    drawn = _mended(to_paper(simple, window))
    plots = tuple(plane.plots[row] for row in rows)
    return View(plane, window, plots, drawn, np.array([plot.code in own for plot in plots], dtype=bool))


def _mended(shapes: Shapes) -> Shapes:
    """Valid shapes: simplifying what does not quite tile can cross a border over another."""
    wrong = ~shapely.is_valid(shapes)
    if wrong.any():
        shapes[wrong] = shapely.make_valid(shapes[wrong], method="structure", keep_collapsed=False)
    return shapes


def to_paper(shapes: Shapes, window: Window) -> Shapes:
    """Metres to millimetres of the map."""
    scale = window.mm_per_m
    found: Shapes = shapely.transform(shapes, lambda xy: (xy - [window.west, window.north]) * [scale, -scale])
    return found
