"""Rejected rows go back to their writer: an XLSX with the columns as they were and the reasons beside them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gridmap.tables.headers import accepted
from gridmap.tables.rows import Rejected
from gridmap.words import Lang


def write_rejects(path: Path, header: Sequence[str], rejected: Iterable[Rejected], lang: Lang) -> None:
    """Write the rows to `path`. Corrected there, the file can be imported again: the reasons are not read.

    Every cell is written as text: a formula that somebody sent (=…, +…, @…) stays letters, a code keeps its zeros.
    """
    from openpyxl import Workbook  # noqa: PLC0415  slow to load, needed by few commands

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    rows = [(row.row.cells, " ".join(reason.text(lang) for reason in row.reasons)) for row in rejected]
    width = max([len(header), *(len(cells) for cells, _ in rows)])
    for cells, reason in ((header, accepted("reason", lang)[0]), *rows):
        sheet.append([_as_text(sheet, text) for text in (*cells, *[""] * (width - len(cells)), reason)])
    book.save(path)


def _as_text(sheet: object, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", text))
    cell.data_type = "s"
    cell.number_format = "@"
    return cell
