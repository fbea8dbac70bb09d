"""The map sheet: a window on a village (or a township, or a worker's cells) with its title, frame, lists and foot."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from gridmap.atlas.beside import Called, called_rows, contact, sheet_url, village_rows, worker_rows
from gridmap.atlas.board import Board
from gridmap.atlas.choices import Choices, Page
from gridmap.atlas.colours import Look, look_of
from gridmap.atlas.drawing import frame, map_body
from gridmap.atlas.forme import ACCENT, Forme
from gridmap.atlas.ink import box_of, drawing, moved, paint
from gridmap.atlas.keys import key_rows
from gridmap.atlas.labels import POINT, Callout
from gridmap.atlas.lettering import Lettering
from gridmap.atlas.margins import Made, Title, set_map_foot, set_title
from gridmap.atlas.panel import Panel, rows_of, set_panel
from gridmap.atlas.paper import Layout, Window, letter
from gridmap.atlas.theme import MapOf, Set, tile_boxes
from gridmap.atlas.view import Plane, View, look

DIGITS = 0.88 - 0.733 / 2
"""How far the middle of digits and capitals of Noto Sans CJK is below the top of its line, in ems."""


def map_sheet(what: MapOf, window: Window, layout: Layout, made: Set) -> Page:
    """One map sheet."""
    view = look(made.plane, window, frozenset(plot.code for plot in what.plots))
    placed, called = Lettering.on(view, what, made).placed()
    squares = {} if what.bare else _squares(view, layout)
    rows = called_rows(called, squares, made.choices)
    panel = _panel(what, made, view, rows, rows_of(layout, what, made))
    forme = Forme(made.fonts, layout.factor)
    body = map_body(view, _fills(view, what, made.looks), placed, layout.factor, tile_boxes(what, window), bare=what.bare)
    forme.draw(moved(layout.map.x, layout.map.y, body), frame(layout))
    _set_type(forme, placed, layout)
    _set_beyond(forme, what, layout)
    set_panel(forme, layout, panel)
    foot = _set_around(forme, what, window, layout, made)
    data: dict[str, Any] = {
        "width": layout.width, "height": layout.height, "title": what.title,
        "drawing": drawing(layout.width, layout.height, forme.parts), **forme.told(), **foot,
    }  # fmt: skip
    vacant = tuple(plot.code for plot, own in zip(view.plots, view.own, strict=True) if own and plot.worker is None)
    rest, listed = rows[len(panel.called) :], tuple(row.code for row in panel.called)
    return Page("map", what.of, data, None, squares, rest, len(called), vacant, window.scale, layout, listed)


def _panel(what: MapOf, made: Set, view: View, rows: Sequence[Called], room: int) -> Panel:
    """Numbers first; who stands on the sheet where there is room for all of them, too."""
    choices, shown = made.choices, rows[:room]
    holders = village_rows(what, made) if what.by_village else worker_rows(view, made)
    return Panel(
        choices,
        contact(what.place, choices),
        shown,
        choices.say("atlas.column.village" if what.by_village else "atlas.workers"),
        holders if len(holders) + len(shown) + (2 if shown else 0) <= room else [],
        key_rows(view, choices),
        sheet_url(choices, what, made),
        choices.say("atlas.called_more", count=len(rows) - len(shown))[0] if len(rows) > len(shown) else None,
    )


def _squares(view: View, layout: Layout) -> dict[str, str]:
    """The grid square of each own cell whose middle lies on this sheet."""
    rows = np.flatnonzero(view.own)
    middles = shapely.get_coordinates(shapely.point_on_surface(view.shapes[rows])).tolist()
    width, height = view.window.width_mm, view.window.height_mm
    square = layout.squares()
    return {view.plots[row].code: square(x, y) for row, (x, y) in zip(rows, middles, strict=True) if 0 <= x <= width and 0 <= y <= height}


def _fills(view: View, what: MapOf, looks: Mapping[Hashable, Look]) -> dict[Look | None, list[int]]:
    """The rows of the view's own plots by how they look; None is nobody's."""
    if what.by_village:
        looks = look_of(view.shapes[view.own], [plot.village for plot, own in zip(view.plots, view.own, strict=True) if own])
    found: dict[Look | None, list[int]] = {}
    for row in np.flatnonzero(view.own).tolist():
        found.setdefault(looks.get(what.holder(view.plots[row])), []).append(row)
    return found


def _set_around(forme: Forme, what: MapOf, window: Window, layout: Layout, made: Set) -> dict[str, Any]:
    """Title, edition, foot; what it returns tells where the page's number stands."""
    choices, stamp = made.choices, made.plane.subject.stamp
    since = stamp.in_force_from.strftime("%Y-%m-%d %H:%M") if stamp else ""
    edition = "   ".join(choices.say("atlas.edition", number=stamp.number, since=since)) if stamp else ""
    set_title(forme, layout.title, Title(what.title, what.subtitle, edition), choices)
    return set_map_foot(forme, layout.foot, window, Made(crs_words(made.plane, choices), _report(what, choices)), choices)


def crs_words(plane: Plane, choices: Choices) -> list[str]:
    """How the plane of the map is called."""
    zone = plane.zone
    if zone.zone is None:
        return choices.say("atlas.crs_local", lon=f"{zone.lon:.2f}", lat=f"{zone.lat:.2f}")
    return choices.say("atlas.crs_zone", zone=zone.zone, meridian=f"{zone.meridian:.0f}")


def _report(what: MapOf, choices: Choices) -> list[str]:
    phone = what.place.phone if what.place else ""
    return choices.say("atlas.wrong_border_phone", phone=phone) if phone else choices.say("atlas.wrong_border")


def _set_beyond(forme: Forme, what: MapOf, layout: Layout) -> None:
    """Which sheet goes on beyond each side of the frame."""
    frame_, band, f = layout.frame, layout.band / 2, layout.factor
    at = {
        "n": (frame_.x + frame_.w / 2, frame_.y + band, 0), "s": (frame_.x + frame_.w / 2, frame_.bottom - band, 0),
        "w": (frame_.x + band, frame_.y + frame_.h / 2, -90), "e": (frame_.right - band, frame_.y + frame_.h / 2, 90),
    }  # fmt: skip
    for side, text in what.beyond:
        x, y, degrees = at[side]
        wide, high = forme.turn(x, y, text, size=6.5 * f, degrees=degrees, bold=True, ink=ACCENT) + 2 * f, 6.5 * f * POINT + 0.8 * f
        forme.draw(moved(x, y, paint(box_of(-wide / 2, -high / 2, wide, high), fill="#FFFFFF"), turn=degrees))


def _set_type(forme: Forme, placed: Board, layout: Layout) -> None:
    """Type on the map and in its frame."""
    x, y = layout.map.x, layout.map.y
    for label in placed.labels:
        for line, left, middle in label.type_():
            if label.turn:
                forme.turn(label.x + x, label.y + y, line.text, size=line.size, degrees=label.turn, ink=line.ink)
            else:
                forme.put(left + x, middle + y - line.size * POINT / 2, line.text, line.size, bold=line.bold, ink=line.ink)
    for text, at, middle, size, bold in (*_numbers(placed.callouts, layout), *_letters(layout)):
        forme.line(at, middle - DIGITS * size * POINT, text, size, bold=bold, at=0.5)


def _numbers(callouts: Sequence[Callout], layout: Layout) -> Iterator[tuple[str, float, float, float, bool]]:
    """The number in each circle, about which middle, and how large."""
    for each in callouts:
        size = min(7.5 * layout.factor, each.r * 2 / POINT * (0.62 if each.number < 100 else 0.48))
        yield str(each.number), each.x + layout.map.x, each.y + layout.map.y, round(size, 2), True


def _letters(layout: Layout) -> Iterator[tuple[str, float, float, float, bool]]:
    """The letters and numbers of the grid in the band of the frame."""
    (columns, rows), map_, half, size = layout.grid, layout.map, layout.band / 2, round(6.5 * layout.factor, 2)
    for nth in range(columns):
        for y in (map_.y - half, map_.bottom + half):
            yield letter(nth), map_.x + map_.w * (nth + 0.5) / columns, y, size, False
    for nth in range(rows):
        for x in (map_.x - half, map_.right + half):
            yield str(nth + 1), x, map_.y + map_.h * (nth + 0.5) / rows, size, False
