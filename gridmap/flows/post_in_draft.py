"""In a draft a worker is set at a cell: who is to stand there once the draft is in force."""

from dataclasses import asdict
from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.duty import Duty
from gridmap.flows.accounts import WorkerMissing
from gridmap.flows.draft_revision import need_revision
from gridmap.flows.draft_standing import posts_planned
from gridmap.flows.draft_village import read_ground
from gridmap.flows.import_areas import need_jurisdiction
from gridmap.flows.move_cells import Made, record
from gridmap.flows.staffing import staffing
from gridmap.grid import Level
from gridmap.planning.border_line import NothingMoves
from gridmap.planning.kinds import MoveKind
from gridmap.planning.moves import CellsUnknown
from gridmap.planning.posting import PostWorker
from gridmap.store import Store, drafts, moves, people


def post_in_draft(store: Store, draft: str, operation: PostWorker, *, revision: str | None, now: datetime, actor: Actor) -> Made:
    """Set who is to be a cell's worker (None: nobody), decided on this revision (None: on whatever is there). Nobody stands anywhere
    else until the draft is published.

    Nothing is written if anything is refused: DraftMissing, CellsUnknown, WorkerMissing, NothingMoves, AreaForeign, DraftMoved.
    """
    scope = allowed(actor, Action.DRAFT_CHANGE)
    cell = operation.cell
    with store.begin(scope) as tx:
        drafts.hold(tx)
        found = [area for area in drafts.some(tx, draft, codes=[cell]) if area.level is Level.CELL and area.parent]
        if not found:
            raise CellsUnknown(village="-", cells=cell)
        village = str(found[0].parent)
        ground = read_ground(tx, draft, village)
        need_jurisdiction(scope, (ground.village,))
        need_revision(tx, draft, revision, lambda: frozenset({cell}))
        if operation.worker is not None and people.worker(tx, operation.worker) is None:
            raise WorkerMissing(worker=operation.worker)
        held = people.posts(tx, at=now)
        there = [post.worker for post in posts_planned(tx, draft, held, now) if (post.area, post.duty) == (cell, Duty.WORKER)]
        if there == [operation.worker] or (not there and operation.worker is None):
            raise NothingMoves
        made = moves.append(
            tx, draft, MoveKind.POST, at=now, areas=[cell], village=village, operation=asdict(operation), before={}
        )  # fmt: skip
        record(tx, (draft, village, MoveKind.POST), [cell], now)
        planned = [post for post in posts_planned(tx, draft, held, now) if post.area in ground.by_code]
    return Made(made, MoveKind.POST, village, {}, 0, tuple(staffing(ground.cells, planned)))
