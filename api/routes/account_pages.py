"""One's own account: who one is, what one may do and where, where one is signed in, and the password."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from api.asker import Asker, check_fresh, doing
from api.errors import status_of
from api.forms import posted
from api.page import ACCOUNT, SIGN_IN, PageRoute, go, page
from api.places import Places
from api.powers import powers
from api.sign_in import forget
from gridmap.access import Action, Forbidden, allowed
from gridmap.account import Token, TokenKind
from gridmap.errors import Refusal
from gridmap.flows import sign_in as sign_in_flow
from gridmap.flows import tokens as flow
from gridmap.words import say

router = APIRouter(prefix=ACCOUNT, include_in_schema=False, route_class=PageRoute)

Form = Annotated[dict[str, str], Depends(posted)]
DONE = frozenset({"password", "ended", "others", "invitation"})


@router.get("")
def show_account(
    request: Request, asked: Annotated[Asker, doing(Action.SELF_READ)], done: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """Roles with their areas and terms, what they allow and where it is done, sessions and devices."""
    return _account(request, asked, done=done if done in DONE else "")


@router.post("/phones")
def add_phone(request: Request, asked: Annotated[Asker, doing(Action.SELF_CHANGE)], form: Form) -> Response:
    """A device of one's own: its token is shown this once."""
    check_fresh(asked)
    label = form.get("label", "")
    if not label:
        return _account(request, asked, told={"phone": say("page.phone.needs_label", asked.lang)}, status=422)
    try:
        raw = flow.add_phone(asked.store, label, actor=asked.actor, now=asked.now)
    except Forbidden:
        raise
    except Refusal as refusal:
        return _account(request, asked, told={"phone": refusal.text(asked.lang)}, status=status_of(refusal))
    return _account(request, asked, shown={"label": label, "token": raw})


@router.post("/tokens/{token}/end")
def end_token(request: Request, asked: Annotated[Asker, doing(Action.SELF_CHANGE)], token: str) -> Response:
    """One session or device ends; it is asked to sign in at its next click."""
    flow.end_own(asked.store, token, actor=asked.actor, now=asked.now)
    request.app.state.live.wake()
    if asked.token and token == asked.token.id:
        answer = go(SIGN_IN)
        forget(answer, request)
        return answer
    return go(ACCOUNT, done="ended")


@router.post("/tokens/end-others")
def end_others(request: Request, asked: Annotated[Asker, doing(Action.SELF_CHANGE)]) -> Response:
    """Every session and device ends but this one."""
    for token in _tokens(asked):
        if asked.token is None or token.id != asked.token.id:
            flow.end_own(asked.store, token.id, actor=asked.actor, now=asked.now)
    request.app.state.live.wake()
    return go(ACCOUNT, done="others")


@router.post("/password")
def change_password(request: Request, asked: Annotated[Asker, doing(Action.SELF_CHANGE)], form: Form) -> Response:
    """Another password; the other sessions end."""
    new = form.get("password", "")
    if new != form.get("again", ""):
        return _account(request, asked, told={"password": say("page.password.differ", asked.lang)}, status=422)
    this = asked.token.id if asked.token else None
    try:
        sign_in_flow.change_password(asked.store, form.get("old", ""), new, actor=asked.actor, now=asked.now, keep=this)
    except Refusal as refusal:
        return _account(request, asked, told={"password": refusal.text(asked.lang)}, status=status_of(refusal))
    request.app.state.live.wake()
    return go(ACCOUNT, done="password")


def _account(request: Request, asked: Asker, *, status: int = 200, **more: Any) -> Response:
    with asked.store.read(allowed(asked.actor, Action.SELF_READ)) as tx:
        places = Places.read(asked.store, tx, asked.lang, asked.now)
    context = {
        "account": asked.account,
        "grants": asked.actor.grants,
        "places": places,
        "powers": powers(asked.actor, places),
        "tokens": [token for token in _tokens(asked) if token.kind is not TokenKind.BROWSER],
        "browsers": [token for token in _tokens(asked) if token.kind is TokenKind.BROWSER],
        "this": asked.token.id if asked.token else "",
        "told": {},
        **more,
    }
    return page(request, "account.html", asked, context, status=status, here=ACCOUNT)


def _tokens(asked: Asker) -> list[Token]:
    """Those that still hold and belong to a client; an invitation is none."""
    if asked.account is None:
        return []
    own = flow.own_tokens(asked.store, actor=asked.actor)
    return [token for token in own if token.holds_at(asked.now) and token.kind is not TokenKind.INVITATION]
