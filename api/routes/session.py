"""Signing in and out for programs and pages, and what whoever is signed in may do. The forms for people are elsewhere."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.asker import Asker, doing
from api.sign_in import Known, browser_of, csrf_of, forget, keep, label_of, network_of
from gridmap.access import Action, Grant, may
from gridmap.flows import sign_in as flow

router = APIRouter(prefix="/api", tags=["session"])

Password = Annotated[str, Field(min_length=1, max_length=1000)]
STRICT = ConfigDict(extra="forbid")
LIMITED: dict[int | str, dict[str, Any]] = {429: {"description": "Too often; Retry-After says when again."}}
REFUSED: dict[int | str, dict[str, Any]] = {401: {"description": "One sentence for every cause."}, **LIMITED}


class SigningIn(BaseModel):
    """Name and password of an account."""

    model_config = STRICT
    name: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password


class Choosing(BaseModel):
    """An invitation, and the password that was chosen."""

    model_config = STRICT
    invitation: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password


class Changing(BaseModel):
    """The password until now, and the one from now on."""

    model_config = STRICT
    old: Password
    new: Password


@router.post("/session", response_class=JSONResponse, responses=REFUSED)
def sign_in(request: Request, asked: Annotated[Asker, doing(Action.SIGN_IN)], signing_in: SigningIn) -> JSONResponse:
    """Sign in: the session comes as a cookie, `csrf` is what each change must show beside it (`X-CSRF-Token`)."""
    signed_in = flow.sign_in(
        asked.store,
        signing_in.name,
        signing_in.password,
        browser=browser_of(request),
        network=network_of(request),
        label=label_of(request),
        now=asked.now,
    )
    return _begun(request, asked, signed_in)


@router.get("/session", response_class=JSONResponse)
def get_session(asked: Annotated[Asker, doing(Action.SELF_READ)]) -> JSONResponse:
    """Who I am, the roles that I hold now and until when, what I may do, and what my changes must show."""
    return JSONResponse(_told(Known(asked.actor, asked.account, asked.token, asked.csrf, asked.open)))


@router.delete("/session", status_code=204)
def sign_out(request: Request, asked: Annotated[Asker, doing(Action.SELF_CHANGE)]) -> Response:
    """End this session, or this phone's token: from the next request on it is nobody's."""
    if asked.token:
        flow.sign_out(asked.store, asked.token.id, actor=asked.actor, now=asked.now)
        request.app.state.live.wake()
    answer = Response(status_code=204)
    forget(answer, request)
    return answer


@router.post("/session/password", status_code=204, responses=REFUSED)
def change_password(request: Request, asked: Annotated[Asker, doing(Action.SELF_CHANGE)], changing: Changing) -> Response:
    """Change my own password. My other sessions and my phones end."""
    mine = asked.token.id if asked.token else None
    flow.change_password(asked.store, changing.old, changing.new, actor=asked.actor, now=asked.now, keep=mine)
    request.app.state.live.wake()
    return Response(status_code=204)


@router.post("/invitation", response_class=JSONResponse, responses=LIMITED)
def accept_invitation(request: Request, asked: Annotated[Asker, doing(Action.SIGN_IN)], choosing: Choosing) -> JSONResponse:
    """Choose a password by an invitation, and be signed in."""
    signed_in = flow.accept_and_sign_in(
        asked.store, choosing.invitation, choosing.password, browser=browser_of(request), label=label_of(request), now=asked.now
    )
    return _begun(request, asked, signed_in)


def _begun(request: Request, asked: Asker, signed_in: flow.SignedIn) -> JSONResponse:
    """A new session in the cookie; the one that the browser had before ends."""
    if asked.token and asked.csrf:
        flow.sign_out(asked.store, asked.token.id, actor=asked.actor, now=asked.now)
    request.app.state.live.wake()
    found = flow.who(asked.store, signed_in.session, now=asked.now)
    if found is None:  # ended in the same moment
        raise flow.SignInRefused
    answer = JSONResponse(_told(Known(found.actor, found.account, found.token, csrf_of(signed_in.session))))
    keep(answer, request, signed_in)
    return answer


def _told(known: Known) -> dict[str, Any]:
    account, token = known.account, known.token
    return {
        "account": account.name if account else None,
        "kind": account.kind if account else None,
        "worker": known.actor.worker,
        "roles": [_grant(grant) for grant in known.actor.grants],
        "may": [str(action) for action in Action if may(known.actor, action)],
        "token": {"id": token.id, "kind": token.kind, "until": token.until.isoformat()} if token else None,
        "csrf": known.csrf,
        "open": known.open,
    }


def _grant(grant: Grant) -> dict[str, Any]:
    return {"role": grant.role, "area": grant.area, "office": grant.office, "until": grant.until.isoformat() if grant.until else None}
