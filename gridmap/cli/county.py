"""`gridmap county`: the made-up county as files."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gridmap.cli.door import JsonFlag, app, progress, tell, words
from gridmap.errors import Conflict


class FolderInUse(Conflict):
    """The folder holds files already, which might be somebody's; facts: folder, files."""


def _option(*names: str, about: str, **more: Any) -> Any:
    return typer.Option(*names, help=words(f"cli.county_{about}"), **more)


@app.command("county", help=words("cli.county"), no_args_is_help=True)
def county(
    out: Annotated[Path, _option("--out", about="out", metavar="FOLDER", file_okay=False)],
    *,
    seed: Annotated[int, _option("--seed", about="seed", min=0)] = 0,
    reports: Annotated[int, _option("--reports", about="reports", min=1, max=200_000)] = 3000,
    examples: Annotated[bool, _option("--examples", about="examples")] = False,
    force: Annotated[bool, _option("--force", about="force")] = False,
    json: JsonFlag = False,
) -> None:
    from gridmap.county import make_county, write_county, write_examples  # noqa: PLC0415 (spatial libraries take a second to load)

    there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if there and not force:
        raise FolderInUse(folder=out, files=len(there))
    with progress(words("cli.county_progress"), None):
        made = make_county(seed)
        paths = write_examples(made, out) if examples else write_county(made, out, reports=reports)
    names = [path.name for path in paths]
    tell({"folder": str(out), "files": names}, words("cli.county_done", folder=out, files=", ".join(names)), json=json)
