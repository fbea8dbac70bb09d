"""Which sheets there are: of a village, of a township (the atlas or one wall map), of a worker; numbered, to name each other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gridmap.atlas.changes import change_rows
from gridmap.atlas.choices import Choices, Page, ScaleUnusable
from gridmap.atlas.fonts import Fonts, find_fonts
from gridmap.atlas.front import cover
from gridmap.atlas.lists import Column, ListOf, list_pages
from gridmap.atlas.paper import SCALES, Layout, Window, fitting_scale, windows
from gridmap.atlas.pinyin import by_name
from gridmap.atlas.sheet import map_sheet
from gridmap.atlas.subject import Named, Place, Plot, SheetAreaMissing, Subject
from gridmap.atlas.theme import MapOf, Set, looks_of
from gridmap.atlas.view import Plane
from gridmap.errors import NotFound

ROOM_MM = 5.5
"""The radius of the circle that a label of the smallest type needs in its cell."""
READABLE = 0.6
"""A scale is readable if so large a share of the cells has that room."""
MOST_TILES = 16
"""More sheets than this for one village help nobody; then cells become callouts."""
MOST_SHEETS = 400
"""More than this at a scale that somebody asked for is a slip of the pen."""

Watch = Callable[[int], object]
"""Told of each page as it is laid out."""


class WorkerWithoutCells(NotFound):
    """Nobody of this id stands at a cell as its worker; facts: worker."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The map sheets of one village: an overview first where there are several."""

    layout: Layout
    windows: tuple[tuple[int, int, Window], ...]

    @property
    def sheets(self) -> int:
        return len(self.windows) + (len(self.windows) > 1)


def make_set(subject: Subject, choices: Choices, fonts: Fonts | None = None) -> Set:
    """What every sheet of one subject is made with."""
    plane = Plane.of(subject)
    return Set(plane, choices, fonts or find_fonts(), looks_of(plane))


def plan(plots: Sequence[Plot], made: Set) -> Planned | None:
    """How many sheets at which scale; None where no plot has a shape. ScaleUnusable where the scale asked for makes hundreds."""
    bounds = made.plane.bounds(plots)
    if bounds is None:
        return None
    choices, width, height = made.choices, bounds[2] - bounds[0], bounds[3] - bounds[1]
    layouts = [Layout(choices.paper, landscape) for landscape in (True, False)]
    layout = min(layouts, key=lambda each: fitting_scale(width, height, each.map))
    fitting = fitting_scale(width, height, layout.map)
    scale = choices.scale or _readable(plots, made, layout, bounds, fitting)
    found = windows(bounds, scale, layout.map)
    if len(found) > MOST_SHEETS:
        raise ScaleUnusable(scale=scale)
    return Planned(layout, tuple(each for each in found if len(found) == 1 or made.plane.touches(plots, each[2].bounds)))


def _readable(plots: Sequence[Plot], made: Set, layout: Layout, bounds: tuple[float, float, float, float], fitting: int) -> int:
    """The scale at which most cells have room for their label; the one that fits a page where that takes too many pages."""
    room = made.plane.room(plots)
    for scale in sorted((scale for scale in SCALES if scale <= fitting), reverse=True):
        if len(windows(bounds, int(scale), layout.map)) > MOST_TILES:
            return fitting
        if np.mean(room * 1000 / scale >= ROOM_MM * layout.factor) >= READABLE:
            return int(scale)
    return fitting


def village_book(made: Set, code: str, *, first: int = 1, sheets: Mapping[str, str] | None = None) -> list[Page]:
    """The map sheets of a village, their lists of callouts, its table. SheetAreaMissing."""
    village, plots = made.plane.subject.village(code), made.plane.subject.plots_of.get(code, ())
    maps = list(village_maps(made, code, first=first, sheets=sheets))
    return [*maps, *_called_lists(maps, village, made), *table(made, village, plots, maps)]


def village_maps(made: Set, code: str, *, first: int = 1, sheets: Mapping[str, str] | None = None) -> Iterator[Page]:
    """The map sheets alone, each when it is asked for. SheetAreaMissing."""
    village, plots = made.plane.subject.village(code), made.plane.subject.plots_of.get(code, ())
    planned = plan(plots, made)
    if planned:
        yield from _maps(planned, _village_map(made, village, plots, sheets), first, made)


def _village_map(made: Set, village: Place, plots: tuple[Plot, ...], sheets: Mapping[str, str] | None) -> MapOf:
    choices = made.choices
    township = made.plane.subject.township_of.get(village.parent)
    subtitle = " · ".join(filter(None, [township.name_in(choices.main) if township else "", village.code]))
    return MapOf(village.code, plots, choices.say("atlas.title", name=village), subtitle, village, sheets=sheets)


def _maps(planned: Planned, what: MapOf, first: int, made: Set) -> Iterator[Page]:
    """One sheet, or an overview and a sheet for each of its parts."""
    if len(planned.windows) == 1:
        yield _numbered(map_sheet(what, planned.windows[0][2], planned.layout, made), first, made)
        return
    numbers = {(row, column): str(first + nth) for nth, (row, column, _) in enumerate(planned.windows, 1)}
    tiles = tuple((numbers[row, column], window.bounds) for row, column, window in planned.windows)
    bounds = made.plane.bounds(what.plots) or (0.0, 0.0, 1.0, 1.0)
    fitting = fitting_scale(bounds[2] - bounds[0], bounds[3] - bounds[1], planned.layout.map, fill=0.86)
    ((_, _, whole),) = windows(bounds, fitting, planned.layout.map)
    yield _numbered(map_sheet(replace(what, tiles=tiles, bare=True), whole, planned.layout, made), first, made)
    for row, column, window in planned.windows:
        sides = {"n": (row - 1, column), "s": (row + 1, column), "w": (row, column - 1), "e": (row, column + 1)}
        beyond = tuple((side, made.choices.say("atlas.see_sheet", sheet=numbers[at])[0]) for side, at in sides.items() if at in numbers)
        yield _numbered(map_sheet(replace(what, beyond=beyond), window, planned.layout, made), int(numbers[row, column]), made)


def _numbered(page: Page, number: int, made: Set) -> Page:
    return replace(page, data=page.data | {"sheet": made.choices.say("atlas.sheet", sheet=number)}, sheet=number)


def _called_lists(maps: Sequence[Page], village: Place, made: Set) -> list[Page]:
    """The callouts for which the panel had no room."""
    choices, found = made.choices, []
    for page in maps:
        rows = [[row.number, row.code, row.name, row.phone] for row in page.called]
        if rows:
            columns = (Column(["№"], 1, "right"), *_columns(choices, code=2.6, worker=2.2, **({} if choices.public else {"phone": 2})))
            shown = [row[: len(columns)] for row in rows]
            title = choices.say("atlas.title_called", name=village, sheet=page.sheet)
            found += list_pages(ListOf(village.code, title, village.code, columns, shown, abreast=2), choices, made.fonts)
    return found


def _columns(choices: Choices, **shares: float) -> tuple[Column, ...]:
    right = {"households", "sheet", "cells"}
    return tuple(Column(choices.say(f"atlas.column.{name}"), share, "right" if name in right else "left") for name, share in shares.items())


def table(made: Set, village: Place, plots: Sequence[Plot], maps: Sequence[Page]) -> list[Page]:
    """Every cell of a village with who stands there; on the public sheet no phones of persons and no households."""
    choices = made.choices
    shares = {"code": 2.7, "name": 2.2, "worker": 2.2}
    if not choices.public:
        shares |= {"phone": 2.2, "backup": 2.2, "backup_phone": 2.2, "households": 1.1}
    squares = {code: square for page in maps for code, square in page.squares.items()}
    rows = [_row(plot, choices, squares) for plot in plots]
    columns = _columns(choices, **shares, square=1.2)
    without = [plot.code for plot in plots if plot.code not in made.plane.index]
    note = choices.say("atlas.no_shape", codes=" ".join(without[:6])) if without else choices.say("atlas.no_cells") if not plots else None
    title = choices.say("atlas.title_table", name=village)
    return list_pages(ListOf(village.code, title, village.code, columns, rows, note=note), choices, made.fonts)


def _row(plot: Plot, choices: Choices, squares: Mapping[str, str]) -> list[str]:
    worker, backup = plot.worker, plot.backup
    who = worker.name_in(choices.main) if worker else choices.say("atlas.nobody")[0]
    row = [plot.code, plot.name_in(choices.main), who]
    if not choices.public:
        row += [worker.phone if worker else "", backup.name_in(choices.main) if backup else "", backup.phone if backup else ""]
        row += ["" if plot.households is None else f"{plot.households:,}"]
    return [*row, squares.get(plot.code, "")]


def township_book(
    made: Set, code: str, *, before: Subject | None = None, only: frozenset[str] | None = None, watch: Watch = lambda pages: None
) -> list[Page]:
    """The atlas: cover, overview, every village's sheets, indexes, changes since the edition `before`; only of villages in `only`."""
    subject = made.plane.subject
    township, villages = subject.township(code), subject.villages_in(code)
    wanted, numbers = _sheets_of(made, villages, only)
    plots = tuple(plot for village in villages for plot in subject.plots_of.get(village.code, ()))
    pages = list(_overview(made, township, plots, numbers)) if only is None else []
    for village in wanted:
        pages += village_book(made, village.code, first=int(numbers[village.code]), sheets=numbers)
        watch(len(pages))
    shown = [plot for plot in plots if plot.village in numbers]
    pages += _indexes(made, township, shown, pages)
    if before is not None:
        pages += _changes(made, township, before, numbers)
    return [cover(made, township, wanted, numbers), *pages]


def township_front(made: Set, code: str, *, only: frozenset[str] | None = None) -> Page:
    """The atlas's cover alone, which names every village's first sheet. SheetAreaMissing."""
    subject = made.plane.subject
    township = subject.township(code)
    return cover(made, township, *_sheets_of(made, subject.villages_in(code), only))


def _sheets_of(made: Set, villages: Sequence[Place], only: frozenset[str] | None) -> tuple[list[Place], dict[str, str]]:
    """The villages that an atlas shows, and the number of each one's first sheet."""
    wanted = [village for village in villages if only is None or village.code in only]
    numbers, next_ = {}, 2  # the overview is sheet 1
    for village in wanted:
        planned = plan(made.plane.subject.plots_of.get(village.code, ()), made)
        numbers[village.code], next_ = str(next_), next_ + (planned.sheets if planned else 0)
    return wanted, numbers


def _overview(made: Set, township: Place, plots: tuple[Plot, ...], numbers: Mapping[str, str]) -> Iterator[Page]:
    title = made.choices.say("atlas.title_overview", name=township)
    what = MapOf(township.code, plots, title, township.code, township, sheets=numbers, named=True, bare=True, by_village=True)
    yield from _single(made, what, 1)


def _single(made: Set, what: MapOf, number: int) -> Iterator[Page]:
    """One sheet at the scale that fits the page, whatever becomes a callout."""
    bounds = made.plane.bounds(what.plots)
    if bounds is None:
        return
    layouts = [Layout(made.choices.paper, landscape) for landscape in (True, False)]
    scale, layout = min(
        ((fitting_scale(bounds[2] - bounds[0], bounds[3] - bounds[1], each.map), each) for each in layouts), key=lambda pair: pair[0]
    )
    ((_, _, window), *_rest) = windows(bounds, max(scale, made.choices.scale or 0), layout.map)
    yield _numbered(map_sheet(what, window, layout, made), number, made)


def _indexes(made: Set, township: Place, plots: Sequence[Plot], pages: Sequence[Page]) -> list[Page]:
    """By code and by name, with sheet and square."""
    choices = made.choices
    sheets = {code: (str(page.sheet), square) for page in reversed(pages) for code, square in page.squares.items()}
    columns = _columns(choices, code=2.8, name=3.2, worker=2.2, sheet=0.9, square=1)
    villages = made.plane.subject.village_of

    def row(plot: Plot) -> list[str]:
        village = villages.get(plot.village, Named(""))
        who = plot.worker.name_in(choices.main) if plot.worker else choices.say("atlas.nobody")[0]
        return [plot.code, f"{village.name_in(choices.main)} {plot.name_in(choices.main)}".strip(), who, *sheets.get(plot.code, ("", ""))]

    by_code = sorted(plots, key=lambda plot: plot.code)
    named = by_name(by_code, lambda plot: (row(plot)[1], plot.code))
    found: list[Page] = []
    for key, order in (("atlas.title_index_code", by_code), ("atlas.title_index_name", named)):
        title = choices.say(key, name=township)
        found += list_pages(
            ListOf(township.code, title, township.code, columns, [row(plot) for plot in order], abreast=2), choices, made.fonts
        )
    return found


def _changes(made: Set, township: Place, before: Subject, numbers: Mapping[str, str]) -> list[Page]:
    choices = made.choices
    rows = change_rows(made.plane.subject, before, township.code, choices)
    shown = [[*row, numbers.get(village, "")] for village, row in rows]
    number = before.stamp.number if before.stamp else "-"
    columns = _columns(choices, code=2.6, name=3.2, change=4, sheet=1)
    title = choices.say("atlas.title_changes", name=township, before=number)
    note = None if rows else choices.say("atlas.no_changes")
    return list_pages(ListOf(township.code, title, township.code, columns, shown, note=note), choices, made.fonts)


def wall_map(made: Set, code: str) -> list[Page]:
    """A township on one large sheet, every cell with who stands there, and a list of what became a number. SheetAreaMissing."""
    township = made.plane.subject.township(code)
    plots = tuple(plot for village in made.plane.subject.villages_in(code) for plot in made.plane.subject.plots_of.get(village.code, ()))
    what = MapOf(code, plots, made.choices.say("atlas.title_wall", name=township), code, township, named=True)
    maps = list(_single(made, what, 1))
    if not maps:
        raise SheetAreaMissing(code=code)
    return [*maps, *_called_lists(maps, township, made)]


def worker_book(made: Set, id: str) -> list[Page]:
    """A worker's pocket sheet: their cells, who stands beside them, their table. WorkerWithoutCells."""
    subject = made.plane.subject
    plots = subject.of_worker(id)
    if not plots or plots[0].worker is None:
        raise WorkerWithoutCells(worker=id)
    worker, village = plots[0].worker, subject.village_of.get(plots[0].village)
    what = MapOf(id, plots, made.choices.say("atlas.title_worker", name=worker), " · ".join(_places(subject, plots, made.choices)), village)
    planned = plan(plots, made)
    maps = list(_maps(planned, what, 1, made)) if planned else []
    place = replace(village or Place(id, code=id), name=worker.name, name_en=worker.name_en)
    return [*maps, *_called_lists(maps, place, made), *table(made, place, plots, maps)]


def _places(subject: Subject, plots: Sequence[Plot], choices: Choices) -> list[str]:
    return [
        subject.village_of[code].name_in(choices.main)
        for code in dict.fromkeys(plot.village for plot in plots)
        if code in subject.village_of
    ]


def bound(pages: Sequence[Page], choices: Choices) -> list[Page]:
    """The pages with their numbers: x of y, and which sheet."""
    count = len(pages)
    return [replace(page, data=page.data | {"page": _page_words(page, nth, count, choices)}) for nth, page in enumerate(pages, 1)]


def _page_words(page: Page, nth: int, count: int, choices: Choices) -> list[str]:
    sheet: list[Any] = page.data.get("sheet", [])
    return [*sheet[:1], *choices.say("atlas.page", page=nth, pages=count)]
