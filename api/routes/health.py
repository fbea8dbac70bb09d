"""Whether the service lives, whether it can work, and what it counts."""

import logging
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.asker import Asker, doing
from api.sign_in import identify
from api.tasks import SERVICE
from gridmap.access import Action, allowed, may
from gridmap.errors import NoEditionInForce, Refusal, Unavailable
from gridmap.store.readiness import why_not_ready
from gridmap.version import __version__
from gridmap.words import Sayable, Sentence

router = APIRouter(tags=["health"])
LOG = logging.getLogger("gridmap.api")


@router.get("/healthz")
def get_health(_asked: Annotated[Asker, doing(Action.SERVICE_USE, anyway=True)]) -> dict[str, str]:
    """The process answers; nothing else is asked."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz", responses={503: {"description": "Nothing should be sent here now. Whoever is signed in is told why."}})
def get_readiness(request: Request, asked: Annotated[Asker, doing(Action.SERVICE_USE, anyway=True)]) -> JSONResponse:
    """The database keeps what it acknowledges, has the right schema and its walls, an edition is in force, and the service goes on."""
    checks: dict[str, Any] = {"database": asked.store.dialect, "edition": None}
    why = _why_not(request, asked, checks)
    _note(request, why)
    if not why:
        return JSONResponse({"status": "ready", "checks": checks})
    told = {"detail": " ".join(each.text(asked.lang) for each in why), "checks": checks} if _watches(request, asked) else {}
    return JSONResponse({"status": "not ready", **told}, status_code=503)


def _why_not(request: Request, asked: Asker, checks: dict[str, Any]) -> tuple[Sayable, ...]:
    if request.app.state.stopping:
        return (Sentence("ready.stopping"),)
    try:
        why = why_not_ready(asked.store, allowed(asked.actor, Action.SERVICE_USE))
        with asked.store.read(allowed(asked.actor, Action.AREA_READ)) as tx:
            checks["edition"] = asked.store.edition_in_force(tx, asked.now).number
    except (Unavailable, NoEditionInForce) as refusal:
        return (refusal,)
    return why


def _watches(request: Request, asked: Asker) -> bool:
    """Whether the asker may know why. While the database is away nobody is known, and the log alone tells."""
    try:
        return may(identify(request, asked.now, seen=False).actor, Action.SERVICE_WATCH)
    except Refusal:
        return False


def _note(request: Request, why: tuple[Sayable, ...]) -> None:
    """Tell the log when it became so, not each time that somebody asks."""
    said = tuple(each.text() for each in why)
    if said != getattr(request.app.state, "unready", ()):
        request.app.state.unready = said
        for each in said or ("ready again",):
            LOG.warning("not ready: %s", each) if said else LOG.warning(each)


@router.get("/metrics", response_class=Response)
def get_metrics(request: Request, asked: Annotated[Asker, doing(Action.SERVICE_WATCH)]) -> Response:
    """Counters of this process and of its database for Prometheus, for whoever has an account: a key without any grant is enough."""
    return Response(request.app.state.metrics.text(asked.store, SERVICE), media_type=CONTENT_TYPE_LATEST)
