"""No route without an action: the service does not start with one, and its description tells the action of each."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Route

from api import create_app
from api.asker import Asker, doing
from api.guarding import RouteUnguarded, actions, guard
from gridmap.access import Action
from gridmap.store import Store
from tests.serving import some_settings


def nothing() -> None:
    return None


def one(asked: Annotated[Asker, doing(Action.AREA_READ)]) -> None:
    del asked


def two(asked: Annotated[Asker, doing(Action.AREA_READ)], also: Annotated[Asker, doing(Action.INCIDENT_READ)]) -> None:
    del asked, also


async def socket(socket: WebSocket) -> None:
    await socket.accept()


def included(add: Callable[[APIRouter], object]) -> Callable[[FastAPI], object]:
    """The same within a router, within a router."""

    def include(app: FastAPI) -> None:
        inner, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/outer")
        add(inner)
        outer.include_router(inner)
        app.include_router(outer)

    return include


@pytest.mark.parametrize(
    "add",
    [
        lambda app: app.get("/x")(nothing),
        lambda app: app.get("/x")(two),
        lambda app: app.get("/x", include_in_schema=False)(nothing),
        lambda app: app.websocket("/x")(socket),
        lambda app: app.websocket("/static")(socket),
        lambda app: app.mount("/x", Starlette()),
        lambda app: app.mount("/static/x", Starlette()),
        lambda app: app.add_route("/x", nothing),
        lambda app: app.router.routes.append(Route("/static", nothing)),
        included(lambda router: router.get("/x")(nothing)),
        included(lambda router: router.websocket("/x")(socket)),
        included(lambda router: router.mount("/x", Starlette())),
    ],
)
def test_what_names_no_single_action_stops_the_start(add: Callable[[FastAPI], object]) -> None:
    app = FastAPI(docs_url=None, redoc_url=None)
    app.get("/good")(one)
    guard(app)
    add(app)
    with pytest.raises(RouteUnguarded):
        guard(app)


def test_each_operation_of_the_description_tells_its_action(quick: TestClient) -> None:
    named = actions(quick.app)  # type: ignore[arg-type]
    paths = quick.get("/openapi.json").json()["paths"]
    told = {
        (method.upper(), path): operation["x-gridmap-action"] for path, methods in paths.items() for method, operation in methods.items()
    }
    assert told == {way: str(named[way]) for way in told}
    assert told["POST", "/api/incidents/{incident}/steps"] == "incident.read"
    assert len(told) >= 30


def test_the_real_service_has_no_route_beside_those_with_an_action(quick: TestClient) -> None:
    app = quick.app
    assert isinstance(app, FastAPI)
    app.get("/late")(nothing)
    with pytest.raises(RouteUnguarded, match="/late"):
        guard(app)


def test_a_route_added_after_the_service_was_made_stops_its_start(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/gridmap.db") as store:
        app = create_app(store, some_settings())
        app.get("/late")(nothing)
        with pytest.raises(RouteUnguarded, match="/late"), TestClient(app):
            pass
