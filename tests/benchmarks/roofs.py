"""What no service on this machine can pass: how often its disk flushes, and what PostgreSQL alone takes in, one row a transaction."""

import re
import subprocess
from pathlib import Path
from uuid import uuid4

from tests import postgres

FSYNC_SECONDS, INSERT_SECONDS, CLIENTS = 1, 5, 40
TABLE = "CREATE TABLE roof (id bigserial PRIMARY KEY, key text UNIQUE, lon float8, lat float8, text text, at timestamptz DEFAULT now())"
INSERT = "INSERT INTO roof (key, lon, lat, text) VALUES (:run || '-' || :client_id || '-' || random()::text, 104.9, 38.3, 'a drain');\n"


def flushes(folder: Path) -> float:
    """fdatasync of one 8 kB block, a second, in the folder of the server's data (`pg_test_fsync`)."""
    file = folder / "flushed"
    told = _run("pg_test_fsync", "-s", str(FSYNC_SECONDS), "-f", str(file))
    found = re.search(r"fdatasync\s+([\d.]+) ops/sec", told)
    assert found, told
    return float(found[1])


def single_inserts(url: str, folder: Path) -> float:
    """Rows a second of `pgbench`: an insert and a commit each, at as many clients as the server bears."""
    postgres.run_sql(url, TABLE)
    script = folder / "insert.sql"
    script.write_text(INSERT)
    script.chmod(0o644)
    load = ["-n", "-c", str(CLIENTS), "-j", "2", "-T", str(INSERT_SECONDS), "-D", f"run={uuid4().int % 2**31}", "-f", str(script)]
    told = _run("pgbench", *load, url)
    found = re.search(r"^tps = ([\d.]+)", told, re.MULTILINE)
    assert found, told
    assert re.search(r"number of failed transactions: 0 ", told), told
    return float(found[1])


def _run(program: str, *words: str) -> str:
    user = postgres.find_user()
    run = ["runuser", "-u", user, "--"] if user else []
    return subprocess.run([*run, str(postgres.find_programs() / program), *words], check=True, capture_output=True, text=True).stdout
