"""Moves of a draft's cells in the database: kept with what undoes them, on one revision after the other, nobody's written over."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
import shapely

from gridmap.access import Actor, Grant, Role
from gridmap.account import Account
from gridmap.errors import DraftMissing, Refusal
from gridmap.flows.approve_draft import SecondPublisherNeeded, approve_draft
from gridmap.flows.cut_draft import cut_draft
from gridmap.flows.draft_revision import DraftMoved, DraftMovedElsewhere
from gridmap.flows.draft_village import DraftVillageMissing, see_village
from gridmap.flows.import_areas import AreaForeign
from gridmap.flows.move_cells import Made, MoveOvertaken, NothingToUndo, move, redo, undo
from gridmap.flows.publish import check_draft, publish
from gridmap.grid import Area, Level
from gridmap.planning.kinds import MoveKind
from gridmap.planning.moves import Assign, Border, CellsUnknown, Merge, Split
from gridmap.planning.tiling import arcs, digest
from gridmap.store import Store, accounts, drafts, history, moves
from tests.builders import ALL
from tests.store.test_publish import DEGREE, EAST, LAND, NOW, PLANNER, WEST, fill, homes, settle

OTHER = Actor("other", "account-other", None, (Grant(Role.PLANNER),))
DRAFT = "spring"


@pytest.fixture
def county(store: Store) -> Store:
    """A draft whose two villages are cut."""
    settle(store, homes())
    fill(store, *LAND, draft=DRAFT)
    cut_draft(store, draft=DRAFT, now=NOW, actor=PLANNER)
    return store


def seal(store: Store) -> str:
    with store.read(ALL) as tx:
        return digest(drafts.areas(tx, DRAFT))


def revision(store: Store) -> str:
    with store.read(ALL) as tx:
        return moves.revision(tx, DRAFT)


def cells(store: Store, village: Area = WEST) -> tuple[Area, ...]:
    with store.read(ALL) as tx:
        return tuple(area for area in drafts.areas(tx, DRAFT) if area.parent == village.code)


def merge_some(store: Store, village: Area = WEST, **more: object) -> Made:
    pair = next((arc.left, arc.right) for arc in arcs(cells(store, village)) if arc.right)
    return move(store, DRAFT, Merge(pair), **{"revision": None, "now": NOW, "actor": PLANNER} | more)  # type: ignore[arg-type]


def step(what: Callable[..., Made], store: Store, village: Area = WEST, **more: object) -> Made:
    return what(store, DRAFT, village.code, **{"revision": None, "now": NOW, "actor": PLANNER} | more)


def test_moves_are_kept_and_taken_back_and_made_again_after_a_restart(county: Store) -> None:
    seals = [seal(county)]
    arc = max((arc for arc in arcs(cells(county)) if arc.right), key=lambda arc: arc.line.length)
    start, end, middle = arc.line.coords[0], arc.line.coords[-1], arc.line.interpolate(0.5, normalized=True)
    dragged = move(
        county, DRAFT, Border((arc.left, arc.right or ""), (start, (middle.x + DEGREE, middle.y + DEGREE), end)), revision=revision(county),
        now=NOW, actor=PLANNER,
    )  # fmt: skip
    assert set(dragged.changed) == {arc.left, arc.right}
    seals.append(seal(county))
    cell = cells(county)[0]
    spot, (_, south, _, north) = cell.shape.representative_point(), cell.shape.bounds
    move(county, DRAFT, Split(cell.code, ((spot.x, south - 1), (spot.x, north + 1))), revision=dragged.revision, now=NOW, actor=PLANNER)
    seals.append(seal(county))
    merged = merge_some(county)
    assert [area for area in merged.changed.values() if area is None]
    seals.append(seal(county))
    assert len(set(seals)) == 4
    with Store.open(f"sqlite:///{county.file}") if county.file else nullcontext(county) as again:
        for at in (2, 1, 0):
            step(undo, again)
            assert seal(county) == seals[at]
    with pytest.raises(NothingToUndo):
        step(undo, county, EAST)
    for at in (1, 2, 3):
        made = step(redo, county)
        assert seal(county) == seals[at]
        assert (made.kind, made.revision) == (MoveKind.REDO, revision(county))
    with pytest.raises(NothingToUndo):
        step(redo, county)
    assert shapely.coverage_is_valid([each.shape for village in (WEST, EAST) for each in cells(county, village)])
    assert sum(each.households or 0 for village in (WEST, EAST) for each in cells(county, village)) == 800
    assert all(str(finding.severity) != "error" for finding in check_draft(county, DRAFT, actor=PLANNER))
    publish(county, DRAFT, now=NOW, actor=PLANNER)
    with county.read(ALL) as tx:
        assert moves.rows(tx, DRAFT) == ()
        told = [row.facts["kind"] for row in history.rows(tx, limit=100) if row.what == "draft.move"]
    assert told == ["border", "split", "merge", *["undo"] * 3, *["redo"] * 3]


def test_a_new_move_forgets_what_was_taken_back(county: Store) -> None:
    merge_some(county)
    step(undo, county)
    made = merge_some(county, now=NOW + timedelta(seconds=1))
    with pytest.raises(NothingToUndo):
        step(redo, county)
    step(undo, county, revision=made.revision)


def test_the_second_planner_is_told_whose_moves_came_between_and_nothing_is_written_over(county: Store) -> None:
    seen = revision(county)
    pair = next((arc.left, arc.right) for arc in arcs(cells(county)) if arc.right)
    merge_some(county, actor=OTHER)
    before = seal(county)
    with pytest.raises(DraftMoved) as told:
        move(county, DRAFT, Merge(pair), revision=seen, now=NOW, actor=PLANNER)
    assert type(told.value) is DraftMoved
    assert told.value.facts["who"] == "other"
    assert told.value.facts["again"] is False
    assert [each["kind"] for each in told.value.facts["changes"]] == ["merge"]  # type: ignore[attr-defined]
    assert set(pair) <= set(told.value.facts["changes"][0]["areas"])  # type: ignore[index]
    with pytest.raises(DraftMoved):
        step(undo, county, revision=seen)
    assert seal(county) == before


def test_who_moved_other_cells_may_send_the_same_again_on_the_new_revision(county: Store) -> None:
    seen = revision(county)
    for _ in range(2):
        merge_some(county, EAST, actor=OTHER)
    with pytest.raises(DraftMovedElsewhere) as told:
        merge_some(county, revision=seen)
    assert (told.value.facts["again"], told.value.facts["count"]) == (True, 2)
    merge_some(county, revision=told.value.facts["revision"])


def test_what_is_imported_or_cut_meanwhile_is_no_other_cell(county: Store) -> None:
    seen = revision(county)
    with county.begin(ALL) as tx:
        drafts.put(tx, DRAFT, cells(county, EAST)[:1], at=NOW, replace_level=None)
    with pytest.raises(DraftMovedElsewhere):
        merge_some(county, revision=seen)
    everything = [area for village in (WEST, EAST) for area in cells(county, village)]
    with county.begin(ALL) as tx:
        drafts.put(tx, DRAFT, everything, at=NOW, replace_level=Level.CELL)
    with pytest.raises(DraftMoved) as told:
        merge_some(county, revision=seen)
    assert type(told.value) is DraftMoved


def test_a_revision_of_a_draft_that_is_gone_is_none_of_another_under_its_name(county: Store) -> None:
    seen = revision(county)
    publish(county, DRAFT, now=NOW, actor=PLANNER)
    fill(county, draft=DRAFT)
    fill(county, draft=DRAFT)
    fill(county, draft=DRAFT)
    with pytest.raises(DraftMoved):
        merge_some(county, revision=seen)


def test_a_move_that_something_else_overtook_is_not_taken_back(county: Store) -> None:
    made = merge_some(county)
    changed = [area for area in made.changed.values() if area]
    with county.begin(ALL) as tx:
        drafts.put(tx, DRAFT, [replace(changed[0], name="另一个")], at=NOW)
    before = seal(county)
    with pytest.raises(MoveOvertaken):
        step(undo, county)
    assert seal(county) == before


def test_a_village_that_was_cut_anew_can_be_taken_back(county: Store) -> None:
    before = seal(county)
    cut_draft(county, draft=DRAFT, villages=[WEST.code], seed=9, now=NOW, actor=PLANNER)
    assert seal(county) != before
    assert see_village(county, DRAFT, WEST.code, now=NOW, actor=PLANNER).undo is not None
    step(undo, county)
    assert seal(county) == before


def test_what_cannot_be_is_refused_and_changes_nothing(county: Store) -> None:
    before = seal(county)
    east = Actor("east", "account-east", None, (Grant(Role.PLANNER, EAST.code),))
    pair = next((arc.left, arc.right or "") for arc in arcs(cells(county)) if arc.right)
    wrong: list[tuple[type[Refusal], Callable[[], object]]] = [
        (DraftMissing, lambda: move(county, "none", Merge(pair), revision=None, now=NOW, actor=PLANNER)),
        (CellsUnknown, lambda: move(county, DRAFT, Merge(("x", "y")), revision=None, now=NOW, actor=PLANNER)),
        (CellsUnknown, lambda: move(county, DRAFT, Assign(("h1",), "x"), revision=None, now=NOW, actor=PLANNER)),
        (AreaForeign, lambda: move(county, DRAFT, Merge(pair), revision=None, now=NOW, actor=east)),
        (AreaForeign, lambda: step(undo, county, actor=east)),
        (DraftVillageMissing, lambda: undo(county, DRAFT, "x", revision=None, now=NOW, actor=PLANNER)),
        (DraftVillageMissing, lambda: see_village(county, DRAFT, "x", now=NOW, actor=PLANNER)),
    ]
    for kind, ask in wrong:
        with pytest.raises(kind) as told:
            ask()
        assert "{" not in told.value.text("zh")
    assert seal(county) == before


def test_a_planner_sees_a_village_with_its_people_and_another_without(county: Store) -> None:
    east = Actor("east", "account-east", None, (Grant(Role.PLANNER, EAST.code),))
    assert see_village(county, DRAFT, EAST.code, now=NOW, actor=east).ground.households.total >= 400
    seen = see_village(county, DRAFT, WEST.code, now=NOW, actor=east)
    assert (seen.known, seen.ground.households.total, len(seen.ground.cells)) == (False, 0, len(cells(county)))


def test_where_there_are_accounts_another_person_approves_what_is_published(county: Store) -> None:
    two = {"now": NOW, "people": 2}
    one, other = (Actor(name, name, None, (Grant(Role.PLANNER),)) for name in ("one (operator:root)", "other (operator:ann)"))
    with county.begin(ALL) as tx:
        accounts.add(tx, Account(id="one", name="one", made_at=NOW))
    with pytest.raises(SecondPublisherNeeded):
        publish(county, DRAFT, actor=other, **two)  # type: ignore[arg-type]
    approve_draft(county, DRAFT, revision=revision(county), now=NOW, actor=one)
    with pytest.raises(SecondPublisherNeeded):
        publish(county, DRAFT, actor=replace(other, name="two (operator:root)"), **two)  # type: ignore[arg-type]
    merge_some(county)
    with pytest.raises(SecondPublisherNeeded):
        publish(county, DRAFT, actor=other, **two)  # type: ignore[arg-type]
    with pytest.raises(DraftMoved):
        approve_draft(county, DRAFT, revision="1-00000000", now=NOW, actor=one)
    approve_draft(county, DRAFT, revision=None, now=NOW, actor=one)
    step(undo, county)
    step(redo, county)
    approve_draft(county, DRAFT, revision=None, now=NOW, actor=one)
    assert publish(county, DRAFT, actor=other, **two).actor == other.name  # type: ignore[arg-type]


def test_before_the_first_account_one_person_publishes(county: Store) -> None:
    assert publish(county, DRAFT, now=NOW, actor=PLANNER, people=2).number == 1
