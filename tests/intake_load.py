"""A service of several processes on one database, and many clients who send the same reports again and again, as phones do.

The clients speak HTTP by hand: what they count must not depend on a library's own retries, and must cost less than what they measure.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests import patient
from tests.ports import kept_port
from tests.small_land import IN_CELL_1

ROOT = Path(__file__).parents[1]


class Answer(NamedTuple):
    """What came back: its status and its body."""

    status: int
    body: bytes

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class Process:
    """One `gridmap serve` on a port that stays its own, also while it is dead."""

    def __init__(self, nursery: "subprocess.Popen[str]", port: int, log: Path) -> None:
        self._nursery, self.port, self._log = nursery, port, log
        self.pid = 0

    def start(self) -> None:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        print(self.port, self._log, file=self._nursery.stdin, flush=True)
        self.pid = int(self._nursery.stdout.readline())

    def is_alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def signal(self, which: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, which)

    def kill(self) -> None:
        """As a power cut would: nothing is said to it."""
        self.signal(signal.SIGKILL)
        while self.is_alive():
            time.sleep(0.005)

    def wait_until_it_answers(self) -> None:
        last = time.monotonic() + patient.SECONDS
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 5):
                    return
            except OSError:
                assert self.is_alive(), self._log.read_text()
                assert time.monotonic() < last, self._log.read_text()
                time.sleep(0.02)


@contextmanager
def processes(url: str, count: int, folder: Path) -> Iterator[list[Process]]:
    """So many processes that serve one database, killed at the end."""
    environment = {**os.environ, "GRIDMAP_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.nursery"]
    how: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        nursery = stack.enter_context(subprocess.Popen(command, cwd=ROOT, env=environment, **how))
        assert nursery.stdout is not None
        assert nursery.stdout.readline() == "ready\n"
        found = [Process(nursery, stack.enter_context(kept_port()), folder / f"service-{at}.log") for at in range(count)]
        for one in found:
            one.start()
        for one in found:
            one.wait_until_it_answers()
        yield found
        for one in found:
            one.kill()


class Line:
    """A connection that stays open, for one question after another."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: bytes, kind: str = "application/json", **headers: str) -> Answer:
        """The answer; OSError or EOFError where the connection ends before it."""
        if self._ends is None:
            self._ends = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._ends
        more = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        try:
            writer.write(head.encode() + body)
            start, *fields = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            lengths = [text.partition(":")[2] for text in fields if text.lower().startswith("content-length:")]
            return Answer(int(start.split()[1]), await reader.readexactly(int(lengths[0])))
        except BaseException:
            self.hang_up()
            raise

    def hang_up(self) -> None:
        if self._ends is not None:
            self._ends[1].close()
            self._ends = None


def body(key: str, **changes: Any) -> dict[str, Any]:
    """A report in the first cell of the small land."""
    lon, lat = IN_CELL_1
    return {"issue": "E0113", "channel": "resident", "lon": lon, "lat": lat, "datum": "wgs84", "text": "坑", "key": key, **changes}


class Sent(NamedTuple):
    """One copy of a report, as it was sent and answered."""

    key: str
    sender: str
    body: bytes
    answer: Answer


async def send_all(ports: Sequence[int], bodies: Sequence[dict[str, Any]], lines: int) -> list[Sent]:
    """Send all of these over so many connections, in turn to each process; in the order in which they are."""
    sent: list[Sent | None] = [None] * len(bodies)
    waiting = iter(enumerate(bodies))

    async def work(line: Line) -> None:
        for at, one in waiting:  # one iterator for all: each takes the next
            text = json.dumps(one).encode()
            sent[at] = Sent(one["key"], one.get("sender", ""), text, await line.post("/api/reports", text))
        line.hang_up()

    await asyncio.gather(*(work(Line(ports[at % len(ports)])) for at in range(lines)))
    return [one for one in sent if one is not None]
