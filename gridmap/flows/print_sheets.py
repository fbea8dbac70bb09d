"""Printing: who asks for which sheets gets them, as far as they may, with the borders in force and whoever stands there now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from pathlib import Path

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.atlas.book import WorkerWithoutCells, bound, make_set, township_book, township_front, village_book, wall_map, worker_book
from gridmap.atlas.changes import outdated
from gridmap.atlas.choices import Choices, Page
from gridmap.atlas.fonts import find_fonts
from gridmap.atlas.of_edition import Staffing, subject_of_edition
from gridmap.atlas.printed import columns_of, printed_rows, write_printed
from gridmap.atlas.subject import Subject
from gridmap.atlas.theme import Set
from gridmap.atlas.typeset import to_pdf
from gridmap.errors import AreaMissing, BadInput
from gridmap.grid import Edition
from gridmap.roster import Roster
from gridmap.store import Store, Tx, land, offices, people
from gridmap.store.schema import LandKind
from gridmap.tables.export import csv_lines, put_in_place


class NothingToPrint(BadInput):
    """No sheet was made out of date since the edition; facts: since."""


class Book(StrEnum):
    """What is printed as one."""

    VILLAGE = "village"
    TOWNSHIP = "township"
    WALL = "wall"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Order:
    """Which sheets: villages, one township (its atlas or a wall map), or workers; `changed_since` leaves out what is still true."""

    book: Book
    codes: tuple[str, ...]
    choices: Choices
    edition: int | None = None
    changed_since: int | None = None


@dataclass(frozen=True, slots=True)
class Printed:
    """The pages of each file to write, by name, and what they were made of."""

    made: Set
    books: dict[str, tuple[Page, ...]]
    edition: int

    @property
    def pages(self) -> tuple[Page, ...]:
        return tuple(page for pages in self.books.values() for page in pages)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an order is: the pages that are laid out, and the villages or workers, of how many."""

    pages: int = 0
    parts: int = 0
    of: int = 0


Watch = Callable[[Progress], object]


def _silent(_: Progress) -> None:
    """Nobody watches."""


def lay_out(
    store: Store, order: Order, *, now: datetime, actor: Actor, fonts_folder: Path | None = None, watch: Watch = _silent
) -> Printed:
    """The pages that were ordered, ready to be set; `watch` is told how far it is.

    Beyond the actor's scope no area exists: AreaMissing, WorkerWithoutCells. NothingToPrint; the refusals of `gridmap.atlas`.
    """
    return _prepared(store, order, now, actor, fonts_folder).printed(watch)


def first_page(store: Store, order: Order, *, now: datetime, actor: Actor, fonts_folder: Path | None = None) -> tuple[Page, Set]:
    """The first page of what would be printed, without those behind it: of several villages or workers it counts those of the first.

    What `lay_out` refuses.
    """
    making = _prepared(store, order, now, actor, fonts_folder)
    if order.book is Book.TOWNSHIP:
        return township_front(making.made, order.codes[0], only=making.only), making.made
    first = replace(making, order=replace(order, codes=order.codes[:1])).printed(_silent)
    return first.pages[0], making.made


def _prepared(store: Store, order: Order, now: datetime, actor: Actor, fonts_folder: Path | None) -> "_Making":
    """What the pages are made from, once it is known that the actor may print all of it."""
    scope = allowed(actor, Action.SHEET_PRINT)
    fonts = find_fonts(fonts_folder)
    with store.read(scope) as tx:
        edition = store.edition(tx, order.edition) if order.edition is not None else store.edition_in_force(tx, now)
        before = store.edition(tx, order.changed_since) if order.changed_since is not None else _before(store, tx, edition, order)
        subject = _subject(tx, edition, now)
        earlier = _subject(tx, before, now) if before else None
    _check(order, edition, subject, scope)
    made = make_set(subject, order.choices, fonts)
    only = outdated(subject, earlier) if earlier and order.changed_since is not None else None
    return _Making(made, order, edition.number, earlier, only)


def _before(store: Store, tx: Tx, edition: Edition, order: Order) -> Edition | None:
    """The edition before, for an atlas's list of changes."""
    return store.edition(tx, edition.number - 1) if order.book is Book.TOWNSHIP and edition.number > 1 else None


def _subject(tx: Tx, edition: Edition, now: datetime) -> Subject:
    workers = people.workers(tx)
    staffing = Staffing(Roster(people.posts(tx, at=now), workers), {worker.id: worker for worker in workers}, offices.all_(tx), now)
    streets, barriers = land.shapes(tx, LandKind.STREET), land.shapes(tx, LandKind.BARRIER)
    return subject_of_edition(edition, staffing, zone=now.tzinfo or UTC, streets=streets, barriers=barriers)


def _check(order: Order, edition: Edition, subject: Subject, scope: Scope) -> None:
    """Whether the actor may print all that was ordered; what they may not is not there."""
    for code in order.codes:
        if order.book is Book.WORKER:
            plots = subject.of_worker(code)
            if not plots or not all(scope.covers([plot.code, plot.village, subject.village_of[plot.village].parent]) for plot in plots):
                raise WorkerWithoutCells(worker=code)
        elif not scope.covers(step.code for step in edition.path(code)):
            raise AreaMissing(code=code, edition=edition.number)


@dataclass(frozen=True, slots=True)
class _Making:
    """What the pages of an order are made from; `only` are the villages whose sheets are wanted, None all."""

    made: Set
    order: Order
    edition: int
    earlier: Subject | None
    only: frozenset[str] | None

    def printed(self, watch: Watch) -> Printed:
        return Printed(self.made, self._books(watch), self.edition)

    def _books(self, watch: Watch) -> dict[str, tuple[Page, ...]]:
        found: dict[str, tuple[Page, ...]] = {}
        parts = {code: self._parts(code) for code in self.order.codes}
        done = Progress(of=sum(parts.values()))
        watch(done)
        for code in self.order.codes:
            pages = self._pages(code, _from(done, watch))
            done = replace(done, pages=done.pages + len(pages), parts=done.parts + parts[code])
            watch(done)
            if pages:
                found[code] = tuple(bound(pages, self.order.choices))
        if not found:
            raise NothingToPrint(since=self.order.changed_since)
        return found

    def _parts(self, code: str) -> int:
        """How many villages or workers a code stands for, of which progress is told one by one."""
        return len(self.made.plane.subject.villages_in(code)) if self.order.book is Book.TOWNSHIP else 1

    def _pages(self, code: str, watch: Callable[[int], object]) -> list[Page]:
        """The pages for one code; none where all its sheets are still true."""
        made = self.made
        if self.only is not None and not self.only & self._villages(code):
            return []
        match self.order.book:
            case Book.WALL:
                return wall_map(made, code)
            case Book.WORKER:
                return worker_book(made, code)
            case Book.VILLAGE:
                return village_book(made, code)
            case Book.TOWNSHIP:
                return township_book(made, code, before=self.earlier, only=self.only, watch=watch)

    def _villages(self, code: str) -> frozenset[str]:
        """The villages that are shown for a code."""
        subject = self.made.plane.subject
        match self.order.book:
            case Book.WORKER:
                return frozenset(plot.village for plot in subject.of_worker(code))
            case Book.VILLAGE:
                return frozenset({code})
            case _:
                return frozenset(village.code for village in subject.villages_in(code))


def _from(done: Progress, watch: Watch) -> Callable[[int], object]:
    """What a book tells of its pages after each village, told of the whole order."""
    parts = count(1)
    return lambda pages: watch(replace(done, pages=done.pages + pages, parts=done.parts + next(parts)))


def write(printed: Printed, out: Path, *, folder: bool, table: Path | None = None, shapes: Path | None = None) -> tuple[Path, ...]:
    """One PDF at `out`, or in the folder `out` one for each village, worker or township; beside it the rows that were printed.

    Each file appears whole or not at all. GlyphMissing before any of them does.
    """
    made, choices = printed.made, printed.made.choices
    if folder:
        out.mkdir(parents=True, exist_ok=True)
        files = {out / f"{code}.pdf": pages for code, pages in _by_village(printed).items()}
    else:
        files = {out: printed.pages if len(printed.books) == 1 else tuple(bound(printed.pages, choices))}
    made.fonts.check(text for page in printed.pages for text in page.texts())
    for path, pages in files.items():
        with put_in_place(path) as beside:
            beside.write_bytes(set_pages(pages, made))
    if table:
        lines = csv_lines(columns_of(choices), printed_rows(made.plane.subject, printed.pages, choices))
        with put_in_place(table) as beside:
            beside.write_text("".join(lines), "utf-8", newline="")
    if shapes:
        with put_in_place(shapes) as beside:
            write_printed(made.plane.subject, printed.pages, choices, beside)
    return (*files, *filter(None, (table, shapes)))


def _by_village(printed: Printed) -> dict[str, tuple[Page, ...]]:
    """An atlas taken apart: each village's own pages, and what belongs to the township."""
    found: dict[str, list[Page]] = {}
    for code, pages in printed.books.items():
        for page in pages:
            found.setdefault(page.of if page.of in printed.made.plane.subject.village_of else code, []).append(page)
    return {code: tuple(bound(pages, printed.made.choices)) for code, pages in found.items()}


def set_pages(pages: Sequence[Page], made: Set) -> bytes:
    """The pages as one PDF; the same pages give the same bytes."""
    title = pages[0].data["title"][0] if pages else ""
    return to_pdf([replace(page) for page in pages], made.fonts, title=title, lang=made.choices.main, at=made.choices.printed)
