"""Reports that are about one matter: what lies beside an incident, merging two of them, and taking them apart again."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.answers import Names, brief
from api.asker import Asker, doing
from api.routes.areas import GeoJson
from gridmap.access import Action
from gridmap.flows.merge import Merged, merge, split
from gridmap.flows.nearby import FARTHEST_M, LONGEST, WITHIN, WITHIN_M, nearby
from gridmap.incidents.life import LONGEST as LONGEST_REASON

router = APIRouter(prefix="/api/incidents", tags=["incidents"])

HOUR = timedelta(hours=1)
Revision = Annotated[int, Field(ge=1, description="The revision that this was decided on.")]
Reason = Annotated[str, Field(max_length=LONGEST_REASON, description="Kept in both logs; names nobody.")]


@router.get("/{incident}/nearby", response_class=GeoJson)
def list_nearby(
    asked: Annotated[Asker, doing(Action.INCIDENT_READ)],
    incident: str,
    metres: Annotated[float, Query(ge=0, le=FARTHEST_M, description="How far away at most.")] = WITHIN_M,
    hours: Annotated[float, Query(ge=0, le=LONGEST / HOUR, description="How much earlier or later at most.")] = WITHIN / HOUR,
) -> JSONResponse:
    """Open incidents of the same type beside this one, the nearest first: a GeoJSON FeatureCollection with `distance_m` and `age_s`."""
    found = nearby(asked.store, incident, within_m=metres, within=hours * HOUR, actor=asked.actor)
    with asked.store.read(asked.scope) as tx:
        names = Names.of(asked.store, tx, [one.incident for one in found])
        features = [brief(one.incident, names, asked.lang, asked.now) for one in found]
    for feature, one in zip(features, found, strict=True):
        feature["properties"] |= {"distance_m": round(one.distance_m, 1), "age_s": round(one.age.total_seconds())}
    return GeoJson({"type": "FeatureCollection", "features": features}, headers={"Cache-Control": "no-store"})


class Merging(BaseModel):
    """Which incident this one is a part of."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"into": "2026-900123", "revision": 1, "into_revision": 4, "reason": "同一处坑洞"}]},
        str_strip_whitespace=True,
    )
    into: Annotated[str, Field(min_length=1, max_length=50, description="The number or id of the other one, which stays.")]
    revision: Revision
    into_revision: Revision
    reason: Reason = ""


class Splitting(BaseModel):
    """That it is none after all."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"revision": 2, "into_revision": 5, "reason": "Two holes, on either side of the road."}]},
        str_strip_whitespace=True,
    )
    revision: Revision
    into_revision: Revision
    reason: Annotated[Reason, Field(min_length=1)]


@router.post("/{incident}/merge", response_class=JSONResponse)
def merge_incidents(
    request: Request, asked: Annotated[Asker, doing(Action.INCIDENT_CLOSE)], incident: str, merging: Merging
) -> JSONResponse:
    """Merge this incident into another, both as they are now: its reports are the other's, and are answered when that one closes.

    412 where either changed meanwhile, 409 where the other has ended or is a part itself, or where this one is past merging.
    """
    known = {"revision": merging.revision, "into_revision": merging.into_revision, "reason": merging.reason}
    return _told(request, asked, merge(asked.store, incident, merging.into, **known, now=asked.now, actor=asked.actor))  # type: ignore[arg-type]


@router.post("/{incident}/split", response_class=JSONResponse)
def split_incidents(
    request: Request, asked: Annotated[Asker, doing(Action.INCIDENT_CLOSE)], incident: str, splitting: Splitting
) -> JSONResponse:
    """Take back that this incident was merged, as long as the other is open: it is filed again, with the reports that it had."""
    known = {"revision": splitting.revision, "into_revision": splitting.into_revision, "reason": splitting.reason}
    return _told(request, asked, split(asked.store, incident, **known, now=asked.now, actor=asked.actor))  # type: ignore[arg-type]


def _told(request: Request, asked: Asker, done: Merged) -> JSONResponse:
    """Both as they are now, briefly."""
    request.app.state.live.wake()
    with asked.store.read(asked.scope) as tx:
        names = Names(asked.store, tx)
        both = {name: brief(one, names, asked.lang, asked.now) for name, one in (("incident", done.incident), ("into", done.into))}
    told: dict[str, Any] = {**both, "reports": done.reports}
    return JSONResponse(told, headers={"Cache-Control": "no-store"})
