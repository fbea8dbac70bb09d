"""The villages of a draft are cut into cells, which take the place of the cells they had."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from shapely.geometry.base import BaseGeometry

from gridmap.access import Action, Actor, allowed
from gridmap.errors import BadInput, Conflict, NotFound
from gridmap.flows.draft_locks import locks_of, need_unlocked
from gridmap.flows.draft_revision import need_revision
from gridmap.flows.import_areas import known_areas, need_jurisdiction
from gridmap.flows.publish import retired_codes
from gridmap.grid import Area, Level
from gridmap.planning import Cut, cut_villages
from gridmap.planning.aside import set_aside, sew_around
from gridmap.planning.kinds import MoveKind
from gridmap.planning.targets import NO_TARGETS, Targets
from gridmap.planning.tiling import digest
from gridmap.store import Store, Tx, drafts, history, land, moves


class VillageMissing(NotFound):
    """Named villages are not in the draft; facts: draft, villages."""


class CellMissing(NotFound):
    """Cells that were to stay are in none of the villages that are cut; facts: draft, cells."""


class VillagesNone(BadInput):
    """The draft has no villages; facts: draft."""


class HouseholdsNone(BadInput):
    """No households were imported yet; facts: none."""


class DraftChanged(Conflict):
    """A village that was cut, or its cells, are not as they were any more; facts: draft."""


def cut_draft(
    store: Store,
    *,
    draft: str = "import",
    villages: Collection[str] = (),
    low: int = 50,
    high: int = 80,
    seed: int = 0,
    targets: Targets = NO_TARGETS,
    keep: Collection[str] = (),
    revision: str | None = None,
    processes: int = 1,
    now: datetime,
    actor: Actor,
    advance: Callable[[int], object] = lambda steps: None,
) -> Cut:
    """Cut the draft's villages (only those named, if any are) by the households, barriers, bridges and streets in the store; with a
    `revision`
    only if the draft is at it (DraftMoved).

    The cells named by `keep` stay as they are (a mall, a mine: cells of their own), those that are locked too; what is around them is cut.

    A draft that does not exist starts from the edition in force. Nothing is written if anything is refused: DraftMissing,
    VillagesNone, VillageMissing, CellMissing, HouseholdsNone, DraftChanged, and what `cut_villages` refuses.
    """
    scope = allowed(actor, Action.DRAFT_CHANGE)
    with store.read(scope) as tx:
        need_revision(tx, draft, revision)
        areas = villages_of(store, tx, draft, villages, now)
        seen = state_of(store, tx, draft, areas, now)
        locked = locks_of(tx, draft).keys() & {area.code for area in seen}
        own = _own(seen, areas, {*keep, *locked}, draft)
        households, retired = land.households(tx), retired_codes(store, tx)
        barriers, bridges, streets = (land_shapes(tx, kind) for kind in ("barrier", "bridge", "street"))
    need_jurisdiction(scope, areas)
    if not households.total:
        raise HouseholdsNone
    ground, people = set_aside(areas, own, households, [area for area in seen if area.level is Level.CELL and area not in own])
    taken = {*retired, *(cell.code for cell in own)}
    how: dict[str, Any] = {
        "streets": streets,
        "low": low,
        "high": high,
        "seed": seed,
        "targets": targets,
        "processes": processes,
        "advance": advance,
    }
    cut = cut_villages(ground, people, barriers, bridges, retired=taken, **how)
    cells, own = sew_around(areas, ground, cut.cells, own)
    cut = replace(cut, cells=cells)
    with store.begin(scope) as tx:
        replace_cells(store, tx, draft, seen, (*cells, *own), now=now)
        history.record(tx, now, "draft.cut", f"draft:{draft}", villages=len(areas), cells=len(cut.cells))
    if villages:  # the households of the others were not asked about
        return replace(cut, exceptions=tuple(each for each in cut.exceptions if each.village))
    return cut


def villages_of(store: Store, tx: Tx, draft: str, named: Collection[str], now: datetime) -> list[Area]:
    """The villages of the draft that are to be cut, by code. DraftMissing, VillagesNone, VillageMissing."""
    villages = [area for area in _known(store, tx, draft, now) if area.level is Level.VILLAGE]
    unknown = sorted(set(named) - {village.code for village in villages})
    if unknown:
        raise VillageMissing(draft=draft, villages=", ".join(unknown))
    if not villages:
        raise VillagesNone(draft=draft)
    return [village for village in villages if not named or village.code in named]


def _known(store: Store, tx: Tx, draft: str, now: datetime) -> Sequence[Area]:
    """DraftMissing where there is neither such a draft nor an edition that it would start from."""
    return known_areas(store, tx, draft, now) or drafts.areas(tx, draft)


def _own(known: Iterable[Area], villages: Iterable[Area], keep: Collection[str], draft: str) -> tuple[Area, ...]:
    """The cells that are kept; CellMissing where a code is no cell of a village that is cut."""
    codes = {village.code for village in villages}
    own = tuple(area for area in known if area.level is Level.CELL and area.code in keep and area.parent in codes)
    unknown = sorted(set(keep) - {cell.code for cell in own})
    if unknown:
        raise CellMissing(draft=draft, cells=", ".join(unknown))
    return own


def land_shapes(tx: Tx, kind: str) -> list[BaseGeometry]:
    """The barriers, or the bridges, or the streets in the store."""
    return [shape for _, shape in land.shapes(tx, kind)]


def state_of(store: Store, tx: Tx, draft: str, villages: Iterable[Area], now: datetime) -> tuple[Area, ...]:
    """These villages with their cells as the draft has them: what a planner's work was begun on."""
    codes = {village.code for village in villages}
    return tuple(
        area for area in _known(store, tx, draft, now) if area.code in codes or (area.level is Level.CELL and area.parent in codes)
    )


def replace_cells(store: Store, tx: Tx, draft: str, seen: Sequence[Area], cells: Iterable[Area], *, now: datetime) -> None:
    """Put the cells in the place of those that the villages had; DraftChanged where `seen` (`state_of`) is not as it is any more: what
    another planner did meanwhile is never written over. CellsLocked."""
    drafts.hold(tx)
    if state_of(store, tx, draft, [area for area in seen if area.level is Level.VILLAGE], now) != tuple(seen):
        raise DraftChanged(draft=draft)
    made, villages = list(cells), [area.code for area in seen if area.level is Level.VILLAGE]
    before = {area.code: area for area in seen if area.level is Level.CELL}
    after: dict[str, Area | None] = {**dict.fromkeys(before), **{cell.code: cell for cell in made}}
    need_unlocked(tx, draft, after)
    if len(villages) > 1:
        drafts.put(tx, draft, made, at=now, gone=[code for code, cell in after.items() if cell is None])
        return
    drafts.start(tx, draft, at=now)  # one village's cut is a planner's step like others, and can be taken back like them
    drafts.change(tx, draft, after, at=now)
    undone = {code: before.get(code) for code in after}
    moves.append(tx, draft, MoveKind.CUT, at=now, areas=after, village=villages[0], before=undone, after=digest(made))
