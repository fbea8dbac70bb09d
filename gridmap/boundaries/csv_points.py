"""A CSV of points as a table, its text kept as it is."""

import csv
import io
from pathlib import Path

import numpy as np
import shapely

from gridmap.boundaries.place import to_known_place
from gridmap.boundaries.sources import TRIED
from gridmap.boundaries.table import EncodingWrong, Raw, ReadOptions, Table
from gridmap.errors import ColumnMissing, FileMissing, FileUnreadable, TableEmpty

LON_NAMES = ("lon", "lng", "long", "longitude", "x", "经度")
LAT_NAMES = ("lat", "latitude", "y", "纬度")


def read_csv_points(path: str | Path, *, lon: str | None = None, lat: str | None = None, options: ReadOptions | None = None) -> Table:
    """The rows of a CSV with a point each, in EPSG:4326; a row whose numbers cannot be read has a point that is not finite.

    The columns are found by their usual names (lon, lng, longitude, x, 经度 …) where they are not named. ColumnMissing,
    EncodingWrong, FileMissing, FileUnreadable, TableEmpty or one of the CrsNeeded family.
    """
    path, options = Path(path), options or ReadOptions()
    header, rows = _rows(path, options.encoding)
    if not rows:
        raise TableEmpty(path=path)
    columns = {name: np.array([row[at] for row in rows], dtype=object) for at, name in enumerate(header)}
    x, y = (_numbers(columns[_find(path, header, asked, usual)]) for asked, usual in ((lon, LON_NAMES), (lat, LAT_NAMES)))
    with np.errstate(invalid="ignore"):
        points = shapely.points(x, y)
    count = len(rows)
    raw = Raw(path.stem, columns, np.arange(1, count + 1), points, np.zeros(count, dtype=bool), None if options.crs else "EPSG:4326")
    shapes, crs, notes = to_known_place(path, raw, options)
    return Table(path, raw.layer, columns, raw.fids, shapes, raw.mended, crs, notes)


def _rows(path: Path, encoding: str | None) -> tuple[list[str], list[list[str]]]:
    """The header and the rows, each as long as the header."""
    if not path.exists():
        raise FileMissing(path=path)
    try:
        text = _text(path, encoding)
        first = text.lstrip().partition("\n")[0]
        header, *rows = [*csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)] or [[]]
    except csv.Error as fault:
        raise FileUnreadable(path=path, reason=fault) from fault
    return [name.strip() for name in header], [(row + [""] * len(header))[: len(header)] for row in rows if any(row)]


def _text(path: Path, encoding: str | None) -> str:
    data = path.read_bytes()
    marked = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else []
    for name in [encoding] if encoding else [*marked, "utf-8-sig", *TRIED]:
        try:
            text = data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
        if "\0" not in text:  # else it is something else, such as UTF-16 without a mark
            return text
    raise EncodingWrong(path=path, encoding=encoding or " / ".join(TRIED).upper())


def _find(path: Path, header: list[str], asked: str | None, usual: tuple[str, ...]) -> str:
    if asked in header:
        return str(asked)
    found = [name for word in usual for name in header if name.casefold() == word]
    if asked is not None or not found:
        raise ColumnMissing(column=asked or usual[0], path=path, columns=", ".join(header))
    return found[0]


def _numbers(texts: np.ndarray) -> np.ndarray:
    return np.array([_number(text) for text in texts.tolist()], dtype=float)


def _number(text: str) -> float:
    if "_" in text:  # Python would read 1_000 as a thousand
        return np.nan
    try:
        return float(text)
    except ValueError:
        return np.nan
