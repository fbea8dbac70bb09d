"""Learn rules from a file of past reports: who acted for which type and where, proposed as rows that a person accepts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from gridmap.catalogue import ANY, By
from gridmap.errors import BadInput
from gridmap.flows.place_points import PlacedPortions, PlaceOptions, Watch, unwatched
from gridmap.incidents.report import UNKEEPABLE
from gridmap.matching.files import NOTHING, Portion, check_columns, choose_columns, open_points
from gridmap.routing.history import NOWHERE, Gathering, History
from gridmap.routing.learn import STEPS, Learned, learn
from gridmap.tables.export import check_out, put_in_place
from gridmap.tables.learned_rules import rules_lines
from gridmap.tables.registers import LONGEST
from gridmap.tables.values import Fault, read_instant
from gridmap.words import Sentence


class HistoryEmpty(BadInput):
    """Not one row has both a type and an office; facts: path, type, office."""


class RulesNotCsv(BadInput):
    """Rules are written as CSV; facts: path."""


class TimeUnreadable(BadInput):
    """The column of times holds something else; facts: path, column, text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnOptions:
    """`type`, `office` and `time` name columns of the reports; without a time their order is the order of time. `by` is the ground that
    the rules name; naive times are in `zone`."""

    places: PlaceOptions
    type: str
    office: str
    zone: ZoneInfo
    time: str | None = None
    by: By = By.SUBJECT


@dataclass(frozen=True, slots=True)
class LearnedFile:
    """What was written: of `rows` reports `used` had a type and an office, `unplaced` of these lie in no area."""

    out: Path
    rows: int
    used: int
    unplaced: int
    learned: Learned
    notes: tuple[Sentence, ...]

    @property
    def confident(self) -> int:
        """How many of the rules may route without a person."""
        return sum(one.confident for one in self.learned.rules)


def learn_rules(
    reports: Path, areas: Path, out: Path, options: LearnOptions, *, watch: Watch = unwatched, watch_learning: Watch = unwatched
) -> LearnedFile:
    """Write the rules that `reports` propose to `out`, whole or not at all. `watch` shows progress while rows are read.

    HistoryEmpty, TimeUnreadable, ColumnMissing, RulesNotCsv, and what `place_points` and `matching.files` refuse.
    """
    if out.suffix.lower() != ".csv":
        raise RulesNotCsv(path=out)
    check_out(out, force=options.places.force)
    file = open_points(reports, NOTHING)
    check_columns(file, reports, (options.type, options.office, options.time))
    columns = choose_columns(file, reports, options.places.lon, options.places.lat)
    placed = PlacedPortions(file, columns, areas, options.places)
    reading = _Reading(reports, options)
    with watch(file.rows) as advance:
        for portion, codes in placed:
            reading.add(portion, codes)
            advance(len(codes))
    history = reading.history()
    with watch_learning(STEPS) as advance:
        learned = learn(history, by=options.by, step=lambda: advance(1))
    with put_in_place(out) as beside, beside.open("w", encoding="utf-8", newline="") as text:
        text.writelines(rules_lines(learned.rules))
    unplaced = int((history.area_of == NOWHERE).sum())
    return LearnedFile(out, reading.rows, len(history), unplaced, learned, (*file.notes, *placed.hints()))


class _Reading:
    """Rows on their way into a history: those with a type and an office that a rule can name, and their times where a column tells them."""

    def __init__(self, path: Path, options: LearnOptions) -> None:
        self.path, self.options = path, options
        self.rows = 0
        self._gathered = Gathering()
        self._times: list[float] = []

    def add(self, portion: Portion, codes: Sequence[str]) -> None:
        types, offices = portion.text(self.options.type), portion.text(self.options.office)
        used = [row for row, pair in enumerate(zip(types, offices, strict=True)) if all(map(_nameable, pair))]
        self._gathered.add(*([column[row] for row in used] for column in (types, codes, offices)))
        if self.options.time is not None:
            times = portion.text(self.options.time)
            self._times += [self._time(times[row]) for row in used]
        self.rows += len(types)

    def _time(self, text: str) -> float:
        try:
            found = read_instant(text, "at", self.options.zone)
        except Fault:
            found = None
        if found is None:
            raise TimeUnreadable(path=self.path, column=self.options.time, text=text)
        return found.timestamp()

    def history(self) -> History:
        """All rows by time; HistoryEmpty where there are none."""
        order = np.argsort(np.array(self._times), kind="stable") if self.options.time is not None else None
        history = self._gathered.history(order)
        if not len(history):
            raise HistoryEmpty(path=self.path, type=self.options.type, office=self.options.office)
        return history


def _nameable(text: str) -> bool:
    """Whether a rule can name it: what a register keeps, and not the sign for any."""
    return bool(text) and text != ANY and len(text) <= LONGEST and not UNKEEPABLE.search(text)
