"""A page: its template in the reader's language, who is signed in, what may be opened from here, and refusals as a person meets them."""

import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from fastapi.templating import Jinja2Templates
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.status import HTTP_404_NOT_FOUND

from api.asker import Asker, SignInAgain, ask, lang_of, now_of, zone_of
from api.errors import TITLES, headers_of, refused_by_the_framework, status_of, validation_problem
from api.sign_in import cookie_name, identify, is_https
from gridmap.access import Action, Actor, Forbidden, SignInNeeded, may
from gridmap.errors import Refusal, Unavailable
from gridmap.version import __version__
from gridmap.words import LANGS, Lang, say, texts

WEB = Path(__file__).parent / "web"
TEMPLATES = Jinja2Templates(WEB / "templates")
YEAR_SECONDS = 31_536_000
TO = r"^/([^/\\\x00-\x20\x7f][^\\\x00-\x20\x7f]*)?$"
"""A path of ours to go on to, never the address of another host."""
MOST_TO = 400
DESK, ACCOUNT, SIGN_IN, USERS = "/", "/account", "/sign-in", "/users"
MENU = (
    (DESK, "desk", Action.INCIDENT_READ),
    ("/posts", "posts", Action.REGISTER_READ),
    ("/plan", "plan", Action.DRAFT_READ),
    ("/print", "print", Action.SHEET_PRINT),
    (USERS, "users", Action.ACCOUNT_READ),
)


def page(request: Request, template: str, asked: Asker, context: Mapping[str, Any], *, status: int = 200, here: str = "") -> Response:
    """The page. `here` is where a change of language comes back to, if the request's own address cannot be asked for again."""
    answer = _answer(request, template, asked.lang, {**_reader(asked), "now": asked.now, **context}, status=status, here=here)
    if request.query_params.get("lang") == asked.lang == lang_of(request):
        keep_lang(answer, request, asked.lang)
    return answer


def keep_lang(answer: Response, request: Request, lang: Lang) -> None:
    """The reader's language, for a year: over https under a name that only this host can set."""
    secure = is_https(request)
    answer.set_cookie(cookie_name(request, "lang"), lang, max_age=YEAR_SECONDS, samesite="strict", path="/", secure=secure, httponly=True)


def go(to: str, **query: str) -> Response:
    """After a form was taken: on to another page, so that loading that one again sends nothing twice."""
    return RedirectResponse(f"{to}?{urlencode(query)}" if query else to, status_code=303)


def own_path(to: str) -> str:
    """`to` if it is a path of ours, else the command centre."""
    return to if len(to) <= MOST_TO and re.fullmatch(TO, to) else DESK


def first_page(actor: Actor) -> str:
    """Where somebody who asked for nothing else begins: the first of these that they may open."""
    return DESK if may(actor, Action.INCIDENT_READ) else USERS if may(actor, Action.ACCOUNT_READ) else ACCOUNT


def onward(to: str, actor: Actor) -> str:
    """Where signing in leads: to what was asked for, if it is a path of ours. The bare address of the service asks for nothing yet."""
    path, first = own_path(to), first_page(actor)
    return first if first != DESK == re.split(r"[?#]", path)[0] else path


class PageRoute(APIRoute):
    """A route whose refusals are pages: the sign-in, a sentence, or one that asks again while the database is away."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_page(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as refusal:
                return await run_in_threadpool(refused, request, refusal)
            except RequestValidationError as fault:
                return await run_in_threadpool(_unusable, request, fault)

        return handle_page


def refused(request: Request, refusal: Refusal) -> Response:
    """What a person sees instead of the page that was asked for."""
    path, asks = request.url.path, request.method == "GET"
    if isinstance(refusal, SignInNeeded):
        query = f"?{request.url.query}" if request.url.query else ""
        return go(SIGN_IN, next=own_path(quote(path) + query) if asks else ACCOUNT)
    if isinstance(refusal, SignInAgain):
        return go(SIGN_IN, again="1", next=ACCOUNT)
    if isinstance(refusal, Forbidden) and asks and path == DESK:
        return go(first_page(_asker(request).actor))
    lang, status = lang_of(request), status_of(refusal)
    context = {"title": say(TITLES.get(status, "error.refusal"), lang), "why": refusal.text(lang, zone_of(request))}
    if isinstance(refusal, Unavailable):
        answer = _answer(request, "away.html", lang, context, status=status, here=path)
    else:
        answer = _answer(request, "refused.html", lang, {**_visitor(request), **context}, status=status, here=path if asks else ACCOUNT)
    answer.headers.update(headers_of(refusal))
    return answer


def _unusable(request: Request, fault: RequestValidationError) -> Response:
    lang = lang_of(request)
    told = validation_problem(list(fault.errors()), lang)
    context = {**_visitor(request), "title": told["title"], "why": told["detail"]}
    return _answer(request, "refused.html", lang, context, status=told["status"], here=DESK)


def _not_there(request: Request, fault: Exception) -> Response:
    """An address that leads nowhere: a page for whoever typed it into a browser, a problem for programs."""
    assert isinstance(fault, HTTPException)
    told = refused_by_the_framework(request, fault)
    if fault.status_code != HTTP_404_NOT_FOUND or "text/html" not in request.headers.get("accept", ""):
        return told
    lang = lang_of(request)
    context = {"title": say(TITLES[HTTP_404_NOT_FOUND], lang), "why": say("error.http_404", lang, path=request.url.path)}
    return _answer(request, "refused.html", lang, {**_visitor(request), **context}, status=HTTP_404_NOT_FOUND, here=DESK)


def install(app: FastAPI) -> None:
    """Answer whoever looks for a page that is not there with a page."""
    app.add_exception_handler(HTTPException, _not_there)


def _visitor(request: Request) -> dict[str, Any]:
    """Who was refused; nobody, where that cannot be said."""
    try:
        return _reader(_asker(request))
    except Refusal:
        return {}


def _asker(request: Request) -> Asker:
    """Who asks, as far as everybody may be known."""
    now = now_of(request)
    return ask(request, Action.SERVICE_USE, identify(request, now), now)


def _reader(asked: Asker) -> dict[str, Any]:
    """Who looks at the page, and the pages that they may open."""
    actor, zone = asked.actor, asked.settings.timezone

    def when(instant: datetime | None) -> Markup:
        if instant is None:
            return Markup("")
        local = instant.astimezone(zone)
        return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(local.isoformat(), f"{local:%Y-%m-%d %H:%M}")

    return {
        "me": actor.name if actor.account else "",
        "menu": [(path, name) for path, name, action in MENU if may(actor, action)],
        "open_to_all": asked.open,
        "may": lambda action: may(actor, Action(action)),
        "csrf": asked.csrf,
        "when": when,
    }


def _answer(request: Request, template: str, lang: Lang, context: Mapping[str, Any], *, status: int, here: str) -> Response:
    def word(key: str, **named: object) -> str:
        return say(key, lang, **named)

    def t(key: str, **named: object) -> str:
        return word(f"ui.{key}", **named)

    def p(key: str, **named: object) -> str:
        return word(f"page.{key}", **named)

    def pm(key: str, **named: Markup) -> Markup:
        return Markup(texts(lang)[f"page.{key}"]).format(**named)

    path, query = request.url.path, request.url.query
    own = quote(here or path) + (f"?{query}" if query and not here else "")
    words = {"lang": lang, "langs": LANGS, "t": t, "p": p, "pm": pm, "say": word}
    place = {"nonce": request.state.nonce, "version": __version__, "path": path, "here": quote(own)}
    answer = TEMPLATES.TemplateResponse(request, template, {**words, **place, **context}, status)
    answer.headers.update({"Cache-Control": "no-store", "Content-Language": lang})
    return answer
