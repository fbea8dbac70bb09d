"""Several processes that serve one socket: one that dies is replaced, and all of them end together."""

import logging
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Event, Thread

from api import logs
from api.server import Tls, make_server
from gridmap.errors import BadInput, Unavailable
from gridmap.settings import read_settings
from gridmap.store import Store

LOG = logging.getLogger("gridmap.api")
SOON = 5  # seconds: whoever dies so soon would do so again
LOOK_SECONDS = 0.5


class ProcessesUnusable(BadInput):
    """SQLite lets one process write; facts: url."""


class ServiceDied(Unavailable):
    """A process of the service ended as soon as it had begun; facts: code."""


def check_shared(store: Store) -> None:
    """Whether several processes may write the database. ProcessesUnusable."""
    if store.dialect == "sqlite":
        raise ProcessesUnusable(url=store.url_shown)


def serve_together(listening: socket.socket, tls: Tls | None, *, count: int) -> None:
    """Serve on the socket with so many processes until told to stop (SIGTERM, Ctrl-C), which each of them does without a lost request.

    They read the settings from the environment and open the database themselves. ServiceDied, and none is left.
    """
    running: dict[BaseProcess, float] = {}
    with _told_to_stop(running) as stopped:
        while not stopped.is_set():
            while len(running) < count:
                started = get_context("spawn").Process(target=_serve, args=(listening, tls), name="gridmap")
                started.start()
                running[started] = time.monotonic()
            connection.wait([each.sentinel for each in running], LOOK_SECONDS)
            for ended in [each for each in running if not each.is_alive()]:
                began = running.pop(ended)
                if not stopped.is_set() and time.monotonic() - began < SOON:
                    _end(running, signal.SIGTERM)
                    raise ServiceDied(code=ended.exitcode)
                LOG.warning("a process of the service ended (%s)", ended.exitcode)
        for each in list(running):
            each.join()


@contextmanager
def _told_to_stop(running: dict[BaseProcess, float]) -> Iterator[Event]:
    """Whoever tells us to stop tells all of us; what was heard before is heard again afterwards."""
    stopped = Event()

    def hear(which: int, _frame: object) -> None:
        stopped.set()
        _end(running, signal.Signals(which))

    before = {which: signal.signal(which, hear) for which in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for which, what in before.items():
            signal.signal(which, what)


def _end(running: dict[BaseProcess, float], which: signal.Signals) -> None:
    for each in running:
        if each.pid and each.is_alive():
            os.kill(each.pid, which)


def _serve(listening: socket.socket, tls: Tls | None) -> None:
    """One of them. It does not outlive whoever began it: nobody would know of it."""
    Thread(target=_follow, daemon=True).start()
    logs.write()
    settings = read_settings()
    with suppress(KeyboardInterrupt), Store.open(settings.database_url) as store:
        make_server(store, settings, tls).run(sockets=[listening])


def _follow() -> None:
    if parent := parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
