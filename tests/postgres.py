"""A throwaway PostgreSQL with PostGIS on a free port of this machine, and fresh databases in it."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pwd import getpwnam
from typing import Any
from uuid import uuid4

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT

from tests.ports import kept_port

START_SECONDS = 120
INSTALL = "install PostgreSQL with PostGIS (Debian: apt-get install postgresql postgresql-postgis), or set GRIDMAP_TEST_DATABASE_URL"
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60 -c shared_buffers=64MB"

LOCKED = "gridmap_locked"  # the one user who needs a password
HBA = f"host all {LOCKED} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"


class PostgresMissing(RuntimeError):
    """One sentence that says what to install."""


def _version(folder: Path) -> int:
    found = re.fullmatch(r"\d+", folder.parent.name)
    return int(found[0]) if found else 0


def find_programs() -> Path:
    """The folder with initdb and postgres: the newest of Debian's, else where PATH has them."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    on_path = shutil.which("initdb")
    for folder in [*folders, *([Path(on_path).resolve().parent] if on_path else [])]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing(f"No PostgreSQL was found: {INSTALL}.")


def find_user() -> str | None:
    """PostgreSQL refuses to run as root: then the user `postgres` runs it, who comes with the package."""
    if os.geteuid() != 0:
        return None
    try:
        return getpwnam("postgres").pw_name
    except KeyError as fault:
        raise PostgresMissing(f"Root needs the user postgres to run the server as: {INSTALL}.") from fault


@contextmanager
def running(programs: Path, user: str | None, options: str = FAST) -> Iterator[str]:
    """The URL of a server that lives as long as the block, or as this process, however it ends.

    The server's shell reads a pipe that we hold open: when we end, even killed, the pipe closes and the shell stops the server
    (SIGINT is PostgreSQL's fast shutdown) and clears the folder away.
    """
    folder = Path(tempfile.mkdtemp(prefix="gridmap-postgres-"))
    if user:
        shutil.chown(folder, user)
    run = ["runuser", "-u", user, "--"] if user else []
    data, log = folder / "data", folder / "log"
    init = [*run, str(programs / "initdb"), "-D", str(data), "-U", "gridmap", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(init, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    (data / "pg_hba.conf").write_text(HBA)
    with kept_port() as port:
        server = f"{programs}/postgres -D {data} -h 127.0.0.1 -p {port} -k '' {options}"
        shell = f"{server} >{log} 2>&1 & server=$!; cat >/dev/null; kill -INT $server; wait $server; rm -rf {folder}"
        keeper = subprocess.Popen([*run, "sh", "-c", shell], cwd=folder, stdin=subprocess.PIPE, start_new_session=True)
        assert keeper.stdin is not None
        try:
            url = f"postgresql://gridmap@127.0.0.1:{port}/postgres"
            _wait_until_up(url, log)
            yield url
        finally:
            keeper.stdin.close()
            keeper.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _wait_until_up(url: str, log: Path) -> None:
    last = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg2.connect(url, connect_timeout=5).close()
        except psycopg2.OperationalError as fault:
            told = log.read_text() if log.exists() else ""
            if time.monotonic() > last or "FATAL:  could not" in told or "system is shut down" in told:
                raise RuntimeError(f"PostgreSQL did not start: {told[-2000:]}") from fault
            time.sleep(0.05)
        else:
            return


def run_sql(url: str, statement: str) -> None:
    """One statement outside any transaction."""
    _ask(url, statement, rows=False)


def ask_sql(url: str, question: str) -> list[tuple[Any, ...]]:
    """The rows that a question is answered with, read without any code of ours."""
    return _ask(url, question, rows=True)


def _ask(url: str, statement: str, *, rows: bool) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(url)
    try:
        connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if rows else []
    finally:
        connection.close()


def database_url(server_url: str, name: str) -> str:
    """The URL of another database of the same server."""
    head, _, query = server_url.partition("?")
    return head.rpartition("/")[0] + "/" + name + (f"?{query}" if query else "")


@contextmanager
def fresh_database(server_url: str, template: str = "template0") -> Iterator[str]:
    """The URL of a new database, a copy of `template`, dropped after the block."""
    name = f"gridmap_test_{uuid4().hex[:12]}"
    run_sql(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield database_url(server_url, name)
    finally:
        run_sql(server_url, f"DROP DATABASE {name} WITH (FORCE)")
