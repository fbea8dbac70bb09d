"""A planner's move of any kind, decided on one revision."""

from datetime import datetime

from gridmap.access import Actor
from gridmap.flows.give_area import give_area
from gridmap.flows.lock_in_draft import lock_in_draft
from gridmap.flows.move_cells import Made, move
from gridmap.flows.post_in_draft import post_in_draft
from gridmap.planning.locking import Lock
from gridmap.planning.mend import Mend
from gridmap.planning.moves import Operation
from gridmap.planning.posting import PostWorker
from gridmap.planning.reparent import Reparent
from gridmap.store import Store

Move = Operation | Mend | Reparent | PostWorker | Lock


def make_move(store: Store, draft: str, operation: Move, *, revision: str | None, now: datetime, actor: Actor) -> Made:
    """Make a move that was decided on this revision (None: on whatever is there); what is refused changes nothing. See `move`,
    `give_area`, `post_in_draft`, `lock_in_draft` for what each refuses."""
    match operation:
        case Reparent():
            return give_area(store, draft, operation, revision=revision, now=now, actor=actor)
        case PostWorker():
            return post_in_draft(store, draft, operation, revision=revision, now=now, actor=actor)
        case Lock():
            return lock_in_draft(store, draft, operation, revision=revision, now=now, actor=actor)
        case _:
            return move(store, draft, operation, revision=revision, now=now, actor=actor)
