"""Rows out of the house as CSV that no spreadsheet takes for formulas, and as newline-delimited JSON."""

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gridmap.errors import Conflict, FolderMissing

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


class OutputExists(Conflict):
    """The file to write is already there; facts: path."""


def unformula(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would run it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A header and a line for each row, for any spreadsheet: UTF-8 with its mark; texts cannot be formulas; the rest is JSON."""
    yield "\ufeff" + _line(columns)
    for row in rows:
        yield _line([_cell(row[name]) for name in columns])


def ndjson_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One object a line."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False) + "\n"


def check_out(out: Path, *, force: bool) -> None:
    """OutputExists or FolderMissing, before any work is done."""
    if out.exists() and not force:
        raise OutputExists(path=out)
    if not out.parent.is_dir():
        raise FolderMissing(path=out.parent)


@contextmanager
def put_in_place(out: Path) -> Iterator[Path]:
    """A name beside `out` to write to, that becomes `out` when all went well and vanishes otherwise."""
    beside = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        yield beside
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return unformula(value or "")
    return unformula(json.dumps(value, ensure_ascii=False))


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
