"""The web server around the service: which address it listens on and what that needs, https, and how it stops without a lost request."""

import asyncio
import errno
import signal
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from api.app import create_app
from api.wire import BoundedHttp
from gridmap.collector import collect_seldom
from gridmap.errors import BadInput, Conflict
from gridmap.settings import Settings, is_loopback
from gridmap.store import Store
from gridmap.words import Lang, say

GRACE_SECONDS = 3
DRAIN_SECONDS = 10  # for which a service that was told to stop goes on with who is connected; who is silent for five is let go
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all good


class HostNotReady(BadInput):
    """Others could reach the service, and something that they need is missing; facts: host, missing."""


class HostUnusable(BadInput):
    """No address of this machine that can be listened on; facts: host, port, reason."""


class PortTaken(Conflict):
    """Something else listens on the port; facts: host, port."""


class SocketUnusable(BadInput):
    """What was handed over is no socket that listens; facts: fd."""


class TlsUnusable(BadInput):
    """The certificate and its key cannot be used; facts: cert, key_file, reason."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing, as sentences of their own, all at once."""

    keys: tuple[str, ...]

    def text(self, lang: Lang = "en") -> str:
        return "; ".join(say(key, lang) for key in self.keys)


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate (with its chain) and its key, as PEM; the key may stand in the certificate's file."""

    cert: Path
    key: Path | None = None

    def check(self) -> None:
        """TlsUnusable before anything is promised. A key that asks for a passphrase cannot be used: nobody is there to type it."""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.cert, self.key, password="")
        except (OSError, ValueError) as fault:  # OpenSSL's errors are OSErrors
            reason = (isinstance(fault, OSError) and fault.strerror) or str(fault) or type(fault).__name__
            raise TlsUnusable(cert=self.cert, key_file=self.key or self.cert, reason=reason) from fault


class Server(uvicorn.Server):
    """Told to stop (SIGTERM) it takes no new connection and answers who is connected, each time as the last one on that connection; told
    again, or by Ctrl-C, it hurries. It ends the live streams before it waits: a page that listens would hold it for ever."""

    _drains = False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM:
            self._drains = not self.should_exit
            self.should_exit = True
        else:
            self._drains = False
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app: Any = self.config.app
        app.state.stopping = True
        for server in self.servers:
            server.close()
        app.state.live.stop()
        clock = asyncio.get_running_loop().time
        last = clock() + DRAIN_SECONDS
        while self._drains and self.server_state.connections and clock() < last:
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


def reached_by_others(host: str, settings: Settings) -> bool:
    """Whether more than this machine's own programs can ask the service."""
    return not is_loopback(_plain(host)) or settings.public_url is not None or bool(settings.proxies)


def check_ready(host: str, settings: Settings, tls: Tls | None, *, administered: bool) -> None:
    """Whether others may reach the service: somebody administers, it has a public address, and https before it. HostNotReady."""
    needed: Sequence[tuple[bool, str]] = (
        (administered, "serve.needs_administrator"),
        (settings.public_url is not None, "serve.needs_public_url"),
        (tls is not None or bool(settings.proxies), "serve.needs_https"),
    )
    missing = tuple(key for there, key in needed if not there)
    if missing:
        raise HostNotReady(host=host, missing=Missing(missing))


def listen(host: str, port: int) -> socket.socket:
    """A socket, taken before anything is promised; HostUnusable or PortTaken otherwise. Port 0 is any free one."""
    try:
        family, _, _, _, address = socket.getaddrinfo(_plain(host) or "-", port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (OSError, UnicodeError, OverflowError) as fault:
        raise HostUnusable(host=host, port=port, reason=getattr(fault, "strerror", None) or fault) from fault
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on: 40 ms an answer
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(address)
        taken.listen(512)
    except OSError as fault:
        taken.close()
        if fault.errno == errno.EADDRINUSE:
            raise PortTaken(host=host, port=port) from fault
        raise HostUnusable(host=host, port=port, reason=fault.strerror or fault) from fault
    return taken


def adopt(fd: int) -> socket.socket:
    """A socket that listens already and was handed over: another process, or systemd, holds it too, so that nobody who connects while this
    one starts or stops is sent away. SocketUnusable."""
    try:
        taken = socket.socket(fileno=fd)
        listens = taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as fault:
        raise SocketUnusable(fd=fd) from fault
    if not listens or taken.family not in {socket.AF_INET, socket.AF_INET6}:
        taken.detach()
        raise SocketUnusable(fd=fd)
    return taken


def _plain(host: str) -> str:
    """An address of IPv6 may stand in brackets; localhost is IPv4, as browsers try it first."""
    name = host.strip().strip("[]").lower()
    return "127.0.0.1" if name == "localhost" else name


def make_server(store: Store, settings: Settings, tls: Tls | None = None) -> Server:
    """The server of the service; `run(sockets=[listen(host, port)])` serves until it is told to stop."""
    collect_seldom()
    config = uvicorn.Config(
        create_app(store, settings),
        log_config=None,  # api.logs writes what it tells
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # believed only from declared proxies, by api.forwarded
        timeout_graceful_shutdown=GRACE_SECONDS,
        http=BoundedHttp,
        ssl_certfile=tls.cert if tls else None,
        ssl_keyfile=tls.key if tls else None,
        ssl_ciphers=CIPHERS,
    )
    return Server(config)
