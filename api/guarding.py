"""No route without an action: the service does not start with one."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from api.asker import Doing
from gridmap.access import Action

OPEN_PATHS = frozenset({"/openapi.json", "/static", "/vendor/map", "/vendor/docs"})
"""What has no route of ours behind it: our own files, and the description of the routes."""


class RouteUnguarded(RuntimeError):
    """A fault of ours: a route that names no action, or more than one."""


def action_of(route: BaseRoute) -> Action | None:
    """The action that a route names; None for OPEN_PATHS. RouteUnguarded."""
    path = getattr(route, "path", "")
    if not isinstance(route, APIRoute):
        if path in OPEN_PATHS:
            return None
        raise RouteUnguarded(f"{path} is no route with an action")
    named = {call.action for call in _calls(route.dependant) if isinstance(call, Doing)}
    if len(named) != 1:
        raise RouteUnguarded(f"{path} names {len(named)} actions")
    return named.pop()


def guard(app: FastAPI) -> None:
    """Check every route, and tell its action in the description (`x-gridmap-action`)."""
    for route in app.routes:
        action = action_of(route)
        if isinstance(route, APIRoute) and action:
            route.openapi_extra = {**(route.openapi_extra or {}), "x-gridmap-action": str(action)}


def _calls(dependant: Dependant) -> Iterator[object]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)
