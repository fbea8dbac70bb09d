"""The `gridmap` command: thin skins of the library, one file per noun."""

import sys

from gridmap.cli import match as _match  # noqa: F401
from gridmap.cli.door import app
from gridmap.cli.door import run as _run


def main() -> None:
    """Run the command line; every refusal is one sentence on stderr, never a traceback."""
    sys.exit(_run())


__all__ = ["app", "main"]
