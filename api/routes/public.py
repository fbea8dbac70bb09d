"""What everybody may see: how many matters of each type lie where in public space, open and settled, on a coarse raster."""

import json
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from shapely import box

from api.answers import Names
from api.asker import Asker, doing
from api.routes.areas import BboxText, Box, GeoJson, read_bbox
from gridmap.access import Action
from gridmap.errors import BadInput
from gridmap.geometry.shapes import to_geojson
from gridmap.incidents.public import PublicCount, PublicState, square_of
from gridmap.store import public
from gridmap.store.public import After
from gridmap.words import Lang

router = APIRouter(prefix="/api/public", tags=["public"])

MOST = 1000


class AfterUnusable(BadInput):
    """Not where a page ended; facts: after."""


@router.get("/incidents", response_class=GeoJson)
def list_public_incidents(
    *,
    request: Request,
    asked: Annotated[Asker, doing(Action.PUBLIC_READ)],
    bbox: BboxText = None,
    issue: Annotated[str | None, Query(description="The code of an issue type (/api/issue-types).", max_length=50)] = None,
    state: Annotated[list[PublicState] | None, Query(description="open when none is named")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 500,
    after: Annotated[str | None, Query(description="Where the page before ended: taken from its `next` link.", max_length=300)] = None,
) -> JSONResponse:
    """A GeoJSON FeatureCollection of squares, some 500 m wide, with how many matters of one type lie in each, from south to north.

    Things and events in public space only. A square never tells more than the square: no point, text, number or time of day.
    """
    squares, states = _squares(read_bbox(bbox)), tuple(state or (PublicState.OPEN,))
    with asked.store.read(asked.scope) as tx:
        found = public.counts(tx, states=states, issue=issue, bbox=squares, after=_after(after), limit=limit + 1)
        names = Names(asked.store, tx, issues={one.issue for one in found})
        features = [_feature(one, names, asked.lang) for one in found[:limit]]
    links = [{"rel": "self", "href": str(request.url)}]
    if len(found) > limit:
        links.append({"rel": "next", "href": _next(request, found[limit - 1])})
    told = {"type": "FeatureCollection", "features": features, "numberReturned": len(features), "links": links}
    return GeoJson(told, headers={"Content-Language": asked.lang})


def _feature(one: PublicCount, names: Names, lang: Lang) -> dict[str, Any]:
    """The square itself, not a point in it: a pin would stand on somebody's house."""
    facts = {
        "issue": {"code": one.issue, "name": names.issue(one.issue, lang)},
        "state": one.state,
        "count": one.count,
        "first_day": one.first.isoformat(),
        "last_day": one.last.isoformat(),
        "village": names.area(one.edition, one.village, lang),
    }
    return {"type": "Feature", "geometry": to_geojson(box(*square_of(one.lon, one.lat).bounds)), "properties": facts}


def _squares(view: Box | None) -> Box | None:
    """The box of the centres whose squares touch the view."""
    if view is None:
        return None
    west, south, east, north = view
    first, last = square_of(west, south), square_of(east, north)
    half_lon = max(first.half_lon, last.half_lon)
    return west - half_lon, south - first.half_lat, east + half_lon, north + first.half_lat


def _after(text: str | None) -> After | None:
    if text is None:
        return None
    try:
        lat, lon, issue, state, village = json.loads(text)
        return After(float(lat), float(lon), str(issue), str(state), str(village))
    except (ValueError, TypeError) as fault:
        raise AfterUnusable(after=text) from fault


def _next(request: Request, last: PublicCount) -> str:
    asked_for = [pair for pair in request.query_params.multi_items() if pair[0] != "after"]
    ended = json.dumps([last.lat, last.lon, last.issue, last.state, last.village], ensure_ascii=False)
    return str(request.url.replace(query=urlencode([*asked_for, ("after", ended)])))
