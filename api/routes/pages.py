"""The pages that people open: the command centre, and the service's own documentation."""

import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates

from api.asker import Asker, doing, lang_of
from gridmap.access import Action
from gridmap.atlas.screen import command_map
from gridmap.errors import NoEditionInForce, Unavailable
from gridmap.version import __version__
from gridmap.words import LANGS, Lang, say, texts

WEB = Path(__file__).parents[1] / "web"
TEMPLATES = Jinja2Templates(WEB / "templates")
WORDS_OF_PAGES = ("ui.", "level.")
CHINA = (73.5, 18.0, 135.0, 53.6)  # what the map shows while no land is known
YEAR_SECONDS = 31_536_000
MODULES = sorted(path.name for path in (WEB / "static" / "command").glob("*.js"))  # asked for at once, not one after the other
SWAGGER = "swagger-ui-dist-5.35.0"

router = APIRouter(include_in_schema=False)


@router.get("/")
def command_centre(request: Request, asked: Annotated[Asker, doing(Action.INCIDENT_READ)]) -> Response:
    """The map with everything that is open, and the list beside it."""
    edition: dict[str, Any] | None = None
    bounds = CHINA
    try:
        with asked.store.read(asked.scope) as tx:
            found = asked.store.edition_in_force(tx, asked.now)
    except NoEditionInForce:
        found = None
    except Unavailable as refusal:  # a person looks at this: a page that comes back by itself, not a problem as JSON
        return _page(request, "away.html", asked, {"why": refusal.text(asked.lang)}, status_code=503)
    if found is not None:
        bounds = found.bounds
        edition = {
            "number": found.number,
            "seal": found.digest[:16],
            "finest": found.finest,
            "in_force_from": found.in_force_from.isoformat(),
        }
    facts = {
        "lang": asked.lang,
        "timezone": str(asked.settings.timezone),
        "now": asked.now.isoformat(),
        "edition": edition,
        "words": page_words(asked.lang),
    }
    context = {"map": command_map(bounds), "facts": script_json(facts), "edition": edition, "modules": MODULES}
    return _page(request, "command.html", asked, context)


@router.get("/docs")
def docs(request: Request, asked: Annotated[Asker, doing(Action.SERVICE_USE)]) -> Response:
    """The service's routes, to read and to try (Swagger UI from our own files)."""
    return _page(request, "docs.html", asked, {"swagger": SWAGGER})


@router.get("/lang/{lang}")
def choose_language(
    _asked: Annotated[Asker, doing(Action.SERVICE_USE)],
    lang: Lang,
    to: Annotated[str, Query(pattern=r"^/([^/\\].*)?$", max_length=200)] = "/",
) -> Response:
    """Keep the reader's language in a cookie and go back."""
    answer = RedirectResponse(to, status_code=303)
    answer.set_cookie("lang", lang, max_age=YEAR_SECONDS, samesite="strict", path="/")
    return answer


def _page(request: Request, template: str, asked: Asker, context: dict[str, Any], status_code: int = 200) -> Response:
    def t(key: str, **named: object) -> str:
        return say(f"ui.{key}", asked.lang, **named)

    common = {"lang": asked.lang, "langs": LANGS, "t": t, "nonce": request.state.nonce, "version": __version__}
    page = TEMPLATES.TemplateResponse(request, template, {**common, **context}, status_code)
    page.headers.update({"Cache-Control": "no-store", "Content-Language": asked.lang})
    if request.query_params.get("lang") == asked.lang == lang_of(request):
        page.set_cookie("lang", asked.lang, max_age=YEAR_SECONDS, samesite="strict", path="/")
    return page


def page_words(lang: Lang) -> dict[str, str]:
    """The texts that the pages' scripts say."""
    return {key: text for key, text in texts(lang).items() if key.startswith(WORDS_OF_PAGES)}


def script_json(facts: Any) -> str:
    """JSON that can stand inside a <script> element: nothing in it can end the element."""
    told = json.dumps(facts, ensure_ascii=False)
    return (
        told.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
