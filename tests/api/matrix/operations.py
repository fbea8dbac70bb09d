"""Every operation that the service describes, and every value that its parameters are asked with; what is not known here fails."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from api.guarding import action_of
from tests.api.matrix.world import C111, C113, C211, C311, T1, T2, T3, UNKNOWN, V11, V12, V22, World

UNKNOWN_ID = "019c0000-0000-7000-8000-00000000dead"
UNKNOWN_NUMBER = "2026-999999"
AREAS = (T1, T2, T3, V11, V12, V22, C111, C113, C211, C311, UNKNOWN)
BOXES = ("113.0,28.0,113.01,28.01", "113.04,28.0,113.08,28.02", "113.0,28.01,113.02,28.02", "113.08,28,113.1,28.02", "-180,-90,180,90", "x")


class Unknown(AssertionError):
    """An operation or a parameter that nobody thought about here."""


@dataclass(frozen=True)
class Operation:
    """One method of one path, as the description tells it."""

    name: str
    method: str
    path: str
    action: str
    in_path: tuple[str, ...]
    in_query: tuple[str, ...]
    in_header: tuple[str, ...]
    required: tuple[str, ...]  # of the query


def operations(app: FastAPI) -> tuple[Operation, ...]:
    """Those of the OpenAPI document, and the pages, which it leaves out. Unknown: one that names no action."""
    described = [_described(path, method, told) for path, methods in app.openapi()["paths"].items() for method, told in methods.items()]
    known = {(each.method, each.path) for each in described}
    hidden = [(route, method) for route in iter_route_contexts(app.routes) if action_of(route) for method in sorted(route.methods or ())]
    return (*described, *(_page(route, method) for route, method in hidden if (method, route.path_format) not in known))


def _described(path: str, method: str, told: dict[str, Any]) -> Operation:
    if not told.get("x-gridmap-action"):
        raise Unknown(f"{method} {path} names no action")

    def named(place: str, *, must: bool = False) -> tuple[str, ...]:
        return tuple(each["name"] for each in told.get("parameters", ()) if each["in"] == place and (each.get("required") or not must))

    where = (named("path"), named("query"), named("header"))
    return Operation(told["operationId"], method.upper(), path, told["x-gridmap-action"], *where, named("query", must=True))


def _page(route: RouteContext, method: str) -> Operation:
    flat = route.dependant
    query = tuple(each.alias for each in flat.query_params)
    must = tuple(each.alias for each in flat.query_params if each.field_info.is_required())
    where = (tuple(each.alias for each in flat.path_params), query, tuple(each.alias for each in flat.header_params))
    path = route.path_format or ""
    return Operation(f"{method} {path}", method, path, str(action_of(route)), *where, must)


def in_path(world: World, operation: Operation, name: str) -> tuple[str, ...]:
    """The values that this part of the path is asked with."""
    ids = tuple(row.id for row in world.rows)
    known: dict[str, tuple[str, ...]] = {
        "incident": (*ids, *(row.number for row in world.rows), UNKNOWN_ID, UNKNOWN_NUMBER, "x"),
        "code": AREAS,
        "report": (*(row.report for row in world.rows), UNKNOWN_ID, "x"),
        "job": (UNKNOWN_ID, "x"),
        "village": AREAS,
        "name": (*(f"yyy{person}qqq" for person in world.account_of), "nobody-of-this-name"),
        "grant": (*world.grants.values(), UNKNOWN_ID),
        "token": (*world.token_ids.values(), UNKNOWN_ID),
        "draft": ("none",),
        "sha256": ("0" * 64, "x"),
    }
    if operation.path.startswith("/invitation/"):
        return (*(raw for raw in world.tokens.values() if raw.startswith("gmi_")), "gmi_unknown")
    if operation.path.startswith("/lang/"):
        return "en", "zh"
    if name not in known:
        raise Unknown(f"{operation.name}: nobody knows what the path's {name} is asked with")
    return known[name]


def in_query(world: World, operation: Operation, name: str) -> tuple[str, ...]:
    """The values that this parameter of the query is asked with; the first where it is required."""
    after = (
        ("0", "20", str(10**9))
        if operation.name in {"follow_incidents", "list_history"}
        else (*(row.number for row in world.rows), UNKNOWN_NUMBER)
    )
    known: dict[str, tuple[str, ...]] = {
        "state": ("triage", "dispatched", "closed", "open", "held", "active", "x"),
        "bbox": BOXES,
        "area": AREAS,
        "after": after,
        "limit": ("1", "3", "1000", "0"),
        "supervised": ("true", "false", "x"),
        "owed": ("true", "x"),
        "order": ("newest", "due", "x"),
        "standing": ("pending", "sent", "parked", "x"),
        "metres": ("0", "1000", "1001"),
        "hours": ("0", "744", "745"),
        "level": ("cell", "village", "township"),
        "zoom": ("17", "10"),
        "edition": ("1", "2", "3"),
        "seal": ("x",),
        "at": ("2025-01-01T00:00:00Z", "2026-06-01T00:00:00Z"),
        "kind": ("barrier", "bridge", "street"),
        "lon": ("113.004", "113.05", "0"),
        "lat": ("28.004", "90"),
        "datum": ("wgs84", "gcj02"),
        "accuracy": ("20", "900"),
        "to": ("/", "//x"),
        "next": ("/", "/users", "//x"),
        "done": ("ended", "x"),
        "issue": ("E0113", "D02", "x"),
        "who": ("yyydispatchert1qqq", "zzz00intake"),
        "what": ("receive", "contact."),
        "subject": ("account:yyybareqqq", "incident:"),
        "since": ("2026-01-01T00:00:00Z",),
        "until": ("2026-01-01T00:00:00Z", "x"),
        "format": ("csv", "ndjson", "json", "x"),
        "again": ("x",),
        "q": ("yyy", "W111", "zzz"),
        "role": ("dispatcher", "x"),
        "duty": ("worker", "x"),
        "page": ("1", "2", "0"),
        "book": ("village", "x"),
        "code": (V11, V22, UNKNOWN),
        "paper": ("A5", "x"),
        "size": ("small", "large", "x"),
        "scale": ("20000", "x"),
        "said": ("en", "x"),
        "variant": ("public", "internal"),
        "e": ("1", "2", "9"),
        "village": (V11, "none"),
        "published": ("1", "0"),
    }
    if name not in known:
        raise Unknown(f"{operation.name}: nobody knows what ?{name}= is asked with")
    return known[name]


IN_HEADER = frozenset({"last-event-id", "if-match", "if-none-match", "Content-Range"})


def questions(world: World, operation: Operation) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Path and query of every question: each value of the path, then each value of each parameter, one at a time."""
    if unknown := set(operation.in_header) - IN_HEADER:
        raise Unknown(f"{operation.name}: nobody knows the header {unknown}")
    must = {name: in_query(world, operation, name)[0] for name in operation.required}
    first = {name: in_path(world, operation, name)[0] for name in operation.in_path}
    yield first, must
    for name in operation.in_path:
        yield from (({**first, name: value}, must) for value in in_path(world, operation, name)[1:])
    for name in operation.in_query:
        yield from ((first, {**must, name: value}) for value in in_query(world, operation, name))
