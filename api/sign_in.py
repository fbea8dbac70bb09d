"""Who sends a request: by the session's cookie, or by a bearer token; and what keeps other sites from using the cookie.

A session is shown as a cookie only, a phone's token or a key as a bearer only: what leaks one way cannot be used the other.
"""

import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request, Response

from api import forwarded
from gridmap.access import ANONYMOUS, Action, Actor, Forbidden, SignInNeeded, operator
from gridmap.account import LASTS, Account, Token, TokenKind
from gridmap.errors import Refusal
from gridmap.flows.act import open_to_all
from gridmap.flows.sign_in import SignedIn, who

LOG = logging.getLogger("gridmap.api")

ACTOR_HEADER = "gridmap-actor"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
SESSION, BROWSER = "gridmap", "gridmap-browser"
BROWSER_SECONDS = int(LASTS[TokenKind.BROWSER].total_seconds())
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SESSIONS = frozenset({TokenKind.SESSION})
BEARERS = frozenset({TokenKind.PHONE, TokenKind.KEY})
LONGEST, LONGEST_BROWSER = 100, 1000  # characters: no token of ours is as long; a browser may keep those of several people
BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac OS X": "macOS", "Linux": "Linux"}


class CsrfMissing(Forbidden):
    """A change that came with the cookie, but without the token that only our own pages know; facts: none."""


@dataclass(frozen=True, slots=True)
class Known:
    """Who asks. `csrf` is what a change must show beside the cookie, "" where no cookie signs anybody in; `open`: nobody signs in yet."""

    actor: Actor = ANONYMOUS
    account: Account | None = None
    token: Token | None = None
    csrf: str = ""
    open: bool = False


def identify(request: Request, now: datetime, *, seen: bool = True) -> Known:
    """Who asks, asked of the database anew each time. SignInNeeded for a bearer token that holds no more, whatever is asked for.

    Before the first account everybody at this machine is the operator, under the name that the header gives. Without `seen` it does
    not count as a use of the session.
    """
    if _is_open(request):
        return Known(operator(request.headers.get(ACTOR_HEADER, "").strip()[:100] or "operator"), open=True)
    by_cookie = _known(request, request.cookies.get(cookie_name(request, SESSION), ""), now, SESSIONS, seen)
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return by_cookie
    by_bearer = _known(request, bearer.strip(), now, BEARERS, seen)
    if by_bearer.token is None:
        raise SignInNeeded(action=str(Action.SIGN_IN))
    return Known(by_bearer.actor, by_bearer.account, by_bearer.token, by_cookie.csrf)


def identify_together(requests: Sequence[Request]) -> list[Known | Refusal]:
    """Who asks each of these, all of which are here already: who shows the same is asked for once."""
    found: dict[tuple[str, ...], Known | Refusal] = {}
    for request in requests:
        shown = _shown(request)
        if shown not in found:
            try:
                found[shown] = identify(request, datetime.now(request.app.state.settings.timezone))
            except SignInNeeded as refusal:
                found[shown] = refusal
    return [found[_shown(request)] for request in requests]


def _shown(request: Request) -> tuple[str, ...]:
    """All by which `identify` tells one request from another."""
    headers = request.headers
    by_proxy = str(any(name in headers for name in forwarded.HEADERS))
    cookie = request.cookies.get(cookie_name(request, SESSION), "")
    return cookie, headers.get("authorization", ""), headers.get(ACTOR_HEADER, ""), by_proxy


def _is_open(request: Request) -> bool:
    """Whether nobody signs in yet. Once an account was made there is always one; and who comes by a proxy is not at this machine."""
    state = request.app.state
    if state.closed or state.settings.public_url or any(name in request.headers for name in forwarded.HEADERS):
        return False
    state.closed = not open_to_all(state.store)
    return not state.closed


def _known(request: Request, raw: str, now: datetime, kinds: frozenset[TokenKind], seen: bool) -> Known:
    found = who(request.app.state.store, raw, now=now, seen=seen) if 0 < len(raw) <= LONGEST else None
    if found is None or found.token.kind not in kinds:
        return Known()
    return Known(found.actor, found.account, found.token, csrf_of(raw) if found.token.kind is TokenKind.SESSION else "")


def csrf_of(session: str, salt: str = "") -> str:
    """What a session's pages show beside the cookie: only who has the session's token can make it. Another one each time, so that an
    answer's length when compressed tells nothing of it."""
    salt = salt or secrets.token_hex(8)
    return f"{salt}.{hmac.new(session.encode(), f'csrf {salt}'.encode(), hashlib.sha256).hexdigest()}"


def check_csrf(request: Request, known: Known, form: dict[str, str], action: Action) -> None:
    """CsrfMissing for a change by cookie that no page of ours sent. Signing in uses nobody's cookie."""
    if request.method in SAFE_METHODS or not known.csrf or action is Action.SIGN_IN:
        return
    shown = request.headers.get(CSRF_HEADER) or form.get(CSRF_FIELD, "")
    right = csrf_of(request.cookies[cookie_name(request, SESSION)], shown.partition(".")[0])
    if not hmac.compare_digest(shown.encode(), right.encode()):
        LOG.warning("refused: a change (%s) by %s without what our pages show", action.value, known.actor.name)
        raise CsrfMissing


def keep(response: Response, request: Request, signed_in: SignedIn) -> None:
    """Hand the browser its session, and the token by which it is known again."""
    _set(response, request, SESSION, signed_in.session)
    if signed_in.browser:
        _set(response, request, BROWSER, signed_in.browser, BROWSER_SECONDS)


def forget(response: Response, request: Request) -> None:
    """Take the session back from the browser, with all that its pages kept; it stays known as a browser that signed in before."""
    _set(response, request, SESSION, "", 0)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def _set(response: Response, request: Request, name: str, text: str, seconds: int | None = None) -> None:
    # Lax: a Strict one would not come along when a sign-in elsewhere leads back to us.
    secure = is_https(request)
    response.set_cookie(cookie_name(request, name), text, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")


def cookie_name(request: Request, name: str) -> str:
    """Over https a name that only this host can set, with Secure and for every path."""
    return f"__Host-{name}" if is_https(request) else name


def is_https(request: Request) -> bool:
    return request.url.scheme == "https"


def browser_of(request: Request) -> str | None:
    """The tokens by which this browser is known to those who signed in there before."""
    return request.cookies.get(cookie_name(request, BROWSER), "")[:LONGEST_BROWSER] or None


def network_of(request: Request) -> str:
    """Where the request comes from, as far as it can be trusted: a network, because single addresses are changed too easily."""
    return forwarded.network_around(request.client.host) if request.client else ""


def label_of(request: Request) -> str:
    """What the list of sessions calls this browser: its kind and system, and no more of what it told."""
    agent = request.headers.get("user-agent", "")
    words = (next((name for mark, name in table.items() if mark in agent), "") for table in (BROWSERS, SYSTEMS))
    return ", ".join(word for word in words if word) or re.sub(r"[^\w./ -]", "", agent)[:40]
