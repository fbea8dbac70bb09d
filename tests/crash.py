"""What was acknowledged is there, whatever crashed: clients that keep their own books, faults by chance, and a judge who reads both.

The books lie outside the service. A client writes down what it is about to send, and the answer once it has it; what it has no answer to it
sends again, under the same key, until it has one. The judge reads the books and the database, and no code of ours.
"""

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import IO
from uuid import UUID

from tests.copies import rows
from tests.crash_cluster import Cluster
from tests.intake_load import Answer, Line, Process, body

CLIENTS = 8
CUT, AGAIN = 0.03, 0.05  # of the reports: whose connection is cut on the way, and that are sent once more when all is well
ANSWER_SECONDS = 30
BACK_SECONDS = 120
# Each counted once for all incidents: counting for each by itself took hours where there is no index for it.
KEPT = """SELECT report.key, report.text, incident.id, incident.number, incident.text,
 coalesce(received.n, 0), coalesce(told.n, 0), coalesce(timed.n, 0), coalesce(sent.n, 0)
 FROM report LEFT JOIN incident ON incident.id = report.incident
 LEFT JOIN (SELECT incident, count(*) AS n FROM history WHERE what = 'receive' GROUP BY incident) AS received
  ON received.incident = incident.id
 LEFT JOIN (SELECT incident, count(*) AS n FROM notice GROUP BY incident) AS told ON told.incident = incident.id
 LEFT JOIN (SELECT incident, count(*) AS n FROM clock GROUP BY incident) AS timed ON timed.incident = incident.id
 LEFT JOIN (SELECT incident, count(*) AS n FROM report GROUP BY incident) AS sent ON sent.incident = incident.id"""
ALONE = "SELECT count(*) FROM incident LEFT JOIN report ON report.incident = incident.id WHERE report.id IS NULL"
CHAIN = "SELECT count(*), min(id), max(id), (SELECT id FROM history_head) FROM history"


@dataclass
class Books:
    """What clients wrote down, each line before the next thing is done: `sent KEY TEXT`, `told KEY INCIDENT NUMBER`."""

    file: IO[str]
    sent: dict[str, str] = field(default_factory=dict)
    told: dict[str, tuple[str, str]] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)

    def write_sent(self, key: str, text: str) -> None:
        self.sent[key] = text
        print("sent", key, text, file=self.file, flush=True)

    def write_told(self, key: str, answer: Answer) -> None:
        told = answer.told()
        found = told["incident"], told["number"]
        assert self.told.setdefault(key, found) == found, f"{key} was answered {self.told[key]} and then {found}"
        print("told", key, *found, file=self.file, flush=True)


class Client:
    """Sends one report after another, to whichever process answers, each until it is acknowledged."""

    def __init__(self, name: int, ports: Sequence[int], books: Books, seed: int) -> None:
        self.name, self.books, self.random = name, books, Random(seed * 1000 + name)
        self.lines = [Line(port) for port in ports]

    async def work(self, reports: int) -> None:
        for n in range(reports):
            key = str(UUID(int=self.random.getrandbits(128), version=4))
            text = f"client {self.name}, report {n}"
            self.books.write_sent(key, text)
            sent = json.dumps(body(key, text=text)).encode()
            await self._until_told(key, sent, cut=self.random.random() < CUT)
            if self.random.random() < AGAIN:
                await self._until_told(key, sent, cut=False)
        for line in self.lines:
            line.hang_up()

    async def _until_told(self, key: str, sent: bytes, *, cut: bool) -> None:
        last = time.monotonic() + BACK_SECONDS
        while True:
            assert time.monotonic() < last, f"{key} was not answered within {BACK_SECONDS} s"
            line = self.random.choice(self.lines)
            try:
                answer = await asyncio.wait_for(line.post("/api/reports", sent), ANSWER_SECONDS)
            except (OSError, EOFError, TimeoutError) as fault:
                self.books.happened[type(fault).__name__] += 1
                await asyncio.sleep(0.05 * self.random.random())
                continue
            if cut:  # it was committed and answered, and the answer is lost on the way
                line.hang_up()
                self.books.happened["cut after the commit"] += 1
                cut = False
            elif answer.status in {200, 201}:
                self.books.write_told(key, answer)
                return
            else:
                assert answer.status == 503, answer
                self.books.happened["503"] += 1
                await asyncio.sleep(0.1 * self.random.random())


@dataclass
class Faults:
    """What can go wrong, each by its name; `back` waits until what was broken is there again."""

    processes: Sequence[Process]
    cluster: Cluster | None
    disk: Path | None
    random: Random
    done: Counter[str] = field(default_factory=Counter)

    def kinds(self) -> dict[str, Callable[[], None]]:
        found: dict[str, Callable[[], None]] = {"a service killed": self._kill, "a service that hangs": self._hang}
        if self.cluster:
            found |= {"PostgreSQL killed": self._kill_server, "PostgreSQL stopped at once": self._stop_server}
            found |= {"a backend killed": self.cluster.kill_a_backend}
        if self.disk:
            found |= {"the disk full": self._fill_disk}
        return found

    def strike(self, kind: str) -> None:
        self.kinds()[kind]()
        self.done[kind] += 1

    def plan(self, count: int) -> list[str]:
        """So many, every kind as often as the others (services twice as often), in an order of chance."""
        kinds = [*self.kinds(), "a service killed"]
        planned = [kinds[at % len(kinds)] for at in range(count)]
        self.random.shuffle(planned)
        return planned

    def _kill(self) -> None:
        one = self.random.choice(self.processes)
        one.kill()
        one.start()

    def _hang(self) -> None:
        one = self.random.choice(self.processes)
        one.signal(signal.SIGSTOP)
        time.sleep(self.random.choice((0.2, 1.0)))
        one.signal(signal.SIGCONT)

    def _kill_server(self) -> None:
        assert self.cluster is not None
        self.cluster.kill()
        self.cluster.start()

    def _stop_server(self) -> None:
        assert self.cluster is not None
        self.cluster.stop_at_once()
        self.cluster.start()

    def _fill_disk(self) -> None:
        """For a moment; what gave up because of it is started again."""
        assert self.disk is not None
        ballast = self.disk / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
            except OSError:
                time.sleep(1)
        ballast.unlink()
        if self.cluster:
            self.cluster.start()


async def ordeal(books: Books, faults: Faults, *, reports: int, count: int, seed: int) -> None:
    """Clients send that many reports while that many faults happen, spread over the work."""
    ports = [one.port for one in faults.processes]
    clients = [Client(name, ports, books, seed) for name in range(CLIENTS)]
    working = [asyncio.create_task(client.work(reports // CLIENTS)) for client in clients]
    for at, kind in enumerate(faults.plan(count), start=1):
        while len(books.told) < at * reports // (count + 1) and not any(each.done() for each in working):
            await asyncio.sleep(0.01)
        await asyncio.to_thread(faults.strike, kind)
    await asyncio.gather(*working)


def run(url: str, folder: Path, faults: Faults, *, reports: int, count: int, seed: int) -> Books:
    """The whole ordeal and its judgement; answers the books."""
    with (folder / "books").open("w") as file:
        books = Books(file)
        started = time.monotonic()
        asyncio.run(ordeal(books, faults, reports=reports, count=count, seed=seed))
    took = time.monotonic() - started
    print(f"\n{len(books.told)} reports in {took:.0f} s, seed {seed}; faults {dict(faults.done)}; clients saw {dict(books.happened)}")
    assert len(books.told) == reports // CLIENTS * CLIENTS
    assert sum(faults.done.values()) == count
    assert list(wrong(books, url)) == []
    return books


def wrong(books: Books, url: str) -> Iterator[str]:
    """What was lost, doubled or invented, as far as the books and the database tell."""
    kept = rows(url, KEPT)
    by_key = Counter(row[0] for row in kept)
    yield from (f"lost: {key}" for key in books.told if by_key[key] == 0)
    yield from (f"doubled: {key} is there {times} times" for key, times in by_key.items() if times > 1)
    yield from (f"invented: {key}" for key in by_key if key not in books.sent)
    for key, text, incident, number, incident_text, received, notices, clocks, reports in kept:
        if books.sent.get(key) != text or incident_text != text:
            yield f"changed: {key}"
        if key in books.told and books.told[key] != (incident, number):
            yield f"not what was acknowledged: {key} is {incident}, {number}"
        if (received, notices, reports) != (1, 1, 1) or clocks < 1:
            yield f"not whole: {key} has {received} rows of history, {notices} notices, {clocks} clocks, {reports} reports"
    if (alone := rows(url, ALONE)[0][0]) != 0:
        yield f"invented: {alone} incidents that nobody reported"
    [(count, first, last, head)] = rows(url, CHAIN)
    if (first, last, head) != (1, count, count):
        yield f"history has gaps: {count} rows from {first} to {last}, head {head}"
