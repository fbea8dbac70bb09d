"""The map sheet: a window on a village (or a township, or a worker's cells) with its title, frame, lists and foot."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from gridmap.atlas.board import Board
from gridmap.atlas.choices import Choices, Page
from gridmap.atlas.colours import Look, look_of
from gridmap.atlas.drawing import INK, frame, map_body
from gridmap.atlas.fonts import Fonts
from gridmap.atlas.ink import drawing, moved
from gridmap.atlas.keys import key_rows
from gridmap.atlas.labels import POINT, Callout, Label
from gridmap.atlas.lettering import Lettering
from gridmap.atlas.panel import called_list, called_rows, code_to_scan, contact, rows_of, village_rows, worker_rows
from gridmap.atlas.paper import Layout, Window, letter, scale_bar
from gridmap.atlas.theme import MapOf, Set, tile_boxes
from gridmap.atlas.view import Plane, View, look

DIGITS = 0.88 - 0.733 / 2
"""How far the middle of digits and capitals of Noto Sans CJK is below the top of its line, in ems."""


def map_sheet(what: MapOf, window: Window, layout: Layout, made: Set) -> Page:
    """One map sheet."""
    view = look(made.plane, window, frozenset(plot.code for plot in what.plots))
    placed, called = Lettering.on(view, what, made).placed()
    squares = {} if what.bare else _squares(view, layout)
    rows = called_rows(called, squares, made.choices, made.fonts)
    workers = village_rows(what, made) if what.by_village else worker_rows(view, made)
    room_for = rows_of(layout, what, made)
    shown, rest = rows[:room_for], rows[room_for:]
    workers = workers if len(workers) + len(shown) + (2 if shown else 0) <= room_for else []
    body = map_body(view, _fills(view, what, made.looks), placed, layout.factor, tile_boxes(what, window), bare=what.bare)
    data: dict[str, Any] = {
        "width": layout.width, "height": layout.height, "f": layout.factor, "landscape": layout.landscape,
        "title-box": layout.title.as_dict(), "frame": layout.frame.as_dict(), "map": layout.map.as_dict(),
        "panel-box": layout.panel.as_dict(), "foot-box": layout.foot.as_dict(),
        "beyond": _beyond(what, layout),
        "drawing": drawing(layout.width, layout.height, (moved(layout.map.x, layout.map.y, body), frame(layout))),
        "type": _type(placed, layout, made.fonts),
        "turned": [_turned(label, layout) for label in placed.labels if label.turn],
        "called": called_list(shown, made.choices, made.fonts),
        "workers": {"title": made.choices.say("atlas.column.village" if what.by_village else "atlas.workers"), "rows": workers},
        "note": made.choices.say("atlas.called_more", count=len(rest))[0] if rest else None,
        **_around(what, window, layout, made, view),
    }  # fmt: skip
    vacant = tuple(plot.code for plot, own in zip(view.plots, view.own, strict=True) if own and plot.worker is None)
    return Page("map", what.of, data, None, squares, rest, len(called), vacant, window.scale)


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


def _around(what: MapOf, window: Window, layout: Layout, made: Set, view: View) -> dict[str, Any]:
    """Title, edition, legend, contact, foot."""
    choices, stamp = made.choices, made.plane.subject.stamp
    since = stamp.in_force_from.strftime("%Y-%m-%d %H:%M") if stamp else ""
    metres, mm = scale_bar(window.scale, 60 * layout.factor)
    return {
        "title": what.title,
        "subtitle": what.subtitle,
        "edition": choices.say("atlas.edition", number=stamp.number, since=since) if stamp else [""],
        "stamp": None if choices.public else choices.say("atlas.internal"),
        "contact": contact(what.place, choices),
        "key": {"title": choices.say("atlas.key"), "rows": key_rows(view, choices)},
        "qr": code_to_scan(what, choices, made),
        "bar": {"mm": round(mm, 4), "labels": ["0", _metres(metres / 2), _metres(metres)]},
        "ratio": f"1:{window.scale:,}",
        "north": choices.say("atlas.north")[0],
        "crs": crs_words(made.plane, choices),
        "report": _report(what, choices),
        "page": [""],
        "printed": choices.say("atlas.printed", at=choices.printed.strftime("%Y-%m-%d %H:%M")) if choices.printed else [""],
    }


def crs_words(plane: Plane, choices: Choices) -> list[str]:
    """How the plane of the map is called."""
    zone = plane.zone
    if zone.zone is None:
        return choices.say("atlas.crs_local", lon=f"{zone.lon:.2f}", lat=f"{zone.lat:.2f}")
    return choices.say("atlas.crs_zone", zone=zone.zone, meridian=f"{zone.meridian:.0f}")


def _metres(metres: float) -> str:
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def _report(what: MapOf, choices: Choices) -> list[str]:
    phone = what.place.phone if what.place else ""
    return choices.say("atlas.wrong_border_phone", phone=phone) if phone else choices.say("atlas.wrong_border")


def _beyond(what: MapOf, layout: Layout) -> list[dict[str, Any]]:
    frame, band = layout.frame, layout.band / 2
    at = {
        "n": (frame.x + frame.w / 2, frame.y + band, 0), "s": (frame.x + frame.w / 2, frame.bottom - band, 0),
        "w": (frame.x + band, frame.y + frame.h / 2, -90), "e": (frame.right - band, frame.y + frame.h / 2, 90),
    }  # fmt: skip
    return [{"t": text, "x": at[side][0], "y": at[side][1], "turn": at[side][2]} for side, text in what.beyond]


def _type(placed: Board, layout: Layout, fonts: Fonts) -> list[dict[str, Any]]:
    """Level type of the map and its frame: for each look the left and top of every line, in millimetres of the page."""
    found: dict[tuple[float, bool, str], list[tuple[float, float, str]]] = {}
    box = layout.map
    for label in placed.labels:
        if not label.turn:
            for line, left, middle in label.type_():
                top = middle - line.size * POINT / 2
                found.setdefault((line.size, line.bold, line.ink), []).append((round(left + box.x, 2), round(top + box.y, 2), line.text))
    for text, x, y, size, bold in (*_numbers(placed.callouts, layout), *_letters(layout)):
        left, top = x - fonts.width(text, size, bold=bold) / 2, y - DIGITS * size * POINT
        found.setdefault((size, bold, INK), []).append((round(left, 2), round(top, 2), text))
    return [{"s": size, "b": bold, "c": ink, "at": at} for (size, bold, ink), at in found.items()]


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


def _turned(label: Label, layout: Layout) -> dict[str, Any]:
    """A line of type about its middle."""
    ((line, _, _),) = label.type_()
    at = {"x": round(label.x - label.w / 2 + layout.map.x, 2), "y": round(label.y + layout.map.y, 2), "w": round(label.w, 2)}
    return at | {"t": line.text, "s": line.size, "c": line.ink, "turn": label.turn}
