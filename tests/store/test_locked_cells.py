"""Cells that are locked stay, whatever a planner, a cut, a redraw or a step back would do; on both databases."""

from contextlib import nullcontext
from dataclasses import replace

import pytest
import shapely

from gridmap.errors import PublishRefused
from gridmap.flows.cut_draft import cut_draft
from gridmap.flows.draft_village import see_village
from gridmap.flows.make_move import Move, make_move
from gridmap.flows.move_cells import Made, redo, undo
from gridmap.flows.publish import check_draft, publish
from gridmap.flows.redraw_draft import redraw_draft
from gridmap.flows.start_draft import start_draft
from gridmap.grid import Area
from gridmap.planning.compare import same_outline
from gridmap.planning.kinds import MoveKind
from gridmap.planning.locking import CellLockedAlready, CellNotLocked, CellsLocked, Lock
from gridmap.planning.moves import CellsUnknown, Merge
from gridmap.planning.reparent import Reparent
from gridmap.store import Store, drafts, moves
from tests.builders import ALL
from tests.store.test_given_cells import at_the_border
from tests.store.test_move_cells import DRAFT, cells, revision, seal, step
from tests.store.test_publish import EAST, LAND, NOW, PLANNER, WEST, fill, homes, settle


@pytest.fixture
def county(store: Store) -> Store:
    """Two villages cut into cells, in force, and a draft begun from them."""
    settle(store, homes())
    fill(store, *LAND, draft="first")
    cut_draft(store, draft="first", villages=[WEST.code, EAST.code], now=NOW, actor=PLANNER)
    publish(store, "first", now=NOW, actor=PLANNER)
    start_draft(store, DRAFT, now=NOW, actor=PLANNER)
    return store


def make(store: Store, operation: Move, **more: object) -> Made:
    return make_move(store, DRAFT, operation, **{"revision": None, "now": NOW, "actor": PLANNER} | more)  # type: ignore[arg-type]


def locked(store: Store) -> frozenset[str]:
    return see_village(store, DRAFT, WEST.code, now=NOW, actor=PLANNER).locked


def neighbours(store: Store) -> tuple[Area, Area]:
    own = cells(store)
    return next((a, b) for a in own for b in own if a.code < b.code and shapely.intersection(a.shape, b.shape).length > 1e-6)


def test_a_lock_outlives_a_restart_and_is_taken_back_like_any_move(county: Store) -> None:
    cell, before = cells(county)[0], seal(county)
    made = make(county, Lock(cell.code), revision=revision(county))
    assert (made.kind, made.village, made.changed, locked(county)) == (MoveKind.LOCK, WEST.code, {}, {cell.code})
    with Store.open(f"sqlite:///{county.file}") if county.file else nullcontext(county) as again:
        assert locked(again) == {cell.code}
        step(undo, again)
        assert locked(again) == frozenset()
    step(redo, county)
    assert locked(county) == {cell.code}
    assert make(county, Lock(cell.code, locked=False)).kind is MoveKind.UNLOCK
    assert (locked(county), seal(county)) == (frozenset(), before)
    step(undo, county)
    assert locked(county) == {cell.code}


def test_no_move_changes_a_locked_cell(county: Store) -> None:
    one, other = neighbours(county)
    make(county, Lock(one.code))
    before = seal(county)
    with pytest.raises(CellsLocked) as refused:
        make(county, Merge((one.code, other.code)))
    assert refused.value.facts == {"cells": one.code}
    make(county, Lock(one.code, locked=False))
    edge = at_the_border(county)
    make(county, Lock(edge.code))
    with pytest.raises(CellsLocked):
        make(county, Reparent(edge.code, EAST.code))
    assert seal(county) == before


def test_a_step_back_in_another_village_does_not_get_past_a_lock(county: Store) -> None:
    cell = at_the_border(county)
    given = make(county, Reparent(cell.code, EAST.code))
    [code] = {each.code for each in cells(county, EAST)} & set(given.changed) - {cell.code}
    make(county, Lock(code))
    after = seal(county)
    with pytest.raises(CellsLocked):
        step(undo, county)  # the village that gave it
    assert seal(county) == after


def test_a_cut_and_a_redraw_leave_locked_cells(county: Store) -> None:
    cell = cells(county)[0]
    make(county, Lock(cell.code))
    cut_draft(county, draft=DRAFT, villages=[WEST.code], low=20, high=35, now=NOW, actor=PLANNER)
    there = {each.code: each for each in cells(county)}
    assert same_outline(there[cell.code], cell)
    assert len(there) > 2
    own = [each.shape for each in there.values()]
    assert shapely.coverage_is_valid(own)
    redraw_draft(county, 1, draft=DRAFT, villages=[WEST.code], low=20, high=35, now=NOW, actor=PLANNER)
    assert same_outline({each.code: each for each in cells(county)}[cell.code], cell)


def test_a_redraw_from_an_edition_that_has_a_locked_cell_otherwise_is_refused(county: Store) -> None:
    one, other = neighbours(county)
    merged = make(county, Merge((one.code, other.code)))
    [code] = [code for code, area in merged.changed.items() if area]
    make(county, Lock(code))
    before = seal(county)
    with pytest.raises(CellsLocked):
        redraw_draft(county, 1, draft=DRAFT, villages=[WEST.code], now=NOW, actor=PLANNER)
    assert seal(county) == before


def test_what_a_file_did_to_a_locked_cell_is_told_and_refuses_publishing_until_it_is_unlocked(county: Store) -> None:
    one, other = neighbours(county)
    make(county, Lock(one.code))
    whole = replace(other, shape=shapely.union(one.shape, other.shape), households=None)
    with county.begin(ALL) as tx:
        drafts.put(tx, DRAFT, [whole], at=NOW, gone=[one.code])
    [finding] = [found for found in check_draft(county, DRAFT, actor=PLANNER) if found.code == "cell_locked_changed"]
    assert finding.area == one.code
    assert one.shape.contains(shapely.Point(finding.lon, finding.lat))
    assert finding in see_village(county, DRAFT, WEST.code, now=NOW, actor=PLANNER).findings
    with pytest.raises(PublishRefused) as refused:
        publish(county, DRAFT, now=NOW, actor=PLANNER)
    assert "cell_locked_changed" in {found.code for found in refused.value.findings}
    make(county, Lock(one.code, locked=False))
    assert publish(county, DRAFT, now=NOW, actor=PLANNER).number == 2


def test_locks_that_make_no_sense_are_refused(county: Store) -> None:
    cell = cells(county)[0].code
    with pytest.raises(CellsUnknown):
        make(county, Lock("x"))
    with pytest.raises(CellNotLocked):
        make(county, Lock(cell, locked=False))
    make(county, Lock(cell))
    with pytest.raises(CellLockedAlready):
        make(county, Lock(cell))
    with county.read(ALL) as tx:
        assert [row.kind for row in moves.rows(tx, DRAFT)].count(MoveKind.LOCK) == 1
