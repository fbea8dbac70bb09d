"""How long a test waits for what must come, and how it asks a service of ours: a limit that only a hang reaches costs nothing."""

import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2

SECONDS = 60
COMMAND_SECONDS = 600  # for a command that does much, on a machine that does more

get = partial(httpx2.get, timeout=SECONDS)
post = partial(httpx2.post, timeout=SECONDS)
stream = partial(httpx2.stream, timeout=SECONDS)
Client = partial(httpx2.Client, timeout=SECONDS)


def until(condition: Callable[[], object]) -> None:
    """Wait until it holds."""
    last = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < last
        time.sleep(0.01)


def sqlite(folder: Path) -> str:
    """The address of a database in this folder, where many who write at once wait for each other for as long as it takes."""
    return f"sqlite:///{folder}/gridmap.db?timeout={SECONDS}"


def migrated(folder: Path) -> str:
    """The same, of a database that is there already, with our schema and without rows: making one anew takes longer than most tests."""
    (folder / "gridmap.db").write_bytes(_empty())
    return sqlite(folder)


@cache
def _empty() -> bytes:
    from gridmap.store import Store  # noqa: PLC0415 (tests of commands alone do not wait for SQLAlchemy)

    with TemporaryDirectory() as folder:
        Store.migrate(sqlite(Path(folder)))
        return (Path(folder) / "gridmap.db").read_bytes()
