"""Services that follow each other on one socket while clients send without a pause, each client keeping its connection while it may.

No client tries anything twice: what is not answered with a 2xx is a failed request.
"""

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import socket
from threading import Event, Thread
from uuid import uuid4

from tests import patient

PROGRAM = [sys.executable, "-c", "from gridmap.cli import main; main()"]
REPORT = {"issue": "E0113", "channel": "resident", "lon": 113.005, "lat": 28.005, "datum": "wgs84", "text": "a hole"}


@dataclass
class Seen:
    """What clients saw: reports that were acknowledged, by key, other answers, and what failed."""

    acknowledged: list[str] = field(default_factory=list)
    read: int = 0
    failed: list[str] = field(default_factory=list)


def start(listening: socket, url: str, folder: Path, *options: str) -> subprocess.Popen[str]:
    """A service on the socket, once it says where it is."""
    command = [*PROGRAM, "serve", "--fd", str(listening.fileno()), "--json", *options]
    known = {**os.environ, "GRIDMAP_DATABASE_URL": url, "PYTHONPATH": ":".join(sys.path)}
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running: subprocess.Popen[str] = subprocess.Popen(command, cwd=folder, env=known, pass_fds=[listening.fileno()], **piped)
    assert running.stdout is not None
    assert json.loads(running.stdout.readline())["listens"]
    return running


def follow(listening: socket, url: str, folder: Path, times: int, clients: int) -> tuple[Seen, list[int]]:
    """Have a service replaced so many times under load; what clients saw, and with what each service ended."""
    seen, stop, ended = Seen(), Event(), []
    running = start(listening, url, folder)
    load = [Thread(target=_send, args=(listening.getsockname()[1], seen, stop, number)) for number in range(clients)]
    for each in load:
        each.start()
    try:
        for _ in range(times):
            _wait_for_some(seen)
            following = start(listening, url, folder)
            running.terminate()
            running.communicate(timeout=patient.SECONDS)
            ended.append(running.returncode)
            running = following
        _wait_for_some(seen)
    finally:
        stop.set()
        for each in load:
            each.join()
        running.terminate()
        running.communicate(timeout=patient.SECONDS)
    return seen, ended


def _wait_for_some(seen: Seen) -> None:
    before, wait = len(seen.acknowledged), Event()
    while len(seen.acknowledged) < before + 20 and not seen.failed:
        wait.wait(0.02)


def _send(port: int, seen: Seen, stop: Event, number: int) -> None:
    """Reports and questions in turn, until told to stop."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=patient.SECONDS)) as client:
        while not stop.is_set():
            key = str(uuid4())
            try:
                client.request("POST", "/api/reports", json.dumps(REPORT | {"key": key}), {"Content-Type": "application/json"})
                answer = client.getresponse()
                if answer.status == 201 and answer.read():
                    seen.acknowledged.append(key)
                else:
                    seen.failed.append(f"{answer.status} {answer.read()!r}")
                client.request("GET", "/api/editions")
                answer = client.getresponse()
                seen.read += bool(answer.read())
                if answer.status != 200:
                    seen.failed.append(f"{answer.status}")
            except (OSError, HTTPException) as fault:
                seen.failed.append(f"client {number}: {fault!r}")
                client.close()
