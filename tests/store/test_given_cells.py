"""Cells that go to another village and workers that a draft sets: undone, made again, compared and published; on both databases."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
import shapely
from shapely import LineString

from gridmap.access import Actor, Grant, Role
from gridmap.duty import Duty, Post, Worker
from gridmap.errors import Refusal
from gridmap.flows.accounts import WorkerMissing
from gridmap.flows.cut_draft import cut_draft
from gridmap.flows.draft_revision import DraftMoved, DraftMovedElsewhere
from gridmap.flows.draft_village import see_village
from gridmap.flows.give_area import AreasUnknown
from gridmap.flows.import_areas import AreaForeign
from gridmap.flows.make_move import Move, make_move
from gridmap.flows.move_cells import Made, MoveOvertaken, redo, undo
from gridmap.flows.publish import check_draft, publish
from gridmap.flows.rehearse import rehearse
from gridmap.flows.start_draft import start_draft
from gridmap.grid import Area, Level
from gridmap.planning.border_line import NothingMoves
from gridmap.planning.kinds import MoveKind
from gridmap.planning.moves import CellsUnknown, Merge
from gridmap.planning.posting import PostWorker
from gridmap.planning.reparent import ParentApart, ParentUnfit, Reparent
from gridmap.store import Store, drafts, land, people
from tests.builders import ALL
from tests.store.test_move_cells import DRAFT, cells, merge_some, revision, seal, step
from tests.store.test_publish import EAST, LAND, NOW, PLANNER, TOWNSHIP, WEST, fill, homes, settle, square

LATER = NOW + timedelta(days=2)
TWO = replace(TOWNSHIP, code="420100101", name="二镇", shape=square(400, 0, 600, 200))
FAR = replace(WEST, code="420100101201", name="远村", parent=TWO.code, shape=TWO.shape)


@pytest.fixture
def county(store: Store) -> Store:
    """An edition whose two villages are cut, with a worker at each cell, and a draft begun from it; another township beside them."""
    settle(store, homes())
    fill(store, *LAND, TWO, FAR, draft="first")
    cut_draft(store, draft="first", villages=[WEST.code, EAST.code], now=NOW, actor=PLANNER)
    publish(store, "first", now=NOW, actor=PLANNER)
    start_draft(store, DRAFT, now=NOW, actor=PLANNER)
    with store.begin(ALL) as tx:
        found = [area for area in drafts.areas(tx, DRAFT) if area.level is Level.CELL]
        people.put_workers(tx, [Worker(f"w{n}", f"员{n}") for n in range(len(found) + 1)])
        people.put_posts(tx, [Post(f"w{n}", cell.code, Duty.WORKER, NOW) for n, cell in enumerate(found)])
        people.put_posts(tx, [Post("w0", found[-1].code, Duty.BACKUP, NOW)])
    return store


def make(store: Store, operation: Move, **more: object) -> Made:
    return make_move(store, DRAFT, operation, **{"revision": None, "now": NOW, "actor": PLANNER} | more)  # type: ignore[arg-type]


def at_the_border(store: Store) -> Area:
    return next(cell for cell in cells(store) if shapely.intersection(cell.shape, EAST.shape).length > 1e-6)


def areas(store: Store) -> dict[str, Area]:
    with store.read(ALL) as tx:
        return {area.code: area for area in drafts.areas(tx, DRAFT)}


def posts(store: Store, at: object) -> dict[tuple[str, str], str]:
    with store.read(ALL) as tx:
        return {(post.area, str(post.duty)): post.worker for post in people.posts(tx, at=at)}  # type: ignore[arg-type]


def test_a_cell_goes_to_another_village_with_its_worker_and_comes_back_after_a_restart(county: Store) -> None:
    cell, seals = at_the_border(county), [seal(county)]
    made = make(county, Reparent(cell.code, EAST.code), revision=revision(county))
    [code] = {each.code for each in cells(county, EAST)} & set(made.changed) - {cell.code}
    assert (made.kind, made.village, made.households) == (MoveKind.PARENT, WEST.code, 0)
    assert all(str(finding.severity) == "warning" for finding in made.findings)
    seals.append(seal(county))
    there = areas(county)
    for village in (WEST, EAST):
        own = [each.shape for each in cells(county, village)]
        assert shapely.coverage_union_all(own).equals(there[village.code].shape)
    seen = see_village(county, DRAFT, EAST.code, now=NOW, actor=PLANNER)
    held = posts(county, NOW)
    assert seen.holders[code].id == held[cell.code, "worker"]
    with Store.open(f"sqlite:///{county.file}") if county.file else nullcontext(county) as again:
        step(undo, again)
        assert seal(again) == seals[0]
    step(redo, county)
    assert seal(county) == seals[1]
    found = rehearse(county, DRAFT, now=NOW, actor=PLANNER)
    assert (found.comparison.moved, found.comparison.other_worker) == (0, 0)
    assert found.comparison.recoded == {cell.code: code}
    assert {WEST.code, EAST.code} <= set(found.comparison.sheets)
    findings = check_draft(county, DRAFT, actor=PLANNER, at=NOW)
    assert {finding.code for finding in findings} <= {"cell_households"}
    publish(county, DRAFT, at=LATER, now=NOW, actor=PLANNER)
    assert posts(county, NOW) == held
    then = posts(county, LATER)
    assert {key: who for key, who in then.items() if key[0] != code} == {key: who for key, who in held.items() if key[0] != cell.code}
    assert {duty: who for (area, duty), who in then.items() if area == code} == {
        duty: who for (area, duty), who in held.items() if area == cell.code
    }


def test_a_worker_who_is_set_counts_in_the_comparison_and_stands_there_once_the_edition_is_in_force(county: Store) -> None:
    cell, other = cells(county)[:2]
    held, before = posts(county, NOW), seal(county)
    new = held[other.code, "worker"]
    made = make(county, PostWorker(cell.code, new), revision=revision(county))
    assert (made.kind, dict(made.changed), made.findings) == (MoveKind.POST, {}, ())
    assert see_village(county, DRAFT, WEST.code, now=NOW, actor=PLANNER).holders[cell.code].id == new
    assert posts(county, NOW) == held
    found = rehearse(county, DRAFT, now=NOW, actor=PLANNER).comparison
    assert (found.moved, found.other_worker) == (0, cell.households)
    load = next(each for each in found.loads if each.worker == new)
    assert (load.gained, load.cells_before, load.cells_after) == (cell.households, 1, 2)
    assert found.sheets == (WEST.code,)
    step(undo, county)
    assert rehearse(county, DRAFT, now=NOW, actor=PLANNER).comparison.other_worker == 0
    step(redo, county)
    nobody = make(county, PostWorker(other.code, None))
    assert [finding.code for finding in nobody.findings] == ["cells_unposted"]
    assert "cells_unposted" in {finding.code for finding in check_draft(county, DRAFT, actor=PLANNER, at=NOW)}
    assert seal(county) == before
    publish(county, DRAFT, at=LATER, now=NOW, actor=PLANNER)
    assert posts(county, LATER - timedelta(seconds=1)) == held
    wanted = held | {(cell.code, "worker"): new}
    del wanted[other.code, "worker"]
    assert posts(county, LATER) == wanted


def test_a_post_that_begins_with_the_edition_is_still_given_to_another(county: Store) -> None:
    cell = cells(county)[0]
    make(county, PostWorker(cell.code, None))
    publish(county, DRAFT, at=NOW, now=NOW, actor=PLANNER)
    assert (cell.code, "worker") not in posts(county, NOW + timedelta(seconds=1))


def test_a_village_goes_to_another_township_and_comes_back(county: Store) -> None:
    before = seal(county)
    made = make(county, Reparent(EAST.code, TWO.code))
    there = areas(county)
    assert there[EAST.code].parent == TWO.code
    assert there[TOWNSHIP.code].shape.equals(WEST.shape)
    assert there[TWO.code].shape.equals(shapely.union(EAST.shape, TWO.shape))
    assert {each.parent for each in cells(county, EAST)} == {EAST.code}
    assert made.village == EAST.code
    step(undo, county, EAST)
    assert seal(county) == before


def test_both_planners_must_be_asked_also_to_take_it_back(county: Store) -> None:
    cell = at_the_border(county)
    west = Actor("west", "account-west", None, (Grant(Role.PLANNER, WEST.code),))
    town = Actor("town", "account-town", None, (Grant(Role.PLANNER, TOWNSHIP.code),))
    with pytest.raises(AreaForeign):
        make(county, Reparent(cell.code, EAST.code), actor=west)
    with pytest.raises(AreaForeign):
        make(county, Reparent(EAST.code, TWO.code), actor=town)
    make(county, Reparent(cell.code, EAST.code), actor=town)
    with pytest.raises(AreaForeign):
        step(undo, county, actor=west)
    step(undo, county, actor=town)
    with pytest.raises(AreaForeign):
        make(county, PostWorker(cells(county, EAST)[0].code, None), actor=west)


def test_who_gives_or_posts_what_others_changed_meanwhile_is_told(county: Store) -> None:
    cell = at_the_border(county)
    seen = revision(county)
    make(county, PostWorker(cell.code, None))
    for operation in (PostWorker(cell.code, "w1"), Reparent(cell.code, EAST.code)):
        with pytest.raises(DraftMoved) as told:
            make(county, operation, revision=seen)
        assert type(told.value) is DraftMoved
    with pytest.raises(DraftMovedElsewhere):
        make(county, PostWorker(cells(county, EAST)[0].code, None), revision=seen)
    made = make(county, Reparent(cell.code, EAST.code))
    merge_some(county, EAST)
    code = next(code for code, area in made.changed.items() if area and area.parent == EAST.code)
    if code not in areas(county):
        with pytest.raises(MoveOvertaken):
            step(undo, county)


def test_what_cannot_be_given_or_posted_is_refused_and_changes_nothing(county: Store) -> None:
    before, kept = seal(county), revision(county)
    cell = at_the_border(county)
    far = max(cells(county), key=lambda each: each.shape.distance(EAST.shape))
    holder = posts(county, NOW)[cell.code, "worker"]
    wrong: list[tuple[type[Refusal], Move]] = [
        (AreasUnknown, Reparent("x", EAST.code)),
        (AreasUnknown, Reparent(cell.code, "x")),
        (ParentUnfit, Reparent(cell.code, TOWNSHIP.code)),
        (ParentUnfit, Reparent(TOWNSHIP.code, TWO.code)),
        (ParentUnfit, Reparent(cell.code, FAR.code)),
        (NothingMoves, Reparent(cell.code, WEST.code)),
        (ParentApart, Reparent(far.code, EAST.code)),
        (CellsUnknown, PostWorker("x", "w1")),
        (CellsUnknown, PostWorker(WEST.code, "w1")),
        (WorkerMissing, PostWorker(cell.code, "nobody")),
        (NothingMoves, PostWorker(cell.code, holder)),
        (CellsUnknown, Merge(("x", "y"))),
    ]
    for kind, operation in wrong:
        with pytest.raises(kind) as told:
            make(county, operation)
        assert "{" not in told.value.text("zh")
    assert (seal(county), revision(county)) == (before, kept)


def test_a_cell_that_a_river_parts_is_told_after_a_move_and_by_the_gate_until_there_is_a_bridge(county: Store) -> None:
    middle = cells(county)[0].shape.representative_point()
    with county.begin(ALL) as tx:
        land.put_lines(tx, "barrier", [LineString([(middle.x, 29), (middle.x, 31)])], ["河"])
    parted = {finding.area for finding in check_draft(county, DRAFT, actor=PLANNER) if finding.code == "cell_across_barrier"}
    assert cells(county)[0].code in parted
    made = merge_some(county)
    assert "cell_across_barrier" in {finding.code for finding in made.findings}
    seen = see_village(county, DRAFT, WEST.code, now=NOW, actor=PLANNER)
    assert seen.findings == made.findings
    told = {finding.area for finding in step(undo, county).findings if finding.code == "cell_across_barrier"}
    assert told == parted
    bridges = [LineString([(middle.x - 1e-3, 30 + n * 1e-5), (middle.x + 1e-3, 30 + n * 1e-5)]) for n in range(250)]
    with county.begin(ALL) as tx:
        land.put_lines(tx, "bridge", bridges, ["桥"] * len(bridges))
    assert "cell_across_barrier" not in {finding.code for finding in check_draft(county, DRAFT, actor=PLANNER)}
