"""What yields when more reports come in than can be kept at once: maps and exports are asked for again, a report may be sent but once."""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors
from api.asker import lang_of, zone_of
from api.gathering import Crowded, Gathering

YIELDING = ("/api/land", "/api/areas", "/api/public/", "/api/history", "/vendor/map")
"""Large answers that their askers can wait for."""
AT_ONCE = 16  # of them: threads remain for desks and their steps
SHARE = 8  # of the places for reports, one in so many taken is pressure


class Pressure:
    """An ASGI layer: what yields is answered 503 with Retry-After while reports wait, or while enough of the same is under way."""

    def __init__(self, app: ASGIApp, intake: Gathering[object, object]) -> None:
        self.app, self.intake = app, intake
        self.under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(YIELDING):
            await self.app(scope, receive, send)
        elif self.under_way >= AT_ONCE or self.intake.waiting * SHARE > self.intake.most:
            request = Request(scope)
            await errors.answer(Crowded(), lang_of(request), zone_of(request))(scope, receive, send)
        else:
            self.under_way += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self.under_way -= 1
