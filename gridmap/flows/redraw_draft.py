"""The villages of a draft are redrawn from an edition's cells: what fits stays as it is there, and the rest is cut anew around it."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from gridmap.access import Action, Actor, allowed
from gridmap.errors import Conflict
from gridmap.flows.cut_draft import CellMissing, HouseholdsNone, land_shapes, replace_cells, state_of, villages_of
from gridmap.flows.draft_locks import locks_of
from gridmap.flows.import_areas import need_jurisdiction
from gridmap.flows.publish import retired_codes
from gridmap.grid import Area, Edition, Level
from gridmap.planning.compare import same_outline
from gridmap.planning.redrawing import Redraw, redraw
from gridmap.store import Store, history, land


class VillageOtherwise(Conflict):
    """Villages are not in the edition as they are in the draft, or without cells; facts: draft, edition, villages."""


def redraw_draft(
    store: Store,
    edition: int,
    *,
    draft: str = "import",
    villages: Collection[str] = (),
    low: int = 50,
    high: int = 80,
    seed: int = 0,
    keep: Collection[str] = (),
    now: datetime,
    actor: Actor,
    advance: Callable[[int], object] = lambda steps: None,
) -> Redraw:
    """Redraw the draft's villages (only those named, if any are) from the cells of that edition, by the households in the store; the cells
    named by `keep` and those that are locked stay as they are. The draft's own cells of these villages go: a locked one that the edition
    has otherwise refuses (CellsLocked).

    Nothing is written if anything is refused: EditionMissing, VillageOtherwise, and what `cut_draft` refuses.
    """
    scope = allowed(actor, Action.DRAFT_CHANGE)
    with store.read(scope) as tx:
        areas = villages_of(store, tx, draft, villages, now)
        need_jurisdiction(scope, areas)
        seen = state_of(store, tx, draft, areas, now)
        cells = _cells_of(store.edition(tx, edition), areas, draft)
        locked = locks_of(tx, draft).keys() & {cell.code for cell in cells}
        households, retired = land.households(tx), retired_codes(store, tx)
        barriers, bridges, streets = (land_shapes(tx, kind) for kind in ("barrier", "bridge", "street"))
    _need_known(keep, cells, draft)
    if not households.total:
        raise HouseholdsNone
    how: dict[str, Any] = {"low": low, "high": high, "seed": seed, "locked": {*keep, *locked}, "retired": retired}
    made = redraw(areas, cells, households, barriers, bridges, streets=streets, **how, advance=advance)
    with store.begin(scope) as tx:
        replace_cells(store, tx, draft, seen, made.cells, now=now)
        facts = {"edition": edition, "villages": len(areas), "cells": len(made.cells), "moved": made.done.moved}
        history.record(tx, now, "draft.redraw", f"draft:{draft}", **facts)
    return made


def _cells_of(edition: Edition, villages: Iterable[Area], draft: str) -> list[Area]:
    """The edition's cells of these villages; VillageOtherwise where they would not tile them."""
    found: list[Area] = []
    otherwise = []
    for village in villages:
        there, cells = edition.by_code.get(village.code), edition.children(village.code)
        if there is None or not cells or not same_outline(there, village):
            otherwise.append(village.code)
        found += [cell for cell in cells if cell.level is Level.CELL]
    if otherwise:
        raise VillageOtherwise(draft=draft, edition=edition.number, villages=", ".join(otherwise))
    return found


def _need_known(keep: Collection[str], cells: Iterable[Area], draft: str) -> None:
    unknown = sorted(set(keep) - {cell.code for cell in cells})
    if unknown:
        raise CellMissing(draft=draft, cells=", ".join(unknown))
