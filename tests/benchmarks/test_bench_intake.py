"""Durable reports a second over HTTP, beside the service that anyone would write first, in one run; and many at a time beside a bare COPY.

Needs wrk (Debian: apt-get install wrk). The naive service is `../shared/checks/naive_intake.py`. Both have two workers of the same server,
the same PostgreSQL that keeps what it commits, and the same places. The database is written by both in turn, so that neither has the
emptier one or the quieter machine.
"""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg2
import pytest

from gridmap.access import operator
from gridmap.collector import collect_seldom
from gridmap.county import make_county, write_county
from gridmap.flows.intake import PER_TRANSACTION, receive_many
from gridmap.flows.main_job import run_main_job
from gridmap.incidents import Channel, Report
from gridmap.store import Store
from tests import patient, postgres
from tests.benchmarks.roofs import CLIENTS, flushes, single_inserts
from tests.benchmarks.sheet import Sheet
from tests.crash_cluster import Cluster, durable, reachable_folder
from tests.ports import kept_port

pytestmark = pytest.mark.bench

ROOT = Path(__file__).parents[2]
NAIVE = ROOT.parent / "shared" / "checks" / "naive_intake.py"
SECONDS, ROUNDS, CONNECTIONS = 5, 3, (1, 16, 128)
WRITTEN = ("report", "incident", "clock", "public_incident", "history", "notice")
MANY = 3000


class Told(NamedTuple):
    """What wrk measured: requests a second, half and 99 of 100 answered within so many milliseconds, and how many failed."""

    rate: float
    p50: float
    p99: float
    errors: int


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with reachable_folder() as folder, durable(folder) as found:
        yield found


@pytest.fixture(scope="module")
def county(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The made-up county with its month of reports, and beside it a database with the same cells for the naive service."""
    for name in ("county", "naive"):
        postgres.run_sql(cluster.url, f"CREATE DATABASE {name}")
    url, naive = (postgres.database_url(cluster.url, name) for name in ("county", "naive"))
    Store.migrate(url)
    zone = ZoneInfo("Asia/Shanghai")
    folder = tmp_path_factory.mktemp("county")
    write_county(make_county(), folder)
    with Store.open(url) as store:
        run_main_job(store, folder, now=datetime.now(zone), zone=zone, actor=operator("bench"))
    postgres.run_sql(naive, "CREATE EXTENSION postgis")
    postgres.run_sql(naive, "CREATE TABLE naive_area (code text, shape geometry)")
    with closing(psycopg2.connect(naive)) as connection, connection, connection.cursor() as cursor:
        cells = postgres.ask_sql(url, "SELECT code, ST_AsEWKT(shape) FROM area WHERE level = 'cell'")
        cursor.executemany("INSERT INTO naive_area VALUES (%s, ST_GeomFromEWKT(%s))", cells)
        cursor.execute("CREATE INDEX ON naive_area USING gist (shape)")
    return url


def places(url: str) -> list[tuple[float, float, str]]:
    usual = "lon IS NOT NULL AND cell IS NOT NULL AND state = 'dispatched'"
    found = f"SELECT lon, lat, issue FROM incident WHERE {usual} ORDER BY serial LIMIT 2000"
    return [(lon, lat, issue) for lon, lat, issue in postgres.ask_sql(url, found)]


@contextmanager
def served(app: str, port: int, **environment: str) -> Iterator[None]:
    """Two workers of the same server."""
    server = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--workers", "2", "--no-access-log", "--log-level", "error"]
    server += ["--http", "httptools", "--loop", "uvloop"]  # as `gridmap serve` has them
    if app.startswith("tests."):
        server.append("--factory")
    path = os.pathsep.join([str(ROOT), str(NAIVE.parent)])
    with subprocess.Popen(server, cwd=ROOT, env={**os.environ, "PYTHONPATH": path, **environment}) as running:
        try:
            for _ in range(patient.SECONDS * 10):
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
                    break
                time.sleep(0.1)
            time.sleep(2)  # the second worker
            yield
        finally:
            running.terminate()
            running.wait()


def measure(port: int, which: str, connections: int, file: Path) -> Told:
    """One run of wrk; every answer of it must be a 201."""
    load = [
        "wrk",
        f"-t{min(2, connections)}",
        f"-c{connections}",
        f"-d{SECONDS}",
        "--timeout",
        "20",
        "-s",
        ROOT / "tests/benchmarks/reports.lua",
    ]
    run = str(uuid4().int % 2**31)
    told = subprocess.run([*load, f"http://127.0.0.1:{port}", "--", file, which, run], check=True, capture_output=True, text=True).stdout
    requests, microseconds, p50, p99, errors = map(float, told[told.index("told ") :].split()[1:6])
    return Told(1e6 * requests / microseconds, p50, p99, int(errors))


def middle(runs: Sequence[Told]) -> Told:
    """The run in the middle by its rate."""
    assert sum(run.errors for run in runs) == 0, runs
    return sorted(runs)[len(runs) // 2]


@pytest.mark.skipif(not shutil.which("wrk"), reason="needs wrk (apt-get install wrk)")
@pytest.mark.skipif(not NAIVE.exists(), reason="the naive service is not here (../shared/checks)")
def test_durable_single_reports_beside_the_naive_service(cluster: Cluster, county: str, tmp_path: Path, sheet: Sheet) -> None:
    file = tmp_path / "places"
    file.write_text("".join(f"{lon!r} {lat!r} {issue}\n" for lon, lat, issue in places(county)))
    naive = postgres.database_url(cluster.url, "naive").replace("postgresql://", "postgresql+psycopg2://")
    with kept_port() as one, kept_port() as other:
        served_by = {"naive": one, "gridmap": other}
        with (
            served("naive_intake:app", one, DATABASE_URL=naive),
            served("tests.benchmarks.served:service", other, GRIDMAP_DATABASE_URL=county),
        ):
            found = {connections: in_turn(served_by, connections, file) for connections in CONNECTIONS}
    rows = [_row(connections, told["gridmap"], told["naive"]) for connections, told in found.items()]
    about = (
        f"Reports a second that wrk got a 201 for, and milliseconds; the run in the middle of {ROUNDS}, each of {SECONDS} s, in turn. "
        "Gridmap finds cell, worker and office, keeps report, incident, clocks, history, public row and notice; "
        "the naive service finds the cell and keeps one row.\n"
        f"Roofs: {roofs(cluster, file)}."
    )
    head = ("connections", "Gridmap /s", "p50", "p99", "naive /s", "p50", "p99", "× the rate", "of its p99")
    sheet.add("Durable single reports over HTTP, beside a naive service", about, head, rows)
    ours, theirs = found[128]["gridmap"], found[128]["naive"]
    assert ours.rate / theirs.rate >= 2.5
    assert ours.p99 / theirs.p99 <= 0.6


def in_turn(served_by: dict[str, int], connections: int, file: Path) -> dict[str, Told]:
    """The run in the middle of each; the first round warms up."""
    runs: dict[str, list[Told]] = {which: [] for which in served_by}
    for which in list(served_by) * (ROUNDS + 1):
        runs[which].append(measure(served_by[which], which, connections, file))
    return {which: middle(told[1:]) for which, told in runs.items()}


def roofs(cluster: Cluster, file: Path) -> str:
    """What holds for anybody's service here."""
    with kept_port() as port, served("tests.benchmarks.served:nothing", port):
        framework = measure(port, "naive", 128, file)
    folder = cluster.data.parent
    inserts, flushed = single_inserts(cluster.url, folder), flushes(folder)
    return (
        f"the framework with nothing in it {framework.rate:,.0f}/s at 128 connections; PostgreSQL alone, a row and a commit each (pgbench, "
        f"{CLIENTS} clients) {inserts:,.0f}/s; the disk flushes {flushed:,.0f} times a second (pg_test_fsync, fdatasync)"
    )


def _row(connections: int, ours: Told, theirs: Told) -> tuple[object, ...]:
    told = [text for one in (ours, theirs) for text in (f"{one.rate:,.0f}", f"{one.p50:.1f}", f"{one.p99:.1f}")]
    return (connections, *told, f"{ours.rate / theirs.rate:.2f}", f"{ours.p99 / theirs.p99:.2f}")


def test_many_at_a_time_beside_a_bare_copy_of_the_same_rows(county: str, sheet: Sheet) -> None:
    """The peer writes the very rows that intake wrote, with the same keys, indexes and checks, as a superuser, in one COPY a table."""
    sent = [Report(issue=issue, channel=Channel.SYSTEM, lon=lon, lat=lat, datum="wgs84", text="坑") for lon, lat, issue in places(county)]
    sent = [replace(one, sender="bench", key=str(uuid4())) for _ in range(1 + MANY // len(sent)) for one in sent][:MANY]
    collect_seldom()  # as the commands do
    with Store.open(county) as store:
        receive_many(store, sent[:10], now=datetime.now(ZoneInfo("Asia/Shanghai")), actor=operator("bench"))
        before = time.perf_counter()
        outcomes: list[Any] = receive_many(store, sent[10:], now=datetime.now(ZoneInfo("Asia/Shanghai")), actor=operator("bench"))
        ours = (MANY - 10) / (time.perf_counter() - before)
    ids = [answer.incident for answer in outcomes]
    bare = len(ids) / copied(county, ids)
    about = (
        f"{MANY:,} reports found, routed and kept by one process, {PER_TRANSACTION} a transaction; beside it a bare COPY of the same rows."
    )
    sheet.add(
        "Many reports at a time, beside a bare COPY",
        about,
        ("Gridmap /s", "COPY /s", "of it"),
        [(f"{ours:,.0f}", f"{bare:,.0f}", f"{ours / bare:.2f}")],
    )
    assert ours / bare >= 0.5


def copied(url: str, ids: Sequence[str]) -> float:
    """Seconds that COPY takes for the rows of these incidents, after they were taken out."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # as a superuser: the history lets nobody take out a row
        dumps = {}
        for table in WRITTEN:
            mine = "id" if table == "incident" else "incident"
            rows = io.StringIO()
            listed = ",".join(f"'{id}'" for id in ids)
            cursor.copy_expert(f"COPY (SELECT * FROM {table} WHERE {mine} IN ({listed})) TO STDOUT", rows)
            dumps[table] = rows
            cursor.execute(f"CREATE TABLE held_{table} AS SELECT * FROM {table} WHERE {mine} IN ({listed})")
        for table in WRITTEN:
            mine = "id" if table == "incident" else "incident"
            cursor.execute(f"DELETE FROM {table} WHERE {mine} IN (SELECT {mine} FROM held_{table})")
        cursor.execute("SET session_replication_role = origin")
        connection.commit()
        before = time.perf_counter()
        for table in WRITTEN:
            dumps[table].seek(0)
            cursor.copy_expert(f"COPY {table} FROM STDIN", dumps[table])
        connection.commit()
        took = time.perf_counter() - before
        for table in WRITTEN:
            cursor.execute(f"DROP TABLE held_{table}")
        return took
