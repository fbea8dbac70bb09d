"""The lists beside a map: whom to call, callouts, who stands where, the code to scan."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from gridmap.atlas.choices import Choices
from gridmap.atlas.colours import Look
from gridmap.atlas.drawing import CELL_LINE, fill
from gridmap.atlas.fonts import Fonts
from gridmap.atlas.ink import along, box_of, drawing
from gridmap.atlas.labels import Callout
from gridmap.atlas.paper import Layout
from gridmap.atlas.qr import qr_drawing
from gridmap.atlas.subject import Person, Place, Plot
from gridmap.atlas.theme import MapOf, Set
from gridmap.atlas.view import View

ROW = 4.2
"""The height of a row of a list on an A3, in millimetres."""


def contact(place: Place | None, choices: Choices) -> dict[str, Any] | None:
    """The service centre of a place, and its phone."""
    if place is None or not (place.centre or place.phone):
        return None
    return {"title": choices.say("atlas.contact"), "rows": [[place.centre_in(choices.main) or place.name_in(choices.main), place.phone]]}


def code_to_scan(what: MapOf, choices: Choices, made: Set) -> dict[str, Any] | None:
    """The QR code, its address in letters, and what it is for; None where the service has no public address."""
    url = sheet_url(choices, what, made)
    return {"drawing": qr_drawing(url), "url": url, "says": choices.say("atlas.scan")} if url else None


def sheet_url(choices: Choices, what: MapOf, made: Set) -> str | None:
    """What the QR code opens: the village's page, which says whether the sheet is current. Nothing about a person is in it."""
    stamp = made.plane.subject.stamp
    if choices.url is None or what.place is None or not what.place.code:
        return None
    return f"{choices.url}/v/{what.place.code}" + (f"?e={stamp.number}" if stamp else "")


def rows_of(layout: Layout, what: MapOf, made: Set) -> int:
    """How many rows of lists the panel has room for beside contact, legend and code."""
    f = layout.factor
    if layout.landscape:
        fixed = (18 if contact(what.place, made.choices) else 0) + 50 + (30 if made.choices.url else 0) + 14
        return max(0, int((layout.panel.h / f - fixed) / ROW))
    return int((layout.panel.h / f - 8) / ROW)


def called_rows(
    called: Sequence[tuple[Callout | None, Plot]], squares: Mapping[str, str], choices: Choices, fonts: Fonts
) -> list[dict[str, Any]]:
    """What each number stands for; a cell too small for a number is found by its grid square."""
    found = []
    for callout, plot in called:
        number = str(callout.number) if callout else squares.get(plot.code, "")
        wide = fonts.width(number, 7 * choices.paper.factor, bold=True)
        found.append(
            {"n": number, "w": round(wide, 2), "code": plot.code, "name": who(plot.worker, choices), "phone": phone(plot.worker, choices)}
        )
    return found


def called_list(rows: Sequence[Mapping[str, Any]], choices: Choices, fonts: Fonts) -> dict[str, Any]:
    """The list of callouts; `columns` are where its numbers end and its codes and names begin."""
    gap, size = 1.6 * choices.paper.factor, 6.3 * choices.paper.factor
    numbers = max((row["w"] for row in rows), default=0.0)
    codes = max((fonts.width(row["code"], size) for row in rows), default=0.0)
    columns = [round(numbers, 2), round(numbers + gap, 2), round(numbers + codes + 2 * gap, 2)]
    return {"title": choices.say("atlas.called"), "rows": rows, "columns": columns}


def who(person: Person | None, choices: Choices) -> str:
    """A person's name, or that there is nobody."""
    return person.name_in(choices.main) if person else str(choices.say("atlas.nobody")[0])


def phone(person: Person | None, choices: Choices) -> str:
    """A person's service phone; none on the public sheet."""
    return "" if person is None or choices.public else person.phone


def worker_rows(view: View, made: Set) -> list[dict[str, Any]]:
    """Who stands on this sheet, with how their cells look."""
    cells: dict[str, list[Plot]] = {}
    for plot, own in zip(view.plots, view.own, strict=True):
        if own and plot.worker:
            cells.setdefault(plot.worker.id, []).append(plot)
    found = []
    for id, plots in cells.items():
        worker = plots[0].worker
        found.append(
            {
                "drawing": swatch(made.looks.get(id)),
                "name": who(worker, made.choices),
                "phone": phone(worker, made.choices),
                "cells": _serials(plots),
            }
        )
    return found


def village_rows(what: MapOf, made: Set) -> list[dict[str, Any]]:
    """The villages of an overview with their sheets and the phones of their centres."""
    villages, sheets = made.plane.subject.village_of, what.sheets or {}
    found = []
    for code in dict.fromkeys(plot.village for plot in what.plots if plot.village in villages):
        sheet = made.choices.say("atlas.see_sheet", sheet=sheets[code])[0] if code in sheets else ""
        village = villages[code]
        found.append({"drawing": None, "name": village.name_in(made.choices.main), "phone": village.phone, "cells": sheet})
    return found


def _serials(plots: Sequence[Plot]) -> str:
    shown = [plot.code[-3:] for plot in plots[:4]]
    return " ".join(shown) + (" …" if len(plots) > 4 else "")


@cache
def swatch(look: Look | None) -> str:
    """A sample of how cells look, 7 × 4 mm."""
    path = box_of(0.1, 0.1, 6.8, 3.8)
    return drawing(7, 4, [fill(path, look, 7, 4), along(path, 0.2, CELL_LINE)])
