"""A system that is told by webhook: a real HTTP server on loopback, which checks what is signed and remembers whatever came."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDbGSV8lJmJ9I="


class Receiver:
    """`statuses` are the next answers (200 when they are used up); `came` is what came, `took` what is known to be new, by its id.

    `hold` has it take no more than so many and let the others wait.
    """

    def __init__(self) -> None:
        self.came: list[str] = []
        self.took: dict[str, dict[str, Any]] = {}
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.hold: int | None = None
        self.go_on = threading.Event()
        self.faults: list[str] = []
        self.paths: list[str] = []
        self.url = ""

    def take(self, handler: BaseHTTPRequestHandler) -> int:
        body = handler.rfile.read(int(handler.headers["content-length"]))
        given = {name.lower(): text for name, text in handler.headers.items()}
        self.came.append(given["webhook-id"])
        self.paths.append(handler.path)
        if self.hold is not None and len(self.came) > self.hold:
            self.go_on.wait(30)
        try:
            told = Webhook(SECRET).verify(body, given)
        except Exception as fault:  # noqa: BLE001 (whatever it is, the test is told)
            self.faults.append(repr(fault))
            return 401
        status = self.statuses.pop(0) if self.statuses else 200
        if status < 300:
            self.took.setdefault(given["webhook-id"], told)
        return status


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver until the end of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = receiver.take(self)
            self.send_response(status)
            for name, text in receiver.headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            """A redirect that is followed may come so."""
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is written among the tests' own lines."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/notices?of=county"
    try:
        yield receiver
    finally:
        receiver.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()
