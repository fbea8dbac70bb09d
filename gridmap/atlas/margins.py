"""What stands above and below a map or a list: the title with stamp and edition; north, scale, how it was made, page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gridmap.atlas.choices import Choices
from gridmap.atlas.forme import SOFT, Forme
from gridmap.atlas.ink import INK, paint, rim_of
from gridmap.atlas.labels import POINT
from gridmap.atlas.paper import Box, Window, scale_bar

RED = "#B3261E"


@dataclass(frozen=True, slots=True)
class Title:
    """What a sheet is, in each language; what else is said of it where there is one language; of which edition."""

    words: Sequence[str]
    subtitle: str
    edition: str = ""


def set_title(forme: Forme, box: Box, title: Title, choices: Choices) -> None:
    """The title, as large as what stands at its right leaves room for; below it the title in the second language, or the subtitle."""
    f, width = forme.f, forme.fonts.width
    y, beside = box.y, width(title.edition, 8.5 * f)
    if not choices.public:
        stamp = "  ".join(choices.say("atlas.internal"))
        wide = width(stamp, 9 * f, bold=True) + 4 * f
        forme.draw(paint(rim_of(box.right - wide, y, wide, 9 * f * POINT + 2 * f, 0.35 * f), fill=RED))
        forme.line(box.right - 2 * f, y + f, stamp, 9 * f, bold=True, ink=RED, at=1)
        y, beside = y + 9 * f * POINT + 3 * f, max(beside, wide)
    forme.line(box.right, y, title.edition, 8.5 * f, at=1)
    room = box.w - beside - 4 * f
    size = 21 * f * min(1, room / width(title.words[0], 21 * f, bold=True))
    forme.line(box.x, box.y, title.words[0], size, bold=True)
    below = title.words[1] if len(title.words) > 1 else title.subtitle
    forme.line(box.x, box.y + forme.pitch(size), below, 9.5 * f * min(1, room / max(width(below, 9.5 * f), 1)), ink=SOFT)


@dataclass(frozen=True, slots=True)
class Made:
    """How a map was made: its coordinate system, and what to do about a wrong border, in each language."""

    crs: Sequence[str]
    report: Sequence[str]


def set_map_foot(forme: Forme, box: Box, window: Window, made: Made, choices: Choices) -> dict[str, Any]:
    """North, scale bar, scale, how the map was made; what it returns tells where the page's number stands."""
    f = forme.f
    metres, mm = scale_bar(window.scale, 60 * f)
    x = box.x + 31 * f + mm
    sheet = "  ".join([choices.say("atlas.sheet", sheet="000")[0], *choices.say("atlas.page", page="000", pages="000")])
    aside = max(forme.fonts.width(_printed(choices), 6.3 * f), forme.fonts.width(sheet, 8 * f, bold=True))
    lines = _fitting(forme, box, box.right - aside - 3.5 * f - x, window, made)
    high = _height(forme, lines)
    row = max(10 * f, high)
    _set_north(forme, box.x, box.y + (row - 10 * f) / 2, choices.say("atlas.north")[0])
    _set_bar(forme, box.x + 11.5 * f, box.y + (row - 8 * f) / 2, mm, ["0", _metres(metres / 2), _metres(metres)])
    top = box.y + (row - high) / 2
    (largest, least) = lines[0][1], lines[-1][1]
    for texts, size in lines:
        end = forme.line(x, top, texts[0], size, bold=size == largest, ink=SOFT if size == least else INK)
        for text in texts[1:]:
            forme.after(end + 3 * f, top, text, above=size, size=7 / 11 * size)
        top += forme.pitch(size)
    both = forme.pitch(8 * f) + 6.3 * f * POINT
    forme.line(box.right, box.y + (row - both) / 2 + forme.pitch(8 * f), _printed(choices), 6.3 * f, ink=SOFT, at=1)
    return _page_at(box.right, box.y + (row - both) / 2, f)


def set_list_foot(forme: Forme, box: Box, choices: Choices) -> dict[str, Any]:
    """When it was printed; what it returns tells where the page's number stands."""
    f = forme.f
    forme.line(box.x, box.bottom - 6.3 * f * POINT, _printed(choices), 6.3 * f, ink=SOFT)
    return _page_at(box.right, box.bottom - 8 * f * POINT, f)


def _page_at(right: float, top: float, f: float) -> dict[str, Any]:
    return {"page-at": {"x": round(right, 2), "y": round(top, 2), "s": round(8 * f, 2)}, "page": [""]}


def _printed(choices: Choices) -> str:
    return "  ".join(choices.say("atlas.printed", at=choices.printed.strftime("%Y-%m-%d %H:%M"))) if choices.printed else ""


Lines = list[tuple[list[str], float]]
"""Texts that stand on one line, and the size of the first."""


def _fitting(forme: Forme, box: Box, room: float, window: Window, made: Made) -> Lines:
    """In all languages where that fits, else in the first alone, and smaller where not even that does: on small paper."""
    first = Made(made.crs[:1], made.report[:1])
    tries = [(made, 1.0), (first, 1.0), (first, 0.85), (first, 0.7), (first, 0.6)]
    found = (_told(forme, room, window, each, scale) for each, scale in tries)
    lines: Lines = []
    for lines in found:
        if _height(forme, lines) <= box.h + 2:  # so much of the margin below may be taken
            break
    return lines


def _height(forme: Forme, lines: Lines) -> float:
    return sum(forme.pitch(size) for _, size in lines) - forme.pitch(0)


def _told(forme: Forme, room: float, window: Window, made: Made, scale: float) -> Lines:
    """Lines with their sizes: the scale with what to do about a wrong border, or that below it where it has no room; how it was made."""
    f, ratio, report = forme.f * scale, f"1:{window.scale:,}", "  ".join(made.report)
    beside = forme.fonts.width(ratio, 11 * f, bold=True) + 3 * f + forme.fonts.width(report, 7 * f) <= room
    found: Lines = [([ratio, report] if beside else [ratio], 11 * f)]
    found += [([line], 7 * f) for text in made.report for line in forme.broken(text, room, 7 * f) if not beside]
    return found + [([line], 6.3 * f) for text in made.crs for line in forme.broken(text, room, 6.3 * f)]


def _metres(metres: float) -> str:
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def _set_north(forme: Forme, x: float, y: float, word: str) -> None:
    """An arrow, 8 × 10 mm with its letter."""
    f, middle, top = forme.f, x + 4 * forme.f, y + 3 * forme.f
    forme.line(middle, y, word, 7 * f, bold=True, at=0.5)
    for side in (-1, 1):
        half = f"{middle:.2f} {top:.2f} m {middle + side * 1.7 * f:.2f} {top + 6.6 * f:.2f} l {middle:.2f} {top + 5.2 * f:.2f} l h\n"
        forme.draw(paint(half, fill=INK) if side < 0 else paint(half, fill="#FFFFFF", line=INK, width=0.12 * f))


def _set_bar(forme: Forme, x: float, y: float, mm: float, labels: Sequence[str]) -> None:
    """Alternately filled, with its numbers above; its whole length is true."""
    f, left, top = forme.f, x + 4 * forme.f, y + 4.2 * forme.f
    for nth in range(4):
        part = f"{left + mm * nth / 4:.4f} {top:.2f} {mm / 4:.4f} {1.3 * f:.2f} re\n"
        forme.draw(paint(part, fill="#FFFFFF" if nth % 2 else INK, line=INK, width=0.12 * f))
    for nth, text in enumerate(labels):
        forme.line(left + mm * nth / 2, y + 0.4 * f, text, 6.8 * f, at=0.5)
