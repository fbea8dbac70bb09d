"""Match a file of points to a file of areas: every row is kept and told whose it is."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from gridmap.flows.place_points import Degrees, Doubts, PlaceOptions, Watch, check_out, portions_in_degrees, read_areas, unwatched
from gridmap.grid import How
from gridmap.grid.index.cores import in_order
from gridmap.matching import DEFAULT_ACCURACY_M, HOWS, CoverageIndex, Matches
from gridmap.matching.files import Columns, Matched, Portion, choose_columns, open_points, open_writer
from gridmap.tables.export import put_in_place
from gridmap.words import Sentence

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
    """
    check_out(out, force=options.force)
    file = open_points(points)
    columns = choose_columns(file, points, options.lon, options.lat)
    codes, shapes = read_areas(areas, options)
    index, named = CoverageIndex(list(shapes)), pa.array(codes, pa.string())
    doubts, by_how = Doubts(), Counter[How]()
    with put_in_place(out) as beside, open_writer(beside, out, file) as write, watch(file.rows) as advance:

        def ask(placed: tuple[Portion, Degrees, Degrees]) -> tuple[Portion, Degrees, Degrees, Matches]:
            return *placed, index.match(*placed[1:], options.accuracy_m, options.snap_m)

        for portion, lon, lat, found in in_order(portions_in_degrees(file, columns, options), ask):
            write(portion, _added(found, named))
            by_how.update(dict(zip(HOWS, np.bincount(found.how, minlength=len(HOWS)).tolist(), strict=True)))
            doubts.count(index, lon, lat, np.isnan(found.border_m))
            advance(len(found))
    return MatchedFile(out, by_how.total(), {how: by_how[how] for how in HOWS}, columns, (*file.notes, *doubts.hints()))


def _added(found: Matches, codes: pa.Array) -> Matched:
    return Matched(found.owner, codes, found.how, HOW_TEXTS, found.distance_m, found.border_m)
