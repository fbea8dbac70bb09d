"""History shows tampering, at full scale: ten thousand forgeries, a long honest run with killed processes, a million rows."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from gridmap.flows import audit
from gridmap.flows.verify_history import verify
from gridmap.store import Store, history
from gridmap.store.history import Entry
from tests.builders import ALL, OPERATOR
from tests.closing import close
from tests.store import build, tampering
from tests.store.tampering import Forger

pytestmark = pytest.mark.proof
EACH = 10_000
ROWS = 1_000_000


@pytest.mark.parametrize("seed", [11])
def test_ten_thousand_forgeries_are_told(store: Store, tmp_path: Path, request: pytest.FixtureRequest, seed: int, capsys) -> None:
    tampering.true_history(store, tmp_path / "anchors")
    url = "" if store.file else request.getfixturevalue("fresh_postgres")
    counts, missed = tampering.tamper(Forger(store, url, tmp_path / "anchors"), EACH, seed)
    with capsys.disabled():
        print(f"\n{store.dialect}: {sum(counts.values())} forgeries {counts}, {len(missed)} not told right")
    assert missed == []


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from gridmap.flows import audit
from gridmap.store import Store, history
from tests.builders import ALL, OPERATOR

with Store.open(sys.argv[1]) as store:
    print("up", flush=True)
    while True:
        now = datetime.now(UTC)
        with store.begin(ALL) as tx:
            for place in range(5):
                history.record(tx, now, "draft.cut", f"draft:{place}", share=place / 7)
        audit.anchor(store, Path(sys.argv[2]), None, actor=OPERATOR, now=now)
"""


@pytest.mark.parametrize("kills", [60])
def test_an_honest_history_is_never_accused_however_its_writers_die(
    store: Store, tmp_path: Path, request: pytest.FixtureRequest, kills: int, capsys
) -> None:
    """Two processes write and witness, and are killed again and again; two threads close incidents; verified all the while."""
    url = f"sqlite:///{store.file}?timeout=30" if store.file else request.getfixturevalue("fresh_postgres")
    anchors = tmp_path / "anchors"
    build.settle(store)
    with store.begin(ALL) as tx:
        made = build.keep(tx, 400)
    stopped = Event()

    def closing() -> None:
        while made and not stopped.is_set():
            close(store, made.pop().number, "done", now=datetime.now(UTC), actor=OPERATOR)
            stopped.wait(0.02)

    threads = [Thread(target=closing) for _ in range(2)]
    for thread in threads:
        thread.start()
    verified = accused = 0
    try:
        writers = [_writer(url, anchors) for _ in range(2)]
        for number in range(kills):
            found = verify(store, anchors, actor=OPERATOR)
            verified += 1
            accused += not found.good
            assert found.good, found.faults
            stopped.wait(number % 7 / 20)  # however far it has come
            os.kill(writers[0].pid, signal.SIGKILL)
            writers[0].wait()
            writers = [writers[1], _writer(url, anchors)]
    finally:
        stopped.set()
        for writer in writers:
            writer.kill()
            writer.wait()
        for thread in threads:
            thread.join()
    found = verify(store, anchors, actor=OPERATOR)
    assert found.good
    with capsys.disabled():
        told = f"{found.rows} rows, {found.anchors} anchors, {kills} writers killed, {verified} times verified, {accused} accused"
        print(f"\n{store.dialect}: {told}")
    assert found.anchors > kills


def _writer(url: str, anchors: Path) -> subprocess.Popen[bytes]:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, url, str(anchors)], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)
    assert writer.stdout
    with writer.stdout as told:
        assert told.readline() == b"up\n"
    return writer


def test_a_million_rows_are_verified_in_constant_memory(store: Store, tmp_path: Path, capsys) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    began = time.monotonic()
    for start in range(0, ROWS, 5000):
        moment = at + timedelta(seconds=start)
        with store.begin(ALL) as tx:
            history.append(tx, [_entry(moment, place) for place in range(start, start + 5000)])
        if start % 50_000 == 0:
            audit.anchor(store, tmp_path / "anchors", None, actor=OPERATOR, now=moment)
    wrote = time.monotonic() - began
    audit.anchor(store, tmp_path / "anchors", None, actor=OPERATOR, now=at)
    before, began = _peak_mib(), time.monotonic()
    found = verify(store, tmp_path / "anchors", actor=OPERATOR)
    took = time.monotonic() - began
    with capsys.disabled():
        print(f"\n{store.dialect}: {found.rows} rows written in {wrote:.0f} s, verified in {took:.1f} s, {_peak_mib() - before} MiB more")
    assert found.good
    assert found.rows >= ROWS
    assert _peak_mib() - before < 60


def _entry(at: datetime, place: int) -> Entry:
    facts = {"report": f"018f-{place:012d}", "rows": place, "share": place / 7, "note": "改划网格"}
    return Entry(at=at, what="register.import", subject=f"register:{place}", facts=facts)


def _peak_mib() -> int:
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) // 1024
