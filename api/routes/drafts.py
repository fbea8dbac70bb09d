"""Drafts: what publishing one would change."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from api.asker import Asker, doing
from gridmap.access import Action
from gridmap.flows.rehearse import rehearse

router = APIRouter(prefix="/api/drafts", tags=["planning"])


@router.get("/{draft}/comparison")
def compare_draft(
    asked: Annotated[Asker, doing(Action.DRAFT_READ)],
    draft: Annotated[str, Path(max_length=100)],
    edition: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="The edition to compare with; without it, the one in force.")
    ] = None,
) -> dict[str, Any]:
    """Households that would move, what becomes of each cell, the load of each worker, open incidents that would change hands, sheets to
    print again. Villages whose households the asker may not know are left out, incidents that the asker does not see too."""
    return rehearse(asked.store, draft, against=edition, now=asked.now, actor=asked.actor).as_dict(asked.lang)
