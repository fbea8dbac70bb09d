"""The planner's pages: the drafts that there are, a draft's villages, and one village to be moved about in."""

from typing import Annotated, Any
from urllib.parse import quote

import numpy as np
import shapely
from fastapi import APIRouter, Depends, Query, Request, Response

from api.asker import Asker, doing
from api.errors import status_of
from api.forms import posted
from api.page import PageRoute, go, page
from api.routes.drafts import Draft
from api.routes.pages import script_json
from gridmap.access import Action, may
from gridmap.atlas.screen import plan_map
from gridmap.errors import Refusal
from gridmap.flows.draft_village import list_villages, see_village
from gridmap.flows.start_draft import start_draft
from gridmap.store import drafts, editions
from gridmap.words import Lang, texts

WORDS_OF_PLANNING = ("plan.", "fate.", "move.", "ui.link.")

router = APIRouter(include_in_schema=False, route_class=PageRoute)
Form = Annotated[dict[str, str], Depends(posted)]


@router.get("/plan")
def plan_page(
    request: Request,
    asked: Annotated[Asker, doing(Action.DRAFT_READ)],
    published: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """The drafts, and a form to begin another; which edition was `published` just now."""
    return _drafts(request, asked, published=published)


def _drafts(request: Request, asked: Asker, name: str = "", refusal: Refusal | None = None, *, published: int | None = None) -> Response:
    with asked.store.read(asked.scope) as tx:
        found, edition = drafts.heads(tx), editions.number_in_force(tx, asked.now)
    told = refusal.text(asked.lang) if refusal else ""
    changes = may(asked.actor, Action.DRAFT_CHANGE)
    context = {"drafts": found, "edition": edition, "name": name, "told": told, "changes": changes, "published": published}
    return page(request, "planning.html", asked, context, status=status_of(refusal) if refusal else 200)


@router.post("/plan")
def begin_plan(request: Request, asked: Annotated[Asker, doing(Action.DRAFT_CHANGE)], form: Form) -> Response:
    """Begin a draft as a copy of the edition in force, and go to it."""
    name = form.get("name", "")
    try:
        start_draft(asked.store, name, now=asked.now, actor=asked.actor)
    except Refusal as refusal:
        return _drafts(request, asked, name, refusal)
    return go("/plan/" + quote(name, safe=""))


@router.get("/plan/{draft}")
def plan_draft(
    request: Request,
    asked: Annotated[Asker, doing(Action.DRAFT_READ)],
    draft: Draft,
    village: Annotated[str, Query(max_length=50)] = "",
) -> Response:
    """The draft's villages; with one of them named, its map and balance, to be moved about in."""
    revision, villages = list_villages(asked.store, draft, actor=asked.actor)
    told = {"draft": draft, "quoted": quote(draft, safe=""), "revision": revision, "villages": villages}
    if not village:
        return page(request, "plan_draft.html", asked, told)
    seen = see_village(asked.store, draft, village, now=asked.now, actor=asked.actor)
    shapes = np.array([area.shape for area in (seen.ground.village, *seen.ground.cells)], dtype=object)
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    facts: dict[str, Any] = {
        "lang": asked.lang,
        "timezone": str(asked.settings.timezone),
        "now": asked.now.isoformat(),
        "draft": draft,
        "village": village,
        "bounds": [[south, west], [north, east]],
        "may": [str(action) for action in Action if may(asked.actor, action)],
        "csrf": asked.csrf,
        "account": asked.account.name if asked.account else None,
        "words": _words(asked.lang),
    }
    context = told | {"map": plan_map((west, south, east, north)), "facts": script_json(facts), "village": seen.ground.village}
    return page(request, "plan_village.html", asked, context)


def _words(lang: Lang) -> dict[str, str]:
    return {key: text for key, text in texts(lang).items() if key.startswith(WORDS_OF_PLANNING)}
