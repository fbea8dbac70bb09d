"""`gridmap backup` and `gridmap restore`: a whole database in one file, and back."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.door import LANG, ActorName, JsonFlag, acting, app, login, now, progress, settings, tell, words

if TYPE_CHECKING:
    from gridmap.flows.restore import Restored
    from gridmap.store.backup_file import Manifest

BackupFile = Annotated[Path, typer.Argument(metavar="FILE", help=words("cli.backup_file"))]


@app.command("backup", help=words("cli.backup"), no_args_is_help=True)
def backup(
    file: BackupFile,
    *,
    force: Annotated[bool, typer.Option("--force", help=words("cli.backup_force"))] = False,
    actor: ActorName = "",
    json: JsonFlag = False,
) -> None:
    from gridmap.flows.back_up import back_up  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)
    from gridmap.store import Store  # noqa: PLC0415

    with Store.open(settings().database_url, make=False) as store, progress(words("cli.backup_progress")) as advance:
        done = back_up(store, file, actor=acting(store, actor), now=now(), force=force, advance=advance)
    facts = {"file": str(file), "size": done.size, "seal": done.seal, **_facts(done.manifest)}
    tell(facts, words("cli.backup_done", **facts), json=json)


@app.command("restore", help=words("cli.restore"), no_args_is_help=True)
def restore(
    file: BackupFile,
    *,
    verify: Annotated[bool, typer.Option("--verify", help=words("cli.restore_verify"))] = False,
    into: Annotated[str, typer.Option("--into", metavar="URL", help=words("cli.restore_into"))] = "",
    replace: Annotated[bool, typer.Option("--replace", help=words("cli.restore_replace"))] = False,
    json: JsonFlag = False,
) -> None:
    from gridmap.flows import restore as flow  # noqa: PLC0415 (as above)
    from gridmap.flows.act import act_at_machine  # noqa: PLC0415

    url, who = into or settings().database_url, act_at_machine(login())
    with progress(words("cli.restore_progress"), total=None) as advance:
        if verify:
            found = flow.prove(file, url, actor=who, advance=advance)
        else:
            anchors = None if into else settings().anchor_file
            found = flow.restore(file, url, actor=who, now=now(), replace=replace, anchors=anchors, advance=advance)
    _answer(found, file, "cli.restore_proved" if verify else "cli.restore_done", json=json)
    if verify and found.faults:
        raise typer.Exit(1)


def _answer(found: "Restored", file: Path, key: str, *, json: bool) -> None:
    facts = {"file": str(file), "seal": found.seal, "ended": found.ended, **_facts(found.manifest)}
    told = [each.as_dict(LANG) for each in found.faults]
    tell({**facts, "good": not told, "faults": told, "anchors_kept": found.aside}, words(key, **facts), json=json)
    if found.aside:
        print(words("cli.restore_aside", file=found.aside), file=sys.stderr)
    for fault in found.faults:
        print(f"  • {fault.said.text(LANG)}\n    {fault.advice.text(LANG)}", file=sys.stderr)


def _facts(manifest: "Manifest") -> dict[str, Any]:
    told = {name: value for name, value in asdict(manifest).items() if name not in {"parts", "format"}}
    return {**told, "tables": len(manifest.rows), "all_rows": sum(manifest.rows.values()), "incidents": manifest.rows["incident"]}
