"""Tables out of the house as one XLSX, a sheet for each."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from gridmap.tables.cells import as_text
from gridmap.tables.export import put_in_place


def write_workbook(out: Path, sheets: Mapping[str, tuple[Sequence[str], Iterable[Mapping[str, Any]]]]) -> None:
    """Write each named table (columns, rows) as a sheet. Numbers are numbers, texts are texts and never formulas; whole or not at all."""
    from openpyxl import Workbook  # noqa: PLC0415  slow to load, needed by few commands

    book = Workbook(write_only=True)
    for name, (columns, rows) in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append([as_text(sheet, column) for column in columns])
        for row in rows:
            sheet.append([as_text(sheet, value) if isinstance(value, str) else value for value in map(row.__getitem__, columns)])
    whole = BytesIO()
    book.save(whole)
    with put_in_place(out) as beside:
        beside.write_bytes(whole.getvalue())
