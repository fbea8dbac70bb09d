"""Who stands where: the posts of the register, those that are held now, that will be, that were."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.asker import Asker, doing
from api.page import PageRoute, page
from api.places import Places
from gridmap.access import Action
from gridmap.duty import Duty, Post
from gridmap.errors import Refusal
from gridmap.store import people

MOST = 100
STATES = ("held", "coming", "ended")

router = APIRouter(prefix="/posts", include_in_schema=False, route_class=PageRoute)
Word = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class Row:
    post: Post
    worker: str
    area: str
    state: str


@router.get("")
def list_posts(
    *,
    request: Request,
    asked: Annotated[Asker, doing(Action.REGISTER_READ)],
    q: Word = "",
    area: Word = "",
    duty: Word = "",
    state: Word = "held",
    at: Annotated[int, Query(ge=1, le=10_000, alias="page")] = 1,
) -> Response:
    """Posts by area code. `state` is held (now), coming or ended; anything else is all."""
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
    found = [row for row in rows if _fits(row, words, state)]
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
    }
    return page(request, "posts.html", asked, context)


def _row(post: Post, places: Places, asked: Asker) -> Row:
    state = "held" if post.held_at(asked.now) else "coming" if post.since > asked.now else "ended"
    return Row(post, places.worker(post.worker), places.area(post.area), state)


def _fits(row: Row, words: list[str], state: str) -> bool:
    text = f"{row.worker} {row.post.worker} {row.area} {row.post.area}".casefold()
    return (state not in STATES or row.state == state) and all(word in text for word in words)
