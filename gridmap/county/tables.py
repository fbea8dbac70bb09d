"""The county's registers as CSV, with the columns that `gridmap import` reads."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from gridmap.catalogue import IssueType, Limit, Rule
from gridmap.county.plan import ZONE
from gridmap.duty import Office, Post, Worker
from gridmap.incidents import Report
from gridmap.limits import CalendarRow

Noun = Worker | Post | Office | IssueType | Rule | Report | CalendarRow


def write_register(path: Path, nouns: Iterable[Noun]) -> None:
    """A CSV in UTF-8 with a column for each field of these nouns (one kind, at least one)."""
    rows = list(nouns)
    columns = [field.name for field in fields(rows[0]) if field.name != "photos"]  # which follow a report, in no table
    write_csv(path, columns, ([_text(getattr(row, column)) for column in columns] for row in rows))


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV in UTF-8 with lines that end alike everywhere."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        out.writerows(rows)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else ""
        case datetime():
            return value.astimezone(ZONE).isoformat(timespec="seconds")
        case tuple():
            return " ".join(str(each) for each in value)
        case Limit() | str() | date():
            return str(value)
    return repr(value)
