"""The demonstration's own database file: replaced at each demonstration, and nobody else's ever."""

import sqlite3
from contextlib import closing
from pathlib import Path

from gridmap.errors import Conflict, Unavailable

DEMO_MARK = 0x47524D44  # "GRMD" in SQLite's application_id, which no ordinary Gridmap database bears


class DemoFileTaken(Conflict):
    """The file is there and no demonstration made it; facts: path."""


class DemoFileUnmade(Unavailable):
    """The file could not be made; facts: path, reason."""


def renew_demo_file(path: Path) -> None:
    """Make an empty, marked database file at `path`, in place of one that an earlier demonstration made.

    DemoFileTaken where something else is there: it is left as it is. DemoFileUnmade.
    """
    if path.exists():
        if not _is_demo(path):
            raise DemoFileTaken(path=path)
        for leftover in (path, *(path.with_name(path.name + tail) for tail in ("-journal", "-wal", "-shm", ".anchors"))):
            leftover.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(path)) as database:
            database.execute(f"PRAGMA application_id = {DEMO_MARK}")
            database.commit()
    except sqlite3.OperationalError as fault:  # no room, or a folder where this user may not write
        raise DemoFileUnmade(path=path, reason=fault) from fault


def _is_demo(path: Path) -> bool:
    """Whether the file bears the mark, or is empty (a demonstration that was stopped before it could mark it)."""
    if path.stat().st_size == 0:
        return True
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return bool(database.execute("PRAGMA application_id").fetchone()[0] == DEMO_MARK)
    except sqlite3.DatabaseError:
        return False
