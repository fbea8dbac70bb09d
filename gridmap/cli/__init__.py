"""The `gridmap` command: thin skins of the library, one file per noun."""

import re
import sys

from typer import Typer

from gridmap.cli import areas as _areas  # noqa: F401
from gridmap.cli import audit as _audit  # noqa: F401
from gridmap.cli import backup as _backup  # noqa: F401
from gridmap.cli import check as _check  # noqa: F401
from gridmap.cli import compare as _compare  # noqa: F401
from gridmap.cli import county as _county  # noqa: F401
from gridmap.cli import cut as _cut  # noqa: F401
from gridmap.cli import database as _database  # noqa: F401
from gridmap.cli import demo as _demo  # noqa: F401
from gridmap.cli import export as _export  # noqa: F401
from gridmap.cli import incidents as _incidents  # noqa: F401
from gridmap.cli import land as _land  # noqa: F401
from gridmap.cli import match as _match  # noqa: F401
from gridmap.cli import merging as _merging  # noqa: F401
from gridmap.cli import moves as _moves  # noqa: F401
from gridmap.cli import notify as _notify  # noqa: F401
from gridmap.cli import plan as _plan  # noqa: F401
from gridmap.cli import print_sheets as _print_sheets  # noqa: F401
from gridmap.cli import purge as _purge  # noqa: F401
from gridmap.cli import registers as _registers  # noqa: F401
from gridmap.cli import reports as _reports  # noqa: F401
from gridmap.cli import route as _route  # noqa: F401
from gridmap.cli import route_run as _route_run  # noqa: F401
from gridmap.cli import serve as _serve  # noqa: F401
from gridmap.cli import tick as _tick  # noqa: F401
from gridmap.cli import users as _users  # noqa: F401
from gridmap.cli import workers as _workers  # noqa: F401
from gridmap.cli.door import app, audit_app, import_app, incident_app, plan_app, users_app, workers_app
from gridmap.cli.door import run as _run
from gridmap.cli.route import route_app


def _shorten(commands: Typer) -> None:
    """In a list of commands each has its first sentence; the library finds the end of an English one only, and breaks lines at spaces."""
    for command in commands.registered_commands:
        first = re.split(r"(?<=\.)\s|(?<=。)", command.help or "", maxsplit=1)[0]
        command.short_help = re.sub(r"(?<=[，；：])(?=\S)", " ", first)


for _commands in (app, audit_app, import_app, incident_app, plan_app, route_app, users_app, workers_app):
    _shorten(_commands)


def main() -> None:
    """Run the command line; every refusal is one sentence on stderr, never a traceback."""
    sys.exit(_run())


__all__ = ["app", "main"]
