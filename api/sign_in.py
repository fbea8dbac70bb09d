"""Who sends a request."""

from datetime import datetime

from fastapi import Request

from gridmap.access import ANONYMOUS, Actor, operator
from gridmap.flows.act import open_to_all

ACTOR_HEADER = "gridmap-actor"


def identify(request: Request, now: datetime) -> Actor:
    """The actor of this request. Before the first account everybody is the operator, under the name that the header gives."""
    store = request.app.state.store
    if open_to_all(store):
        return operator(request.headers.get(ACTOR_HEADER, "").strip()[:100] or "operator")
    return ANONYMOUS
