"""The map sheet: a window on a village (or a township, or a worker's cells) with its title, frame, lists and foot."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.atlas.choices import Choices, Page
from gridmap.atlas.colours import NOBODY, TINTS, Look, look_of
from gridmap.atlas.drawing import FADED, WATER, fill, line, map_body, svg
from gridmap.atlas.fonts import Fonts
from gridmap.atlas.keys import key_rows
from gridmap.atlas.labels import Callout, Label, Line, Placed, Taken, along, call_out, fit
from gridmap.atlas.paper import Layout, Window, letter, scale_bar
from gridmap.atlas.qr import qr_svg
from gridmap.atlas.subject import Ground, Person, Place, Plot
from gridmap.atlas.view import Plane, View, look

Shapes = NDArray[np.object_]
RED, SOFT, FAINT, BLUE = "#B3261E", "#55534E", "#8B8880", "#2F6E97"


@dataclass(frozen=True, slots=True)
class MapOf:
    """What one map sheet is about: the plots in the foreground, titles in each language, and what stands around them."""

    of: str
    plots: tuple[Plot, ...]
    title: list[str]
    subtitle: str
    place: Place | None = None
    beyond: tuple[tuple[str, str], ...] = ()
    """Side (n, e, s, w) and what goes on there."""
    sheets: Mapping[str, str] | None = None
    """The number of the first sheet of other villages in this atlas, by code."""
    tiles: tuple[tuple[str, tuple[float, float, float, float]], ...] = ()
    """Sheets to draw as rectangles on an overview: number, and bounds in metres."""
    named: bool = False
    """Whether its own villages are named on the map."""
    bare: bool = False
    """Whether its own cells stay without labels: an overview."""
    by_village: bool = False
    """Whether cells are filled by village, not by worker."""

    def holder(self, plot: Plot) -> str | None:
        """By whom a plot is filled."""
        return plot.village if self.by_village else holder_of(plot)


@dataclass(frozen=True, slots=True)
class Set:
    """What a map sheet is made with."""

    plane: Plane
    choices: Choices
    fonts: Fonts
    looks: Mapping[Hashable, Look]


def holder_of(plot: Plot) -> str | None:
    """Who stands at a plot, by id."""
    return plot.worker.id if plot.worker else None


def looks_of(plane: Plane) -> dict[Hashable, Look]:
    """A look for every worker of what may be printed, the same on all of its sheets."""
    return look_of(plane.shapes, [holder_of(plot) for plot in plane.plots])


def map_sheet(what: MapOf, window: Window, layout: Layout, made: Set) -> Page:
    """One map sheet."""
    view = look(made.plane, window, frozenset(plot.code for plot in what.plots))
    placed, called = _place_labels(view, what, layout, made)
    rows = _called_rows(called, made.choices)
    workers = _village_rows(what, made) if what.by_village else _worker_rows(view, made)
    looks = look_of(view.shapes[view.own], [what.holder(plot) for plot in what.plots]) if what.by_village else made.looks
    room_for = _rows_of_panel(layout, what, made)
    shown, rest = rows[:room_for], rows[room_for:]
    workers = workers if len(workers) + len(shown) + (2 if shown else 0) <= room_for else []
    data: dict[str, Any] = {
        "width": layout.width, "height": layout.height, "f": layout.factor, "landscape": layout.landscape,
        "title-box": layout.title.as_dict(), "frame": layout.frame.as_dict(), "map": layout.map.as_dict(),
        "panel-box": layout.panel.as_dict(), "foot-box": layout.foot.as_dict(),
        "grid": list(layout.grid), "letters": [letter(nth) for nth in range(layout.grid[0])],
        "beyond": _beyond(what, layout),
        "svg": map_body(view, _fills(view, what, looks), placed, layout.factor, _tile_boxes(what, window)),
        "labels": [label.as_dict() for label in placed.labels],
        "callouts": [_circle(each, layout.factor) for each in placed.callouts],
        "called": {"title": made.choices.say("print.called"), "rows": shown},
        "workers": {"title": made.choices.say("print.column.village" if what.by_village else "print.workers"), "rows": workers},
        "note": made.choices.say("print.called_more", count=len(rest))[0] if rest else None,
        **_around(what, window, layout, made, view),
    }  # fmt: skip
    vacant = tuple(plot.code for plot, own in zip(view.plots, view.own, strict=True) if own and plot.worker is None)
    squares = {} if what.bare else _squares(view, layout)
    return Page("map", what.of, data, None, squares, rest, len(called), vacant, window.scale)


def _squares(view: View, layout: Layout) -> dict[str, str]:
    """The grid square of each own cell whose middle lies on this sheet."""
    rows = np.flatnonzero(view.own)
    middles = shapely.get_coordinates(shapely.point_on_surface(view.shapes[rows])).tolist()
    width, height = view.window.width_mm, view.window.height_mm
    return {view.plots[row].code: layout.square(x, y) for row, (x, y) in zip(rows, middles, strict=True) if 0 <= x <= width and 0 <= y <= height}


def _fills(view: View, what: MapOf, looks: Mapping[Hashable, Look]) -> dict[Look | None, list[int]]:
    """The rows of the view's own plots by how they look; None is nobody's."""
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
        "edition": choices.say("print.edition", number=stamp.number, since=since) if stamp else [what.of],
        "stamp": None if choices.public else choices.say("print.internal"),
        "contact": _contact(what, choices),
        "key": {"title": choices.say("print.key"), "rows": key_rows(view, choices)},
        "qr": _qr(what, choices, made),
        "bar": {"mm": round(mm, 4), "labels": ["0", _metres(metres / 2), _metres(metres)]},
        "ratio": f"1:{window.scale:,}",
        "north": choices.say("print.north")[0],
        "crs": " ".join(crs_words(made.plane, choices)),
        "report": _report(what, choices),
        "page": [""],
        "printed": choices.say("print.printed", at=choices.printed.strftime("%Y-%m-%d %H:%M")) if choices.printed else [""],
    }


def crs_words(plane: Plane, choices: Choices) -> list[str]:
    """How the plane of the map is called."""
    zone = plane.zone
    if zone.zone is None:
        return choices.say("print.crs_local", lon=f"{zone.lon:.2f}", lat=f"{zone.lat:.2f}")
    return choices.say("print.crs_zone", zone=zone.zone, meridian=f"{zone.meridian:.0f}")


def _metres(metres: float) -> str:
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def _contact(what: MapOf, choices: Choices) -> dict[str, Any] | None:
    if what.place is None or not (what.place.centre or what.place.phone):
        return None
    name = what.place.centre_in(choices.main) or what.place.name_in(choices.main)
    return {"title": choices.say("print.contact"), "rows": [[name, what.place.phone]]}


def _report(what: MapOf, choices: Choices) -> list[str]:
    phone = what.place.phone if what.place else ""
    return choices.say("print.wrong_border_phone", phone=phone) if phone else choices.say("print.wrong_border")


def _qr(what: MapOf, choices: Choices, made: Set) -> dict[str, Any] | None:
    url = sheet_url(choices, what, made)
    return {"svg": qr_svg(url), "url": url, "says": choices.say("print.scan")} if url else None


def sheet_url(choices: Choices, what: MapOf, made: Set) -> str | None:
    """What the QR code opens: the village's page, which says whether the sheet is current. Nothing about a person is in it."""
    stamp = made.plane.subject.stamp
    if choices.url is None or what.place is None or not what.place.code:
        return None
    return f"{choices.url}/v/{what.place.code}" + (f"?e={stamp.number}" if stamp else "")


def _rows_of_panel(layout: Layout, what: MapOf, made: Set) -> int:
    """How many rows of lists the panel has room for beside contact, legend and code."""
    f = layout.factor
    if layout.landscape:
        fixed = (18 if _contact(what, made.choices) else 0) + 50 + (30 if made.choices.url else 0) + 14
        return max(0, int((layout.panel.h / f - fixed) / 4.15))
    return int((layout.panel.h / f - 8) / 4.15)


def _tile_boxes(what: MapOf, window: Window) -> list[tuple[float, float, float, float]]:
    scale = window.mm_per_m
    return [((w - window.west) * scale, (window.north - n) * scale, (e - w) * scale, (n - s) * scale) for _, (w, s, e, n) in what.tiles]


def _beyond(what: MapOf, layout: Layout) -> list[dict[str, Any]]:
    frame, band = layout.frame, layout.band / 2
    at = {
        "n": (frame.x + frame.w / 2, frame.y + band, 0), "s": (frame.x + frame.w / 2, frame.bottom - band, 0),
        "w": (frame.x + band, frame.y + frame.h / 2, -90), "e": (frame.right - band, frame.y + frame.h / 2, 90),
    }  # fmt: skip
    return [{"t": text, "x": at[side][0], "y": at[side][1], "turn": at[side][2]} for side, text in what.beyond]


# Type on the map.


def _place_labels(view: View, what: MapOf, layout: Layout, made: Set) -> tuple[Placed, list[tuple[Callout, Plot]]]:
    """Labels of its own cells first, then their callouts, then what is around, each only where it is free."""
    f, placed = layout.factor, Placed()
    paper = shapely.box(0.8, 0.8, view.window.width_mm - 0.8, view.window.height_mm - 0.8)
    rows = np.flatnonzero(view.own)
    shapes = shapely.intersection(view.shapes[rows], paper)
    visible = [at for at, shape in enumerate(shapes) if shape.area > 0 and not what.bare]
    rows, shapes = rows[visible], np.array([_largest(shapes[at]) for at in visible], dtype=object)
    plots = [view.plots[row] for row in rows]
    if len(rows):
        inner = shapely.buffer(shapes, -0.5 * f, join_style="mitre")
        inner = np.array([_largest(each) if not each.is_empty else shape for each, shape in zip(inner, shapes, strict=True)], dtype=object)
        found = fit(inner, [wordings(plot, made.choices, f) for plot in plots], made.fonts)
        placed.labels += [replace(label, plate=_tint(plot, made)) for label, plot in zip(found, plots, strict=True) if label]
        called = [at for at, label in enumerate(found) if label is None]
        placed.callouts += call_out(shapes[called], 1, placed, paper, made.fonts, f)
    else:
        called = []
    _place_tiles(placed, what, view, made, f)
    _place_surroundings(placed, what, view, paper, made, f)
    return placed, [(callout, plots[at]) for callout, at in zip(placed.callouts, called, strict=True)]


def _tint(plot: Plot, made: Set) -> str:
    return made.looks[plot.worker.id].tint if plot.worker and plot.worker.id in made.looks else NOBODY


def _largest(shape: Any) -> Any:
    parts = [part for part in shapely.get_parts(shape) if shapely.get_dimensions(part) == 2]
    return max(parts, key=lambda part: part.area, default=shape)


def wordings(plot: Plot, choices: Choices, f: float) -> list[tuple[Line, ...]]:
    """What a cell's label says, the fullest first: name, code, worker and phone; on the public sheet without the phone."""
    who = plot.worker
    worker = Line(who.name_in(choices.main), 9.5 * f) if who else Line(choices.say("print.nobody")[0], 8.5 * f, ink=RED)
    phone = (Line(who.phone, 8 * f),) if who and who.phone and not choices.public else ()
    code = Line(plot.code, 6.6 * f, ink=SOFT)
    name = plot.name_in(choices.main)
    full = (Line(name, 11 * f, bold=True), code, worker, *phone) if name and name != plot.code else (replace(code, bold=True, size=8 * f), worker, *phone)
    small = (replace(code, bold=True, ink="#1A1A1A"), replace(worker, size=7.5 * f), *(replace(each, size=7 * f) for each in phone))
    return [full, small]


def _place_tiles(placed: Placed, what: MapOf, view: View, made: Set, f: float) -> None:
    """The number of each sheet, large, in a corner of its rectangle."""
    for (number, _), (x, y, _, _) in zip(what.tiles, _tile_boxes(what, view.window), strict=True):
        line_ = Line(number, 16 * f, bold=True, ink="#8E2F5B")
        w = made.fonts.width(number, line_.size, bold=True)
        label = Label((line_,), x + w / 2 + 2.5 * f, y + 5 * f, w + 1, 7 * f, (w,), plate="#FFFFFF")
        if placed.free(label.box):
            placed.labels.append(label)


def _place_surroundings(placed: Placed, what: MapOf, view: View, paper: Any, made: Set, f: float) -> None:
    """Names of villages around with their sheets, codes of cells around, names of streets and water."""
    taken = Taken(placed.taken())
    _add(placed, taken, _village_names(view, what, paper, made, f), "" if what.named else FADED)
    names, water = view.ground(Ground.WATER)
    blue = [(name, _largest(shape)) for name, shape in zip(names, shapely.intersection(water, paper), strict=True) if name and shape.area > 30]
    _add(placed, taken, fit(_array(shape for _, shape in blue), [[(Line(name, 8 * f, ink=BLUE),)] for name, _ in blue], made.fonts, grow=False) if blue else [], WATER)
    names, streets = view.ground(Ground.STREET)
    if len(streets) and not what.by_village:
        lines = shapely.line_merge(shapely.intersection(streets, paper))
        pieces, owner = shapely.get_parts(lines, return_index=True)
        keep = shapely.get_dimensions(pieces) == 1
        placed.labels += along([names[at] for at in owner[keep]], pieces[keep], taken, paper, made.fonts, 6.2 * f, SOFT)
    _add(placed, taken, _codes_around(view, paper, made, f), FADED)


def _array(shapes: Iterable[Any]) -> Shapes:
    return np.array(list(shapes), dtype=object)


def _add(placed: Placed, taken: Taken, labels: Sequence[Label | None], plate: str) -> None:
    for label in labels:
        if label and taken.is_free(label.box):
            placed.labels.append(replace(label, plate=plate))
            taken.add(label.box)


def _village_names(view: View, what: MapOf, paper: Any, made: Set, f: float) -> Sequence[Label | None]:
    """Of the villages around, with the number of their sheet; on a township's map of its own villages too."""
    mine = {plot.village for plot in what.plots}
    shapes = view.outlines([plot.village for plot in view.plots])
    villages = made.plane.subject.village_of
    codes = [code for code in shapes if code in villages and (what.named or code not in mine)]
    seen = [(code, _largest(shape)) for code in codes if (shape := shapely.intersection(shapes[code], paper)).area > 60]
    wording = []
    for code, _ in seen:
        own = code in mine
        name = Line(villages[code].name_in(made.choices.main), (12 if own else 9) * f, bold=True, ink="#7A2750" if own else FAINT)
        sheet = (what.sheets or {}).get(code)
        more = (Line(made.choices.say("print.see_sheet", sheet=sheet)[0], (9 if own else 6.5) * f, ink="#8E2F5B"),) if sheet else ()
        wording.append([(name, *more), (replace(name, size=7 * f), *more)])
    return fit(_array(shape for _, shape in seen), wording, made.fonts, grow=what.named) if seen else []


def _codes_around(view: View, paper: Any, made: Set, f: float) -> Sequence[Label | None]:
    rows = np.flatnonzero(~view.own)
    shapes = shapely.intersection(view.shapes[rows], paper)
    seen = [(view.plots[row], _largest(shape)) for row, shape in zip(rows, shapes, strict=True) if shape.area > 40]
    if not seen:
        return []
    wording = [[(Line(plot.code, 6.0 * f, ink=FAINT),), (Line(plot.code[-3:], 6.0 * f, ink=FAINT),)] for plot, _ in seen]
    return fit(_array(shape for _, shape in seen), wording, made.fonts, even=0, grow=False)


# Lists beside the map.


def _circle(each: Callout, f: float) -> dict[str, Any]:
    size = min(7.5 * f, each.r * 2 / 25.4 * 72 * (0.62 if each.number < 100 else 0.48))
    return {"n": each.number, "x": round(each.x, 2), "y": round(each.y, 2), "r": round(each.r, 2), "s": round(size, 2)}


def _called_rows(called: Sequence[tuple[Callout, Plot]], choices: Choices) -> list[dict[str, Any]]:
    return [{"n": callout.number, "code": plot.code, "name": _who(plot.worker, choices), "phone": _phone(plot.worker, choices)} for callout, plot in called]


def _who(person: Person | None, choices: Choices) -> str:
    return person.name_in(choices.main) if person else str(choices.say("print.nobody")[0])


def _phone(person: Person | None, choices: Choices) -> str:
    return "" if person is None or choices.public else person.phone


def _worker_rows(view: View, made: Set) -> list[dict[str, Any]]:
    """Who stands on this sheet, with how their cells look."""
    cells: dict[str, list[Plot]] = {}
    for plot, own in zip(view.plots, view.own, strict=True):
        if own and plot.worker:
            cells.setdefault(plot.worker.id, []).append(plot)
    found = []
    for id, plots in cells.items():
        worker = plots[0].worker
        found.append({"svg": swatch(made.looks.get(id)), "name": _who(worker, made.choices), "phone": _phone(worker, made.choices), "cells": _serials(plots)})
    return found


def _village_rows(what: MapOf, made: Set) -> list[dict[str, Any]]:
    """The villages of an overview with their sheets and the phones of their centres."""
    villages, sheets = made.plane.subject.village_of, what.sheets or {}
    found = []
    for code in dict.fromkeys(plot.village for plot in what.plots if plot.village in villages):
        sheet = made.choices.say("print.see_sheet", sheet=sheets[code])[0] if code in sheets else ""
        village = villages[code]
        found.append({"svg": None, "name": village.name_in(made.choices.main), "phone": village.phone, "cells": sheet})
    return found


def _serials(plots: Sequence[Plot]) -> str:
    shown = [plot.code[-3:] for plot in plots[:4]]
    return " ".join(shown) + (" …" if len(plots) > 4 else "")


def swatch(look: Look | None) -> str:
    """A sample of how cells look, 7 × 4 mm."""
    box = _array([shapely.box(0.1, 0.1, 6.9, 3.9)])
    return svg(7, 4, [*fill(box, look, "s"), line(box, 0.2, "#3C3C3C")])
