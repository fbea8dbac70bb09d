"""Rejected rows go back to their writer: an XLSX with the columns as they were and the reasons beside them."""

import os
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path

from gridmap.errors import BadInput
from gridmap.tables.cells import as_text
from gridmap.tables.headers import accepted
from gridmap.tables.rows import Rejected
from gridmap.words import Lang


class RejectsUnusable(BadInput):
    """Rejected rows go to an XLSX, in a folder where this user may write, and never over the file that they come from; facts: path."""


def rejects_file(source: Path, asked: Path | None) -> Path:
    """Where the rejected rows of `source` go: where the user asked, else beside it. RejectsUnusable, before any work is done."""
    path = asked or source.with_name(f"{source.stem}.rejected.xlsx")
    over_source = path.exists() and path.samefile(source)
    if path.suffix.lower() != ".xlsx" or path.is_dir() or over_source or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise RejectsUnusable(path=str(path))
    return path


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
        sheet.append([as_text(sheet, text) for text in (*cells, *[""] * (width - len(cells)), reason)])
    whole = BytesIO()  # first, so that a full disk gets no half of it
    book.save(whole)
    path.write_bytes(whole.getvalue())
