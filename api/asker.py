"""Who asks, in which language, and when: what every route needs from its request."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Depends, Request

from api.sign_in import identify
from gridmap.access import Action, Actor, Scope, allowed
from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.words import LANGS, Lang


@dataclass(frozen=True, slots=True)
class Asker:
    """The request's store and settings, the reader's language, who acts, how far, and the clock."""

    store: Store
    settings: Settings
    lang: Lang
    actor: Actor
    scope: Scope
    now: datetime


def lang_of(request: Request) -> Lang:
    """`?lang=`, else the cookie that the page's toggle sets, else the browser's order of preference, else the house's."""
    for named in (request.query_params.get("lang"), request.cookies.get("lang")):
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
    """A route's dependency that names its action: the request goes no further where its actor may not do it."""

    action: Action

    def __call__(self, request: Request) -> Asker:
        state = request.app.state
        now = datetime.now(state.settings.timezone)  # numbers bear the county's year
        actor = identify(request, now)
        return Asker(state.store, state.settings, lang_of(request), actor, allowed(actor, self.action), now)


def doing(action: Action) -> Any:
    """What a route's `asked` is annotated with: the one action that it does."""
    return Depends(Doing(action))
