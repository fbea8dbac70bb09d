"""Place the points of a file on the areas of a file: what commands do alike that read both and write the rows again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.boundaries import read_coverage
from gridmap.boundaries.place import AxesSwapped, CrsNeeded, CrsUnfit
from gridmap.boundaries.table import Shapes
from gridmap.errors import BadInput
from gridmap.geometry.crs import to_lonlat
from gridmap.geometry.datums import Datum, to_wgs84
from gridmap.matching import CoverageIndex
from gridmap.matching.files import Columns, PointFile, Portion
from gridmap.words import Sentence

Watch = Callable[[int], AbstractContextManager[Callable[[int], Any]]]
Degrees = NDArray[np.float64]


class AreasCrsNeeded(BadInput):
    """The areas are not in degrees and their file does not say in what; facts: path, x, y."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOptions:
    """`code` names the areas' column, `lon` and `lat` the points' columns (None: looked for). `crs` is the points' own coordinate system,
    `areas_crs` that of areas whose file does not say; both degrees when None."""

    code: str
    layer: str | None = None
    areas_crs: str | None = None
    lon: str | None = None
    lat: str | None = None
    crs: str | None = None
    datum: Datum = Datum.WGS84
    force: bool = False


@contextmanager
def unwatched(_total: int) -> Iterator[Callable[[int], Any]]:
    """Progress that nobody looks at."""
    yield lambda _steps: None


def read_areas(areas: Path, options: PlaceOptions) -> tuple[list[str], Shapes]:
    """(codes, shapes) as `boundaries.read_coverage`, with advice for these commands."""
    try:
        return read_coverage(areas, options.code, layer=options.layer, crs=options.areas_crs)
    except (AxesSwapped, CrsUnfit):
        raise
    except CrsNeeded as fault:  # whose advice names the options of another command
        raise AreasCrsNeeded(**fault.facts) from fault


class PlacedPortions:
    """The rows of a file in portions, each with the code of the area that owns its point, "" for none."""

    def __init__(self, file: PointFile, columns: Columns, areas: Path, options: PlaceOptions) -> None:
        self._file, self._columns, self._options = file, columns, options
        self.codes, shapes = read_areas(areas, options)
        self._index = CoverageIndex(list(shapes))
        self._doubts = Doubts()

    def __iter__(self) -> Iterator[tuple[Portion, list[str]]]:
        for portion, lon, lat in portions_in_degrees(self._file, self._columns, self._options):
            usable = np.flatnonzero((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
            owner = np.full(len(lon), -1, dtype=np.int64)
            owner[usable] = self._index.owners(lon[usable], lat[usable])
            self._doubts.count(self._index, lon, lat, owner < 0)
            yield portion, [self.codes[one] if one >= 0 else "" for one in owner.tolist()]

    def hints(self) -> tuple[Sentence, ...]:
        """What a person should know of the whole file, once all portions have gone by."""
        return self._doubts.hints()


def portions_in_degrees(file: PointFile, columns: Columns, options: PlaceOptions) -> Iterator[tuple[Portion, Degrees, Degrees]]:
    """All rows in portions, with their points as WGS84 (lon, lat)."""
    crs = options.crs or (file.crs if columns is None else None)
    for portion in file.portions(columns):
        yield portion, *_degrees(portion, crs, options.datum)


def _degrees(portion: Portion, crs: str | None, datum: Datum) -> tuple[Degrees, Degrees]:
    lon, lat = portion.x.copy(), portion.y.copy()
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    if crs is not None:
        places = to_lonlat(shapely.points(lon[known], lat[known]), crs)
        lon[known], lat[known] = shapely.get_x(places), shapely.get_y(places)
    lon[known], lat[known] = to_wgs84(lon[known], lat[known], datum)
    return lon, lat


@dataclass(slots=True)
class Doubts:
    """Counts while rows go by, so that a mistake of the whole file can be named at the end."""

    numbers: int = 0
    beyond: int = 0  # numbers that no degrees can be
    turned: int = 0  # owned by none, but owned with lon and lat exchanged

    def count(self, index: CoverageIndex, lon: Degrees, lat: Degrees, apart: NDArray[np.bool_]) -> None:
        """A portion, of which the rows `apart` lie in no area."""
        finite = np.isfinite(lon) & np.isfinite(lat)
        self.numbers += int(finite.sum())
        self.beyond += int((finite & ((np.abs(lon) > 180) | (np.abs(lat) > 90))).sum())
        away = finite & apart
        self.turned += int((index.owners(lat[away], lon[away]) >= 0).sum())

    def add(self, other: "Doubts") -> None:
        """Those of another portion."""
        self.numbers += other.numbers
        self.beyond += other.beyond
        self.turned += other.turned

    def hints(self) -> tuple[Sentence, ...]:
        if self.turned * 2 > self.numbers:
            return (Sentence("cli.match_turned", {"count": self.turned}),)
        if self.beyond * 2 > self.numbers:
            return (Sentence("cli.match_beyond", {"count": self.beyond}),)
        return ()
