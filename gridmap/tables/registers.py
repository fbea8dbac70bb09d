"""The rows of the registers as nouns. What concerns other rows or the store is checked by the flow."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from gridmap.catalogue import By, Grade, IssueType, Kind, Rule
from gridmap.duty import Duty, Leave, Office, OfficeKind, OnCall, Post, Weekday, Worker
from gridmap.errors import Refusal
from gridmap.grid import Level
from gridmap.incidents.report import UNKEEPABLE
from gridmap.limits import CalendarRow, DayKind
from gridmap.tables.columns import Register
from gridmap.tables.files import read_sheet
from gridmap.tables.headers import find_header
from gridmap.tables.rows import Headed, Parsed, Rejected, Row
from gridmap.tables.values import (
    Fault,
    read_date,
    read_flag,
    read_instant,
    read_limit,
    read_whole,
    read_word,
    read_working_hours,
    required,
)
from gridmap.words import Sentence

Noun = Worker | Post | Office | IssueType | Rule | CalendarRow | Leave | OnCall
LONGEST = 200
# What a cell shows whose formula went wrong.
SPREADSHEET_ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!")


@dataclass(frozen=True, slots=True)
class Cells:
    """Reads one row: its cells by our names, as texts that can be kept."""

    sheet: Headed
    row: Row

    def text(self, column: str) -> str:
        text = self.sheet.cell(self.row, column)
        if len(text) > LONGEST:
            raise Fault("long", column=column, length=len(text), most=LONGEST)
        if UNKEEPABLE.search(text):
            raise Fault("letters", column=column)
        if text in SPREADSHEET_ERRORS:
            raise Fault("formula", column=column, text=text)
        return text

    def must(self, column: str) -> str:
        return required(self.text(column), column)


@dataclass(frozen=True, slots=True)
class Reader(Cells):
    """Reads one row of a register: naive dates in `zone`; a post or a leave without a first day begins `now`."""

    zone: ZoneInfo
    now: datetime

    def instant(self, column: str) -> datetime | None:
        return read_instant(self.text(column), column, self.zone)


def read_register(register: Register, path: Path, zone: ZoneInfo, now: datetime) -> Parsed[Noun]:
    """The rows of a file as nouns; `now` is the first instant of posts and leaves that name none.

    FileMissing, FileKindUnknown, FileUnreadable, TextUnreadable, TableEmpty, ColumnMissing, ColumnTwice.
    """
    sheet = find_header(read_sheet(path), register.columns, register.needed)
    good: list[tuple[Row, Noun]] = []
    rejected: list[Rejected] = []
    for row in sheet.rows:
        try:
            good.append((row, READ[register](Reader(sheet, row, zone, now))))
        except Fault as fault:
            rejected.append(Rejected(row, (fault.sentence,)))
        except Refusal as refusal:  # a noun that no row can make
            rejected.append(Rejected(row, (said(refusal),)))
    return Parsed(path, sheet.header, tuple(good), tuple(rejected), sheet.ignored)


def said(refusal: Refusal) -> Sentence:
    """Why a noun of ours refused to be made, as a reason against its row."""
    return Sentence(f"error.{refusal.key}", refusal.facts)


def _worker(row: Reader) -> Worker:
    return Worker(row.must("id"), row.must("name"), row.text("phone"), row.text("name_en"))


def _post(row: Reader) -> Post:
    duty = read_word(row.text("duty") or Duty.WORKER, "duty", Duty)
    since, until = row.instant("since") or row.now, row.instant("until")
    if until is not None and until <= since:
        raise Fault("until", since=row.text("since"), until=row.text("until"))
    return Post(row.must("worker"), row.must("area"), duty, since, until)


def _office(row: Reader) -> Office:
    kind = read_word(row.must("kind"), "kind", OfficeKind)
    return Office(row.must("code"), row.must("name"), kind, row.text("area") or None, row.text("phone"), row.text("name_en"))


def _issue_type(row: Reader) -> IssueType:
    return IssueType(
        row.must("code"), row.must("group"), read_word(row.must("kind"), "kind", Kind), row.must("name"),
        read_limit(row.must("limit"), "limit"), row.text("name_en"), row.text("group_en"),
        read_word(row.text("grade") or Grade.GENERAL, "grade", Grade), read_flag(row.text("subject_first"), "subject_first"),
    )  # fmt: skip


def read_rule(row: Cells) -> Rule:
    """The row of a rule; Fault where it cannot be one."""
    level = row.text("level")
    return Rule(
        row.must("office"), row.must("issue"), read_word(row.must("by"), "by", By),
        str(read_word(level, "level", Level)) if level else None, row.text("area") or None, read_whole(row.text("rank"), "rank", 100),
    )  # fmt: skip


def _calendar_row(row: Reader) -> CalendarRow:
    kind = read_word(row.must("kind"), "kind", DayKind)
    since, until = (read_date(row.text(column), column) for column in ("since", "until"))
    return CalendarRow(kind, since, until, read_working_hours(row.text("hours"), "hours"))


def _leave(row: Reader) -> Leave:
    """A leave that was called off ends when it begins."""
    since, until = row.instant("since") or row.now, row.instant("until")
    if until is not None and until < since:
        raise Fault("until", since=row.text("since"), until=row.text("until"))
    return Leave(row.must("worker"), since, until)


def _on_call(row: Reader) -> OnCall:
    return OnCall(read_word(row.must("weekday"), "weekday", Weekday), row.must("office"))


READ: Mapping[Register, Callable[[Reader], Noun]] = {
    Register.WORKERS: _worker,
    Register.POSTS: _post,
    Register.OFFICES: _office,
    Register.ISSUE_TYPES: _issue_type,
    Register.RULES: read_rule,
    Register.CALENDAR: _calendar_row,
    Register.LEAVE: _leave,
    Register.ROTA: _on_call,
}
