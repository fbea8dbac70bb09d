"""`gridmap plan compare`: what a draft would do, before it is in force."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, now, plan_app, settings, tell, words
from gridmap.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gridmap.flows.rehearse import Rehearsal

LISTED = 20


class CompareTableUnknown(BadInput):
    """A comparison has other tables; facts: table, tables."""


class CompareOutUnusable(BadInput):
    """A comparison is written as CSV, XLSX or JSON into a folder that is there; facts: path."""


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.plan_compare_{about}"), **more)


@plan_app.command("compare", help=words("cli.plan_compare"))
def compare(
    draft: Annotated[str, typer.Argument(metavar="[DRAFT]", help=words("cli.plan_draft"))] = "import",
    *,
    against: Annotated[int | None, _option("--with", about="with", metavar="EDITION", min=1)] = None,
    table: Annotated[str, _option("--table", about="table", metavar="TABLE")] = "cells",
    out: Annotated[Path | None, _option("--out", about="out_file", metavar="FILE")] = None,
    force: Annotated[bool, typer.Option("--force", help=words("cli.match_force"))] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.rehearse import TABLES, rehearse  # noqa: PLC0415
    from gridmap.store import Store  # noqa: PLC0415

    if table not in TABLES:
        raise CompareTableUnknown(table=table, tables=", ".join(TABLES))
    _check_out(out, force=force)
    with Store.open(settings().database_url, make=False) as store:
        found = rehearse(store, draft, against=against, now=now(), actor=acting(store, actor))
    told = found.as_dict(LANG)
    if out:
        _write(out, found, told, table)
    tell(told | {"out": out and str(out)}, "\n".join(_lines(told, out)), json=json)


def _check_out(out: Path | None, *, force: bool) -> None:
    from gridmap.tables.export import OutputExists  # noqa: PLC0415

    if out and (out.suffix.lower() not in {".csv", ".xlsx", ".json"} or not out.absolute().parent.is_dir() or out.is_dir()):
        raise CompareOutUnusable(path=out)
    if out and out.exists() and not force:
        raise OutputExists(path=out)


def _write(out: Path, found: "Rehearsal", told: dict[str, Any], table: str) -> None:
    """The whole as XLSX or JSON; one table as CSV."""
    from json import dumps  # noqa: PLC0415

    from gridmap.flows.rehearse import TABLES  # noqa: PLC0415
    from gridmap.tables.export import csv_lines, put_in_place  # noqa: PLC0415
    from gridmap.tables.workbook import write_workbook  # noqa: PLC0415

    if out.suffix.lower() == ".xlsx":
        write_workbook(out, {name: found.table(name, LANG) for name in TABLES})
        return
    with put_in_place(out) as beside, beside.open("w", encoding="utf-8", newline="") as text:
        if out.suffix.lower() == ".json":
            text.write(dumps(told, ensure_ascii=False, indent=2) + "\n")
        else:
            text.writelines(csv_lines(*found.table(table, LANG)))


def _lines(told: dict[str, Any], out: Path | None) -> "Iterator[str]":
    """The sums, what became of the cells, the workers whose load changes, what would change hands."""
    yield words("cli.plan_compare_done" if told["against"] else "cli.plan_compare_first", **told)
    counted = [f"{words(f'fate.{fate}')} {count}" for fate, count in told["fates"].items() if count]
    yield words("cli.plan_compare_fates", fates=", ".join(counted) or "–")
    for load in [each for each in told["workers"] if each["households_before"] != each["households_after"]][:LISTED]:
        yield words("cli.plan_compare_worker", **load | {"name": load["name"] or words("cli.replay_nobody")})
    if told["changing_hands"] is None:
        yield words("cli.plan_compare_unseen")
    else:
        yield words("cli.plan_compare_hands", count=told["changing_hands"])
    if told["sheets"]:
        yield words("cli.plan_compare_sheets", count=len(told["sheets"]), names=", ".join(each["name"] for each in told["sheets"][:LISTED]))
    if told["villages_left_out"]:
        yield words("cli.plan_compare_left_out", count=told["villages_left_out"])
    if out:
        yield words("cli.replay_out", out=out)
