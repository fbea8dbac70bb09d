"""Findings as a file: a table to work through, or a map of the places."""

import csv
import json
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from gridmap.errors import BadInput, NotFound
from gridmap.grid import Finding
from gridmap.words import Lang

COLUMNS = ("severity", "code", "area", "lon", "lat", "text")


class ReportFormat(BadInput):
    """A report can be written as CSV, XLSX or GeoJSON; facts: path."""


class ReportNowhere(NotFound):
    """The folder to write the report into is not there; facts: path."""


class ReportIsSource(BadInput):
    """The report would be written over the file that it is about; facts: path."""


def check_report(path: Path, source: Path | None = None) -> None:
    """Refuse a report that could not be written, before the work that it is about: ReportFormat, ReportNowhere, ReportIsSource."""
    if path.suffix.lower() not in WRITERS:
        raise ReportFormat(path=path)
    if not path.absolute().parent.is_dir():
        raise ReportNowhere(path=path)
    if source is not None and source.exists() and path.exists() and path.samefile(source):
        raise ReportIsSource(path=path)


def write_report(path: str | Path, findings: Sequence[Finding], lang: Lang = "en") -> None:
    """One row for each finding, by the file's suffix: .csv (UTF-8 as Excel opens it), .xlsx, .geojson (points, null without a place)."""
    path = Path(path)
    check_report(path)
    WRITERS[path.suffix.lower()](path, [finding.as_dict(lang) for finding in findings])


def _csv(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)


def _xlsx(path: Path, rows: list[dict[str, object]]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("findings")
    sheet.append(COLUMNS)
    for row in rows:
        sheet.append([_cell(sheet, row[column]) for column in COLUMNS])
    whole = BytesIO()  # first, so that a full disk gets no half of it
    book.save(whole)
    path.write_bytes(whole.getvalue())


def _cell(sheet: object, value: object) -> WriteOnlyCell:
    """A cell that is never a formula, whatever a file's code begins with."""
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
    return cell


def _geojson(path: Path, rows: list[dict[str, object]]) -> None:
    features = [
        {
            "type": "Feature",
            "properties": {column: row[column] for column in COLUMNS},
            "geometry": None if row["lon"] is None else {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
        }
        for row in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), "utf-8")


WRITERS = {".csv": _csv, ".xlsx": _xlsx, ".geojson": _geojson}
