"""The map sheet: a window on a village (or a township, or a worker's cells) with its title, frame, lists and foot."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import shapely

from gridmap.atlas.choices import Choices, Page
from gridmap.atlas.colours import Look, look_of
from gridmap.atlas.drawing import map_body
from gridmap.atlas.keys import key_rows
from gridmap.atlas.labels import Callout
from gridmap.atlas.lettering import Lettering
from gridmap.atlas.panel import called_rows, code_to_scan, contact, rows_of, village_rows, worker_rows
from gridmap.atlas.paper import Layout, Window, letter, scale_bar
from gridmap.atlas.theme import MapOf, Set, tile_boxes
from gridmap.atlas.view import Plane, View, look


def map_sheet(what: MapOf, window: Window, layout: Layout, made: Set) -> Page:
    """One map sheet."""
    view = look(made.plane, window, frozenset(plot.code for plot in what.plots))
    placed, called = Lettering.on(view, what, made).placed()
    squares = {} if what.bare else _squares(view, layout)
    rows = called_rows(called, squares, made.choices)
    workers = village_rows(what, made) if what.by_village else worker_rows(view, made)
    room_for = rows_of(layout, what, made)
    shown, rest = rows[:room_for], rows[room_for:]
    workers = workers if len(workers) + len(shown) + (2 if shown else 0) <= room_for else []
    data: dict[str, Any] = {
        "width": layout.width, "height": layout.height, "f": layout.factor, "landscape": layout.landscape,
        "title-box": layout.title.as_dict(), "frame": layout.frame.as_dict(), "map": layout.map.as_dict(),
        "panel-box": layout.panel.as_dict(), "foot-box": layout.foot.as_dict(),
        "grid": list(layout.grid), "letters": [letter(nth) for nth in range(layout.grid[0])],
        "beyond": _beyond(what, layout),
        "svg": map_body(view, _fills(view, what, made.looks), placed, layout.factor, tile_boxes(what, window), bare=what.bare),
        "labels": [label.as_dict() for label in placed.labels],
        "callouts": [_circle(each, layout.factor) for each in placed.callouts],
        "called": {"title": made.choices.say("atlas.called"), "rows": shown},
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


def _circle(each: Callout, f: float) -> dict[str, Any]:
    size = min(7.5 * f, each.r * 2 / 25.4 * 72 * (0.62 if each.number < 100 else 0.48))
    return {"n": each.number, "x": round(each.x, 2), "y": round(each.y, 2), "r": round(each.r, 2), "s": round(size, 2)}
