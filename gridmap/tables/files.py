"""CSV, XLSX and newline-delimited JSON into rows of texts. Codes and phone numbers stay what they are: text."""

import csv
import io
import json
import warnings
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from gridmap.errors import BadInput, FileMissing
from gridmap.tables.rows import Rejected, Row, Sheet
from gridmap.words import Sentence


class FileKindUnknown(BadInput):
    """A table comes as one of the kinds that we read; facts: path, kinds."""


class TextUnreadable(BadInput):
    """A text file is in no encoding that we read; facts: path."""


class QuotesWrong(BadInput):
    """A CSV whose quotation marks do not fit together; facts: path, line."""


class WorkbookBroken(BadInput):
    """The file is no whole XLSX, whatever its name says; facts: path."""


READERS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx", ".ndjson": "ndjson", ".jsonl": "ndjson"}


def read_sheet(path: Path, *, kinds: tuple[str, ...] = ("csv", "xlsx")) -> Sheet:
    """Every row that is not blank, of the first sheet where there are several. FileMissing, FileKindUnknown, FileUnreadable."""
    if not path.exists():
        raise FileMissing(path=str(path))
    kind = READERS.get(path.suffix.lower(), "")
    if kind not in kinds:
        raise FileKindUnknown(path=str(path), kinds=", ".join(sorted(suffix for suffix, kind in READERS.items() if kind in kinds)))
    if kind == "ndjson":
        return _read_ndjson(path)
    rows = _csv_rows(path) if kind == "csv" else _xlsx_rows(path)
    numbered = (Row(number, tuple(_text(value) for value in cells)) for number, cells in rows)
    return Sheet(path, tuple(row for row in numbered if any(row.cells)))


def _csv_rows(path: Path) -> Iterator[tuple[int, Iterable[Any]]]:
    text = _decoded(path)
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t，", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as fault:
            raise QuotesWrong(path=str(path), line=rows.line_num) from fault
        yield rows.line_num, cells


def _decoded(path: Path) -> str:
    """UTF-8 with or without a mark, UTF-16 with one, else GB18030, in which Chinese spreadsheets save CSV.

    A zero letter in it means that the bytes are something else, such as UTF-16 without a mark.
    """
    raw = path.read_bytes()
    encodings = ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise TextUnreadable(path=str(path))


def _xlsx_rows(path: Path) -> Iterator[tuple[int, Iterable[Any]]]:
    from openpyxl import load_workbook  # noqa: PLC0415  slow to load, needed by few commands

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and validations, which we do not read
        try:
            book = load_workbook(path, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # many programs write wrong ones
            yield from enumerate(sheet.iter_rows(values_only=True), start=1)
            book.close()
        except (BadZipFile, EOFError, KeyError, ValueError, IndexError, SyntaxError, zlib.error) as fault:
            raise WorkbookBroken(path=str(path)) from fault


def _text(value: Any) -> str:
    """A cell as the text that its writer saw: 330101.0 is a code, midnight is a date, nothing is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case datetime():
            whole_day = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
            return value.date().isoformat() if whole_day else value.isoformat(timespec="seconds")
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
    return str(value).strip()


def _read_ndjson(path: Path) -> Sheet:
    """One object a line, as rows under a header of all names in the order that they first appear."""
    objects: list[tuple[int, dict[str, Any]]] = []
    broken: list[Rejected] = []
    for number, line in enumerate(_decoded(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):  # the second: brackets in brackets, thousands deep
            found = None
        if isinstance(found, dict):
            objects.append((number, found))
        else:
            broken.append(Rejected(Row(number, (line.strip(),)), (Sentence("reason.row.json"),)))
    names = list(dict.fromkeys(name for _, found in objects for name in found))
    header = [Row(0, tuple(names))] if names else []
    rows = (Row(number, tuple(_text(found.get(name)) for name in names)) for number, found in objects)
    return Sheet(path, (*header, *rows), tuple(broken))
