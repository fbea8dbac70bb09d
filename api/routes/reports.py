"""Reports come in: one as JSON, or many as newline-delimited JSON, answered row by row; and their senders ask where they stand."""

import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from api.answers import Names
from api.asker import Asker, Doing, doing, lang_of, zone_of
from api.errors import BodyTooLarge, BodyUnreadable, problem, validation_problem
from api.instants import AwareInstant
from api.intake import Intake, Sending
from api.sign_in import network_of
from gridmap.access import Action, SignInNeeded, allowed
from gridmap.errors import Refusal
from gridmap.flows.follow import follow
from gridmap.flows.intake import receive_many
from gridmap.incidents import Answer, Channel, Report
from gridmap.incidents.photo import MOST_NAMED
from gridmap.incidents.report import LONGEST
from gridmap.words import Lang

SENDING = Doing(Action.REPORT_SEND)


class Straight(APIRoute):
    """A route whose endpoint is given the request alone, and asks its own `Doing` when it knows what it is asked.

    What FastAPI does for an endpoint's parameters takes longer than all else that is done for a report before it is kept.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return self.endpoint


router = APIRouter(prefix="/api", tags=["reports"])
sending = APIRouter(route_class=Straight)

NDJSON = "application/x-ndjson"
_AS_JSON = TypeAdapter(dict[str, Any])
MOST_ONE = 64 * 1024
MOST_MANY = 32 * 1024 * 1024
MOST_ROWS = 100_000  # lines of it: what is answered to a line is longer than the shortest line

EXAMPLES = {
    "english": {
        "summary": "A resident's phone, point from a WGS84 GPS",
        "value": {
            "issue": "GM-E0506",
            "channel": "resident",
            "lon": 104.9042,
            "lat": 38.3017,
            "datum": "wgs84",
            "accuracy_m": 12,
            "text": "The drain in front of the market is blocked.",
        },
    },
    "中文": {
        "summary": "热线转来，高德地图坐标",
        "value": {
            "issue": "GM-E0104",
            "channel": "hotline",
            "lon": 104.90734,
            "lat": 38.30193,
            "datum": "gcj02",
            "text": "菜市场门口路面坏了，坑很大。",
            "contact": "000-0009-0042",
            "sender": "12345",
            "sender_number": "20261122-0042",
            "key": "12345-20261122-0042",
        },
    },
    "place": {
        "summary": "A place in words, no point: it goes to triage",
        "value": {"issue": "GM-E0506", "place": "人民路与河边街交叉口", "text": "下水道堵塞，污水冒出来"},
    },
}


class ReportIn(BaseModel):
    """A report as it is sent: an issue type, and a point with its datum, or a place in words, or both."""

    model_config = ConfigDict(extra="forbid")
    issue: Annotated[str, Field(description="Code of the issue type (/api/issue-types). An unknown one is accepted and goes to triage.")]
    channel: Annotated[Channel, Field(description="By which way it came in.")] = Channel.SYSTEM
    at: Annotated[AwareInstant | None, Field(description="When it was seen, with time zone; without it, now.")] = None
    text: str = ""
    place: Annotated[str, Field(description="The place in words.")] = ""
    lon: Annotated[float | None, Field(description="Degrees east, in `datum`.")] = None
    lat: Annotated[float | None, Field(description="Degrees north, in `datum`.")] = None
    datum: Annotated[str, Field(description="Required with a point: wgs84, cgcs2000, gcj02 (Amap, Tencent), bd09 (Baidu).")] = ""
    accuracy_m: Annotated[float | None, Field(description="The radius in metres within which the point lies.")] = None
    sender: Annotated[str, Field(description="Which system or desk vouches for `key` and `sender_number`; empty is anonymous.")] = ""
    sender_number: Annotated[str, Field(description="The sender's own number for it.")] = ""
    key: Annotated[str, Field(description="Unique per sender: sent again, it gets the first answer. Anonymous keys are UUIDs.")] = ""
    contact: Annotated[
        str,
        Field(
            max_length=LONGEST["contact"],
            description="How the reporter can be asked back: a phone, a mail address. Kept apart, for 180 days at most, 30 after closing.",
        ),
    ] = ""
    photos: Annotated[
        tuple[str, ...],
        Field(max_length=MOST_NAMED, description="The SHA-256 of each photo that is to follow: PUT /api/reports/{report}/photos/{sha256}."),
    ] = ()

    def report(self) -> Report:
        return Report(**self.model_dump())


async def _body(request: Request, most: int) -> bytes:
    """The body, never more of it than is taken."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise BodyTooLarge(most=most)
    return bytes(body)


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def _schema() -> dict[str, Any]:
    """The report's schema in one piece: FastAPI collects no parts of a body that we read ourselves."""
    schema = ReportIn.model_json_schema()
    parts = schema.pop("$defs")
    for name, field in schema["properties"].items():
        if "$ref" in field:
            schema["properties"][name] = {**parts[field["$ref"].rpartition("/")[2]], **{k: v for k, v in field.items() if k != "$ref"}}
    return schema


_BODIES = {
    "application/json": {"schema": _schema(), "examples": EXAMPLES},
    NDJSON: {"schema": {"type": "string", "description": "One report as JSON on each line."}},
}


@sending.post(
    "/reports",
    dependencies=[Depends(SENDING)],
    status_code=201,
    response_class=JSONResponse,
    openapi_extra={"requestBody": {"required": True, "content": _BODIES}},
    responses={
        200: {
            "description": "This key was answered before (the first answer again), or, for many: one answer on each line.",
            "content": {"application/json": {}, NDJSON: {}},
        },
        401: {"description": "Many in one are for whoever signs in, or has a key."},
        409: {"description": "This key came before with another report."},
        413: {"description": "The body is too long."},
        429: {"description": "Too many from one network; Retry-After says when again."},
    },
)
async def send_reports(request: Request) -> Response:
    """Find the cell, the worker and the office of a report, keep it, and say why. Acknowledged means kept."""
    request.state.asked = True
    match _kind(request):
        case "application/json":
            return await _one(request)
        case kind if kind == NDJSON:
            return await _rows(request)
        case kind:
            await run_in_threadpool(SENDING, request, {})
            raise BodyUnreadable(why=f"Content-Type: {kind or '-'}")


async def _one(request: Request) -> Response:
    """Who sends it is asked together with those who send at the same time."""
    intake: Intake = request.app.state.intake
    lang = lang_of(request)
    read = _read(await _body(request, MOST_ONE), lang, zone_of(request))
    outcome = await intake.ask(Sending(read if isinstance(read, Report) else None, request))
    if isinstance(outcome, Refusal):
        raise outcome
    if isinstance(read, dict):
        return JSONResponse(read, status_code=read["status"], media_type="application/problem+json")
    assert outcome is not None
    told = _AS_JSON.dump_json(outcome.as_dict(lang))
    return Response(told, status_code=200 if outcome.repeated else 201, media_type="application/json")


async def _rows(request: Request) -> Response:
    """Many at once are for whoever signs in: strangers are counted by requests."""
    asked = await run_in_threadpool(SENDING, request, {})
    if not (asked.account or asked.open):
        raise SignInNeeded(action=Action.REPORT_SEND)
    body = await _body(request, MOST_MANY)
    if max(body.count(b"\n"), body.count(b"\r")) > MOST_ROWS:
        raise HTTPException(413)
    response = await run_in_threadpool(_many, asked, body)
    request.app.state.live.wake()
    return response


def _many(asked: Asker, body: bytes) -> Response:
    """Each line is a report of its own: one that cannot be used does not hold up the others."""
    rows = [_read(line, asked.lang, asked.settings.timezone) for line in body.splitlines() if line.strip()]
    reports = [row for row in rows if isinstance(row, Report)]
    verify = frozenset(map(Channel, asked.settings.verify))
    answers = iter(receive_many(asked.store, reports, verify=verify, now=asked.now, actor=asked.actor))
    told = [{"row": n, **(row if isinstance(row, dict) else _told(next(answers), asked))} for n, row in enumerate(rows, start=1)]
    return Response("".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in told), media_type=NDJSON)


def _told(answer: Answer | Refusal, asked: Asker) -> dict[str, Any]:
    if isinstance(answer, Refusal):
        return problem(answer, asked.lang, asked.settings.timezone)
    return {"status": 200 if answer.repeated else 201, **answer.as_dict(asked.lang)}


def _read(text: bytes, lang: Lang, zone: ZoneInfo) -> Report | dict[str, Any]:
    """The report, or the problem with what was sent."""
    try:
        return ReportIn.model_validate_json(text).report()
    except ValidationError as fault:
        faults: list[Any] = fault.errors(include_url=False)
        if faults[0]["type"] == "json_invalid":
            return problem(BodyUnreadable(why=faults[0]["ctx"]["error"]), lang, zone)
        return validation_problem(faults, lang)


@router.get("/reports/{report}", response_class=JSONResponse, responses={404: {"description": "No report of this id."}})
def follow_report(request: Request, asked: Annotated[Asker, doing(Action.REPORT_FOLLOW)], report: str) -> JSONResponse:
    """Where a report stands, for whoever shows the id that its sender was answered: its state, village and office, and no more."""
    found = follow(asked.store, report, network=network_of(request), actor=asked.actor, now=asked.now)
    with asked.store.read(allowed(asked.actor, Action.CATALOGUE_READ)) as tx:
        names = Names(asked.store, tx)
        told = {
            "report": report,
            "number": found.number,
            "state": found.state,
            "received_at": found.received_at.astimezone(asked.settings.timezone).isoformat(timespec="seconds"),
            "issue": {"code": found.issue, "name": names.issue(found.issue, asked.lang)},
            "village": names.area(found.edition, found.village, asked.lang),
            "office": found.office and {**found.office.as_dict(asked.lang), "phone": found.office.phone},
        }
    return JSONResponse(told, headers={"Cache-Control": "no-store", "Content-Language": asked.lang})


router.include_router(sending)
