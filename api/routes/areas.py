"""Townships, villages and cells as GeoJSON: one whole, or many as a map draws them."""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import shapely
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from api.asker import Asker, doing
from api.borders import WHOLE, Borders, Box, Counted
from api.instants import Instant
from gridmap.access import Action, Actor, allowed, may
from gridmap.errors import BadInput
from gridmap.geometry.shapes import to_geojson
from gridmap.grid import Edition, Level
from gridmap.store import Tx, land
from gridmap.store.schema import LandKind

router = APIRouter(prefix="/api", tags=["areas"])

MOST_NUMBER = 2**31 - 1  # what every database can be asked for
GEOJSON = "application/geo+json"


class GeoJson(JSONResponse):
    """An answer of type application/geo+json."""

    media_type = GEOJSON


FOR_EVER = "private, max-age=31536000, immutable"
ASK_AGAIN = "private, no-cache"

BboxText = Annotated[str | None, Query(description="west,south,east,north in degrees", examples=["104.85,38.25,104.95,38.35"])]
EditionNumber = Annotated[int | None, Query(ge=1, le=MOST_NUMBER, description="An edition's number; without it, the one in force.")]
AtInstant = Annotated[Instant | None, Query(description="The edition that was in force at this instant.")]


class BboxUnusable(BadInput):
    """Four numbers west,south,east,north in degrees; facts: bbox."""


def read_bbox(text: str | None) -> Box | None:
    """The box of `west,south,east,north`, or BboxUnusable."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as fault:
        raise BboxUnusable(bbox=text) from fault
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BboxUnusable(bbox=text)
    return west, south, east, north


def edition_of(asked: Asker, tx: Tx, number: int | None, at: datetime | None = None) -> Edition:
    if number is not None:
        return asked.store.edition(tx, number)
    moment = at if at is None or at.tzinfo else at.replace(tzinfo=asked.settings.timezone)
    return asked.store.edition_in_force(tx, moment or asked.now)


class Households(NamedTuple):
    """Of which areas an actor is told how many households they have."""

    everywhere: bool = False
    areas: tuple[str, ...] = ()

    @classmethod
    def of(cls, actor: Actor) -> "Households":
        if not may(actor, Action.HOUSEHOLD_READ):
            return cls()
        scope = allowed(actor, Action.HOUSEHOLD_READ)
        return cls(scope.everywhere, tuple(sorted(scope.areas)))

    def counted(self, edition: Edition) -> Counted:
        """Whether an area of the edition lies in one of them, or is one."""
        if self.everywhere or not self.areas:
            return lambda area: self.everywhere
        return lambda area: any(step.code in self.areas for step in edition.path(area.code))


@router.get("/areas", response_class=Response, responses={200: {"content": {GEOJSON: {}}}})
def list_areas(
    *,
    request: Request,
    asked: Annotated[Asker, doing(Action.AREA_READ)],
    level: Annotated[Level, Query(description="township, village or cell")],
    bbox: BboxText = None,
    zoom: Annotated[
        int, Query(ge=0, le=24, description="Borders are simplified to what a map shows at this zoom; 17 and more: none.")
    ] = WHOLE,
    edition: EditionNumber = None,
    seal: Annotated[str | None, Query(description="The start of the edition's digest: such an answer may be kept for ever.")] = None,
) -> Response:
    """A level's areas that touch the box. Neighbours stay neighbours at every zoom. Households only for whoever may know them there."""
    box = read_bbox(bbox)
    with asked.store.read(asked.scope) as tx:
        found = edition_of(asked, tx, edition)
    sealed = seal is not None and len(seal) >= 8 and found.digest.startswith(seal)
    households = Households.of(asked.actor)
    told = f"{found.digest} {found.number} {level} {bbox} {zoom} {asked.lang} {households}"
    tag = hashlib.sha256(told.encode()).hexdigest()[:32]
    headers = {"ETag": f'"{tag}"', "Cache-Control": FOR_EVER if sealed else ASK_AGAIN, "Vary": "Accept-Language, Cookie"}
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    borders: Borders = request.app.state.borders
    drawn = borders.of(found, level, zoom).features(box, asked.lang, households.counted(found))
    return Response(drawn, media_type=GEOJSON, headers=headers)


@router.get("/areas/{code}", response_class=Response, responses={200: {"content": {GEOJSON: {}}}})
def get_area(asked: Annotated[Asker, doing(Action.AREA_READ)], code: str, edition: EditionNumber = None, at: AtInstant = None) -> Response:
    """One area with its true border, in an edition or as it held at an instant."""
    with asked.store.read(asked.scope) as tx:
        found = edition_of(asked, tx, edition, at)
    one = found.area(code)
    facts = {
        "code": one.code,
        "level": one.level,
        "name": one.name_in(asked.lang),
        "households": one.households if Households.of(asked.actor).counted(found)(one) else None,
        "edition": found.number,
        "path": [{"code": step.code, "level": step.level, "name": step.name_in(asked.lang)} for step in found.path(code)],
        "children": [child.code for child in found.children(code)],
    }
    feature = {"type": "Feature", "id": one.code, "geometry": to_geojson(one.shape), "bbox": one.shape.bounds, "properties": facts}
    return _geojson(feature)


@router.get("/land", response_class=Response, responses={200: {"content": {GEOJSON: {}}}})
def list_land(
    request: Request,
    asked: Annotated[Asker, doing(Action.AREA_READ)],
    kind: Annotated[LandKind, Query(description="barrier (rivers, railways), bridge or street")],
    bbox: BboxText = None,
) -> Response:
    """What lies on the land besides areas: the map's background."""
    box = read_bbox(bbox)
    with asked.store.read(asked.scope) as tx:
        found = land.shapes(tx, kind)
    view = None if box is None else shapely.box(*box)
    features = [
        {"type": "Feature", "geometry": to_geojson(shape), "properties": {"kind": kind, "name": name}}
        for name, shape in found
        if view is None or shape.intersects(view)
    ]
    answer = _geojson({"type": "FeatureCollection", "features": features})
    tag = hashlib.sha256(answer.body).hexdigest()[:32]
    headers = {"ETag": f'"{tag}"', "Cache-Control": ASK_AGAIN}
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    answer.headers.update(headers)
    return answer


def _has(request: Request, tag: str) -> bool:
    """Whether the browser keeps this very answer already."""
    return tag in request.headers.get("if-none-match", "")


def _geojson(told: dict[str, Any]) -> Response:
    return Response(json.dumps(told, ensure_ascii=False), media_type=GEOJSON)
