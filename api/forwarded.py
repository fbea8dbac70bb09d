"""Who asks when a proxy stands between: only the declared proxies are believed, and nobody else."""

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gridmap.settings import IPNetwork

HEADERS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip")
"""By which a proxy shows itself, declared or not; no browser sends one."""


class Forwarded:
    """An ASGI layer: where the peer is a declared proxy, its X-Forwarded-For and -Proto become the request's client and scheme."""

    def __init__(self, app: ASGIApp, proxies: Sequence[IPNetwork]) -> None:
        self.app, self.proxies = app, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.proxies and scope["type"] == "http" and scope.get("client") and self._believed(scope["client"][0]):
            scope = {**scope, **self._told(scope["client"], Headers(scope=scope))}
        await self.app(scope, receive, send)

    def _believed(self, host: str) -> bool:
        address = plain_address(host)
        return address is not None and any(address in network for network in self.proxies)

    def _told(self, peer: tuple[str, int], headers: Headers) -> dict[str, object]:
        """The nearest address in the chain that is no proxy of ours: what stands before it, anybody can have written."""
        client = peer
        for text in reversed([part.strip() for part in ",".join(headers.getlist("x-forwarded-for")).split(",")]):
            address = plain_address(text)
            if address is None:
                break
            client = (str(address), 0)
            if not self._believed(text):
                break
        protos = ",".join(headers.getlist("x-forwarded-proto")).split(",")
        return {"client": client, "scheme": "https" if protos[-1].strip().lower() == "https" else "http"}


def plain_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a text names, an IPv4 one also where IPv6 carries it; None where it names none."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


def network_around(host: str) -> str:
    """The network that an address belongs to, as one who guesses can change his own: /24 of IPv4, /64 of IPv6; "" for no address."""
    address = plain_address(host)
    return "" if address is None else str(ipaddress.ip_network((address, 24 if address.version == 4 else 64), strict=False))
