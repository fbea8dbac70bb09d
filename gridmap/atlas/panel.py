"""The panel beside or below a map: whom to call, callouts, who stands where, the legend, the code to scan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gridmap.atlas.beside import Called, Holder, contact
from gridmap.atlas.choices import Choices
from gridmap.atlas.forme import ACCENT, SOFT, Forme
from gridmap.atlas.ink import box_of, moved, paint
from gridmap.atlas.labels import POINT
from gridmap.atlas.paper import Layout
from gridmap.atlas.qr import qr_code
from gridmap.atlas.theme import MapOf, Set

ROW, KEY, HEADING, CODE = 4.2, 5.1, 4.83, 24.0
"""Millimetres on an A3: the height of a row of a list and of the legend, of a title, of the code to scan."""


def rows_of(layout: Layout, what: MapOf, made: Set) -> int:
    """How many rows of lists the panel has room for beside contact, legend and code."""
    f = layout.factor
    if layout.landscape:
        fixed = (18 if contact(what.place, made.choices) else 0) + 50 + (30 if made.choices.url else 0) + 14
        return max(0, int((layout.panel.h / f - fixed) / ROW))
    return int((layout.panel.h / f - 8) / ROW)


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands beside a map. The titles are in each language; of `key` each is a sample and its words."""

    choices: Choices
    contact: Mapping[str, Any] | None
    called: Sequence[Called]
    holders_title: Sequence[str]
    holders: Sequence[Holder]
    key: Sequence[tuple[str, Sequence[str]]]
    url: str | None
    note: str | None


def set_panel(forme: Forme, layout: Layout, panel: Panel) -> None:
    """Below the map three columns; beside it one, with legend and code at its foot."""
    box, f, gap = layout.panel, layout.factor, 3 * layout.factor
    if layout.landscape:
        y = _set_contact(forme, box.x, box.y, box.w, panel)
        y = _set_called(forme, box.x, y, box.w, panel)
        _set_note(forme, box.x, _set_holders(forme, box.x, y, box.w, panel), box.w, panel)
        bottom = box.bottom - (CODE * f + gap if panel.url else 0)
        _set_key(forme, box.x, bottom - (HEADING + KEY * len(panel.key)) * f, box.w, panel)
        _set_code(forme, box.x, box.bottom - CODE * f, box.w, panel)
        return
    narrow = (box.w - 10 * f) / 3.35
    middle, right = box.x + narrow + 5 * f, box.right - narrow
    y = _set_note(forme, box.x, _set_contact(forme, box.x, box.y, narrow, panel), narrow, panel)
    _set_code(forme, box.x, y, narrow, panel)
    y = _set_called(forme, middle, box.y, 1.35 * narrow, panel)
    _set_holders(forme, middle, y, 1.35 * narrow, panel)
    _set_key(forme, right, box.y, narrow, panel)


def _set_heading(forme: Forme, x: float, top: float, width: float, words: Sequence[str]) -> float:
    """A title on a line. Where what it is about begins."""
    forme.pair(x, top, words, 8 * forme.f, bold=True)
    rule = box_of(x, top + 3.5 * forme.f, width, 0.25 * forme.f)  # filled: the preview draws no stroke finer than a pixel
    forme.draw(paint(rule, fill=ACCENT))
    return top + HEADING * forme.f


def _set_contact(forme: Forme, x: float, top: float, width: float, panel: Panel) -> float:
    """Whom to call. Where the next block begins, here as below."""
    f = forme.f
    if panel.contact is None:
        return top
    y = _set_heading(forme, x, top, width, panel.contact["title"])
    for name, number in panel.contact["rows"]:
        y = forme.paragraph(x, y, name, width=width, size=7.6 * f)
        forme.line(x, y, number, 12 * f, bold=True)
        y += forme.pitch(12 * f) if number else 0
    return y + 3 * f


def _set_note(forme: Forme, x: float, top: float, width: float, panel: Panel) -> float:
    return forme.paragraph(x, top, panel.note, width=width, size=7 * forme.f, ink=ACCENT) + 3 * forme.f if panel.note else top


def _set_called(forme: Forme, x: float, top: float, width: float, panel: Panel) -> float:
    """Number, code, name and phone in columns as broad as the broadest."""
    if not panel.called:
        return top
    f, gap, wide = forme.f, 1.6 * forme.f, forme.fonts.width
    number = x + max(wide(row.number, 7 * f, bold=True) for row in panel.called)
    name = number + 2 * gap + max(wide(row.code, 6.3 * f) for row in panel.called)
    y = _set_heading(forme, x, top, width, panel.choices.say("atlas.called"))
    for row in panel.called:
        middle = y + 1.6 * f
        forme.line(number, middle - 3.5 * f * POINT, row.number, 7 * f, bold=True, at=1)
        forme.line(number + gap, middle - 3.15 * f * POINT, row.code, 6.3 * f, ink=SOFT)
        forme.line(name, middle - 3.5 * f * POINT, row.name, 7 * f)
        forme.line(x + width, middle - 3.4 * f * POINT, row.phone, 6.8 * f, at=1)
        y += ROW * f
    return y + 3 * f


def _set_holders(forme: Forme, x: float, top: float, width: float, panel: Panel) -> float:
    """How their cells look, name, some cells, phone."""
    if not panel.holders:
        return top
    f = forme.f
    y = _set_heading(forme, x, top, width, panel.holders_title)
    for row in panel.holders:
        line = y + 1.65 * f - 3.8 * f * POINT
        forme.draw(moved(x, y, row.drawing, scale=3.3 / 4 * f) if row.drawing else "")
        end = forme.line(x + 7.8 * f, line, row.name, 7.6 * f)
        forme.after(end + 1.7 * f, line, row.more, above=7.6 * f, size=6.3 * f, ink=SOFT)
        forme.line(x + width, line + 0.15 * f * POINT, row.phone, 7.3 * f, at=1)
        y += ROW * f
    return y + 3 * f


def _set_key(forme: Forme, x: float, top: float, width: float, panel: Panel) -> None:
    """A sample of everything that the map shows, and what it is."""
    f = forme.f
    y = _set_heading(forme, x, top, width, panel.choices.say("atlas.key"))
    for sample, words in panel.key:
        forme.draw(moved(x, y, sample, scale=f))
        forme.pair(x + 9 * f, y + 2 * f - 3.5 * f * POINT, words, 7 * f)
        y += KEY * f


def _set_code(forme: Forme, x: float, top: float, width: float, panel: Panel) -> None:
    """The code to scan, what it is for, and its address in letters."""
    if panel.url is None:
        return
    f, room = forme.f, width - (CODE + 2.5) * forme.f
    side, code = qr_code(panel.url)
    forme.draw(moved(x, top, code, scale=CODE * f / side))
    says = [line for text in panel.choices.say("atlas.scan") for line in forme.broken(text, room, 7 * f)]
    address = forme.broken(panel.url, room, 5.6 * f)
    y = top + (CODE * f - len(says) * forme.pitch(7 * f) - 0.9 * f - len(address) * forme.pitch(5.6 * f)) / 2
    for text in says:
        forme.line(x + width - room, y, text, 7 * f)
        y += forme.pitch(7 * f)
    for text in address:
        forme.line(x + width - room, y + 0.9 * f, text, 5.6 * f, ink=SOFT)
        y += forme.pitch(5.6 * f)
