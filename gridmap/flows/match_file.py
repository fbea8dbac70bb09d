"""Match a file of points to a file of areas: every row is kept and told whose it is."""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.boundaries import read_coverage
from gridmap.boundaries.place import AxesSwapped, CrsNeeded, CrsUnfit
from gridmap.boundaries.table import Shapes
from gridmap.errors import BadInput, Conflict, NotFound
from gridmap.geometry.crs import to_lonlat
from gridmap.geometry.datums import Datum, to_wgs84
from gridmap.grid import How
from gridmap.matching import DEFAULT_ACCURACY_M, HOWS, CoverageIndex, Matches
from gridmap.matching.files import Added, Columns, Portion, choose_columns, open_points, open_writer
from gridmap.words import Sentence

Watch = Callable[[int], AbstractContextManager[Callable[[int], Any]]]


class OutputExists(Conflict):
    """The file to write is already there; facts: path."""


class FolderMissing(NotFound):
    """The folder to write into is not there; facts: path."""


class AreasCrsNeeded(BadInput):
    """The areas are not in degrees and their file does not say in what; facts: path, x, y."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOptions:
    """`code` names the areas' column, `lon` and `lat` the points' columns (None: looked for). `crs` is the points' own coordinate system,
    `areas_crs` that of areas whose file does not say; both degrees when None."""

    code: str
    layer: str | None = None
    areas_crs: str | None = None
    lon: str | None = None
    lat: str | None = None
    crs: str | None = None
    datum: Datum = Datum.WGS84
    accuracy_m: float = DEFAULT_ACCURACY_M
    snap_m: float = 0.0
    force: bool = False


@dataclass(frozen=True, slots=True)
class MatchedFile:
    """What was written: rows by how they were matched, the columns that were read as lon and lat, and what a person should know."""

    out: Path
    rows: int
    by_how: dict[How, int]
    columns: Columns
    notes: tuple[Sentence, ...]


@contextmanager
def unwatched(_total: int) -> Iterator[Callable[[int], Any]]:
    """Progress that nobody looks at."""
    yield lambda _steps: None


def match_file(points: Path, areas: Path, out: Path, options: MatchOptions, *, watch: Watch = unwatched) -> MatchedFile:
    """Write the rows of `points` to `out` with whose they are; in portions, and whole or not at all.

    `watch(rows)` shows progress. Refuses (see `boundaries.read_coverage`, `matching.files`) before anything is written.
    """
    if out.exists() and not options.force:
        raise OutputExists(path=out)
    if not out.parent.is_dir():
        raise FolderMissing(path=out.parent)
    file = open_points(points)
    columns = choose_columns(file, points, options.lon, options.lat)
    crs = options.crs or (file.crs if columns is None else None)
    codes, shapes = _read_areas(areas, options)
    index = CoverageIndex(list(shapes))
    tally = _Tally()
    with _put_in_place(out) as beside, open_writer(beside, out, file) as write, watch(file.rows) as advance:
        for portion in file.portions(columns):
            lon, lat = _degrees(portion, crs, options.datum)
            found = index.match(lon, lat, options.accuracy_m, options.snap_m)
            write(portion, _added(found, codes))
            tally.count(index, lon, lat, found)
            advance(len(found))
    return MatchedFile(out, tally.by_how.total(), {how: tally.by_how[how] for how in HOWS}, columns, (*file.notes, *tally.hints()))


def _read_areas(areas: Path, options: MatchOptions) -> tuple[list[str], Shapes]:
    try:
        return read_coverage(areas, options.code, layer=options.layer, crs=options.areas_crs)
    except (AxesSwapped, CrsUnfit):
        raise
    except CrsNeeded as fault:  # whose advice names the options of another command
        raise AreasCrsNeeded(**fault.facts) from fault


@contextmanager
def _put_in_place(out: Path) -> Iterator[Path]:
    """A name beside `out` to write to, that becomes `out` when all went well and vanishes otherwise."""
    beside = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)


def _degrees(portion: Portion, crs: str | None, datum: Datum) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The portion's points as WGS84 (lon, lat)."""
    lon, lat = portion.x.copy(), portion.y.copy()
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    if crs is not None:
        places = to_lonlat(shapely.points(lon[known], lat[known]), crs)
        lon[known], lat[known] = shapely.get_x(places), shapely.get_y(places)
    lon[known], lat[known] = to_wgs84(lon[known], lat[known], datum)
    return lon, lat


def _added(found: Matches, codes: Sequence[str]) -> Added:
    code = [codes[owner] if owner >= 0 else "" for owner in found.owner.tolist()]
    how = [str(HOWS[one]) for one in found.how.tolist()]
    return Added(code, how, found.distance_m, found.border_m)


@dataclass(slots=True)
class _Tally:
    """Counts while rows go by, so that a mistake of the whole file can be named at the end."""

    by_how: Counter[How] = field(default_factory=Counter)
    numbers: int = 0
    beyond: int = 0  # numbers that no degrees can be
    turned: int = 0  # owned by none, but owned with lon and lat exchanged

    def count(self, index: CoverageIndex, lon: NDArray[np.float64], lat: NDArray[np.float64], found: Matches) -> None:
        for how, rows in enumerate(np.bincount(found.how, minlength=len(HOWS)).tolist()):
            self.by_how[HOWS[how]] += rows
        finite = np.isfinite(lon) & np.isfinite(lat)
        self.numbers += int(finite.sum())
        self.beyond += int((finite & ((np.abs(lon) > 180) | (np.abs(lat) > 90))).sum())
        apart = finite & (found.border_m != found.border_m)
        self.turned += int((index.owners(lat[apart], lon[apart]) >= 0).sum())

    def hints(self) -> tuple[Sentence, ...]:
        if self.turned * 2 > self.numbers:
            return (Sentence("cli.match_turned", {"count": self.turned}),)
        if self.beyond * 2 > self.numbers:
            return (Sentence("cli.match_beyond", {"count": self.beyond}),)
        return ()
