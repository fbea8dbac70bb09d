"""Who asks, in which language, and when: what every route needs from its request."""

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import Depends, Request

from api.forms import posted
from api.sign_in import Known, check_csrf, cookie_name, identify
from gridmap.access import Action, Actor, Forbidden, Scope, allowed
from gridmap.account import Account, Token, TokenKind
from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.words import LANGS, Lang

LOG = logging.getLogger("gridmap.api")


FRESH = timedelta(minutes=15)


class SignInAgain(Forbidden):
    """The session began too long ago for this: sign in again; facts: none."""


@dataclass(frozen=True, slots=True)
class Asker:
    """The request's store and settings, the reader's language, who acts, how far, and the clock.

    `account` and `token` are those that signed the request, if any did; `csrf` is what its pages must show with a change; `open`
    says that nobody signs in yet.
    """

    store: Store
    settings: Settings
    lang: Lang
    actor: Actor
    scope: Scope
    now: datetime
    account: Account | None = None
    token: Token | None = None
    csrf: str = ""
    open: bool = False


def lang_of(request: Request) -> Lang:
    """`?lang=`, else the cookie that the page's toggle sets, else the browser's order of preference, else the house's."""
    for named in (request.query_params.get("lang"), request.cookies.get(cookie_name(request, "lang"))):
        for lang in LANGS:
            if lang == named:
                return lang
    for wanted in _by_preference(request.headers.get("accept-language", "")):
        for lang in LANGS:
            if wanted.split("-")[0] == lang:
                return lang
    settings: Settings = request.app.state.settings
    return settings.lang


def _by_preference(header: str) -> list[str]:
    """The tags of an Accept-Language header, the best liked first (RFC 9110, 12.5.4)."""
    found = re.findall(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)(?:\s*;\s*q=([01](?:\.\d{0,3})?))?", header)
    return [tag.lower() for tag, weight in sorted(found, key=lambda pair: -float(pair[1] or 1)) if weight != "0"]


@dataclass(frozen=True, slots=True)
class Doing:
    """A route's dependency that names its action: the request goes no further where its actor may not do it.

    `anyway` is for what must answer while the database is away: nobody is identified there. `leads` is for the address that everybody
    opens first: whoever may not stay is led on to a page of their own, and did nothing that a log should tell.
    """

    action: Action
    anyway: bool = False
    leads: bool = False

    def __call__(self, request: Request, form: Annotated[dict[str, str], Depends(posted)]) -> Asker:
        request.state.asked = True
        now = now_of(request)
        known = Known() if self.anyway else identify(request, now)
        check_csrf(request, known, form, self.action)
        return ask(request, self.action, known, now, told=not self.leads)


def ask(request: Request, action: Action, known: Known, now: datetime, *, told: bool = True) -> Asker:
    """What the route gets for somebody who is known; SignInNeeded, Forbidden, which the log is `told`."""
    state = request.app.state
    try:
        scope = allowed(known.actor, action)
    except Forbidden:
        if known.account and told:  # who is nobody yet is only asked to sign in
            LOG.warning("refused: %s is not allowed %s", known.actor.name, action.value)
        raise
    return Asker(state.store, state.settings, lang_of(request), known.actor, scope, now, known.account, known.token, known.csrf, known.open)


def check_fresh(asked: Asker) -> None:
    """What outlives a session is made by one that has just begun, not by a browser that was left open. SignInAgain.

    Forbidden by any other token: a phone makes no phone.
    """
    if asked.token is None:
        return
    if asked.token.kind is not TokenKind.SESSION:
        raise Forbidden(action=asked.scope.action)
    if asked.now - asked.token.made_at > FRESH:
        raise SignInAgain


def zone_of(request: Request) -> ZoneInfo:
    """The county's zone, in which people read instants."""
    settings: Settings = request.app.state.settings
    return settings.timezone


def now_of(request: Request) -> datetime:
    """The clock, in the county's zone: numbers bear its year."""
    return datetime.now(zone_of(request))


def doing(action: Action, *, anyway: bool = False, leads: bool = False) -> Any:
    """What a route's `asked` is annotated with: the one action that it does."""
    return Depends(Doing(action, anyway, leads))
