"""Photos: brought in parts to a report by whoever shows its id, or to an incident by who works with it; shown to who sees the incident.

How a file is sent is plain HTTP: PUT, whole or from a byte on (Content-Range, RFC 9110, 14.5), as `curl -T` and `curl -C OFFSET -T` do;
where it stands is told by fields of the IETF's resumable uploads (Upload-Offset, Upload-Complete; draft-ietf-httpbis-resumable-upload).

Sending is async, as a report's own door is: a thread for each phone on a slow line would be too dear. What has come is put down a
quarter of a mebibyte at a time, so that a cut connection loses less than that.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.answers import photo
from api.asker import Asker, doing
from api.sign_in import network_of
from api.tasks import SERVICE
from gridmap.access import Action
from gridmap.errors import BadInput
from gridmap.flows import photos as flow
from gridmap.flows.photos import PART_BYTES, Part, PhotoGap, PhotoMissing, Place
from gridmap.incidents.photo import Photo, short_name
from gridmap.settings import PhotoSettings
from gridmap.store import incidents as incidents_store
from gridmap.store import photos as photos_store

router = APIRouter(prefix="/api", tags=["photos"])

_RANGE = re.compile(r"bytes (?:(\d{1,12})-(\d{1,12})|\*)/(\d{1,12}|\*)")


class RangeUnusable(BadInput):
    """Content-Range is not `bytes FIRST-LAST/TOTAL`, or says what cannot be; facts: none."""


class Span(NamedTuple):
    """Which bytes a request brings: from `start` on (None: none), and how many the file has in all (None: that is not said)."""

    start: int | None
    total: int | None


def read_span(content_range: str | None, length: str | None) -> Span:
    """What the request says that it brings. RangeUnusable."""
    if content_range is None:
        return Span(0, int(length) if length and length.isdecimal() else None)
    found = _RANGE.fullmatch(content_range.strip())
    if found is None:
        raise RangeUnusable
    first, last, total = found.groups()
    whole = None if total == "*" else int(total)
    if first is None:
        return Span(None, whole)
    if int(first) > int(last) or (whole is not None and int(last) >= whole):
        raise RangeUnusable
    return Span(int(first), whole)


@dataclass
class Landing:
    """A photo's bytes on their way from the wire to the database, in parts."""

    asked: Asker
    place: Place
    sha256: str
    bounds: PhotoSettings
    network: str | None
    at: int  # of the file, the byte that comes next
    have: int = 0
    waiting: bytearray = field(default_factory=bytearray)

    async def take(self, data: bytes) -> None:
        self.waiting += data
        while len(self.waiting) >= PART_BYTES:
            await self.put(PART_BYTES)

    async def put(self, length: int) -> None:
        """Put so many of the bytes that wait down."""
        part, self.waiting = bytes(self.waiting[:length]), self.waiting[length:]
        self.have = await run_in_threadpool(self._put, self.at, part)
        self.at += len(part)

    def _put(self, at: int, part: bytes) -> int:
        store, now = self.asked.store, self.asked.now
        if self.network is not None:
            flow.slow_down(store, self.network, now=now)
        _make_room(self.asked, len(part))
        return flow.add_part(store, self.place, self.sha256, Part(at, part), self.bounds, now=now)


def _make_room(asked: Asker, size: int) -> None:
    """Once before anything is read, so that nobody sends in vain, and again for each part, because others send, too."""
    flow.make_room(asked.store, size, asked.settings.photos, keeper=SERVICE, now=asked.now)


async def receive(request: Request, asked: Asker, place: Callable[[], Place], sha256: str, content_range: str | None) -> Response:
    """Take what the request brings; where the photo stands then: 201 once it is a picture, 200 if it was one before, 204 on the way."""
    span = read_span(content_range, request.headers.get("content-length"))
    network = None if asked.account or asked.open else network_of(request)
    bounds = asked.settings.photos
    to = await run_in_threadpool(place)
    one = await run_in_threadpool(flow.begin, asked.store, to, sha256, bounds, total=span.total)
    if one and one.arrived_at:
        return _stands(one, 200)
    have = one.have if one else 0
    if span.start is not None:
        await run_in_threadpool(_make_room, asked, max(1, (span.total or 0) - have))
        try:
            have = await _land(request, Landing(asked, to, sha256, bounds, network, span.start, have))
        except ClientDisconnect:
            return Response(status_code=204)  # to nobody
    if have == 0 or (span.total is not None and have < span.total) or (span.total is None and content_range is not None):
        return Response(status_code=204, headers=_told(have, complete=False))
    drawn = partial(flow.finish, asked.store, request.app.state.workshop, to, sha256, bounds, now=asked.now)
    arrived = await run_in_threadpool(drawn)
    request.app.state.live.wake()
    return _stands(arrived, 201)


async def _land(request: Request, landing: Landing) -> int:
    """Put down what comes, also when the line is cut; how many bytes are here then. PhotoGap before any is read."""
    if landing.at > landing.have:
        raise PhotoGap(offset=landing.have)
    try:
        async for data in request.stream():
            await landing.take(data)
    except ClientDisconnect:
        await landing.put(len(landing.waiting))
        raise
    if landing.waiting:
        await landing.put(len(landing.waiting))
    return landing.have


def _told(have: int, *, complete: bool) -> dict[str, str]:
    return {"Upload-Offset": str(have), "Upload-Complete": f"?{int(complete)}", "Cache-Control": "no-store"}


def _stands(one: Photo, status: int) -> Response:
    complete = one.arrived_at is not None
    return JSONResponse(photo(one), status_code=status, headers=_told(one.have, complete=complete))


ContentRange = Annotated[
    str | None,
    Header(
        alias="Content-Range", max_length=100, description="`bytes FIRST-LAST/TOTAL`; without it the whole file; `bytes */TOTAL`: none."
    ),
]
BODY: dict[str, Any] = {
    "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}, "required": False}
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "It is here already."},
    201: {"description": "It is here, drawn anew."},
    204: {"description": "Not all of it is here: go on at the byte that Upload-Offset tells.", "headers": {"Upload-Offset": {}}},
    404: {"description": "No report, or incident, of this id."},
    409: {"description": "Bytes before these are missing (go on at `offset`), it is another file than its name says, or there are enough."},
    413: {"description": "Larger than a photo may be."},
    422: {"description": "No JPEG, PNG, WebP or HEIC, or none that can be drawn. Nothing of it is kept."},
    503: {"description": "Too many at once, or no room; what came is kept. Ask again later, with `Content-Range: bytes */TOTAL`."},
}


@router.put("/reports/{report}/photos/{sha256}", response_class=JSONResponse, status_code=201, openapi_extra=BODY, responses=ANSWERS)
async def send_photo(
    request: Request, asked: Annotated[Asker, doing(Action.REPORT_PHOTO)], report: str, sha256: str, content_range: ContentRange = None
) -> Response:
    """Bring a report's photo, by its SHA-256, whole or in parts. The report counts without it; it is drawn anew, without metadata.

    After a cut line HEAD tells how much is here; `curl -C OFFSET -T FILE` goes on there.
    """
    return await receive(request, asked, partial(flow.of_report, asked.store, report, actor=asked.actor), sha256, content_range)


@router.head("/reports/{report}/photos/{sha256}", responses={404: {"description": "No report of this id."}})
def ask_photo(request: Request, asked: Annotated[Asker, doing(Action.REPORT_PHOTO)], report: str, sha256: str) -> Response:
    """How far the photo is here: Upload-Offset in bytes, Upload-Complete `?1` once it is a picture."""
    if not (asked.account or asked.open):
        flow.slow_down(asked.store, network_of(request), now=asked.now)
    place = flow.of_report(asked.store, report, actor=asked.actor)
    one = flow.stand(asked.store, place, sha256)
    return Response(headers=_told(one.have if one else 0, complete=bool(one and one.arrived_at)))


@router.put("/incidents/{incident}/photos/{sha256}", response_class=JSONResponse, status_code=201, openapi_extra=BODY, responses=ANSWERS)
async def add_photo(
    request: Request, asked: Annotated[Asker, doing(Action.PHOTO_ADD)], incident: str, sha256: str, content_range: ContentRange = None
) -> Response:
    """Bring what a step shows: a photo of the incident, by its SHA-256; the step's `photo` then names it so."""
    return await receive(request, asked, partial(flow.of_incident, asked.store, incident, actor=asked.actor), sha256, content_range)


@router.get("/incidents/{incident}/photos", response_class=JSONResponse)
def list_photos(asked: Annotated[Asker, doing(Action.INCIDENT_READ)], incident: str) -> JSONResponse:
    """The incident's photos in the order in which they came, then those that are named and have not come yet."""
    with asked.store.read(asked.scope) as tx:
        one = incidents_store.identity(tx, incident)
        told = [photo(each) for each in photos_store.of_incident(tx, one.id, at=asked.now)]
    return JSONResponse({"photos": told}, headers={"Cache-Control": "no-store"})


@router.get(
    "/incidents/{incident}/photos/{sha256}",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "A JPEG."}},
)
def get_photo(
    asked: Annotated[Asker, doing(Action.INCIDENT_READ)],
    incident: str,
    sha256: str,
    size: Literal["large", "small"] = "large",
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The picture, no side longer than 2048 pixels (`small`: 320), without metadata. A browser may keep it, and asks each time."""
    with asked.store.read(asked.scope) as tx:
        one = incidents_store.identity(tx, incident)
        picture = photos_store.picture(tx, one.id, sha256, small=size == "small", at=asked.now)
    if picture is None:
        raise PhotoMissing
    tag = f'"{sha256[:32]}-{size}"'
    kept = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match == tag:
        return Response(status_code=304, headers=kept)
    named = {"Content-Disposition": f'inline; filename="{one.number}-{short_name(sha256)}.jpg"'}
    return Response(picture, media_type="image/jpeg", headers={**kept, **named})
