"""No route without an action: the service does not start with one."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import Mount, Route

from api.asker import Doing
from api.refusals import describe_refusals
from gridmap.access import Action

OPEN_PATHS: dict[str, type[Mount | Route]] = {"/openapi.json": Route, "/static": Mount, "/vendor/map": Mount, "/vendor/docs": Mount}
"""What has no route of ours behind it: our own files, and the description of the routes."""


class RouteUnguarded(RuntimeError):
    """A fault of ours: a route that names no action, or more than one; or what is no route of ours at all."""


def action_of(route: RouteContext) -> Action | None:
    """The action that a route names; None for OPEN_PATHS. RouteUnguarded."""
    path = route.path or ""
    if not isinstance(route.original_route, APIRoute):
        if path in OPEN_PATHS and type(route.original_route) is OPEN_PATHS[path]:
            return None
        raise RouteUnguarded(f"{path or route.original_route!r} is no route with an action")
    named = {call.action for call in _calls(route.dependant) if isinstance(call, Doing)}
    if len(named) != 1:
        raise RouteUnguarded(f"{path} names {len(named)} actions")
    return named.pop()


def actions(app: FastAPI) -> dict[tuple[str, str], Action]:
    """The action of each method and path. RouteUnguarded."""
    named = [(route, action_of(route)) for route in iter_route_contexts(app.routes)]
    return {(method, route.path_format or ""): action for route, action in named if action for method in route.methods or ()}


def at_start(also: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """A lifespan that checks every route once more before another one begins: something may have been added since."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        actions(app)
        async with also(app):
            yield

    return lifespan


def guard(app: FastAPI) -> None:
    """Check every route, and tell its action (`x-gridmap-action`) and how it refuses in the description."""
    named, describe = actions(app), app.openapi

    def openapi() -> dict[str, Any]:
        described = describe()
        describe_refusals(described)
        for (method, path), action in named.items():
            operation = described["paths"].get(path, {}).get(method.lower())
            if operation is not None:
                operation["x-gridmap-action"] = str(action)
        return described

    vars(app)["openapi"] = openapi  # FastAPI's own way to change the description


def _calls(dependant: Dependant) -> Iterator[object]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)
