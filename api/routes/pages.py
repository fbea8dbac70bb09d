"""The pages that people open: the command centre, and the service's own documentation."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.asker import Asker, doing
from api.page import MOST_TO, TO, WEB, PageRoute, go, keep_lang, page
from gridmap.access import Action, may
from gridmap.atlas.screen import command_map
from gridmap.errors import NoEditionInForce
from gridmap.grid import Edition
from gridmap.store import Tx, offices
from gridmap.words import Lang, texts

WORDS_OF_PAGES = ("ui.", "level.", "state.", "clock.", "satisfied.", "standing.")
CHINA = (73.5, 18.0, 135.0, 53.6)  # what the map shows while no land is known
MODULES = sorted(path.name for path in (WEB / "static" / "command").glob("*.js"))  # asked for at once, not one after the other
SWAGGER = "swagger-ui-dist-5.35.0"

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/")
def command_centre(request: Request, asked: Annotated[Asker, doing(Action.INCIDENT_READ, leads=True)]) -> Response:
    """The map with everything that is open, and the list beside it."""
    edition: dict[str, Any] | None = None
    bounds = CHINA
    with asked.store.read(asked.scope) as tx:
        try:
            found = asked.store.edition_in_force(tx, asked.now)
        except NoEditionInForce:
            found = None
        offices_told = _offices(tx, asked)
    if found is not None:
        bounds = _bounds(found, asked)
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
        "may": [str(action) for action in Action if may(asked.actor, action)],
        "csrf": asked.csrf,
        "account": asked.account.name if asked.account else None,
        "offices": offices_told,
        "session": asked.token.id if asked.token else "",
        "words": page_words(asked.lang),
    }
    context = {"map": command_map(bounds), "facts": script_json(facts), "edition": edition, "modules": MODULES}
    return page(request, "command.html", asked, context)


def _offices(tx: Tx, asked: Asker) -> list[dict[str, str]]:
    """The offices that the reader may send something to, or pass a dispute up to."""
    if not any(may(asked.actor, action) for action in (Action.INCIDENT_DISPATCH, Action.INCIDENT_RULE, Action.INCIDENT_HANDLE)):
        return []
    english = asked.lang == "en"
    return [{"code": each.code, "name": each.name_en if english and each.name_en else each.name} for each in offices.all_(tx)]


def _bounds(edition: Edition, asked: Asker) -> tuple[float, float, float, float]:
    """Around the areas whose incidents the reader sees; everything, where that is no smaller."""
    own = [edition.by_code[code].shape.bounds for code in asked.scope.areas if code in edition.by_code]
    if asked.scope.everywhere or asked.scope.offices or not own:
        return edition.bounds
    west, south, east, north = zip(*own, strict=True)
    return min(west), min(south), max(east), max(north)


@router.get("/docs")
def docs(request: Request, asked: Annotated[Asker, doing(Action.SERVICE_USE)]) -> Response:
    """The service's routes, to read and to try (Swagger UI from our own files)."""
    return page(request, "docs.html", asked, {"swagger": SWAGGER})


@router.get("/lang/{lang}")
def choose_language(
    request: Request,
    _asked: Annotated[Asker, doing(Action.SERVICE_USE)],
    lang: Lang,
    to: Annotated[str, Query(pattern=TO, max_length=MOST_TO)] = "/",
) -> Response:
    """Keep the reader's language in a cookie and go back."""
    answer = go(to)
    keep_lang(answer, request, lang)
    return answer


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
