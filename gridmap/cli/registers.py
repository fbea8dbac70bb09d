"""`gridmap import workers|posts|leave|offices|rota|issue-types|rules|defaults`: what a county keeps beside its land, again each year."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, import_app, now, settings, tell, words
from gridmap.tables.columns import Register
from gridmap.tables.headers import accepted

if TYPE_CHECKING:
    from gridmap.tables.rows import Rejected

SHOWN = 5

File = Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.register_file"))]
Rejects = Annotated[Path | None, typer.Option("--rejects", metavar="FILE", help=words("cli.register_rejects"))]
AllOrNothing = Annotated[bool, typer.Option("--all-or-nothing", help=words("cli.register_all_or_nothing"))]


def columns_told(columns: Iterable[str], needed: Iterable[str]) -> str:
    """The headers of a table in both languages, those that it cannot lack with a star."""
    stars = dict.fromkeys(needed, "*")
    return ", ".join(f"{accepted(column, 'en')[0]}{stars.get(column, '')} ({accepted(column, 'zh')[0]})" for column in columns)


def rejected_told(rejected: "Sequence[Rejected]", file: Path | str | None) -> list[str]:
    """The first rejected rows with their reasons, and where all of them are."""
    if not rejected:
        return []
    lines = [words("cli.rejected_row", row=one.row.number, why=" ".join(reason.text(LANG) for reason in one.reasons)) for one in rejected]
    more = [words("cli.findings_more", count=len(lines) - SHOWN)] if len(lines) > SHOWN else []
    return [*lines[:SHOWN], *more, words("cli.rejected_file", file=file)]


def ignored_told(ignored: Sequence[str]) -> list[str]:
    """The columns that nobody reads."""
    return [words("cli.columns_ignored", columns=", ".join(ignored))] if ignored else []


def _add(register: Register) -> None:
    """One command for one register."""
    about = words(f"cli.import_{register.replace('-', '_')}")
    headers = columns_told(register.columns, register.needed)
    more = words("cli.headers", columns=headers, example=f"gridmap import {register} {register}.csv")

    @import_app.command(str(register), help=about, epilog=more, no_args_is_help=True)
    def command(
        file: File, *, all_or_nothing: AllOrNothing = False, rejects: Rejects = None, actor: ActorName = "", json: JsonFlag = False
    ) -> None:
        _import(register, file, all_or_nothing=all_or_nothing, rejects=rejects, actor=actor, json=json)


for _register in Register:
    _add(_register)


def _import(register: Register, file: Path, *, all_or_nothing: bool, rejects: Path | None, actor: str, json: bool) -> None:
    from gridmap.flows.import_register import RegisterRefused, import_register  # noqa: PLC0415 (`gridmap --help` does not wait for it)
    from gridmap.store import Store  # noqa: PLC0415

    zone = settings().timezone
    with Store.open(settings().database_url) as store:
        try:
            done = import_register(
                store, register, file, now=now(), zone=zone, actor=acting(store, actor), lang=LANG,
                all_or_nothing=all_or_nothing, rejects=rejects
            )  # fmt: skip
        except RegisterRefused as refusal:
            if not json:
                print("\n".join(rejected_told(refusal.rejected, str(refusal.facts["rejects"]))), file=sys.stderr)
            raise
    counts = {"read": done.read, "imported": done.imported, "rejected": len(done.rejected)}
    lines = [
        words("cli.import_register_done", file=file, **counts),
        *(note.text(LANG) for note in done.notes[:SHOWN]),
        *([words("cli.findings_more", count=len(done.notes) - SHOWN)] if len(done.notes) > SHOWN else []),
        *ignored_told(done.ignored),
        *rejected_told(done.rejected, done.rejects),
    ]
    tell({"refused": False, **done.as_dict(LANG)}, "\n".join(lines), json=json)


@import_app.command("defaults", help=words("cli.import_defaults"))
def import_defaults(
    *,
    replace: Annotated[bool, typer.Option("--replace", help=words("cli.import_defaults_replace"))] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import import_defaults as flow  # noqa: PLC0415 (`gridmap --help` does not wait for it)
    from gridmap.store import Store  # noqa: PLC0415

    with Store.open(settings().database_url) as store:
        done = flow.import_defaults(store, now=now(), actor=acting(store, actor), replace=replace)
    counts = {"issue_types": done.issue_types, "offices": done.offices, "rules": done.rules}
    tell({"refused": False, **counts}, words("cli.import_defaults_done", **counts), json=json)
