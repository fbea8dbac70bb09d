"""Out to the county's own sign-in service, and back from it with a session."""

import shlex
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.asker import Asker, doing
from api.errors import status_of
from api.oidc import BEGUN_SECONDS, Oidc, Returned
from api.page import DESK, MOST_TO, PageRoute, go, onward, own_path
from api.routes.sign_in_pages import sign_in_page
from api.sign_in import cookie_name, is_https, keep, label_of
from gridmap.access import Action, Forbidden
from gridmap.errors import NotFound, Refusal
from gridmap.flows.sign_in import SignedIn, SignInRefused, actor_for, sign_in_as, sign_out

KEPT = "gridmap-begun"
START, BACK = "/sign-in/oidc", "/sign-in/oidc/back"

router = APIRouter(include_in_schema=False, route_class=PageRoute)


class SignInServiceMissing(NotFound):
    """No sign-in service is set up; facts: none."""


class AccountNotLinked(Forbidden):
    """Who comes from the sign-in service has no account here, or none that may sign in; facts: name, issuer, subject."""


@router.get(START)
def begin_oidc(
    request: Request, asked: Annotated[Asker, doing(Action.SIGN_IN)], to: Annotated[str, Query(alias="next", max_length=MOST_TO)] = DESK
) -> Response:
    """To the sign-in service; the browser keeps what it must show when it comes back."""
    try:
        begun = _service(request).begin(back=_back(request), to=own_path(to), now=asked.now)
    except Refusal as refusal:
        return _told(request, asked, refusal, to)
    answer = go(begun.url)
    _keep(answer, request, begun.kept, BEGUN_SECONDS)
    return answer


@router.get(BACK)
def end_oidc(request: Request, asked: Annotated[Asker, doing(Action.SIGN_IN)]) -> Response:
    """From the sign-in service with a session, for whose account is linked already; what else it tells of the person is not looked at."""
    try:
        service = _service(request)
        query = request.query_params
        alone = {name: query[name] for name in query if len(query.getlist(name)) == 1}
        returned = service.end(alone, request.cookies.get(cookie_name(request, KEPT), ""), back=_back(request), now=asked.now)
        signed_in = _signed_in(request, asked, service, returned)
    except Refusal as refusal:
        answer = _told(request, asked, refusal)
    else:
        answer = go(onward(returned.to, actor_for(asked.store, signed_in, now=asked.now)))
        keep(answer, request, signed_in)
    _keep(answer, request, "", 0)
    return answer


def _signed_in(request: Request, asked: Asker, service: Oidc, returned: Returned) -> SignedIn:
    """A new session, and the end of the one that this browser had."""
    try:
        signed_in = sign_in_as(asked.store, returned.issuer, returned.subject, label=label_of(request), now=asked.now)
    except SignInRefused as refusal:
        facts = {"issuer": shlex.quote(returned.issuer), "subject": shlex.quote(returned.subject)}
        raise AccountNotLinked(name=service.name, **facts) from refusal
    if asked.token:
        sign_out(asked.store, asked.token.id, actor=asked.actor, now=asked.now)
    return signed_in


def _told(request: Request, asked: Asker, refusal: Refusal, to: str = DESK) -> Response:
    """The sign-in page with the sentence: a name and a password still do."""
    return sign_in_page(request, asked, to, told=refusal.text(asked.lang), status=status_of(refusal))


def _service(request: Request) -> Oidc:
    found: Oidc | None = request.app.state.oidc
    if found is None:
        raise SignInServiceMissing
    return found


def _back(request: Request) -> str:
    """The one address that the service may lead back to: the public one, or the address of this machine that was asked."""
    public = request.app.state.settings.public_url
    return f"{public or f'http://{request.url.netloc}'}{BACK}"


def _keep(answer: Response, request: Request, kept: str, seconds: int) -> None:
    # Lax: it must come along when the service leads back to us, and with no other request of a foreign page.
    secure = is_https(request)
    answer.set_cookie(cookie_name(request, KEPT), kept, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax")
