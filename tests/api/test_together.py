"""Several processes serve one socket by one command: one that is killed is replaced, and all end together."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from api.server import listen
from api.together import ProcessesUnusable, ServiceDied, check_shared, serve_together
from gridmap.store import Store
from tests import patient
from tests.rolling import REPORT, start
from tests.small_land import settle


def _children(pid: int) -> set[int]:
    """Those that serve: Python keeps one more beside them."""
    told = subprocess.run(["pgrep", "-P", str(pid), "-f", "spawn_main"], capture_output=True, text=True, check=False)
    return {int(each) for each in told.stdout.split()}


def _wait_for(what: Callable[[], object]) -> None:
    last = time.monotonic() + patient.SECONDS
    while not what():
        assert time.monotonic() < last
        time.sleep(0.05)


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


@contextmanager
def _two(url: str, folder: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    with Store.open(url) as store:
        settle(store)
    with listen("127.0.0.1", 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        running = start(listening, url, folder, "--processes", "2")
    try:
        _wait_for(lambda: len(_children(running.pid)) == 2)
        assert patient.post(f"{address}/api/reports", json=REPORT).status_code == 201
        yield address, running
    finally:
        running.kill()
        running.communicate()


def test_one_that_is_killed_is_replaced_and_all_end_when_told_to(fresh_postgres: str, tmp_path: Path) -> None:
    with _two(fresh_postgres, tmp_path) as (address, running):
        first = _children(running.pid)
        os.kill(min(first), signal.SIGKILL)
        _wait_for(lambda: len(_children(running.pid) - first) == 1)
        assert patient.get(f"{address}/healthz").status_code == 200
        serving = _children(running.pid)
        running.terminate()
        assert running.wait(patient.SECONDS) == 0
        assert all(map(_is_gone, serving))
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{address}/healthz")


def test_none_outlives_whoever_began_it(fresh_postgres: str, tmp_path: Path) -> None:
    with _two(fresh_postgres, tmp_path) as (_, running):
        serving = _children(running.pid)
        running.kill()
        _wait_for(lambda: all(map(_is_gone, serving)))


def test_what_cannot_begin_is_told_and_not_begun_for_ever(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("GRIDMAP_LANG", "en")
    with listen("127.0.0.1", 0) as listening, pytest.raises(ServiceDied):
        serve_together(listening, None, count=2)
    told = capfd.readouterr().err
    assert "127.0.0.1:1" in told
    assert "Traceback" not in told


def test_a_file_is_written_by_one_process(tmp_path: Path) -> None:
    with Store.open(patient.sqlite(tmp_path)) as store, pytest.raises(ProcessesUnusable):
        check_shared(store)
