"""Whom a map names: the service centre, callouts, who stands where, where its code leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gridmap.atlas.choices import Choices
from gridmap.atlas.colours import Look
from gridmap.atlas.drawing import CELL_LINE, fill
from gridmap.atlas.ink import along, box_of
from gridmap.atlas.labels import Callout
from gridmap.atlas.subject import Person, Place, Plot
from gridmap.atlas.theme import MapOf, Set
from gridmap.atlas.view import View


def contact(place: Place | None, choices: Choices) -> dict[str, Any] | None:
    """The service centre of a place, and its phone."""
    if place is None or not (place.centre or place.phone):
        return None
    return {"title": choices.say("atlas.contact"), "rows": [[place.centre_in(choices.main) or place.name_in(choices.main), place.phone]]}


def sheet_url(choices: Choices, what: MapOf, made: Set) -> str | None:
    """What the QR code opens: the village's page, which says whether the sheet is current. Nothing about a person is in it."""
    stamp = made.plane.subject.stamp
    if choices.url is None or what.place is None or not what.place.code:
        return None
    return f"{choices.url}/v/{what.place.code}" + (f"?e={stamp.number}" if stamp else "")


@dataclass(frozen=True, slots=True)
class Called:
    """What a number on the map, or a grid square, stands for."""

    number: str
    code: str
    name: str
    phone: str


def called_rows(called: Sequence[tuple[Callout | None, Plot]], squares: Mapping[str, str], choices: Choices) -> list[Called]:
    """What each number stands for; a cell too small for a number is found by its grid square."""
    found = []
    for callout, plot in called:
        number = str(callout.number) if callout else squares.get(plot.code, "")
        found.append(Called(number, plot.code, who(plot.worker, choices), phone(plot.worker, choices)))
    return found


def who(person: Person | None, choices: Choices) -> str:
    """A person's name, or that there is nobody."""
    return person.name_in(choices.main) if person else str(choices.say("atlas.nobody")[0])


def phone(person: Person | None, choices: Choices) -> str:
    """A person's service phone; none on the public sheet."""
    return "" if person is None or choices.public else person.phone


@dataclass(frozen=True, slots=True)
class Holder:
    """A row of the list of those whom the map shows: a worker with some cells, or a village with its sheet, and a drawing of the looks."""

    drawing: str
    name: str
    phone: str
    more: str


def worker_rows(view: View, made: Set) -> list[Holder]:
    """Who stands on this sheet, with how their cells look."""
    cells: dict[str, list[Plot]] = {}
    for plot, own in zip(view.plots, view.own, strict=True):
        if own and plot.worker:
            cells.setdefault(plot.worker.id, []).append(plot)
    found = []
    for id, plots in cells.items():
        worker = plots[0].worker
        found.append(Holder(swatch(made.looks.get(id)), who(worker, made.choices), phone(worker, made.choices), _serials(plots)))
    return found


def village_rows(what: MapOf, made: Set) -> list[Holder]:
    """The villages of an overview with their sheets and the phones of their centres."""
    villages, sheets = made.plane.subject.village_of, what.sheets or {}
    found = []
    for code in dict.fromkeys(plot.village for plot in what.plots if plot.village in villages):
        sheet = made.choices.say("atlas.see_sheet", sheet=sheets[code])[0] if code in sheets else ""
        village = villages[code]
        found.append(Holder("", village.name_in(made.choices.main), village.phone, sheet))
    return found


def _serials(plots: Sequence[Plot]) -> str:
    shown = [plot.code[-3:] for plot in plots[:4]]
    return " ".join(shown) + (" …" if len(plots) > 4 else "")


@cache
def swatch(look: Look | None) -> str:
    """A sample of how cells look, 7 × 4 mm."""
    path = box_of(0.1, 0.1, 6.8, 3.8)
    return fill(path, look, 7, 4) + along(path, 0.2, CELL_LINE)
