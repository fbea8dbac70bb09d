"""A PostgreSQL of a test's own that keeps what it committed, to be killed and to come back."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from tests import postgres
from tests.ports import kept_port

BACK_SECONDS = 60


class Cluster:
    """Its server; `url` is that of the database `postgres` in it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.data, self.log, self.port = folder / "data", folder / "log", port
        self.url = f"postgresql://gridmap@127.0.0.1:{port}/postgres"
        self._programs, self._user = postgres.find_programs(), postgres.find_user()
        self._run = ["runuser", "-u", self._user, "--"] if self._user else []
        self._running: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        if self._user:
            shutil.chown(self.data.parent, self._user)
        init = [str(self._programs / "initdb"), "-D", str(self.data), "-U", "gridmap", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*self._run, *init, "--no-sync"], check=True, cwd=self.data.parent, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        """As an init system would after a crash, until it answers; tried again where the dead one's children are still there."""
        last = time.monotonic() + BACK_SECONDS
        server = [str(self._programs / "postgres"), "-D", str(self.data), "-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        while True:
            if self._running is None or self._running.poll() is not None:
                with self.log.open("ab") as log:
                    options = ["-c", "max_connections=60", "-c", "shared_buffers=64MB"]
                    self._running = subprocess.Popen([*self._run, *server, *options], cwd=self.data.parent, stdout=log, stderr=log)
            try:
                psycopg2.connect(self.url, connect_timeout=5).close()
            except psycopg2.OperationalError as fault:
                if time.monotonic() > last:
                    raise RuntimeError(self.log.read_text()[-2000:]) from fault
                time.sleep(0.05)
            else:
                return

    @property
    def _postmaster(self) -> int:
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """The postmaster is gone from one moment to the next; its children notice and go."""
        os.kill(self._postmaster, signal.SIGKILL)
        assert self._running is not None
        self._running.wait()

    def stop_at_once(self) -> None:
        """`pg_ctl stop -m immediate`: no checkpoint, nobody is waited for."""
        os.kill(self._postmaster, signal.SIGQUIT)
        assert self._running is not None
        self._running.wait()

    def kill_a_backend(self) -> None:
        """One server process is gone, in the midst of whatever it does: all others lose their connections, and the server recovers."""
        found = subprocess.run(["pgrep", "-P", str(self._postmaster), "-f", "gridmap 127"], capture_output=True, text=True, check=False)
        for pid in found.stdout.split()[:1]:
            os.kill(int(pid), signal.SIGKILL)


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A folder that the server's user can reach too. Those of pytest it cannot: each run that begins closes them to all others, also
    those of a run that goes on, and a server that was killed did not come back."""
    with tempfile.TemporaryDirectory(prefix="gridmap-durable-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def durable(folder: Path) -> Iterator[Cluster]:
    """A server in this folder, which keeps what it commits: fsync, synchronous commits and full pages as PostgreSQL has them."""
    with kept_port() as port:
        cluster = Cluster(folder, port)
        cluster.make()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.kill()
