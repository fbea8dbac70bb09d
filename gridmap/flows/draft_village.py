"""One village of a draft as a planner sees it: its cells, what is wrong with them, who lives and works there, what was in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import shapely

from gridmap.access import Action, Actor, allowed, may
from gridmap.duty import Duty, Post, Worker
from gridmap.errors import NotFound
from gridmap.flows.approve_draft import approval
from gridmap.flows.draft_locks import locks_broken, locks_of
from gridmap.flows.draft_standing import posts_planned, standing
from gridmap.grid import Area, Finding, Households, Level
from gridmap.grid.checks import check_village
from gridmap.planning.across import find_across
from gridmap.planning.moves import Ground
from gridmap.planning.tiling import NEAR
from gridmap.store import Store, Tx, drafts, editions, land, moves, people
from gridmap.store.moves import MoveRow

NOBODY = Households(np.array([], dtype=np.str_), np.array([]), np.array([]), np.array([], dtype=np.int64))


class DraftVillageMissing(NotFound):
    """The draft has no such village; facts: draft, village."""


@dataclass(frozen=True, slots=True, eq=False)
class VillageDraft:
    """A village of a draft at one revision, without households where the asker may not know them (`known`).

    `before` are its cells in the edition in force; `holders` the workers that the draft wants, by the code of the cell; `workers` all there
    are; `parents` the areas to which a cell or the village itself may go: villages of its township and townships, beside it; `undo` and
    `redo` the changes that a step back, or forward, would be; `approved` who stands for the draft as it is; `locked` the codes of
    cells that stay.
    """

    draft: str
    revision: str
    ground: Ground
    known: bool
    before: tuple[Area, ...]
    holders: dict[str, Worker]
    workers: tuple[Worker, ...]
    parents: tuple[Area, ...]
    findings: tuple[Finding, ...]
    undo: MoveRow | None
    redo: MoveRow | None
    locked: frozenset[str]
    approved: MoveRow | None


def read_ground(tx: Tx, draft: str, village: str) -> Ground:
    """The village's cells and those of its neighbours that touch it, without households. DraftMissing, DraftVillageMissing."""
    villages = {area.code: area for area in drafts.some(tx, draft, level=Level.VILLAGE)}
    own = villages.get(village)
    if own is None:
        raise DraftVillageMissing(draft=draft, village=village)
    near = [other.code for other in villages.values() if other.code != village and shapely.dwithin(other.shape, own.shape, NEAR)]
    found = [area for area in drafts.some(tx, draft, parents=[village, *near]) if area.level is Level.CELL]
    cells = tuple(area for area in found if area.parent == village)
    beside = tuple(area for area in found if area.parent != village and shapely.dwithin(area.shape, own.shape, NEAR))
    return Ground(own, cells, beside, NOBODY, editions.codes_ever(tx, Level.CELL))


def with_people(tx: Tx, ground: Ground) -> Ground:
    """The same with the households in and around the village."""
    shapes = np.array([area.shape for area in (ground.village, *ground.cells)], dtype=object)
    west, south, east, north = shapely.total_bounds(shapes).tolist()
    return replace(ground, households=land.households(tx, (west, south, east, north)))


def findings_of(tx: Tx, ground: Ground) -> tuple[Finding, ...]:
    """What is wrong in the village: as the gate would say it, and which cells a barrier parts."""
    barriers, bridges = ([shape for _, shape in land.shapes(tx, kind)] for kind in ("barrier", "bridge"))
    parted = find_across(ground.cells, ground.households, barriers, bridges)
    return (*check_village(ground.village, ground.cells), *parted)


def see_village(store: Store, draft: str, village: str, *, now: datetime, actor: Actor) -> VillageDraft:
    """Everything a planner's page shows of one village. Households are told in the actor's jurisdiction alone. DraftMissing,
    DraftVillageMissing."""
    with store.read(allowed(actor, Action.DRAFT_READ)) as tx:
        ground, parents = read_ground(tx, draft, village), _parents(tx, draft, village)
        there, revision = standing(moves.rows(tx, draft), village), moves.revision(tx, draft)
        approved = approval(tx, draft)
        locks = [cell for cell in locks_of(tx, draft).values() if cell.parent == village]
        number = editions.number_in_force(tx, now)
        before = store.edition(tx, number).children(village) if number is not None else ()
        workers = {worker.id: worker for worker in people.workers(tx)}
        posted = posts_planned(tx, draft, people.posts(tx, at=now), now)
    findings = check_village(ground.village, ground.cells)
    scope = allowed(actor, Action.HOUSEHOLD_READ) if may(actor, Action.HOUSEHOLD_READ) else None
    known = scope is not None and scope.covers((village, ground.village.parent))
    if scope is not None and known:
        with store.read(scope) as tx:
            ground = with_people(tx, ground)
            findings = findings_of(tx, ground)
    return VillageDraft(
        draft=draft, revision=revision, ground=ground, known=known,
        before=tuple(cell for cell in before if cell.level is Level.CELL), parents=parents,
        holders=_holders(ground, posted, workers), workers=tuple(workers.values()),
        findings=(*locks_broken(locks, ground.cells), *findings), locked=frozenset(cell.code for cell in locks),
        approved=approved, undo=there.done[-1][0] if there.done else None, redo=there.undone[-1][0] if there.undone else None,
    )  # fmt: skip


def _parents(tx: Tx, draft: str, village: str) -> tuple[Area, ...]:
    """The villages of the same township, and the other townships, that touch the village."""
    wide = (*drafts.some(tx, draft, level=Level.TOWNSHIP), *drafts.some(tx, draft, level=Level.VILLAGE))
    own = next(area for area in wide if area.code == village)
    beside = [area for area in wide if area.code not in (own.code, own.parent) and shapely.dwithin(area.shape, own.shape, NEAR)]
    return tuple(area for area in beside if area.level is Level.TOWNSHIP or area.parent == own.parent)


def _holders(ground: Ground, posts: Iterable[Post], workers: Mapping[str, Worker]) -> dict[str, Worker]:
    """Who has been posted longest at each cell."""
    by_length = sorted(posts, key=lambda post: (post.since, post.worker), reverse=True)
    return {post.area: workers[post.worker] for post in by_length if post.duty is Duty.WORKER and post.area in ground.by_code}


def list_villages(store: Store, draft: str, *, actor: Actor) -> tuple[str, tuple[tuple[Area, int], ...]]:
    """The draft's revision; its villages by code, each with how many cells it has. DraftMissing."""
    with store.read(allowed(actor, Action.DRAFT_READ)) as tx:
        villages = drafts.some(tx, draft, level=Level.VILLAGE)
        counts = drafts.cells_by_village(tx, draft)
        return moves.revision(tx, draft), tuple((village, counts.get(village.code, 0)) for village in villages)
