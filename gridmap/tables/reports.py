"""A file of reports (CSV, XLSX, newline-delimited JSON) as Reports, each with a key, so that the same file twice is kept once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from gridmap.incidents import Channel, Report, body_hash
from gridmap.incidents.report import UNKEEPABLE
from gridmap.tables.columns import REPORT_COLUMNS
from gridmap.tables.files import read_sheet
from gridmap.tables.headers import find_header
from gridmap.tables.rows import Headed, Parsed, Rejected, Row
from gridmap.tables.values import Fault, read_instant, read_number, read_word

# Our own namespace, so that the keys made here can never be a key that somebody sent.
OUR_KEYS = UUID("5c1a5c8e-6f0e-5d0c-9c36-2f4d8f1f7a10")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What counts for rows that do not say it themselves."""

    datum: str = ""
    channel: Channel = Channel.SYSTEM
    sender: str = ""


def read_reports(path: Path, zone: ZoneInfo, defaults: Defaults) -> Parsed[Report]:
    """The rows of a file as reports. A row without a key gets one: the sender's number where there are both, else its content.

    So a row sent twice is one report, in one file or in two; a row that was changed is another, unless its sender numbered it: then it
    is refused at intake as another body under the same key. FileMissing, FileKindUnknown, FileUnreadable, ColumnMissing, ColumnTwice.
    """
    read = read_sheet(path, kinds=("csv", "xlsx", "ndjson"))
    sheet = find_header(read, REPORT_COLUMNS, ("issue",))
    good: list[tuple[Row, Report]] = []
    rejected = list(read.broken)
    for row in sheet.rows:
        try:
            good.append((row, _report(sheet, row, zone, defaults)))
        except Fault as fault:
            rejected.append(Rejected(row, (fault.sentence,)))
    return Parsed(path, sheet.header, tuple(good), tuple(sorted(rejected, key=lambda r: r.row.number)), sheet.ignored)


def _report(sheet: Headed, row: Row, zone: ZoneInfo, defaults: Defaults) -> Report:
    cell: Mapping[str, str] = {column: sheet.cell(row, column) for column in REPORT_COLUMNS}
    for column, text in cell.items():
        if UNKEEPABLE.search(text):
            raise Fault("letters", column=column)
    report = Report(
        issue=cell["issue"],
        channel=read_word(cell["channel"], "channel", Channel) if cell["channel"] else defaults.channel,
        at=read_instant(cell["at"], "at", zone),
        text=cell["text"],
        place=cell["place"],
        lon=read_number(cell["lon"], "lon"),
        lat=read_number(cell["lat"], "lat"),
        datum=cell["datum"] or (defaults.datum if cell["lon"] or cell["lat"] else ""),  # words have no datum, whatever the default
        accuracy_m=read_number(cell["accuracy_m"], "accuracy_m"),
        sender=cell["sender"] or defaults.sender,
        sender_number=cell["sender_number"],
        key=cell["key"],
        contact=cell["contact"],
    )
    return report if report.key else replace(report, key=_made_key(report))


def _made_key(report: Report) -> str:
    """A UUID from what names the report: nobody vouches for a number without a sender, so there the content alone counts."""
    numbered = bool(report.sender and report.sender_number)
    seed = report.sender_number if numbered else body_hash(report)
    return str(uuid5(OUR_KEYS, f"{'number' if numbered else 'content'}:{seed}"))
