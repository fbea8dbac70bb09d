"""Incidents as GeoJSON: the list by pages, one with its reasons and log, closing, and the reporters' contacts."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.answers import Names, brief, whole
from api.asker import Asker, doing
from api.routes.areas import GEOJSON, BboxText, read_bbox
from gridmap.access import Action
from gridmap.flows.close import close
from gridmap.flows.contact import LONGEST_PURPOSE, read_contacts
from gridmap.incidents import OPEN_STATES, State
from gridmap.store import incidents as incidents_store

router = APIRouter(prefix="/api/incidents", tags=["incidents"])

MOST = 1000


@router.get("", response_class=JSONResponse)
def list_incidents(
    *,
    request: Request,
    asked: Annotated[Asker, doing(Action.INCIDENT_READ)],
    state: Annotated[list[State] | None, Query(description="Open ones (triage, dispatched) when none is named.")] = None,
    bbox: BboxText = None,
    area: Annotated[str | None, Query(description="The code of a township, village or cell.", max_length=50)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    after: Annotated[str | None, Query(description="The number of the last incident of the page before.", max_length=50)] = None,
) -> JSONResponse:
    """A GeoJSON FeatureCollection, the newest first. `links` has the next page; `cursor` is where `/api/live` goes on from."""
    states, box = tuple(state or OPEN_STATES), read_bbox(bbox)
    with asked.store.read(asked.scope) as tx:
        cursor = incidents_store.latest_change(tx)
        found = incidents_store.list_(tx, states=states, bbox=box, area=area, after=after, limit=limit + 1)
        names = Names(asked.store, tx)
        features = [brief(incident, names, asked.lang) for incident in found[:limit]]
        counts = incidents_store.count(tx, states=states, area=area)
    links = [{"rel": "self", "href": str(request.url)}]
    if len(found) > limit:
        links.append({"rel": "next", "href": _next(request, found[limit - 1].number)})
    told = {
        "type": "FeatureCollection",
        "features": features,
        "numberReturned": len(features),
        "counts": {str(state): number for state, number in counts.items()},
        "links": links,
        "cursor": cursor,
    }
    return JSONResponse(told, media_type=GEOJSON)


def _next(request: Request, number: str) -> str:
    asked_for = [pair for pair in request.query_params.multi_items() if pair[0] != "after"]
    return str(request.url.replace(query=urlencode([*asked_for, ("after", number)])))


@router.get("/{incident}", response_class=JSONResponse)
def get_incident(asked: Annotated[Asker, doing(Action.INCIDENT_READ)], incident: str) -> JSONResponse:
    """One incident by its id or number, with worker, backup, office, the reasons for each, and its log."""
    with asked.store.read(asked.scope) as tx:
        told = whole(incidents_store.get(tx, incident), Names(asked.store, tx), tx, asked)
    return JSONResponse(told, media_type=GEOJSON)


class Closing(BaseModel):
    """Why an incident is closed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "Repaired on site."}, {"reason": "已现场修复。"}]},
        str_strip_whitespace=True,
    )
    reason: Annotated[str, Field(min_length=1, max_length=500, description="Kept in the incident's log.")]


@router.post("/{incident}/close", response_class=JSONResponse)
def close_incident(
    request: Request, asked: Annotated[Asker, doing(Action.INCIDENT_CLOSE)], incident: str, closing: Closing
) -> JSONResponse:
    """Close an incident, with a reason that its log keeps."""
    closed = close(asked.store, incident, closing.reason, now=asked.now, actor=asked.actor)
    request.app.state.live.wake()
    with asked.store.read(asked.scope) as tx:
        told: dict[str, Any] = whole(closed, Names(asked.store, tx), tx, asked)
    return JSONResponse(told, media_type=GEOJSON)


class Reading(BaseModel):
    """What a reporter's contact is wanted for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"purpose": "To ask which of the two drains is meant."}, {"purpose": "核实具体位置"}]},
        str_strip_whitespace=True,
    )
    purpose: Annotated[str, Field(min_length=1, max_length=LONGEST_PURPOSE, description="Kept in the incident's log, with who asked.")]


@router.post("/{incident}/contact", response_class=JSONResponse)
def read_contact(asked: Annotated[Asker, doing(Action.CONTACT_READ)], incident: str, reading: Reading) -> JSONResponse:
    """The reporters' contacts in full, as far as they are still kept, for a purpose. Each reading is recorded."""
    found = read_contacts(asked.store, incident, reading.purpose, now=asked.now, actor=asked.actor)
    told = [{"contact": one.contact, "kept_until": one.kept_until.isoformat()} for one in found]
    return JSONResponse({"contacts": told}, headers={"Cache-Control": "no-store"})
