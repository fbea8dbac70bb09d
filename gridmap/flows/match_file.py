"""Match a file of points to a file of areas: every row is kept and told whose it is."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from gridmap.flows.parts import ROWS_A_PART, Parts, in_parts
from gridmap.flows.place_points import Degrees, Doubts, PlaceOptions, Watch, check_out, portions_in_degrees, read_areas, unwatched
from gridmap.grid import How
from gridmap.grid.index.cores import in_order
from gridmap.matching import DEFAULT_ACCURACY_M, HOWS, CoverageIndex
from gridmap.matching.files import Columns, Matched, PointFile, Portion, Writer, choose_columns, join_files, open_points, open_writer
from gridmap.version import __version__
from gridmap.words import Sentence

Placed = tuple[Portion, Degrees, Degrees]
HOW_TEXTS = pa.array([str(how) for how in HOWS])


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


def match_file(points: Path, areas: Path, out: Path, options: MatchOptions, *, watch: Watch = unwatched) -> MatchedFile:
    """Write the rows of `points` to `out` with whose they are; in portions, and whole or not at all.

    `watch(rows)` shows progress. Refuses (see `boundaries.read_coverage`, `matching.files`) before anything is written.
    Interrupted, it goes on where it was when it is asked the same again of the same files.
    """
    check_out(out, force=options.force)
    file = open_points(points)
    columns = choose_columns(file, points, options.lon, options.lat)
    codes, shapes = read_areas(areas, options)
    index, named = CoverageIndex(list(shapes)), pa.array(codes, pa.string())
    asked = {"of": [_state(points), _state(areas)], "options": repr(options), "version": __version__}

    def ask(placed: Placed) -> Answered:
        portion, lon, lat = placed
        found = index.match(lon, lat, options.accuracy_m, options.snap_m)
        doubts = Doubts()
        doubts.count(index, lon, lat, np.isnan(found.border_m))
        return Answered(portion, Matched(found.owner, named, found.how, HOW_TEXTS, found.distance_m, found.border_m), doubts)

    with in_parts(out, asked, join_files) as parts, watch(file.rows) as advance:
        advance(parts.rows)
        answered = in_order(_behind(portions_in_degrees(file, columns, options), parts.rows), ask)
        while (first := next(answered, None)) is not None or not parts.whole:
            _write_part(parts, file, out, answered if first is None else chain([first], answered), advance)
    by_how, doubts = Counter[str](), Doubts()
    for part in parts.whole:
        by_how.update(part["how"])
        doubts.add(Doubts(**part["doubts"]))
    return MatchedFile(out, by_how.total(), {how: by_how[how] for how in HOWS}, columns, (*file.notes, *doubts.hints()))


class Answered(NamedTuple):
    """A portion with its answers, and what of it is doubtful."""

    portion: Portion
    matched: Matched
    doubts: Doubts


def _state(path: Path) -> tuple[str, int, int]:
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
    by_how, doubts = Counter[str](), Doubts()

    def put(write: Writer, one: Answered) -> None:
        write(one.portion, one.matched)
        by_how.update(dict(zip(HOWS, np.bincount(one.matched.how, minlength=len(HOWS)).tolist(), strict=True)))
        doubts.add(one.doubts)

    try:
        with open_writer(parts.under_way, out, file, goes_on=bool(parts.whole)) as write, ThreadPoolExecutor(1) as hand:
            under_way: Future[None] | None = None
            for one in answered:
                if under_way:
                    under_way.result()
                under_way = hand.submit(put, write, one)
                advance(len(one.matched.how))
                if by_how.total() >= ROWS_A_PART:
                    break
            if under_way:
                under_way.result()
    except KeyboardInterrupt:
        if by_how.total():
            parts.keep(by_how.total(), {"how": by_how, "doubts": asdict(doubts)})
        raise
    parts.keep(by_how.total(), {"how": by_how, "doubts": asdict(doubts)})
