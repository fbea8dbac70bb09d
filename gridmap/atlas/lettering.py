"""Type on a map, in the order in which it matters: its own cells, their callouts, then what is around, each only where it is free."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.atlas.board import Board
from gridmap.atlas.choices import Choices
from gridmap.atlas.colours import NOBODY
from gridmap.atlas.drawing import FADED, ROAD, VILLAGE_LINE, WATER
from gridmap.atlas.labels import Callout, Label, Line, fit, label_of
from gridmap.atlas.room import Room
from gridmap.atlas.subject import Ground, Plot
from gridmap.atlas.theme import MapOf, Set, tile_boxes
from gridmap.atlas.view import View

Shapes = NDArray[np.object_]
BLACK, RED, SOFT, FAINT, BLUE, WINE = "#1A1A1A", "#B3261E", "#55534E", "#8B8880", "#2F6E97", "#7A2750"
EDGE = 0.8
"""Millimetres along the frame that stay free of type."""


@dataclass(frozen=True, eq=False)
class Lettering:
    """The type of one map, put on a board."""

    view: View
    what: MapOf
    made: Set
    board: Board

    @classmethod
    def on(cls, view: View, what: MapOf, made: Set) -> Self:
        """An empty board for this view."""
        paper = shapely.box(EDGE, EDGE, view.window.width_mm - EDGE, view.window.height_mm - EDGE)
        shapely.prepare(paper)
        return cls(view, what, made, Board(paper, made.fonts, made.choices.paper.factor))

    @property
    def f(self) -> float:
        return self.board.factor

    def placed(self) -> tuple[Board, list[tuple[Callout | None, Plot]]]:
        """The board with everything on it, and the cells that became callouts."""
        called = [] if self.what.bare else self._own_cells()
        self._tiles()
        self._villages()
        self._water()
        if not self.what.by_village:
            self._streets()
        self._cells_around()
        return self.board, called

    def _clipped(self, shapes: Shapes) -> Shapes:
        """What of each shape lies on the sheet: its largest part."""
        found = shapes.copy()
        west, north, east, south = self.board.paper.bounds
        bounds = shapely.bounds(shapes)
        beyond = ~((bounds[:, :2] >= [west, north]) & (bounds[:, 2:] <= [east, south])).all(axis=1)  # an empty shape, too
        found[beyond] = shapely.intersection(shapes[beyond], self.board.paper)
        many = shapely.get_type_id(found) != shapely.GeometryType.POLYGON
        found[many] = _array(map(_largest, found[many]))
        return found

    def _own_cells(self) -> list[tuple[Callout | None, Plot]]:
        rows = np.flatnonzero(self.view.own)
        shapes = self._clipped(self.view.shapes[rows])
        seen = shapely.area(shapes) > 0
        plots, shapes = [self.view.plots[row] for row in rows[seen]], shapes[seen]
        room = Room.of(shapes)
        found = fit(room, wordings(plots, self.made.choices, self.f), self.made.fonts, margin=0.4 * self.f)
        for label, plot in zip(found, plots, strict=True):
            self.board.add(label, plate=self._tint(plot))
        called = [at for at, label in enumerate(found) if label is None]
        callouts = self.board.call_out(room.among(np.array(called))) if called else []
        return [(callout, plots[at]) for callout, at in zip(callouts, called, strict=True)]

    def _tint(self, plot: Plot) -> str:
        look = self.made.looks.get(plot.worker.id) if plot.worker else None
        return look.tint if look else NOBODY

    def _tiles(self) -> None:
        """The number of each sheet, large, in a corner of its rectangle."""
        for (number, _), (x, y, _, _) in zip(self.what.tiles, tile_boxes(self.what, self.view.window), strict=True):
            line = Line(number, 16 * self.f, bold=True, ink=VILLAGE_LINE)
            label = label_of(
                (line,), x + 3 * self.f + self.made.fonts.width(number, line.size, bold=True) / 2, y + 5.5 * self.f, self.made.fonts
            )
            self.board.add_free([label], plate="#FFFFFF")

    def _villages(self) -> None:
        """Villages around, with the number of their sheet; on a township's map its own villages too, smaller where room is scarce."""
        mine = {plot.village for plot in self.what.plots}
        outlines = self.view.villages
        codes = [code for code in outlines if code in self.made.plane.subject.village_of and (self.what.named or code not in mine)]
        if not codes:
            return
        shapes = self._clipped(_array(outlines[code] for code in codes))
        seen = [at for at, area in enumerate(shapely.area(shapes)) if area > 60]
        wording = [self._village_lines(codes[at], own=codes[at] in mine) for at in seen]
        for at, ways, best in zip(seen, wording, fit(Room.of(shapes[seen]), wording, self.made.fonts, grow=self.what.named), strict=True):
            own = codes[at] in mine
            free = best if best and self.board.is_free(best) else self._squeezed(shapes[at], ways) if own else None
            self.board.add(free, plate="#FFFFFF" if own else FADED)

    def _squeezed(self, shape: Any, ways: Sequence[tuple[Line, ...]]) -> Label | None:
        """A smaller label wherever the shape has a place for it."""
        smaller = (tuple(line.at(scale) for line in way) for way in ways for scale in (0.8, 0.6))
        return next(filter(None, (self.board.anywhere(shape, lines) for lines in smaller)), None)

    def _village_lines(self, code: str, *, own: bool) -> list[tuple[Line, ...]]:
        f, choices = self.f, self.made.choices
        ink = WINE if own else FAINT
        name = Line(self.made.plane.subject.village_of[code].name_in(choices.main), (12 if own else 9) * f, bold=True, ink=ink)
        sheet = (self.what.sheets or {}).get(code)
        more = (Line(choices.say("atlas.see_sheet", sheet=sheet)[0], (9 if own else 6.5) * f, ink=VILLAGE_LINE),) if sheet else ()
        return [(name, *more), (name._replace(size=7 * f), *more)]

    def _water(self) -> None:
        names, water = self.view.ground(Ground.WATER)
        if not any(names):
            return
        rooms = shapely.intersection(self._clipped(water), self._off_borders)
        seen = [(name, _largest(room)) for name, room in zip(names, rooms, strict=True) if name and room.area > 30]
        wording = [[(Line(name, 8 * self.f, ink=BLUE),)] for name, _ in seen]
        self.board.add_free(fit(Room.of(_array(shape for _, shape in seen)), wording, self.made.fonts, grow=False), plate=WATER)

    def _streets(self) -> None:
        names, streets = self.view.ground(Ground.STREET)
        if not any(names):
            return
        lines = shapely.line_merge(shapely.intersection(streets, self.board.paper))
        pieces, owner = shapely.get_parts(lines, return_index=True)
        keep = shapely.get_dimensions(pieces) == 1
        line = Line("", 6.2 * self.f, ink=SOFT)
        self.board.add_along([names[at] for at in owner[keep]], pieces[keep], self._off_borders, line, plate=ROAD)

    @cached_property
    def _off_borders(self) -> Any:
        """The sheet without its own borders, on which no name could be read and which no name may hide."""
        paper = self.board.paper
        fine, broad = self.view.shapes[self.view.own], [self.view.villages[code] for code in sorted(self.view.own_villages)]
        lines = [*shapely.buffer(shapely.boundary(fine), 0.3 * self.f), *shapely.buffer(shapely.boundary(broad), 0.9 * self.f)]
        room = shapely.difference(paper, shapely.union_all(lines))
        shapely.prepare(room)
        return room

    def _cells_around(self) -> None:
        rows = np.flatnonzero(~self.view.own)
        if not len(rows):
            return
        shapes = self._clipped(self.view.shapes[rows])
        seen = shapely.area(shapes) > 40
        codes = [self.view.plots[row].code for row in rows[seen]]
        wording = [[(Line(text, 6.0 * self.f, ink=FAINT),) for text in (code, code[-3:])] for code in codes]
        self.board.add_free(fit(Room.of(shapes[seen]), wording, self.made.fonts, even=0, grow=False), plate=FADED)


def wordings(plots: Iterable[Plot], choices: Choices, f: float) -> list[list[tuple[Line, ...]]]:
    """What each cell's label says, the fullest first: name, code, worker and phone; on the public sheet without the phone."""
    lang, nobody = choices.main, choices.say("atlas.nobody")[0]
    found = []
    for plot in plots:
        name, code, holder = plot.name_in(lang), plot.code, plot.worker
        who, ink, large = (holder.name_in(lang), BLACK, 9.5 * f) if holder else (nobody, RED, 8.5 * f)
        phone = holder.phone if holder and not choices.public else ""
        full: tuple[Line, ...] = (Line(who, large, False, ink),)
        brief = (Line(code, 6.6 * f, True), Line(who, 7.5 * f, False, ink))
        if name and name != code:
            full = (Line(name, 11 * f, True), Line(code, 6.6 * f, False, SOFT), *full)
        else:
            full = (Line(code, 8 * f, True, SOFT), *full)
        found.append([(*full, Line(phone, 8 * f)), (*brief, Line(phone, 7 * f))] if phone else [full, brief])
    return found


def _array(shapes: Iterable[Any]) -> Shapes:
    found = list(shapes)
    made: Shapes = np.empty(len(found), dtype=object)
    made[:] = found
    return made


def _largest(shape: Any) -> Any:
    parts = [part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == 2]
    return max(parts, key=lambda part: part.area, default=shapely.Polygon())
