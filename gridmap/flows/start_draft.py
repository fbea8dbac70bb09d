"""A planner begins a draft: a copy of the edition in force, to be moved about in."""

from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.planning.kinds import MoveKind
from gridmap.store import Store, drafts, history, moves


def start_draft(store: Store, draft: str, *, now: datetime, actor: Actor) -> bool:
    """Begin the draft where there is none; whether it was begun. DraftNameUnusable."""
    with store.begin(allowed(actor, Action.DRAFT_CHANGE)) as tx:
        made = drafts.start(tx, draft, at=now)
        if made:
            moves.append(tx, draft, MoveKind.CHANGE, at=now, areas=None)
            history.record(tx, now, "draft.start", f"draft:{draft}")
    return made
