"""Match a file of points to a file of areas: every row is kept and told whose it is."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from gridmap.flows.parts import ROWS_A_PART, Parts, in_parts
from gridmap.flows.place_points import Degrees, Doubts, PlaceOptions, Watch, portions_in_degrees, read_areas, unwatched
from gridmap.grid import How
from gridmap.grid.index.cores import in_order
from gridmap.matching import DEFAULT_ACCURACY_M, HOWS, CoverageIndex
from gridmap.matching.files import Columns, Matched, Names, PointFile, Portion, Writer, choose_columns, join_files, open_points, open_writer
from gridmap.tables.export import check_out
from gridmap.version import __version__
from gridmap.words import Sentence

Placed = tuple[Portion, Degrees, Degrees]
HOW_TEXTS = Names.of([str(how) for how in HOWS])


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOptions(PlaceOptions):
    """What is read, and how near is near: see `CoverageIndex.match`."""

    accuracy_m: float = DEFAULT_ACCURACY_M
    snap_m: float = 0.0


@dataclass(frozen=True, slots=True)
class MatchedFile:
    """What was written: rows by how they were matched, the columns that were read as lon and lat, and what a person should know."""

    out: Path
    rows: int
    by_how: dict[How, int]
    columns: Columns
    notes: tuple[Sentence, ...]


class Answered(NamedTuple):
    """A portion with its answers, and what of it is doubtful."""

    portion: Portion
    matched: Matched
    doubts: Doubts


@dataclass(frozen=True, slots=True, eq=False)
class Matcher:
    """Areas and their codes, ready to answer portions; may be called by many threads."""

    index: CoverageIndex
    codes: Names
    options: MatchOptions

    @classmethod
    def of(cls, codes: Sequence[str], index: CoverageIndex, options: MatchOptions) -> Self:
        return cls(index, Names.of(codes), options)

    def __call__(self, placed: Placed) -> Answered:
        portion, lon, lat = placed
        found = self.index.match(lon, lat, self.options.accuracy_m, self.options.snap_m)
        doubts = Doubts()
        doubts.count(self.index, lon, lat, np.isnan(found.border_m))
        return Answered(portion, Matched(found.owner, self.codes, found.how, HOW_TEXTS, found.distance_m, found.border_m), doubts)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows were matched how, and what of them is doubtful."""

    by_how: Counter[str]
    doubts: Doubts

    @classmethod
    def of(cls, notes: Iterable[Mapping[str, Any]]) -> Self:
        """All that so many notes tell together."""
        tally = cls(Counter(), Doubts())
        for note in notes:
            tally.by_how.update(note["how"])
            tally.doubts.add(Doubts(**note["doubts"]))
        return tally

    def count(self, one: Answered) -> None:
        self.by_how.update(dict(zip(HOWS, np.bincount(one.matched.how, minlength=len(HOWS)).tolist(), strict=True)))
        self.doubts.add(one.doubts)

    def note(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {"rows": self.by_how.total(), "how": dict(self.by_how), "doubts": asdict(self.doubts)}


def match_file(points: Path, areas: Path, out: Path, options: MatchOptions, *, watch: Watch = unwatched) -> MatchedFile:
    """Write the rows of `points` to `out` with whose they are; in portions, and whole or not at all.

    `watch(rows)` shows progress. Refuses (see `boundaries.read_coverage`, `matching.files`) before anything is written.
    Interrupted, it goes on where it was when it is asked the same again of the same files.
    """
    check_out(out, force=options.force)
    file = open_points(points)
    columns = choose_columns(file, points, options.lon, options.lat)
    codes, shapes = read_areas(areas, options)
    matcher = Matcher.of(codes, CoverageIndex(list(shapes)), options)
    asked = {"of": [state_of(points), state_of(areas)], "options": repr(options), "version": __version__}
    with in_parts(out, asked, join_files) as parts, watch(file.rows) as advance:
        advance(parts.rows)
        answered = in_order(_behind(portions_in_degrees(file, columns, options), parts.rows), matcher)
        while (first := next(answered, None)) is not None or not parts.whole:
            _write_part(parts, file, out, answered if first is None else chain([first], answered), advance)
    return matched_by(out, Tally.of(parts.whole), columns, file.notes)


def matched_by(out: Path, tally: Tally, columns: Columns, notes: tuple[Sentence, ...]) -> MatchedFile:
    """The answer of a whole run."""
    return MatchedFile(out, tally.by_how.total(), {how: tally.by_how[how] for how in HOWS}, columns, (*notes, *tally.doubts.hints()))


def state_of(path: Path) -> tuple[str, int, int]:
    """What tells a file from what it was."""
    known = path.stat()
    return str(path.resolve()), known.st_size, known.st_mtime_ns


def _behind(portions: Iterator[Placed], rows: int) -> Iterator[Placed]:
    """Without the first rows, which an earlier run has written; parts end where portions do."""
    for placed in portions:
        if rows <= 0:
            yield placed
        rows -= len(placed[1])


def _write_part(parts: Parts, file: PointFile, out: Path, answered: Iterable[Answered], advance: Callable[[int], Any]) -> None:
    """Write one part and keep it, also when it ends early because somebody stops the work.

    Rows are written and counted in a thread of their own, where Ctrl-C does not reach: what is counted is what the file holds.
    """
    tally = Tally.of(())

    def put(write: Writer, one: Answered) -> None:
        write(one.portion, one.matched)
        tally.count(one)

    try:
        with open_writer(parts.under_way, out, file, goes_on=bool(parts.whole)) as write, ThreadPoolExecutor(1) as hand:
            under_way: Future[None] | None = None
            for one in answered:
                if under_way:
                    under_way.result()
                under_way = hand.submit(put, write, one)
                advance(len(one.matched.how))
                if tally.by_how.total() >= ROWS_A_PART:
                    break
            if under_way:
                under_way.result()
    except KeyboardInterrupt:
        if tally.by_how:
            parts.keep(tally.note())
        raise
    parts.keep(tally.note())
