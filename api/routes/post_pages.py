"""Who stands where: the posts of the register, those that are held now, that will be, that were."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from api.asker import Asker, doing
from api.errors import status_of
from api.forms import day, posted
from api.page import PageRoute, go, page
from api.places import Places
from gridmap.access import Action, Forbidden
from gridmap.duty import Duty, Post
from gridmap.errors import Refusal
from gridmap.flows.end_post import PostMissing, end_post, key_of, post_named
from gridmap.store import people

MOST = 100
STATES = ("held", "coming", "ended")
RANKS = {duty: rank for rank, duty in enumerate(Duty)}

router = APIRouter(prefix="/posts", include_in_schema=False, route_class=PageRoute)
Word = Annotated[str, Query(max_length=100)]
Form = Annotated[dict[str, str], Depends(posted)]


@dataclass(frozen=True, slots=True)
class Row:
    post: Post
    worker: str
    area: str
    state: str

    @property
    def ending(self) -> str:
        """Where it is ended."""
        return f"/posts/end?{urlencode(key_of(self.post))}"


@router.get("")
def list_posts(
    *,
    request: Request,
    asked: Annotated[Asker, doing(Action.REGISTER_READ)],
    q: Word = "",
    area: Word = "",
    duty: Word = "",
    state: Word = "held",
    done: Word = "",
    at: Annotated[int, Query(ge=1, le=10_000, alias="page")] = 1,
) -> Response:
    """Posts by area code, and of one area by duty: the worker first. `state` is held (now), coming or ended; anything else is all."""
    with asked.store.read(asked.scope) as tx:
        places = Places.read(asked.store, tx, asked.lang, asked.now)
        posts = people.posts(tx)
    told, code = "", None
    try:
        code = places.area_of(area.strip())
    except Refusal as refusal:
        told, posts = refusal.text(asked.lang), ()
    rows = [
        _row(post, places, asked) for post in posts if (not duty or post.duty == duty) and (code is None or places.lies_in(post.area, code))
    ]
    words = q.casefold().split()
    found = sorted((row for row in rows if _fits(row, words, state)), key=lambda row: (row.post.area, RANKS[row.post.duty], row.post.since))
    last = max(1, -(-len(found) // MOST))
    at = min(at, last)
    context = {
        "found": found[(at - 1) * MOST : at * MOST],
        "many": len(found),
        "at": at,
        "last": last,
        "places": places,
        "sift": {"q": q.strip(), "area": area.strip(), "duty": duty, "state": state},
        "duties": list(Duty),
        "states": STATES,
        "told": told,
        "done": done == "ended",
    }
    return page(request, "posts.html", asked, context)


@router.get("/end")
def show_end(request: Request, asked: Annotated[Asker, doing(Action.REGISTER_CHANGE)]) -> Response:
    """One post, and when and why it is to end."""
    return _ending(request, asked, dict(request.query_params), {})


@router.post("/end")
def end(request: Request, asked: Annotated[Asker, doing(Action.REGISTER_CHANGE)], form: Form) -> Response:
    """It ends; the roles that came with it hold no longer."""
    try:
        last = day(form.get("until", ""), asked.settings.timezone)
        until = last and last + timedelta(days=1)
        end_post(asked.store, post_named(form), until=until, reason=form.get("reason", ""), actor=asked.actor, now=asked.now)
    except (Forbidden, PostMissing):
        raise
    except Refusal as refusal:
        return _ending(request, asked, form, form, told=refusal.text(asked.lang), status=status_of(refusal))
    request.app.state.live.wake()
    return go("/posts", area=form.get("area", ""), state="all", done="ended")


def _ending(request: Request, asked: Asker, key: dict[str, str], kept: dict[str, str], *, told: str = "", status: int = 200) -> Response:
    named = post_named(key)
    with asked.store.read(asked.scope) as tx:
        places = Places.read(asked.store, tx, asked.lang, asked.now)
        found = [each for each in people.posts(tx, areas=[named.area], worker=named.worker) if key_of(each) == key_of(named)]
    if not found:
        raise PostMissing(worker=named.worker, area=named.area)
    row = _row(found[0], places, asked)
    context = {"row": row, "key": key_of(found[0]), "kept": kept, "told": told}
    here = "" if request.method == "GET" else "/posts"
    return page(request, "end_post.html", asked, context, status=status, here=here)


def _row(post: Post, places: Places, asked: Asker) -> Row:
    state = "held" if post.held_at(asked.now) else "coming" if post.since > asked.now else "ended"
    return Row(post, places.worker(post.worker), places.area(post.area), state)


def _fits(row: Row, words: list[str], state: str) -> bool:
    text = f"{row.worker} {row.post.worker} {row.area} {row.post.area}".casefold()
    return (state not in STATES or row.state == state) and all(word in text for word in words)
