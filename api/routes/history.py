"""Who did what, when and why: by pages, or all of it as CSV or newline-delimited JSON."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from api.asker import Asker, doing
from api.instants import AwareInstant
from gridmap.access import Action
from gridmap.flows.audit import export_history, read_history
from gridmap.store.history import COLUMNS, Wanted
from gridmap.tables.export import csv_lines, ndjson_lines

router = APIRouter(prefix="/api", tags=["history"])

MOST = 1000
MOST_NUMBER = 2**63 - 1
TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


@router.get("/history", response_class=JSONResponse, responses={200: {"content": {kind: {} for kind in TYPES.values()}}})
def list_history(
    *,
    request: Request,
    asked: Annotated[Asker, doing(Action.AUDIT_READ)],
    who: Annotated[str | None, Query(description="The name of who did it.", max_length=200)] = None,
    what: Annotated[str | None, Query(description="What was done; `grant.` is every deed about grants.", max_length=40)] = None,
    subject: Annotated[str | None, Query(description="`KIND:ID`; `draft:` is every draft.", max_length=200)] = None,
    since: Annotated[AwareInstant | None, Query(description="From this instant on.")] = None,
    until: Annotated[AwareInstant | None, Query(description="Before this instant.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    after: Annotated[int | None, Query(ge=0, le=MOST_NUMBER, description="The id of the last row of the page before.")] = None,
    format: Annotated[Literal["json", "csv", "ndjson"], Query(description="A page of JSON, or every row in a file.")] = "json",
) -> Response:
    """What was recorded, the newest first; `links` has the next page. As a file: all of it, the oldest first, no cell a formula."""
    wanted = Wanted(actor=who, what=what, subject=subject, since=since, until=until)
    if format != "json":
        return _file(asked, wanted, format)
    found = read_history(asked.store, after=after, limit=limit + 1, wanted=wanted, newest=True, actor=asked.actor)
    links = [{"rel": "self", "href": str(request.url)}]
    if len(found) > limit:
        links.append({"rel": "next", "href": _next(request, found[limit - 1].id)})
    return JSONResponse({"rows": [row.as_dict() for row in found[:limit]], "links": links})


def _next(request: Request, id: int) -> str:
    asked_for = [pair for pair in request.query_params.multi_items() if pair[0] != "after"]
    return str(request.url.replace(query=urlencode([*asked_for, ("after", id)])))


def _file(asked: Asker, wanted: Wanted, kind: str) -> Response:
    rows: Iterator[dict[str, Any]] = (row.as_dict() for row in export_history(asked.store, wanted=wanted, actor=asked.actor))
    lines = csv_lines(COLUMNS, rows) if kind == "csv" else ndjson_lines(rows)
    named = {"Content-Disposition": f'attachment; filename="history.{kind}"'}
    return StreamingResponse(lines, media_type=TYPES[kind], headers=named)
