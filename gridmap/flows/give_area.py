"""In a draft an area goes to another parent beside it: a cell to a village, a village to a township."""

from dataclasses import asdict
from datetime import datetime

import numpy as np
import shapely

from gridmap.access import Action, Actor, allowed
from gridmap.errors import NotFound
from gridmap.flows.draft_locks import need_unlocked
from gridmap.flows.draft_revision import need_revision
from gridmap.flows.import_areas import need_jurisdiction
from gridmap.flows.move_cells import Made, record, there_now
from gridmap.grid import Level
from gridmap.grid.checks import check_village
from gridmap.planning.kinds import MoveKind
from gridmap.planning.reparent import Handing, ParentUnfit, Reparent, check_fits, give
from gridmap.planning.tiling import NEAR, digest
from gridmap.store import Store, Tx, drafts, editions, moves


class AreasUnknown(NotFound):
    """The draft has no areas of these codes; facts: draft, areas."""


def give_area(store: Store, draft: str, operation: Reparent, *, revision: str | None, now: datetime, actor: Actor) -> Made:
    """Give an area to another parent, decided on this revision (None: on whatever is there). It is taken back in the village that gave.

    Nothing is written if anything is refused: DraftMissing, AreasUnknown, AreaForeign (both parents' planners have to be asked),
    DraftMoved, CellsLocked, and what `planning.reparent.give` refuses.
    """
    scope = allowed(actor, Action.DRAFT_CHANGE)
    with store.read(scope) as tx:
        seen, handing = moves.revision(tx, draft), _handing(tx, draft, operation)
        named = frozenset({operation.area, operation.to, handing.giver.code})
        need_revision(tx, draft, revision, lambda: named)
    need_jurisdiction(scope, (handing.giver, handing.taker))
    moved, code = give(handing)
    changed = moved.changed
    village = handing.giver.code if handing.area.level is Level.CELL else handing.area.code
    with store.begin(scope) as tx:
        drafts.hold(tx)
        need_revision(tx, draft, seen, lambda: named)
        need_unlocked(tx, draft, changed)
        before = there_now(tx, draft, changed)
        drafts.change(tx, draft, changed, at=now)
        made = moves.append(
            tx, draft, MoveKind.PARENT, at=now, areas=changed, village=village, operation=asdict(operation) | {"code": code}, before=before,
            after=digest(filter(None, changed.values())),
        )  # fmt: skip
        record(tx, (draft, village, MoveKind.PARENT), changed, now)
        sides = [area for area in (changed[handing.giver.code], changed[handing.taker.code]) if area]
        findings = [found for side in sides for found in check_village(side, drafts.some(tx, draft, parents=[side.code]))]
    return Made(made, MoveKind.PARENT, village, changed, moved.households, tuple(findings))


def _handing(tx: Tx, draft: str, operation: Reparent) -> Handing:
    """AreasUnknown, ParentUnfit, NothingMoves."""
    asked = {area.code: area for area in drafts.some(tx, draft, codes=[operation.area, operation.to])}
    unknown = [code for code in (operation.area, operation.to) if code not in asked]
    if unknown:
        raise AreasUnknown(draft=draft, areas=", ".join(unknown))
    area, taker = asked[operation.area], asked[operation.to]
    level = area.level.above
    parents = {each.code: each for each in drafts.some(tx, draft, level=level)} if level else {}
    giver = parents.get(area.parent or "")
    if giver is None:
        raise ParentUnfit(area=area.code, to=taker.code)
    check_fits(area, giver, taker)
    children = drafts.some(tx, draft, parents=[giver.code, taker.code])
    both = np.array([giver.shape, taker.shape], dtype=object)
    around = [
        each
        for each in parents.values()
        if each.code not in (giver.code, taker.code) and bool(shapely.dwithin(both, each.shape, NEAR).any())
    ]
    return Handing(
        area, giver, taker,
        left=tuple(each for each in children if each.parent == giver.code and each.code != area.code),
        theirs=tuple(each for each in children if each.parent == taker.code),
        around=tuple(around), taken=editions.codes_ever(tx, Level.CELL),
    )  # fmt: skip
