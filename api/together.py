"""Several processes that serve one socket: one that dies is replaced, and all of them end together."""

import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection, get_context, parent_process
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event as Began
from threading import Event, Thread

from api import logs
from api.server import Tls, make_server
from gridmap.errors import BadInput, Refusal, Unavailable
from gridmap.settings import read_lang, read_settings
from gridmap.store import Store

LOG = logging.getLogger("gridmap.api")
LOOK_SECONDS = 0.5

Running = dict[BaseProcess, Began]
"""The processes, and whether each came so far as to serve."""


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
    context, running = get_context("spawn"), Running()
    with _told_to_stop(running) as stopped:
        try:
            while not stopped.is_set():
                while len(running) < count:
                    began = context.Event()
                    started = context.Process(target=_serve, args=(listening, tls, began), name="gridmap")
                    started.start()
                    running[started] = began
                connection.wait([each.sentinel for each in running], LOOK_SECONDS)
                _bury(running, stopped)
        finally:  # each is told once, also one that had just begun: told twice it would hurry
            _end(running, signal.SIGTERM)
            for each in list(running):
                each.join()


def _bury(running: Running, stopped: Event) -> None:
    """Take out those that ended. ServiceDied for one that gave up before it served: the next would too."""
    for ended in [each for each in running if not each.is_alive()]:
        began = running.pop(ended)
        if not stopped.is_set():
            LOG.warning("a process of the service ended (%s)", ended.exitcode)
            if not began.is_set() and (ended.exitcode or 0) > 0:
                raise ServiceDied(code=ended.exitcode)


@contextmanager
def _told_to_stop(running: Running) -> Iterator[Event]:
    """Whether somebody told us to stop (SIGTERM, Ctrl-C). Told again, all hurry. What was heard before is heard again afterwards."""
    stopped = Event()

    def hear(_which: int, _frame: object) -> None:
        if stopped.is_set():
            _end(running, signal.SIGINT)
        stopped.set()

    before = {which: signal.signal(which, hear) for which in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for which, what in before.items():
            signal.signal(which, what)


def _end(running: Running, which: signal.Signals) -> None:
    for each in list(running):
        if each.pid and each.is_alive():
            os.kill(each.pid, which)


def _serve(listening: socket.socket, tls: Tls | None, began: Began) -> None:
    """One of them. It does not outlive whoever began it: nobody would know of it."""
    Thread(target=_follow, daemon=True).start()
    logs.write()
    try:
        settings = read_settings()
        with suppress(KeyboardInterrupt), Store.open(settings.database_url) as store:
            server = make_server(store, settings, tls)
            began.set()
            server.run(sockets=[listening])
    except Refusal as refusal:
        LOG.critical(refusal.text(read_lang()))
        sys.exit(1)


def _follow() -> None:
    if parent := parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
