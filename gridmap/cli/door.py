"""What every command shares: the application, the language, the store, progress, and how answers and refusals are told."""

import json as json_module
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gridmap.errors import BadSettings, InstantUnreadable, Refusal
from gridmap.settings import Settings, read_lang, read_settings
from gridmap.version import __version__
from gridmap.words import Lang, say

LANG: Lang = read_lang()


def words(key: str, **facts: object) -> str:
    """A text of the command line in the user's language."""
    return say(key, LANG, **facts)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"gridmap {__version__}")
        raise typer.Exit


app = typer.Typer(help=words("cli.gridmap"), no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
import_app = typer.Typer(help=words("cli.import"), no_args_is_help=True)
plan_app = typer.Typer(help=words("cli.plan"), no_args_is_help=True)
app.add_typer(import_app, name="import")
app.add_typer(plan_app, name="plan")

JsonFlag = Annotated[bool, typer.Option("--json", help=words("cli.json"))]
ActorName = Annotated[str, typer.Option("--as", help=words("cli.as"))]


@app.callback()
def gridmap(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help=words("cli.version"))] = False,
) -> None:
    """Options before the command's name."""


def settings() -> Settings:
    return read_settings()


def now() -> datetime:
    """The clock, read at the door only, in the county's zone: an incident's number bears the county's year."""
    return datetime.now(settings().timezone)


def read_instant(text: str) -> datetime:
    """An aware UTC instant from ISO text; naive text is in GRIDMAP_TIMEZONE."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        raise InstantUnreadable(text=text) from fault
    return (found if found.tzinfo else found.replace(tzinfo=settings().timezone)).astimezone(UTC)


def tell(answer: Mapping[str, Any], text: str, *, json: bool) -> None:
    """Print the answer: one JSON object on stdout, or the text for people."""
    print(json_module.dumps(answer, ensure_ascii=False, default=str) if json else text)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Any]:
    """A bar on stderr (only when a person watches); yields `advance(steps)`."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps=1: bar.advance(task, steps)


def run() -> int:
    """The exit code of one command line: 0 done, 1 refused, 2 wrong usage."""
    try:
        app(standalone_mode=True)
    except BadSettings as refusal:
        print(refusal.text(LANG), file=sys.stderr)
        return 2
    except Refusal as refusal:
        print(refusal.text(LANG), file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except OSError as fault:
        print(words("cli.os_error", reason=fault), file=sys.stderr)
        return 1
    return 0
