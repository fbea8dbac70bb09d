"""What other systems are told, and what could not be: for those who look after them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.asker import Asker, doing
from gridmap.access import Action
from gridmap.flows.notify import list_notices
from gridmap.store.notices import Kept, Standing

router = APIRouter(prefix="/api/notices", tags=["notices"])

MOST = 1000


@router.get("", response_class=JSONResponse)
def list_all_notices(
    asked: Annotated[Asker, doing(Action.NOTICE_READ)],
    standing: Annotated[Standing | None, Query(description="`parked`: given up until somebody has them tried again.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    after: Annotated[str | None, Query(max_length=50, description="The id of the last notice of the page before.")] = None,
) -> JSONResponse:
    """Notices, the newest first, with how far telling has come, and how many stand how. They name incidents and offices, nobody else."""
    found, counts = list_notices(asked.store, standing=standing, after=after, limit=limit, actor=asked.actor)
    told = {"notices": [_told(one) for one in found], "counts": {str(each): number for each, number in counts.items()}}
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


def _told(one: Kept) -> dict[str, Any]:
    instants = {name: getattr(one, name) for name in ("next_at", "sent_at", "parked_at")}
    facts = {"id": one.notice.id, "standing": one.standing, "attempts": one.attempts, "fault": one.fault}
    return {**facts, **{name: at and at.isoformat() for name, at in instants.items()}, **one.notice.as_dict()}
