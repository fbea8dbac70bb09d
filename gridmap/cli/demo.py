"""`gridmap demo`: the main job from nothing, on the embedded database, and the command centre's map."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.door import JsonFlag, app, now, progress, settings, tell, warm_up, words

if TYPE_CHECKING:
    from gridmap.store import Store

DATABASE = Path("gridmap.db")


@app.command("demo", help=words("cli.demo"))
def demo_command(
    data: Annotated[Path | None, typer.Option(help=words("cli.demo.data"), exists=True, file_okay=False)] = None,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help=words("cli.demo.serve"))] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help=words("cli.serve.port"))] = 8000,
    accounts: Annotated[bool, typer.Option("--accounts", help=words("cli.demo.accounts"))] = False,
    json: JsonFlag = False,
) -> None:
    if not serve:
        _do(data, accounts=accounts, json=json)
        return
    from api.server import listen  # noqa: PLC0415 (the service is loaded only where it is wanted)
    from gridmap.cli.serve import serve as serve_here  # noqa: PLC0415 (as above)
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    with listen("127.0.0.1", port) as listening:  # a taken port is told before the work, not after it
        path = _do(data, accounts=accounts, json=json)
        with Store.open(f"sqlite:///{path}") as store:
            serve_here(store, settings(), listening, json=json)


def _do(data: Path | None, *, accounts: bool, json: bool) -> Path:
    """The main job, and its counts told; the database's path."""
    from gridmap.store import Store  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)
    from gridmap.store.demo_file import renew_demo_file  # noqa: PLC0415 (as above)

    warm_up()
    started = time.monotonic()
    path = DATABASE.absolute()
    if data:
        from gridmap.flows.main_job import find_county_files  # noqa: PLC0415 (as above)

        find_county_files(data)  # before the last demonstration is replaced
    renew_demo_file(path)
    with Store.open(f"sqlite:///{path}") as store:
        counts = asdict(_run(store, data)) | {"seconds": round(time.monotonic() - started, 1)}
        made = _make_accounts(store) if accounts else []
    lines = [
        words("cli.demo.done", database=path, **counts),
        *([words("cli.demo.accounts_made")] if made else []),
        *map(_account_line, made),
    ]
    tell(counts | ({"accounts": made} if made else {}), "\n".join(lines), json=json)
    return path


def _make_accounts(store: "Store") -> list[dict[str, Any]]:
    from gridmap.access import operator  # noqa: PLC0415 (as above)
    from gridmap.flows.demo_accounts import make_demo_accounts  # noqa: PLC0415 (as above)

    return [asdict(made) for made in make_demo_accounts(store, actor=operator("demo"), now=now())]


def _account_line(made: dict[str, Any]) -> str:
    where = made["area"] or made["office"] or words("cli.demo.county")
    waits = words("cli.demo.account_waits") if made["waits"] else ""
    return f"  {made['name']:<16} {made['password']:<14} {words('role.' + made['role'])}{words('ui.comma')}{where}{waits}"


def _run(store: "Store", data: Path | None) -> Any:
    """The main job on the folder, or on the made-up county written into one of its own."""
    from gridmap.access import operator  # noqa: PLC0415 (as above)
    from gridmap.flows.main_job import run_main_job  # noqa: PLC0415 (spatial libraries take a second to load)

    def run(folder: Path) -> Any:
        at = now()
        return run_main_job(store, folder, now=at, zone=settings().timezone, actor=operator("demo"), watch=_watch)

    if data:
        return run(data)
    from gridmap.county import make_county, write_county  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="gridmap-county-") as folder:
        with _watch("demo.county", None):
            write_county(make_county(), Path(folder), until=now().date())
        return run(Path(folder))


@contextmanager
def _watch(step: str, total: int | None) -> Iterator[Callable[[int], Any]]:
    with progress(words(f"cli.{step}"), total) as advance:
        yield advance
