"""The one way out: what this service asks of another machine, bounded in address, size and time."""

import ssl
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2

from gridmap.settings import is_loopback

SECONDS = 5.0  # from the first step of connecting to the last byte
MOST = 256 * 1024  # bytes that are read of one answer, its head included


class AnswerUnfit(httpx2.TransportError):
    """The address may not be asked, or the answer is longer or otherwise than we read."""


class Outside(httpx2.BaseTransport):
    """Each request on a connection of its own. Whoever drips byte after byte is cut off, which a timeout for each step would not do."""

    def __init__(self, *, seconds: float = SECONDS, most: int = MOST, plain: bool = False) -> None:
        self._seconds, self._most, self._plain = seconds, most, plain
        self._tls: ssl.SSLContext | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if not may_ask(str(request.url), plain=self._plain):
            raise AnswerUnfit("address")
        if request.url.scheme == "https" and self._tls is None:
            self._tls = httpx2.create_ssl_context(trust_env=False)
        request.headers["Accept-Encoding"] = "identity"
        try:
            with httpcore2.ConnectionPool(self._tls, network_backend=_Hurried(self._seconds, self._most)) as pool:
                answer = pool.request(request.method, str(request.url), headers=request.headers.raw, content=request.read() or None)
        except (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError, UnicodeError) as fault:
            raise httpx2.TransportError(type(fault).__name__) from fault
        response = httpx2.Response(answer.status, headers=answer.headers)
        if response.headers.get("content-encoding", "identity") != "identity":
            raise AnswerUnfit("encoding")
        return httpx2.Response(answer.status, headers=answer.headers, content=answer.content)


def may_ask(url: str, *, plain: bool) -> bool:
    """Whether an address is one that we ask: https, or where `plain` allows it http on this machine; no password in it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    told = bool(host) and port != 0 and "@" not in parts.netloc and url.isascii() and url.isprintable() and not set(" \\") & set(url)
    return told and (parts.scheme == "https" or (plain and parts.scheme == "http" and is_loopback(host or "")))


class _Hurried(httpcore2.NetworkBackend):
    """A network for one request: what is left of its time and size is what each step may take."""

    def __init__(self, seconds: float, most: int) -> None:
        self._until, self._left = monotonic() + seconds, most
        self._network = httpcore2.SyncBackend()

    def seconds(self) -> float:
        left = self._until - monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return left

    def count(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise httpcore2.ReadError
        return data

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore2.NetworkStream:
        return _Stream(self._network.connect_tcp(host, port, self.seconds(), local_address, socket_options), self)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, network: _Hurried) -> None:
        self._stream, self._network = stream, network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._network.count(self._stream.read(max_bytes, self._network.seconds()))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._network.seconds())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, self._network.seconds()), self._network)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
