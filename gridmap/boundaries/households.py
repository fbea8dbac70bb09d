"""Households from a file: a count at a point, never a person."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from gridmap.boundaries.csv_points import read_csv_points
from gridmap.boundaries.read import read_table
from gridmap.boundaries.table import ReadOptions, Shapes, Table
from gridmap.errors import ImportRefused
from gridmap.geometry.datums import Datum, to_wgs84
from gridmap.grid import Finding, Households, Severity

MOST_DIGITS = 5  # the largest blocks of flats hold thousands of households
PLACES = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON, shapely.GeometryType.MULTIPOINT)


@dataclass(frozen=True, slots=True)
class HouseholdColumns:
    """Which columns hold what. Without `id` the feature id is taken (the row number in a CSV); `lon` and `lat` are for a CSV only."""

    count: str
    id: str | None = None
    lon: str | None = None
    lat: str | None = None
    datum: Datum = Datum.WGS84


@dataclass(frozen=True, eq=False)
class HouseholdFile:
    """The households of a file and what was noted on the way; `table` is the file itself, row for row."""

    households: Households
    table: Table
    findings: tuple[Finding, ...]


def read_points(path: str | Path, options: ReadOptions | None = None, *, lon: str | None = None, lat: str | None = None) -> Table:
    """The table of a spatial file or of a CSV with coordinates, every shape one point in EPSG:4326: a building's is inside it."""
    if Path(path).suffix.lower() in (".csv", ".txt"):
        return read_csv_points(path, lon=lon, lat=lat, options=options)
    return read_table(path, options)


def read_households(path: str | Path, columns: HouseholdColumns, options: ReadOptions | None = None) -> HouseholdFile:
    """The households of a spatial file of points or buildings, or of a CSV. ImportRefused names every row that cannot be one."""
    table = read_points(path, options, lon=columns.lon, lat=columns.lat)
    points, notes = _as_points(table.shapes)
    lon, lat = to_wgs84(shapely.get_x(points), shapely.get_y(points), columns.datum)
    counts, bad_counts = _counts(table.text(columns.count), columns.count)
    ids = table.text(columns.id) if columns.id else [str(fid) for fid in table.fids.tolist()]
    faults = [*_bad_points(lon, lat), *bad_counts, *_bad_ids(ids)]
    if faults:
        raise ImportRefused(tuple(faults), path=path, count=len(faults), first=faults[0])
    return HouseholdFile(Households(np.array(ids, dtype=np.str_), lon, lat, counts), table, (*table.findings, *notes))


def _as_points(shapes: Shapes) -> tuple[Shapes, tuple[Finding, ...]]:
    """One point for each shape; None for what has none: nothing, an empty shape, a line."""
    points = shapes.copy()
    wide = np.isin(shapely.get_type_id(shapes), PLACES)
    points[wide] = shapely.point_on_surface(shapes[wide])
    single = shapely.get_type_id(points) == shapely.GeometryType.POINT
    points[~single | shapely.is_empty(points)] = None
    return points, (Finding("buildings_as_points", Severity.NOTE, facts={"count": int(wide.sum())}),) if wide.any() else ()


def _bad_points(lon: np.ndarray, lat: np.ndarray) -> list[Finding]:
    with np.errstate(invalid="ignore"):
        right = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    return [Finding("household_nowhere", Severity.ERROR, facts={"row": row + 1}) for row in np.flatnonzero(~right).tolist()]


def _counts(texts: list[str], column: str) -> tuple[np.ndarray, list[Finding]]:
    """Whole numbers of households, and the rows where there is none that could live at one point."""
    right = [text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS for text in texts]
    facts = [{"row": row + 1, "column": column, "text": text} for row, text in enumerate(texts) if not right[row]]
    counts = np.array([int(text) if fits else 0 for text, fits in zip(texts, right, strict=True)], dtype=np.int64)
    return counts, [Finding("household_count", Severity.ERROR, facts=fact) for fact in facts]


def _bad_ids(ids: list[str]) -> list[Finding]:
    times = Counter(ids)
    return [Finding("household_repeated", Severity.ERROR, facts={"id": one, "count": n}) for one, n in times.items() if n > 1 or not one]
