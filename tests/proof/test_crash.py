"""A report that was acknowledged is never lost or doubled, whatever crashes: in a small run each time, and at full scale."""

import io
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from gridmap.access import operator
from gridmap.flows.verify_history import verify
from gridmap.store import Store
from tests import crash, patient, postgres
from tests.crash_cluster import durable, reachable_folder
from tests.intake_load import Answer, processes
from tests.small_land import settle


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path | None]:
    """A file system of its own that can be filled; None where this user may not mount one: then that fault is left out, and said."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}M", "none", folder], capture_output=True, check=False).returncode:
        print("\nno disk is filled: this user may not mount one", end="")
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def suffer_postgres(tmp_path: Path, *, reports: int, faults: int, seed: int, mebibytes: int) -> None:
    """Two services on a PostgreSQL that keeps what it commits, all of which are killed."""
    with reachable_folder() as folder, small_disk(folder, mebibytes) as disk, durable(folder) as cluster:
        postgres.run_sql(cluster.url, "CREATE DATABASE county")
        url = postgres.database_url(cluster.url, "county")
        Store.migrate(url)
        with Store.open(url) as store:
            settle(store)
        with processes(url, 2, tmp_path) as services:
            struck = crash.Faults(services, cluster, disk, Random(seed))
            crash.run(url, tmp_path, struck, reports=reports, count=faults, seed=seed)
        with Store.open(url) as store:
            assert verify(store, None, actor=operator("judge")).faults == ()


def suffer_sqlite(tmp_path: Path, *, reports: int, faults: int, seed: int) -> None:
    """One service on the embedded database."""
    (tmp_path / "disk").mkdir()
    with small_disk(tmp_path / "disk", 512) as disk:
        url = patient.sqlite(tmp_path / "disk")
        with Store.open(url) as store:
            settle(store)
        with processes(url, 1, tmp_path) as services:
            struck = crash.Faults(services, None, disk, Random(seed))
            crash.run(url, tmp_path, struck, reports=reports, count=faults, seed=seed)
        with Store.open(url) as store:
            assert verify(store, None, actor=operator("judge")).faults == ()


def test_postgresql_keeps_what_was_acknowledged_whatever_is_killed(tmp_path: Path) -> None:
    suffer_postgres(tmp_path, reports=5000, faults=15, seed=1, mebibytes=512)


def test_the_embedded_database_keeps_what_was_acknowledged_whatever_is_killed(tmp_path: Path) -> None:
    suffer_sqlite(tmp_path, reports=600, faults=5, seed=2)


@pytest.mark.proof
def test_postgresql_at_full_scale(tmp_path: Path) -> None:
    suffer_postgres(tmp_path, reports=200_000, faults=300, seed=3, mebibytes=6144)


@pytest.mark.proof
def test_the_embedded_database_at_full_scale(tmp_path: Path) -> None:
    suffer_sqlite(tmp_path, reports=20_000, faults=60, seed=4)


def test_a_loss_a_double_an_invention_and_a_change_are_noticed(tmp_path: Path) -> None:
    """The judge itself, given books that do not fit."""
    url = patient.sqlite(tmp_path)
    with Store.open(url) as store:
        settle(store)
    with processes(url, 1, tmp_path) as services:
        struck = crash.Faults(services, None, None, Random(5))
        books = crash.run(url, tmp_path, struck, reports=16, count=1, seed=5)
    assert list(crash.wrong(books, url)) == []
    one, other, *_ = books.told
    lost = crash.Books(io.StringIO(), {**books.sent, "k": "t"}, {**books.told, "k": ("i", "n")})
    invented = crash.Books(io.StringIO(), {key: text for key, text in books.sent.items() if key != one}, books.told)
    changed = crash.Books(io.StringIO(), {**books.sent, one: "else"}, books.told)
    mixed = crash.Books(io.StringIO(), books.sent, {**books.told, one: books.told[other]})
    for broken, said in ((lost, "lost"), (invented, "invented"), (changed, "changed"), (mixed, "not what was acknowledged")):
        assert said in " ".join(crash.wrong(broken, url)), said
    with pytest.raises(AssertionError):
        books.write_told(one, Answer(201, b'{"incident": "another", "number": "n"}'))
