"""Drafts: which there are, one village of one as a planner sees it, what publishing would change, and publishing."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from api.asker import Asker, doing
from api.drafting import village_told
from gridmap.access import Action
from gridmap.flows.approve_draft import approve_draft
from gridmap.flows.draft_village import list_villages, see_village
from gridmap.flows.publish import check_draft, publish
from gridmap.flows.rehearse import rehearse
from gridmap.flows.start_draft import start_draft
from gridmap.grid import Severity
from gridmap.store import drafts

router = APIRouter(prefix="/api/drafts", tags=["planning"])

Draft = Annotated[str, Path(max_length=100)]
LONGEST_NOTE = 500


@router.get("")
def list_drafts(asked: Annotated[Asker, doing(Action.DRAFT_READ)]) -> dict[str, Any]:
    """Every draft: the edition that it began from, when it was changed last, how many areas it has."""
    with asked.store.read(asked.scope) as tx:
        found = drafts.heads(tx)
    return {"drafts": [{"name": d.name, "base": d.base, "updated_at": d.updated_at.isoformat(), "areas": d.areas} for d in found]}


@router.post("/{draft}/start")
def begin_draft(asked: Annotated[Asker, doing(Action.DRAFT_CHANGE)], draft: Draft) -> dict[str, Any]:
    """Begin a draft as a copy of the edition in force; where there is one of this name it stays as it is."""
    return {"draft": draft, "started": start_draft(asked.store, draft, now=asked.now, actor=asked.actor)}


@router.get("/{draft}")
def get_draft(asked: Annotated[Asker, doing(Action.DRAFT_READ)], draft: Draft) -> dict[str, Any]:
    """The draft's villages, each with how many cells it has."""
    revision, villages = list_villages(asked.store, draft, actor=asked.actor)
    listed = [{"code": village.code, "name": village.name_in(asked.lang), "cells": cells} for village, cells in villages]
    return {"draft": draft, "revision": revision, "villages": listed}


@router.get("/{draft}/villages/{village}", response_class=JSONResponse)
def get_draft_village(
    asked: Annotated[Asker, doing(Action.DRAFT_READ)], draft: Draft, village: Annotated[str, Path(max_length=50)]
) -> JSONResponse:
    """A village's cells, the borders that they share (`arcs`), the balance of each, what is wrong, what can be taken back. Households are
    told of villages in the asker's jurisdiction. The draft's revision is the ETag: it is for `If-Match` of a move."""
    seen = see_village(asked.store, draft, village, now=asked.now, actor=asked.actor)
    return JSONResponse(village_told(seen, asked), headers=tagged(seen.revision))


def tagged(revision: str) -> dict[str, str]:
    """The headers of an answer that is true at this revision."""
    return {"ETag": f'"{revision}"', "Cache-Control": "no-store"}


@router.get("/{draft}/check")
def check_a_draft(asked: Annotated[Asker, doing(Action.DRAFT_READ)], draft: Draft) -> dict[str, Any]:
    """Everything for which publishing would refuse the draft, and what it would tell, each with a place."""
    findings = check_draft(
        asked.store, draft, actor=asked.actor, at=asked.now, policy=asked.settings.rehome, most=asked.settings.worker_households
    )
    passes = all(finding.severity is not Severity.ERROR for finding in findings)
    return {"draft": draft, "passes": passes, "findings": [finding.as_dict(asked.lang) for finding in findings]}


@router.get("/{draft}/comparison")
def compare_draft(
    asked: Annotated[Asker, doing(Action.DRAFT_READ)],
    draft: Draft,
    edition: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="The edition to compare with; without it, the one in force.")
    ] = None,
) -> dict[str, Any]:
    """Households that would move, what becomes of each cell, the load of each worker, open incidents that would change hands, sheets to
    print again. Villages whose households the asker may not know are left out, incidents that the asker does not see too."""
    return rehearse(asked.store, draft, against=edition, now=asked.now, actor=asked.actor).as_dict(asked.lang)


class Approving(BaseModel):
    """What is approved."""

    model_config = ConfigDict(extra="forbid")
    revision: Annotated[str, Field(max_length=20, description="The draft's revision that was looked at.")]


@router.post("/{draft}/approve")
def approve_a_draft(asked: Annotated[Asker, doing(Action.DRAFT_PUBLISH)], draft: Draft, approving: Approving) -> dict[str, Any]:
    """Approve the draft as it is at this revision, so that another person may publish it. Whatever changes afterwards is not approved."""
    made = approve_draft(asked.store, draft, revision=approving.revision, now=asked.now, actor=asked.actor)
    return {"draft": draft, "revision": made.revision, "approved": True, "exceptions": made.exceptions}


class Publishing(BaseModel):
    """When an edition takes effect, and why it is made."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
    revision: Annotated[str, Field(max_length=20, description="The draft's revision that was looked at; another is not published.")]
    at: Annotated[datetime | None, Field(description="Without it, at once; without a zone it is the county's time.")] = None
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""


@router.post("/{draft}/publish", status_code=201)
def publish_draft(
    asked: Annotated[Asker, doing(Action.DRAFT_PUBLISH)], draft: Draft, publishing: Publishing, response: Response
) -> dict[str, Any]:
    """Publish the draft as the next edition, if the gate finds nothing against it; 422 with every reason and place. Once there are
    accounts another person must have approved it as it is (409), unless the county is set up otherwise."""
    at = publishing.at and (publishing.at if publishing.at.tzinfo else publishing.at.replace(tzinfo=asked.settings.timezone))
    people = asked.settings.publishers
    made = publish(
        asked.store, draft, at=at, now=asked.now, actor=asked.actor, note=publishing.note, revision=publishing.revision, people=people
    )
    response.headers["Location"] = f"/api/areas?edition={made.number}"
    return {"edition": made.number, "draft": draft, "in_force_from": made.in_force_from.isoformat(), "areas": len(made.areas)}
