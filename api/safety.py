"""What guards every request: which hosts and pages may ask, and the headers that keep a page to its own files."""

import logging
import re
import secrets
import uuid
from typing import Any

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from api.asker import lang_of, zone_of
from api.logs import REQUEST
from api.sign_in import SAFE_METHODS

LOG = logging.getLogger("gridmap.api")

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
REPORTS = "/api/reports"  # bounds its bodies itself: many reports may come in one
PHOTOS = re.compile(r"/api/(reports|incidents)/[^/]+/photos/[^/]+")  # so does this: a file comes in parts, each put down as it comes
MOST = 64 * 1024  # bytes of any other body

# Everything from our own files, scripts only with the page's nonce; nothing may frame us, nothing is loaded from another host.
POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Swagger UI writes style attributes; its page shows nothing that a resident wrote.
DOCS_POLICY = POLICY.replace("style-src 'self' 'nonce-{nonce}'", "style-src 'self' 'unsafe-inline'")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # without any, forms would come with `Origin: null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cache-Control": "no-store",
}
_DEFAULTS = tuple((name.lower().encode(), text.encode()) for name, text in HEADERS.items())
HSTS = b"max-age=63072000; includeSubDomains"


class Safety:
    """An ASGI layer around the whole service. `scope["state"]` gets the page's `nonce` and the `request_id`.

    `public_host` is answered beside this machine's own names, and by https only.
    """

    def __init__(self, app: ASGIApp, public_host: str | None = None) -> None:
        self.app, self.public_host = app, public_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["state"] = {**scope.get("state", {}), "nonce": secrets.token_urlsafe(18), "request_id": str(uuid.uuid4())}
        REQUEST.set(scope["state"]["request_id"])

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = headers = list(message["headers"])
                _guard(headers, scope, self.public_host)
            await send(message)

        refusal = _refusal(scope, Headers(scope=scope), self.public_host)
        if refusal:
            LOG.warning("refused: %s %s (%s)", scope["method"], scope["path"], refusal.key)
        answering = errors.answer(refusal, lang_of(Request(scope)), zone_of(Request(scope))) if refusal else self.app
        bounds_itself = scope["path"] == REPORTS or (scope["method"] == "PUT" and PHOTOS.fullmatch(scope["path"]))
        await answering(scope, receive if bounds_itself else _at_most(receive), send_guarded)


def _at_most(receive: Receive) -> Receive:
    """What is read of a body ends with a 413 when it grows too long, whatever the route."""
    read = 0

    async def receive_counted() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MOST:
            raise HTTPException(413)
        return message

    return receive_counted


def _guard(headers: list[tuple[bytes, bytes]], scope: Scope, public_host: str | None) -> None:
    """Add what the answer lacks, as bytes, as it is sent: this is done for every answer there is."""
    state: dict[str, Any] = scope["state"]
    there = {name for name, _ in headers}
    headers += [pair for pair in _DEFAULTS if pair[0] not in there]  # unless the route knows better
    headers.append((b"x-request-id", state["request_id"].encode()))
    if getattr(getattr(scope.get("app"), "state", None), "stopping", False):
        headers.append((b"connection", b"close"))  # the next request finds whoever comes after us
    policy = DOCS_POLICY if scope["path"] == "/docs" else POLICY
    headers.append((b"content-security-policy", policy.format(nonce=state["nonce"]).encode()))
    if state.get("asked"):  # by a route with an action: what is answered may depend on who asks
        headers[:] = [*_without(headers, b"vary"), (b"vary", _varies(headers))]
    if scope["scheme"] == "https" and _name(Headers(scope=scope).get("host", "")) == public_host:
        headers.append((b"strict-transport-security", HSTS))


def _without(headers: list[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    return [pair for pair in headers if pair[0] != name]


def _varies(headers: list[tuple[bytes, bytes]]) -> bytes:
    said = [part.strip() for name, text in headers if name == b"vary" for part in text.split(b",")]
    return b", ".join(dict.fromkeys([*filter(None, said), b"Cookie", b"Authorization"]))


def _refusal(scope: Scope, headers: Headers, public_host: str | None) -> errors.Refusal | None:
    """A host that is not ours (DNS rebinding), the public one without https, or a write from another site's page."""
    host = headers.get("host", "")
    name = _name(host)
    if name not in LOOPBACK and (public_host is None or name != public_host):
        return errors.HostForeign(host=host)
    if name == public_host and scope["scheme"] != "https":
        return errors.HttpsNeeded(host=host)
    origin = headers.get("origin")
    foreign = headers.get("sec-fetch-site") in {"cross-site", "same-site"} or (origin is not None and origin.lower() != _own(scope, host))
    if scope["method"] not in SAFE_METHODS and foreign:
        return errors.OriginForeign(origin=origin or "")
    return None


def _own(scope: Scope, host: str) -> str:
    return f"{scope['scheme']}://{host}".lower()


def _name(host: str) -> str:
    """The host without its port: `[::1]:8000` is ::1."""
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]]+))(?::\d{1,5})?", host)
    return (found[1] or found[2]).lower() if found else ""
