"""Signing in and out, and choosing a password: the pages of somebody whom the service does not know yet."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from api.asker import Asker, doing
from api.errors import status_of
from api.forms import posted
from api.page import ACCOUNT, DESK, MOST_TO, SIGN_IN, PageRoute, go, onward, own_path, page
from api.sign_in import browser_of, forget, keep, label_of, network_of
from gridmap.access import Action
from gridmap.errors import Refusal
from gridmap.flows import sign_in as flow
from gridmap.words import say

router = APIRouter(include_in_schema=False, route_class=PageRoute)

Form = Annotated[dict[str, str], Depends(posted)]
Next = Annotated[str, Query(alias="next", max_length=MOST_TO)]


@router.get("/sign-in")
def show_sign_in(request: Request, asked: Annotated[Asker, doing(Action.SIGN_IN)], to: Next = DESK, again: bool = False) -> Response:
    """Name and password, or the county's own sign-in; who is signed in already goes on."""
    if asked.open or (asked.account and not again):
        return go(onward(to, asked.actor))
    return sign_in_page(request, asked, to, told="")


@router.post("/sign-in")
def sign_in(request: Request, asked: Annotated[Asker, doing(Action.SIGN_IN)], form: Form) -> Response:
    """Into the cookie, and on to where the reader wanted to go; one sentence for whatever was wrong."""
    name, password, to = form.get("name", ""), form.get("password", ""), form.get("next", DESK)
    if not name or not password:
        return sign_in_page(request, asked, to, name=name, told=say("page.sign_in.both", asked.lang), status=422)
    try:
        signed_in = flow.sign_in(
            asked.store, name, password, browser=browser_of(request), network=network_of(request), label=label_of(request), now=asked.now
        )
    except Refusal as refusal:
        return sign_in_page(request, asked, to, name=name, told=refusal.text(asked.lang), status=status_of(refusal))
    return _begun(request, asked, signed_in, onward(to, flow.actor_for(asked.store, signed_in, now=asked.now)))


@router.post("/sign-out")
def sign_out(request: Request, asked: Annotated[Asker, doing(Action.SELF_CHANGE)]) -> Response:
    """The session ends on the server, not only in this browser."""
    if asked.token:
        flow.sign_out(asked.store, asked.token.id, actor=asked.actor, now=asked.now)
        request.app.state.live.wake()
    answer = go(SIGN_IN)
    forget(answer, request)
    return answer


@router.get("/invitation/{token}")
def show_invitation(request: Request, asked: Annotated[Asker, doing(Action.SIGN_IN)], token: str) -> Response:
    """Where somebody who was invited chooses a password."""
    return _invitation(request, asked, token)


@router.post("/invitation/{token}")
def accept_invitation(request: Request, asked: Annotated[Asker, doing(Action.SIGN_IN)], token: str, form: Form) -> Response:
    """The password is kept, and whoever chose it is signed in."""
    password = form.get("password", "")
    if password != form.get("again", ""):
        return _invitation(request, asked, token, told=say("page.password.differ", asked.lang), status=422)
    try:
        signed_in = flow.accept_and_sign_in(
            asked.store, token, password, browser=browser_of(request), label=label_of(request), now=asked.now
        )
    except Refusal as refusal:
        return _invitation(request, asked, token, told=refusal.text(asked.lang), status=status_of(refusal))
    return _begun(request, asked, signed_in, f"{ACCOUNT}?done=invitation")


def _begun(request: Request, asked: Asker, signed_in: flow.SignedIn, to: str) -> Response:
    """On with a new session; the one that the browser had before ends."""
    if asked.token and asked.csrf:
        flow.sign_out(asked.store, asked.token.id, actor=asked.actor, now=asked.now)
    request.app.state.live.wake()
    answer = go(to)
    keep(answer, request, signed_in)
    return answer


def sign_in_page(request: Request, asked: Asker, to: str, *, name: str = "", told: str = "", status: int = 200) -> Response:
    """The page itself, with the sentence that says why nobody is signed in."""
    context = {"next": own_path(to), "name": name, "told": told, "oidc": request.app.state.oidc, "again": asked.account}
    return page(request, "sign_in.html", asked, context, status=status, here=SIGN_IN if request.method == "POST" else "")


def _invitation(request: Request, asked: Asker, token: str, *, told: str = "", status: int = 200) -> Response:
    account = flow.invited(asked.store, token, now=asked.now)
    context = {"whose": account.name if account else "", "told": told if account else ""}
    return page(request, "invitation.html", asked, context, status=status if account else 404)
