"""What every command shares: the application, the language, the store, progress, and how answers and refusals are told."""

import errno
import getpass
import json as json_module
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gridmap.cli.usage import UsageWrong, as_refusal, speak
from gridmap.collector import collect_seldom
from gridmap.errors import (
    AccessDenied,
    BadSettings,
    ComputerRefused,
    DiskFull,
    DiskReadOnly,
    FileMissing,
    FolderMissing,
    FolderNamed,
    InstantUnreadable,
    Refusal,
)
from gridmap.settings import Settings, read_lang, read_settings
from gridmap.version import __version__
from gridmap.words import Lang, say

if TYPE_CHECKING:
    from gridmap.access import Actor
    from gridmap.store import Store

LANG: Lang = read_lang()
USED_WRONGLY = 2
STOPPED = 130  # what a shell expects of a program that Ctrl-C ended
BY_ERRNO: dict[int | None, type[Refusal]] = {
    errno.ENOENT: FileMissing,
    errno.EISDIR: FolderNamed,
    errno.EACCES: AccessDenied,
    errno.EPERM: AccessDenied,
    errno.EROFS: DiskReadOnly,
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
}


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
incident_app = typer.Typer(help=words("cli.incident"), no_args_is_help=True)
users_app = typer.Typer(help=words("cli.users"), no_args_is_help=True)
workers_app = typer.Typer(help=words("cli.workers"), no_args_is_help=True)
audit_app = typer.Typer(help=words("cli.audit"), no_args_is_help=True)
app.add_typer(import_app, name="import")
app.add_typer(plan_app, name="plan")
app.add_typer(incident_app, name="incident")
app.add_typer(users_app, name="users")
app.add_typer(workers_app, name="workers")
app.add_typer(audit_app, name="audit")

JsonFlag = Annotated[bool, typer.Option("--json", help=words("cli.json"))]
ActorName = Annotated[str, typer.Option("--as", help=words("cli.as"))]


@app.callback()
def gridmap(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help=words("cli.version"))] = False,
) -> None:
    """Options before the command's name."""


def login() -> str:
    """Who works at this machine, as the machine itself says: LOGNAME and USER say whatever whoever sets them likes."""
    try:
        from pwd import getpwuid  # noqa: PLC0415 (Unix alone has it)
    except ImportError:
        return getpass.getuser()
    try:
        return getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        return str(os.getuid())


def acting(store: "Store", name: str) -> "Actor":
    """Who acts: the account that `--as` names, with its rights and no others; without it, whoever works at this machine."""
    from gridmap.flows.act import act_as  # noqa: PLC0415 (`gridmap --help` does not wait for SQLAlchemy)

    return act_as(store, name, login=login(), now=now())


def settings() -> Settings:
    return read_settings()


def now() -> datetime:
    """The clock, read at the door only, in the county's zone: an incident's number bears the county's year."""
    return datetime.now(settings().timezone)


def read_instant(text: str) -> datetime:
    """An aware UTC instant from ISO text; naive text is in GRIDMAP_TIMEZONE."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=settings().timezone)).astimezone(UTC)
    except (ValueError, OverflowError) as fault:  # the second: a day before the first or after the last
        raise InstantUnreadable(text=text) from fault


def local(instant: datetime) -> str:
    """An instant for people: in the county's time zone, to the minute."""
    return instant.astimezone(settings().timezone).isoformat(sep=" ", timespec="minutes")


def plain(text: str) -> str:
    """What would move the cursor of a terminal is shown as it is escaped in JSON."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)


def tell(answer: Mapping[str, Any], text: str, *, json: bool) -> None:
    """Print the answer: one JSON object on stdout, or the text for people."""
    print(_as_json(answer) if json else text, flush=True)


def _as_json(answer: Mapping[str, Any]) -> str:
    """Letters as they are where the terminal has them all, else escaped as JSON has it."""
    return json_module.dumps(answer, ensure_ascii=(sys.stdout.encoding or "").lower() != "utf-8", default=str)


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Any]:
    """A bar on stderr (only when a person watches); yields `advance(steps, total)`, the total where it becomes known on the way."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps=1, total=None: bar.update(task, advance=steps, total=total)


def warm_up() -> None:
    """At the first use on a machine have the matching engine compiled now rather than later; it says so itself, on stderr."""
    from gridmap.grid.index import is_warm, warm  # noqa: PLC0415 (`gridmap --help` does not wait for the compiler)

    if not is_warm():
        warm()


def run() -> int:
    """The exit code of one command line: 0 done, 1 refused, 2 wrong usage, 130 stopped by Ctrl-C.

    A refusal is one sentence on stderr, and with --json also one object on stdout.
    """
    collect_seldom()
    _write_any_text()
    if LANG == "zh":
        speak(LANG)
    try:
        code = _answer()
        sys.stdout.flush()  # what is left, while it can still be told
        return code
    except OSError:  # standard output itself takes no more: nor shall Python write what is left when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _write_any_text() -> None:
    """A terminal that lacks a letter (中 in Latin-1, half a letter in a file's name) gets its number instead; the work goes on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _answer() -> int:
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as fault:
        wrong = as_refusal(fault, sys.argv[1:])
        return _refuse(wrong) if wrong else USED_WRONGLY
    except Refusal as refusal:
        return _refuse(refusal)
    except BrokenPipeError:
        raise
    except OSError as fault:
        return _refuse(_refused(fault))
    except typer.Abort:  # a question was answered by nobody
        code = STOPPED
    if code == STOPPED:
        print(words("cli.stopped"), file=sys.stderr)
    return code or 0


def _refused(fault: OSError) -> Refusal:
    """What the operating system refused, as a sentence of ours. A file that is not there may lack its whole folder."""
    kind = BY_ERRNO.get(fault.errno, ComputerRefused)
    folder = Path(os.fsdecode(fault.filename)).parent if isinstance(fault.filename, str | bytes) else None
    if kind is FileMissing and folder and not folder.exists():
        return FolderMissing(path=folder)
    return kind(path=fault.filename or "-", reason=fault.strerror or fault)


def _zone() -> ZoneInfo | None:
    """The county's, where the settings can be read."""
    try:
        return settings().timezone
    except BadSettings:
        return None


def _refuse(refusal: Refusal) -> int:
    sentence = refusal.text(LANG, _zone())
    print(sentence, file=sys.stderr)
    if "--json" in sys.argv[1:]:
        tell(refusal.as_dict(LANG) | {"error": sentence}, "", json=True)
    return USED_WRONGLY if isinstance(refusal, BadSettings | UsageWrong) else 1
