"""Route a file of reports by accepted rules: every row is kept and told its office, whether a person must look, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from gridmap.flows.place_points import PlacedPortions, PlaceOptions, Watch, unwatched
from gridmap.matching.files import Pieces, Portion, check_columns, choose_columns, joined, open_points, open_writer
from gridmap.routing import Answer, RuleBook
from gridmap.tables.export import check_out, put_in_place
from gridmap.tables.learned_rules import read_rules
from gridmap.words import Lang, Sentence

SCHEMA = pa.schema([("office", pa.string()), ("confident", pa.bool_()), ("rule", pa.string())])


@dataclass(frozen=True, slots=True, eq=False)
class Routed:
    """The answers of one portion, their reasons in words."""

    answers: Sequence[Answer]
    reasons: Sequence[str]
    schema: ClassVar[pa.Schema] = SCHEMA

    def arrays(self) -> list[pa.Array]:
        offices = pa.array([one.office or None for one in self.answers], pa.string())
        return [offices, pa.array([one.confident for one in self.answers], pa.bool_()), pa.array(self.reasons, pa.string())]

    def texts(self) -> list[Sequence[str]]:
        confident = ["true" if one.confident else "false" for one in self.answers]
        return [[one.office for one in self.answers], confident, self.reasons]

    def laid(self, between: str) -> Pieces:
        return Pieces.of(joined(self.texts(), between))


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOptions:
    """`rules` is the file of rules, `type` names the column with the type of a report; reasons are told in `lang`."""

    places: PlaceOptions
    rules: Path
    type: str
    lang: Lang = "en"


@dataclass(frozen=True, slots=True)
class RoutedFile:
    """What was written: of `rows` reports `confident` go without a person, `named` have an office that a person confirms, the rest none."""

    out: Path
    rows: int
    confident: int
    named: int
    rules: int
    notes: tuple[Sentence, ...]

    @property
    def nobody(self) -> int:
        return self.rows - self.confident - self.named


def route_file(reports: Path, areas: Path, out: Path, options: RouteOptions, *, watch: Watch = unwatched) -> RoutedFile:
    """Write the rows of `reports` to `out` with their offices; in portions, and whole or not at all. RulesFaulty and as `match_file`."""
    check_out(out, force=options.places.force)
    book = RuleBook(read_rules(options.rules))
    file = open_points(reports, SCHEMA)
    check_columns(file, reports, (options.type,))
    placed = PlacedPortions(file, choose_columns(file, reports, options.places.lon, options.places.lat), areas, options.places)
    asking = _Asking(book, options)
    with put_in_place(out) as beside, open_writer(beside, out, file, SCHEMA) as write, watch(file.rows) as advance:
        for portion, codes in placed:
            write(portion, asking.ask(portion, codes))
            advance(len(codes))
    notes = (*file.notes, *placed.hints(), *_strange_areas(book, placed.codes))
    return RoutedFile(out, asking.rows, asking.confident, asking.named, len(book.proposals), notes)


class _Asking:
    """Asks the rules once for each type and area that occur, and counts the answers."""

    def __init__(self, book: RuleBook, options: RouteOptions) -> None:
        self._book, self._options = book, options
        self._known: dict[tuple[str, str], tuple[Answer, str]] = {}
        self.rows = self.confident = self.named = 0

    def ask(self, portion: Portion, codes: Sequence[str]) -> Routed:
        found = [self._answer(key) for key in zip(portion.text(self._options.type), codes, strict=True)]
        answers = [answer for answer, _ in found]
        self.rows += len(answers)
        self.confident += sum(one.confident for one in answers)
        self.named += sum(bool(one.office) and not one.confident for one in answers)
        return Routed(answers, [text for _, text in found])

    def _answer(self, key: tuple[str, str]) -> tuple[Answer, str]:
        known = self._known.get(key)
        if known is None:
            answer = self._book.answer(*key)
            known = answer, ("" if self._options.lang == "zh" else " ").join(one.text(self._options.lang) for one in answer.reasons)
            if len(self._known) < MOST_KNOWN:
                self._known[key] = known
        return known


MOST_KNOWN = 100_000  # a file whose types are all different must not fill the memory


def _strange_areas(book: RuleBook, codes: Sequence[str]) -> list[Sentence]:
    """Areas of rules that no area of the file has, so that those rules never hold."""
    strange = sorted(book.areas() - set(codes))
    return [Sentence("cli.route_strange_areas", {"count": len(strange), "areas": ", ".join(strange[:10])})] if strange else []
