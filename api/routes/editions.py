"""The editions of the land: numbered, immutable, each in force from an instant."""

from typing import Annotated, Any

from fastapi import APIRouter

from api.asker import Asker, doing
from gridmap.access import Action
from gridmap.grid import EditionHead
from gridmap.store import editions as editions_store

router = APIRouter(prefix="/api", tags=["areas"])


@router.get("/editions")
def list_editions(asked: Annotated[Asker, doing(Action.AREA_READ)]) -> dict[str, Any]:
    """Every edition, the newest first; `in_force` is the number of the one that holds now."""
    with asked.store.read(asked.scope) as tx:
        heads, now = editions_store.heads(tx), editions_store.number_in_force(tx, asked.now)
    return {"in_force": now, "editions": [_told(head) for head in sorted(heads, key=lambda head: -head.number)]}


def _told(head: EditionHead) -> dict[str, Any]:
    return {
        "number": head.number,
        "in_force_from": head.in_force_from.isoformat(),
        "recorded_at": head.recorded_at.isoformat(),
        "note": head.note,
        "areas": head.areas,
    }
