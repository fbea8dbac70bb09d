"""Incidents as GeoJSON: the list by pages, one with its reasons and log, its steps, and the reporters' contacts."""

from datetime import tzinfo
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.answers import Names, brief, whole
from api.asker import Asker, doing
from api.errors import RevisionMissing
from api.instants import Instant
from api.routes.areas import BboxText, GeoJson, read_bbox
from gridmap.access import Action
from gridmap.catalogue import Grade
from gridmap.errors import IncidentMissing
from gridmap.flows.contact import LONGEST_PURPOSE, read_contacts
from gridmap.flows.step import step
from gridmap.incidents import OPEN_STATES, State
from gridmap.incidents.life import LONGEST, Evidence, Satisfied, Step, Taken
from gridmap.store import incidents as incidents_store
from gridmap.store.incidents import Order

router = APIRouter(prefix="/api/incidents", tags=["incidents"])

MOST = 1000


@router.get("", response_class=GeoJson)
def list_incidents(
    *,
    request: Request,
    asked: Annotated[Asker, doing(Action.INCIDENT_READ)],
    state: Annotated[list[State] | None, Query(description="All that are neither closed nor voided when none is named.")] = None,
    bbox: BboxText = None,
    area: Annotated[str | None, Query(description="The code of a township, village or cell.", max_length=50)] = None,
    supervised: Annotated[bool, Query(description="Only those that somebody supervises.")] = False,
    owed: Annotated[bool, Query(description="Only those about which another office that was asked still owes an answer.")] = False,
    counts: Annotated[bool, Query(description="How many there are in each state, too: that takes a look at all of them.")] = False,
    order: Annotated[Order, Query(description="`due`: what is due first, then what no clock runs for.")] = Order.NEWEST,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    after: Annotated[str | None, Query(description="The number of the last incident of the page before.", max_length=50)] = None,
) -> JSONResponse:
    """A GeoJSON FeatureCollection. `links` has the next page; `cursor` is where `/api/live` goes on from."""
    states, box = tuple(state or OPEN_STATES), read_bbox(bbox)
    only: dict[str, Any] = {"states": states, "area": area, "supervised": supervised, "owed": owed}
    with asked.store.read(asked.scope) as tx:
        cursor = incidents_store.latest_change(tx)
        found = incidents_store.list_(tx, **only, bbox=box, order=order, after=after, limit=limit + 1)
        names = Names.of(asked.store, tx, found)
        features = [brief(incident, names, asked.lang, asked.now) for incident in found[:limit]]
        number_of = incidents_store.count(tx, **only) if counts else None
    links = [{"rel": "self", "href": str(request.url)}]
    if len(found) > limit:
        links.append({"rel": "next", "href": _next(request, found[limit - 1].number)})
    told = {
        "type": "FeatureCollection",
        "features": features,
        "numberReturned": len(features),
        **({} if number_of is None else {"counts": {str(state): number for state, number in number_of.items()}}),
        "links": links,
        "cursor": cursor,
    }
    return GeoJson(told)


def _next(request: Request, number: str) -> str:
    asked_for = [pair for pair in request.query_params.multi_items() if pair[0] != "after"]
    return str(request.url.replace(query=urlencode([*asked_for, ("after", number)])))


@router.get("/{incident}", response_class=GeoJson)
def get_incident(asked: Annotated[Asker, doing(Action.INCIDENT_READ)], incident: str) -> JSONResponse:
    """One incident by its id or number, with worker, backup, office, reasons, log, and the steps that the asker may take."""
    with asked.store.read(asked.scope) as tx:
        told = whole(incidents_store.get(tx, incident), Names(asked.store, tx), tx, asked)
    return _one(told)


def _one(told: dict[str, Any]) -> JSONResponse:
    """The incident with its revision as ETag: it is for `If-Match`, and keeps nothing in a cache."""
    headers = {"ETag": f'"{told["properties"]["revision"]}"', "Cache-Control": "no-store"}
    return GeoJson(told, headers=headers)


class Stepping(BaseModel):
    """A step in an incident's life, with what it needs: `possible` of the incident says which, and what each needs."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"step": "return", "reason": "The road is the county's, not the township's.", "revision": 3},
                {"step": "handle", "reason": "已修补路面", "photo": "IMG_20260302_1412.jpg", "revision": 4},
                {"step": "whistle", "office": "GM-WATER", "until": "2026-03-02T18:00", "reason": "A main has burst.", "revision": 4},
                {"step": "assist", "office": "GM-WATER", "until": "2026-03-05T18:00", "reason": "请配合抢修供水管道", "revision": 5},
                {"step": "answer", "task": 1, "reason": "已到场关阀，管道完好", "revision": 6},
                {"step": "supervise", "until": "2026-03-06T18:00", "reason": "县领导批示", "revision": 7},
                {"step": "regrade", "grade": "difficult", "reason": "Three offices, and a court.", "revision": 8},
                {"step": "relocate", "place": "113.0052,28.0049", "reason": "实际位于路口北侧", "revision": 9},
                {"step": "call_back", "satisfied": "mostly", "revision": 12},
            ]
        },
        str_strip_whitespace=True,
    )
    step: Step
    reason: Annotated[str, Field(max_length=LONGEST, description="Kept in the incident's log.")] = ""
    photo: Annotated[
        str,
        Field(max_length=LONGEST, description="The SHA-256 of a photo that is here, or by which name or number one is found elsewhere."),
    ] = ""
    office: Annotated[str, Field(max_length=50, description="The code of the office that must act from now on, or that is asked.")] = ""
    until: Annotated[Instant | None, Field(description="The term, or the new one; without a zone it is the county's time.")] = None
    task: Annotated[int | None, Field(ge=1, description="The number of one of the incident's `tasks`.")] = None
    grade: Grade | Literal[""] = ""
    issue: Annotated[str, Field(max_length=50, description="The code of the issue type that it really is.")] = ""
    place: Annotated[str, Field(max_length=60, description="Where it really is: `lon,lat` in degrees, WGS84.")] = ""
    into: Annotated[str, Field(max_length=50, description="The number of the incident that this one is a part of.")] = ""
    agreement: Annotated[
        str, Field(max_length=LONGEST, description="The mediation agreement's number, or its sealed file's name; never its text.")
    ] = ""
    satisfied: Annotated[Satisfied | Literal[""], Field(description="What the reporter said when called back.")] = ""
    revision: Annotated[int | None, Field(ge=1, description="The one that the step was decided on; or `If-Match`, with the ETag.")] = None

    def taken(self, zone: tzinfo) -> Taken:
        until = self.until and (self.until if self.until.tzinfo else self.until.replace(tzinfo=zone))
        given: dict[str, Any] = {each: str(getattr(self, each) or "") for each in Evidence} | {"until": until.isoformat() if until else ""}
        return Taken(step=self.step, actor="", **given)


@router.post("/{incident}/steps", response_class=GeoJson, responses={204: {"description": "Taken, and no longer one's own."}})
def take_step(
    request: Request,
    asked: Annotated[Asker, doing(Action.INCIDENT_READ)],
    incident: str,
    stepping: Stepping,
    if_match: Annotated[str | None, Header(pattern=r'^(\*|"\d{1,9}")$', description="The ETag that the incident was told with.")] = None,
) -> Response:
    """Take a step, as far as one's rights reach; the incident as it is now, with what is possible next; 204 where it is another's by now.

    Each step has an action of its own beside that of this route (README, "Who may do what"). 412 where it changed meanwhile, with its state
    and revision; 409 where its state does not allow the step, with those that it does.
    """
    revision = stepping.revision
    if if_match and if_match != "*":
        revision = int(if_match.strip('"'))
    elif revision is None and not if_match:
        raise RevisionMissing
    taken = stepping.taken(asked.settings.timezone)
    made = step(asked.store, incident, taken, revision=revision, now=asked.now, actor=asked.actor)
    request.app.state.live.wake()
    with asked.store.read(asked.scope) as tx:
        try:
            now = incidents_store.get(tx, made.id)
        except IncidentMissing:
            return Response(status_code=204)
        told = whole(now, Names(asked.store, tx), tx, asked)
    return _one(told)


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
