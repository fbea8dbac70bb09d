"""The service asked without a network and without another thread, so that ten thousand questions take a minute."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from json import dumps, loads
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

from fastapi import FastAPI

HOST = "127.0.0.1:8000"


@dataclass(frozen=True)
class Answer:
    """One answer, and the question that it is to."""

    method: str
    url: str
    sent: bytes
    status_code: int
    raw_headers: tuple[tuple[str, str], ...]
    content: bytes

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.raw_headers)

    @property
    def text(self) -> str:
        if self.headers.get("content-type", "").startswith("image/png"):
            return ""  # no word can be found in a picture: what a sheet may show to whom is asked of its PDF
        plain = gzip.decompress(self.content) if self.headers.get("content-encoding") == "gzip" else self.content
        return plain.decode()

    def json(self) -> Any:
        return loads(self.text)


class Door:
    """The running service. Questions come one after the other, in the loop's own thread."""

    def __init__(self, app: FastAPI, loop: asyncio.AbstractEventLoop) -> None:
        self.app, self.loop, self.asked = app, loop, 0

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        form: str = "",
    ) -> Answer:
        """The whole answer."""
        kind = "application/x-www-form-urlencoded" if json is None else "application/json"
        body = form.encode() if json is None else dumps(json).encode()
        query = urlencode(params or {}, doseq=True)
        return self.loop.run_until_complete(self._answered(method, path, query, {"content-type": kind, **headers}, body))

    async def _answered(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.asked += 1
        scope = _scope(method, path, query, {"host": HOST, "content-length": str(len(body)), **headers}, self.asked)
        messages: list[Any] = []

        sent = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> dict[str, Any]:
            if (message := next(sent, None)) is None:
                await asyncio.Event().wait()  # whoever asked stays until the answer is whole
            return message or {}

        async def send(message: Any) -> None:
            messages.append(message)

        try:
            await self.app(scope, receive, send)
        except Exception:  # noqa: BLE001 (it was answered with a 500 before it went on)
            assert messages
        start = next(each for each in messages if each["type"] == "http.response.start")
        found = tuple((name.decode(), text.decode()) for name, text in start["headers"])
        content = b"".join(each.get("body", b"") for each in messages if each["type"] == "http.response.body")
        return Answer(method, f"{path}?{query}", body, start["status"], found, content)

    async def stream(self, path: str, headers: Mapping[str, str], until: asyncio.Event) -> AsyncIterator[str]:
        """The parts of an endless answer, until the event; the status comes first."""
        parts: asyncio.Queue[str | None] = asyncio.Queue()

        async def receive() -> dict[str, Any]:
            await until.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            await parts.put(str(message["status"]) if "status" in message else message.get("body", b"").decode())

        async def run() -> None:
            path_only, _, query = path.partition("?")
            await self.app(_scope("GET", path_only, query, {"host": HOST, **headers}), receive, send)
            await parts.put(None)

        task = asyncio.create_task(run())
        while (part := await parts.get()) is not None:
            yield part
        await task


def _scope(method: str, path: str, query: str, headers: Mapping[str, str], at: int = 0) -> dict[str, Any]:
    network = f"10.{at // 250 % 250}.{at % 250}.1"  # each from a network of its own, so that none is throttled for another
    named = [(name.lower().encode(), text.encode()) for name, text in headers.items()]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": query.encode(), "root_path": "", "headers": named,
        "client": (network, 50_000), "server": ("127.0.0.1", 8000), "state": {},
    }  # fmt: skip


async def _at_once(call: Callable[..., Any], *given: Any, **_: Any) -> Any:
    """Runs what would have gone to a thread: with one question at a time, threads only cost."""
    return call(*given)


@contextmanager
def opened(app: FastAPI) -> Iterator[Door]:
    """The service, started and stopped as a server would."""
    with asyncio.Runner() as runner, patch("anyio.to_thread.run_sync", _at_once):
        loop = runner.get_loop()
        running = app.router.lifespan_context(app)
        loop.run_until_complete(running.__aenter__())
        try:
            yield Door(app, loop)
        finally:
            loop.run_until_complete(running.__aexit__(None, None, None))
