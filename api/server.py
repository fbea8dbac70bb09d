"""The web server around the service: loopback only, and gone promptly when told to stop."""

import ipaddress
import socket
from typing import Any

import uvicorn

from api.app import create_app
from api.safety import LOOPBACK
from gridmap.errors import BadInput, Conflict
from gridmap.settings import Settings
from gridmap.store import Store

GRACE_SECONDS = 3


class HostNotLoopback(BadInput):
    """The service may not listen where others can reach it; facts: host."""


class PortTaken(Conflict):
    """Something else listens on the port; facts: host, port."""


class Server(uvicorn.Server):
    """Ends the live streams before it waits for its connections: a page that listens would hold it for ever."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app: Any = self.config.app
        app.state.live.stop()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A socket on loopback, taken before anything is promised; HostNotLoopback or PortTaken otherwise. Port 0 is any free one."""
    family, address = loopback(host)
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((address, port))
        taken.listen(512)
    except OSError as fault:
        taken.close()
        raise PortTaken(host=host, port=port) from fault
    return taken


def loopback(host: str) -> tuple[socket.AddressFamily, str]:
    """The family and address of a name of this machine, or HostNotLoopback."""
    name = host.strip("[]").lower()
    if name == "localhost":
        return socket.AF_INET, "127.0.0.1"
    if name not in LOOPBACK:
        raise HostNotLoopback(host=host)
    return (socket.AF_INET6 if ipaddress.ip_address(name).version == 6 else socket.AF_INET), name


def make_server(store: Store, settings: Settings) -> Server:
    """The server of the service; `run(sockets=[listen(host, port)])` serves until it is told to stop."""
    config = uvicorn.Config(
        create_app(store, settings),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return Server(config)
