"""`gridmap audit …`: who did what, the proof that nobody changed it, and its witness outside the database."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, audit_app, local, now, progress, read_instant, settings, tell, words
from gridmap.errors import BadInput, Refusal

if TYPE_CHECKING:
    from gridmap.flows.verify_history import Verified
    from gridmap.store import Store
    from gridmap.store.history import Done, Wanted

SHOWN = 50
LINES = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}


class CodeUnreadable(BadInput):
    """What was written on paper cannot be a head's code; facts: code."""


class ExportKindUnknown(BadInput):
    """A file for the export is a CSV or newline-delimited JSON; facts: path."""


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.audit_{about}"), **more)


Who = Annotated[str, _option("--who", about="who", metavar="NAME")]
What = Annotated[str, _option("--what", about="what", metavar="WHAT")]
Subject = Annotated[str, _option("--of", about="subject", metavar="KIND:ID")]
Since = Annotated[str, _option("--since", about="since", metavar="INSTANT")]
Until = Annotated[str, _option("--until", about="until", metavar="INSTANT")]
AnchorsFile = Annotated[Path | None, _option("--anchors", about="anchors", metavar="FILE")]


@contextmanager
def _open() -> "Iterator[Store]":
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    with Store.open(settings().database_url, make=False) as store:
        yield store


def _wanted(who: str, what: str, subject: str, since: str, until: str) -> "Wanted":
    from gridmap.store.history import Wanted  # noqa: PLC0415

    instants = {"since": read_instant(since) if since else None, "until": read_instant(until) if until else None}
    return Wanted(actor=who or None, what=what or None, subject=subject or None, **instants)


@audit_app.command("show", help=words("cli.audit_show"))
def show(
    *,
    who: Who = "",
    what: What = "",
    subject: Subject = "",
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, _option("--limit", about="limit", min=1, max=100_000)] = SHOWN,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.audit import read_history  # noqa: PLC0415

    wanted = _wanted(who, what, subject, since, until)
    with _open() as store:
        found = read_history(store, limit=limit, wanted=wanted, newest=True, actor=acting(store, actor))[::-1]
    if json:
        for row in found:
            tell(row.as_dict(), "", json=True)
    elif found:
        _table(found)
    else:
        print(words("cli.audit_show_none"))


def _table(rows: "Iterable[Done]") -> None:
    """For people: aligned on a terminal, tab-separated for whatever reads the output."""
    told = [(str(row.id), local(row.at), row.actor, _what(row.what), row.subject, _why(row)) for row in rows]
    header = [words(f"cli.audit_column.{name}") for name in ("id", "at", "actor", "what", "subject", "why")]
    if not sys.stdout.isatty():
        print("\n".join("\t".join(cells) for cells in (header, *told)))
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*header, box=None, pad_edge=False)
    for cells in told:
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))  # never as markup: anybody's words may stand there; nothing cut off
    Console().print(table)


def _what(what: str) -> str:
    from gridmap.words import texts  # noqa: PLC0415

    return texts(LANG).get(f"history.{what}", what)


def _why(row: "Done") -> str:
    """States and facts in one line; what would move the cursor of a terminal is shown as it is escaped in JSON."""
    states = f"{row.from_state or ''}→{row.to_state} " if row.to_state else ""
    told = " ".join(f"{name}={value}" for name, value in row.facts.items() if value not in (None, "", False))
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in states + told)


@audit_app.command("export", help=words("cli.audit_export"), no_args_is_help=True)
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.audit_export_file"))],
    *,
    who: Who = "",
    what: What = "",
    subject: Subject = "",
    since: Since = "",
    until: Until = "",
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.audit import export_history  # noqa: PLC0415
    from gridmap.store.history import COLUMNS  # noqa: PLC0415
    from gridmap.tables.export import csv_lines, ndjson_lines  # noqa: PLC0415

    if file.suffix.lower() not in LINES:
        raise ExportKindUnknown(path=file)
    wanted = _wanted(who, what, subject, since, until)
    csv = LINES[file.suffix.lower()] == "csv"
    with _open() as store:
        found = (row.as_dict() for row in export_history(store, wanted=wanted, actor=acting(store, actor)))
        with file.open("w", encoding="utf-8", newline="") as out:
            written = [out.write(line) for line in (csv_lines(COLUMNS, found) if csv else ndjson_lines(found))]
    rows = len(written) - csv
    tell({"file": str(file), "rows": rows}, words("cli.audit_export_done", file=file, rows=rows), json=json)


@audit_app.command("anchor", help=words("cli.audit_anchor"))
def anchor(*, actor: ActorName = "", json: JsonFlag = False) -> None:
    from gridmap.flows import audit as flow  # noqa: PLC0415

    chosen = settings()
    with _open() as store:
        who = acting(store, actor)
        path = flow.anchor_file(store, chosen.anchor_file)
        done = flow.anchor(store, path, chosen.anchor_key_file, actor=who, now=now())
        head = flow.head(store, actor=who)
    line = done.anchor.line if done.anchor else 0
    key = "none" if done.anchor is None else "done" if done.written else "same"
    said = [words(f"cli.audit_anchor_{key}", file=path, line=line, rows=head.id)]
    if done.anchor:
        said.append(words("cli.audit_code", code=head.code))
    tell({"file": str(path), "line": line, "written": done.written, **asdict(head)}, "\n".join(said), json=json)


def anchor_now(store: "Store") -> None:
    """Witness what a command has just done, where a file for it is known; if that fails, the command has still done its work."""
    from gridmap.flows import audit as flow  # noqa: PLC0415

    chosen = settings()
    path = flow.anchor_file(store, chosen.anchor_file)
    if path is None:
        return
    try:
        flow.anchor(store, path, chosen.anchor_key_file, actor=acting(store, ""), now=now())
    except Refusal as refusal:
        print(words("cli.audit_anchor_unwritten", reason=refusal.text(LANG)), file=sys.stderr)


@audit_app.command("verify", help=words("cli.audit_verify"))
def verify(
    *,
    anchors: AnchorsFile = None,
    key: Annotated[Path | None, _option("--key", about="key", metavar="FILE")] = None,
    code: Annotated[str, _option("--code", about="code_option", metavar="CODE")] = "",
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import verify_history as flow  # noqa: PLC0415
    from gridmap.flows.audit import anchor_file, head  # noqa: PLC0415
    from gridmap.store.chain import read_code  # noqa: PLC0415

    paper = read_code(code) if code else None
    if code and paper is None:
        raise CodeUnreadable(code=code)
    chosen = settings()
    with _open() as store:
        who = acting(store, actor)
        path = anchors or anchor_file(store, chosen.anchor_file)
        with progress(words("cli.audit_progress"), total=head(store, actor=who).id) as advance:
            found = flow.verify(
                store, path, actor=who, key_file=key or chosen.anchor_key_file, code=paper, chosen=anchors is not None, advance=advance
            )
    checked = bool(key or chosen.anchor_key_file)
    tell(_facts(found, checked), "\n".join(_told(found, checked)), json=json)
    if not found.good:
        raise typer.Exit(1)


def _facts(found: "Verified", checked: bool) -> dict[str, Any]:
    told = {name: value for name, value in asdict(found).items() if name != "faults"}
    return {
        **told,
        "good": found.good,
        "signatures_checked": checked and found.signed,
        "faults": [each.as_dict(LANG) for each in found.faults],
    }


def _told(found: "Verified", checked: bool) -> Iterator[str]:
    if found.first_at and found.last_at:
        yield words("cli.audit_rows", rows=found.rows, first=local(found.first_at), last=local(found.last_at))
    else:
        yield words("cli.audit_rows_none")
    if found.anchors:
        at = local(datetime.fromisoformat(found.anchored_at)) if found.anchored_at else "-"
        facts = {"anchors": found.anchors, "file": found.file, "at": at, "anchored": found.anchored, "rest": found.rows - found.anchored}
        yield words("cli.audit_anchored", **facts)
        yield words("cli.audit_unsigned" if not found.signed else "cli.audit_signed" if checked else "cli.audit_signed_unchecked")
    yield words("cli.audit_window" if found.anchors else "cli.audit_unanchored")
    yield words("cli.audit_code", code=found.code)
    if found.good:
        yield words("cli.audit_good")
        return
    yield words("cli.audit_bad")
    for fault in found.faults:
        yield f"  • {fault.said.text(LANG)}"
        yield f"    {fault.advice.text(LANG)}"
