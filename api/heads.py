"""HEAD, as load balancers and monitors ask it: the head of what GET would answer, and nothing after it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

WITHOUT = "/api/"
"""Takes no HEAD: a program's route would do its whole work for nothing, and the live stream would never end."""


class Heads:
    """An ASGI layer: HEAD of a page, a file or the service's health is asked as GET, so the route with its action answers both."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        asked = scope if scope["path"].startswith(WITHOUT) else {**scope, "method": "GET"}
        await self.app(asked, receive, send_head)
