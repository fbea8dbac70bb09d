"""Whether the service lives, and whether it can work."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.asker import Asker, doing
from gridmap.access import Action, allowed
from gridmap.errors import NoEditionInForce, Unavailable
from gridmap.version import __version__

router = APIRouter(tags=["health"])


@router.get("/healthz")
def get_health(_asked: Annotated[Asker, doing(Action.SERVICE_USE, anyway=True)]) -> dict[str, str]:
    """The process answers; nothing else is asked."""
    return {"status": "ok", "version": __version__}


@router.get("/readyz", responses={503: {"description": "A part that is needed is missing; `checks` says which."}})
def get_readiness(asked: Annotated[Asker, doing(Action.SERVICE_USE, anyway=True)]) -> JSONResponse:
    """The database answers with the right schema, and an edition is in force."""
    checks: dict[str, Any] = {"database": asked.store.dialect, "edition": None}
    try:
        with asked.store.read(allowed(asked.actor, Action.AREA_READ)) as tx:
            checks["edition"] = asked.store.edition_in_force(tx, asked.now).number
    except (Unavailable, NoEditionInForce) as refusal:
        return JSONResponse({"status": "not ready", "checks": checks, "detail": refusal.text(asked.lang)}, status_code=503)
    return JSONResponse({"status": "ready", "checks": checks})
