"""Sheets of lists: tables, indexes, changes. Rows are dealt to pages and columns here, so that every page number is known beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gridmap.atlas.choices import Choices, Page
from gridmap.atlas.fonts import Fonts
from gridmap.atlas.forme import ACCENT, Forme
from gridmap.atlas.ink import drawing
from gridmap.atlas.margins import Title, set_list_foot, set_title
from gridmap.atlas.paper import Layout, Paper

ROW = 5.3
HEAD = 7.5
MOST_STRETCH = 1.5
"""Few rows are set larger: a list on the wall is read from farther away than one in the hand."""
SMALL = 4.5
"""Points: a text that is too long for its column is set smaller, down to this, and never cut off."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list: its title in each language, its share of the width, how its texts stand."""

    title: list[str]
    share: float
    align: str = "left"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list to print: `abreast` is into how many columns of rows a page is divided."""

    of: str
    title: list[str]
    subtitle: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[str]]
    abreast: int = 1
    note: list[str] | None = None


def list_layout(paper: Paper) -> Layout:
    """Lists are read in the hand: upright, on no more than an A3."""
    return Layout(paper if paper in {Paper.A5, Paper.A4, Paper.A3} else Paper.A3, landscape=False)


def list_pages(what: ListOf, choices: Choices, fonts: Fonts) -> list[Page]:
    """As many pages as the rows need, at least one."""
    layout = list_layout(choices.paper)
    f = layout.factor
    top, bottom = layout.title.bottom + 3 * f, layout.foot.y
    fit = max(1, int((bottom - top - HEAD * f) / (ROW * f)))
    width = layout.title.w
    gap = 6 * f
    block = (width - gap * (what.abreast - 1)) / what.abreast
    wide = [block * column.share / sum(each.share for each in what.columns) - 2.4 * f * MOST_STRETCH for column in what.columns]
    sizes = [min((_size(row[at], room, 8 * f * MOST_STRETCH, fonts) for row in what.rows), default=8 * f) for at, room in enumerate(wide)]
    stretch = max(1.0, min(MOST_STRETCH, fit / max(1, len(what.rows)), min(sizes) / (8 * f))) if what.abreast == 1 else 1.0
    sizes = [min(size, 8 * f * stretch) for size in sizes]
    per_page = fit * what.abreast
    found = []
    for first in range(0, max(1, len(what.rows)), per_page):
        rows = what.rows[first : first + per_page]
        blocks = [
            {"x": layout.title.x + nth * (block + gap), "w": block, "rows": _set(rows[nth * fit : (nth + 1) * fit], sizes)}
            for nth in range(what.abreast)
            if rows[nth * fit : (nth + 1) * fit] or nth == 0
        ]
        found.append(_page(what, layout, (choices, fonts), blocks, (top, stretch)))
    return found


def _page(what: ListOf, layout: Layout, made: tuple[Choices, Fonts], blocks: list[dict[str, Any]], set_: tuple[float, float]) -> Page:
    choices, fonts = made
    forme = Forme(fonts, layout.factor)
    set_title(forme, layout.title, Title(what.title, what.subtitle), choices)
    if what.note:
        forme.paragraph(layout.foot.x, layout.foot.y, "  ".join(what.note), width=layout.foot.w, size=7 * layout.factor, ink=ACCENT)
    data = {
        "width": layout.width, "height": layout.height, "f": layout.factor, "title": what.title,
        "columns": [{"t": column.title, "share": column.share, "align": column.align} for column in what.columns],
        "blocks": blocks, "top": set_[0], "stretch": set_[1], "row": ROW, "head": HEAD,
        **set_list_foot(forme, layout.foot, choices), "drawing": drawing(layout.width, layout.height, forme.parts), **forme.told(),
    }  # fmt: skip
    return Page("list", what.of, data)


def _set(rows: Sequence[Sequence[str]], sizes: Sequence[float]) -> list[list[dict[str, Any]]]:
    return [[{"t": text, "s": round(size, 2)} for text, size in zip(row, sizes, strict=True)] for row in rows]


def _size(text: str, room: float, size: float, fonts: Fonts) -> float:
    """The size at which a text fits its column in one line."""
    width = fonts.width(text, size)
    return size if width <= room else round(max(SMALL, size * room / width), 2)
