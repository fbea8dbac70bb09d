"""A draft becomes an edition: judged, counted, recorded once, never twice; on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from shapely import LineString, Polygon, box

from gridmap.access import Actor, Forbidden, Grant, Role, operator
from gridmap.duty import Duty, Post, Worker
from gridmap.errors import DraftMissing, InstantPast, PublishRefused
from gridmap.flows.cut_draft import CellMissing, DraftChanged, HouseholdsNone, VillageMissing, VillagesNone, cut_draft
from gridmap.flows.publish import EditionBeforeNone, check_draft, publish, roll_back
from gridmap.flows.verify_history import verify
from gridmap.grid import Area, Edition, Households, Level, Severity
from gridmap.matching import find, index_of
from gridmap.store import Store, drafts, editions, land, people
from tests.builders import ALL

NOW = datetime(2026, 4, 1, 8, tzinfo=UTC)
DAY = timedelta(days=1)
PLANNER = operator("planner")
DEGREE = 1 / 96486.0


def square(west: float, south: float, east: float, north: float) -> Polygon:
    return box(116 + west * DEGREE, 30 + south * DEGREE, 116 + east * DEGREE, 30 + north * DEGREE)


TOWNSHIP = Area("420100100", Level.TOWNSHIP, "镇", None, square(0, 0, 400, 200))
WEST = Area("420100100201", Level.VILLAGE, "西村", TOWNSHIP.code, square(0, 0, 200, 200))
EAST = Area("420100100202", Level.VILLAGE, "东村", TOWNSHIP.code, square(200, 0, 400, 200))
LAND = (TOWNSHIP, WEST, EAST)


def homes(columns: int = 40, rows: int = 20) -> Households:
    x, y = np.meshgrid(5 + 10 * np.arange(columns), 5 + 10 * np.arange(rows))
    ids = np.array([f"h{n}" for n in range(x.size)], dtype=np.str_)
    return Households(ids, 116 + x.ravel() * DEGREE, 30 + y.ravel() * DEGREE, np.ones(x.size, dtype=np.int64))


def fill(store: Store, *areas: Area, draft: str = "import") -> None:
    with store.begin(ALL) as tx:
        drafts.put(tx, draft, areas, at=NOW)


def settle(store: Store, households: Households) -> None:
    with store.begin(ALL) as tx:
        land.put_households(tx, households)


def edition_at(store: Store, at: datetime) -> Edition:
    with store.read(ALL) as tx:
        return store.edition_in_force(tx, at)


def test_a_draft_becomes_the_edition_in_force_and_is_gone(store: Store) -> None:
    fill(store, *LAND)
    made = publish(store, "import", now=NOW, actor=PLANNER, note="first")
    assert (made.number, made.in_force_from, made.recorded_at, made.note, made.actor) == (1, NOW, NOW, "first", "planner")
    assert edition_at(store, NOW) == made
    with store.read(ALL) as tx:
        assert drafts.heads(tx) == ()


def test_an_edition_can_wait_for_its_instant(store: Store) -> None:
    fill(store, *LAND)
    publish(store, "import", now=NOW, actor=PLANNER)
    fill(store, replace(WEST, name="新西村"))
    publish(store, "import", at=NOW + DAY, now=NOW, actor=PLANNER)
    assert [edition_at(store, at).area(WEST.code).name for at in (NOW, NOW + DAY)] == ["西村", "新西村"]


def test_the_past_is_refused_and_the_draft_stays(store: Store) -> None:
    fill(store, *LAND)
    with pytest.raises(InstantPast):
        publish(store, "import", at=NOW - timedelta(seconds=1), now=NOW, actor=PLANNER)
    with store.read(ALL) as tx:
        assert [head.name for head in drafts.heads(tx)] == ["import"]
        assert editions.heads(tx) == ()


def test_a_refused_draft_stays_and_every_reason_is_carried(store: Store) -> None:
    fill(store, TOWNSHIP, replace(WEST, parent="420100199"), replace(EAST, shape=square(0, 0, 400, 200)))
    with pytest.raises(PublishRefused) as refused:
        publish(store, "import", now=NOW, actor=PLANNER)
    assert [finding.code for finding in refused.value.findings][:2] == ["orphan_named", "overlap"]
    assert "2 faults" in str(refused.value)
    assert refused.value.findings == check_draft(store, "import", actor=PLANNER)
    with store.read(ALL) as tx:
        assert len(drafts.areas(tx, "import")) == 3


def test_an_empty_draft_and_a_missing_one_are_refused(store: Store) -> None:
    fill(store)
    with pytest.raises(PublishRefused, match="no area"):
        publish(store, "import", now=NOW, actor=PLANNER)
    with pytest.raises(DraftMissing):
        publish(store, "other", now=NOW, actor=PLANNER)


def test_every_area_is_counted_and_a_cells_own_count_stands(store: Store) -> None:
    settle(store, homes())
    cell = Area(f"{WEST.code}001", Level.CELL, "第1网格", WEST.code, WEST.shape, households=399)
    fill(store, *LAND, cell)
    made = publish(store, "import", now=NOW, actor=PLANNER)
    counts = {area.code: area.households for area in made.areas}
    assert counts == {cell.code: 399, WEST.code: 399, EAST.code: 400, TOWNSHIP.code: 799}


def test_without_households_nothing_is_counted(store: Store) -> None:
    fill(store, *LAND)
    assert {area.households for area in publish(store, "import", now=NOW, actor=PLANNER).areas} == {None}


def test_a_draft_that_began_before_the_newest_edition_does_not_undo_it_unasked(store: Store) -> None:
    fill(store, *LAND, draft="slow")
    fill(store, *LAND, draft="quick")
    publish(store, "quick", now=NOW, actor=PLANNER)
    assert [finding.code for finding in check_draft(store, "slow", actor=PLANNER)] == ["base_none"]
    fill(store, draft="next")
    assert check_draft(store, "next", actor=PLANNER) == ()
    with pytest.raises(PublishRefused, match="edition 1 has been published since"):
        publish(store, "slow", now=NOW, actor=PLANNER)
    assert publish(store, "slow", now=NOW, actor=PLANNER, supersede=True).number == 2
    assert [(f.code, f.facts["base"], f.facts["newest"]) for f in check_draft(store, "next", actor=PLANNER)] == [("base_outdated", 1, 2)]


def both(*calls: Callable[[], object]) -> list[object]:
    """What calls answer that are made at the same moment; a refusal is its answer."""
    start = Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        start.wait()
        try:
            return call()
        except (DraftMissing, PublishRefused) as refusal:
            return refusal

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_two_drafts_published_at_once_one_is_first_and_the_other_is_told(store: Store) -> None:
    for name in ("one", "two"):
        fill(store, TOWNSHIP, replace(WEST, name=name), EAST, draft=name)
    made = both(*(lambda name=name: publish(store, name, now=NOW, actor=operator(name)) for name in ("one", "two")))
    [edition] = [each for each in made if isinstance(each, Edition)]
    [refused] = [each for each in made if isinstance(each, PublishRefused)]
    with store.read(ALL) as tx:
        assert store.edition(tx, 1) == edition
        [left] = drafts.heads(tx)
    assert {edition.area(WEST.code).name, left.name} == {"one", "two"}
    assert publish(store, left.name, now=NOW, actor=PLANNER, supersede=True).number == 2
    assert "edition 1" in str(refused)


def test_one_draft_published_twice_at_once_is_published_once(store: Store) -> None:
    fill(store, *LAND)
    made = both(*[lambda: publish(store, "import", now=NOW, actor=PLANNER)] * 2)
    assert sorted(type(answer).__name__ for answer in made) == ["DraftMissing", "Edition"]
    with store.read(ALL) as tx:
        assert len(editions.heads(tx)) == 1


def test_a_draft_is_cut_by_what_is_in_the_store(store: Store) -> None:
    settle(store, homes())
    with store.begin(ALL) as tx:
        river = square(100, -10, 110, 210)
        land.put_lines(tx, "barrier", [river], ["river"])
    fill(store, *LAND)
    cut = cut_draft(store, now=NOW, actor=PLANNER)
    made = publish(store, "import", now=NOW, actor=PLANNER)
    cells = made.at(Level.CELL)
    assert {cell.code for cell in cells} == {cell.code for cell in cut.cells}
    assert sum(cell.households or 0 for cell in cells) == 800
    assert made.area(TOWNSHIP.code).households == 800
    wall = LineString([(116 + 105 * DEGREE, 30), (116 + 105 * DEGREE, 31)])
    assert not any(cell.households and cell.shape.buffer(-9 * DEGREE).intersects(wall) for cell in cells)


def test_cutting_again_replaces_the_cells_of_the_named_villages_only(store: Store) -> None:
    settle(store, homes())
    fill(store, *LAND)
    first = cut_draft(store, now=NOW, actor=PLANNER)
    again = cut_draft(store, villages=[EAST.code], low=20, high=40, now=NOW, actor=PLANNER)
    with store.read(ALL) as tx:
        cells = {area.code for area in drafts.areas(tx, "import") if area.level is Level.CELL}
    kept = {cell.code for cell in first.cells if cell.parent == WEST.code}
    assert cells == kept | {cell.code for cell in again.cells}
    assert {cell.parent for cell in again.cells} == {EAST.code}


def test_a_cell_of_its_own_stays_while_the_village_around_it_is_cut(store: Store) -> None:
    settle(store, homes())
    mall = Area(f"{WEST.code}002", Level.CELL, "商场", WEST.code, square(20, 20, 60, 70), "Mall")
    fill(store, *LAND, mall)
    cut = cut_draft(store, keep=[mall.code], now=NOW, actor=PLANNER)
    findings = check_draft(store, "import", actor=PLANNER)
    assert {finding.severity for finding in findings} <= {Severity.WARNING, Severity.NOTE}
    assert not {finding.code for finding in findings} & {"overlap", "gap", "gap_at_border", "child_outside_parent"}
    made = publish(store, "import", now=NOW, actor=PLANNER)
    assert made.area(mall.code).shape.equals(mall.shape)
    assert {cell.code for cell in made.at(Level.CELL)} == {mall.code, *(cell.code for cell in cut.cells)}
    assert mall.code not in {cell.code for cell in cut.cells}
    assert not any(cell.shape.intersection(mall.shape).area for cell in cut.cells)
    inside = made.area(mall.code).households or 0
    assert inside > 0
    assert sum(cell.households or 0 for cell in made.at(Level.CELL)) == 800


def test_a_village_that_is_one_cell_of_its_own_is_not_cut_at_all(store: Store) -> None:
    settle(store, homes())
    mine = Area(f"{WEST.code}001", Level.CELL, "矿区", WEST.code, WEST.shape, "Mine", 0)
    fill(store, *LAND, mine)
    cut = cut_draft(store, keep=[mine.code], now=NOW, actor=PLANNER)
    assert {cell.parent for cell in cut.cells} == {EAST.code}
    assert publish(store, "import", now=NOW, actor=PLANNER).area(mine.code).households == 0
    for wrong in (EAST.code, f"{WEST.code}999"):
        with pytest.raises(CellMissing):
            cut_draft(store, draft="other", keep=[wrong], now=NOW, actor=PLANNER)


def test_a_park_of_the_first_level_without_villages_is_published_and_takes_reports(store: Store) -> None:
    park = replace(TOWNSHIP, code="420100400", name="工业园", shape=square(400, 0, 600, 200))
    fill(store, *LAND, park)
    made = publish(store, "import", now=NOW, actor=PLANNER)
    middle = park.shape.centroid
    assert find(index_of(made), middle.x, middle.y).path == (park.code,)


def test_a_cell_code_that_was_retired_is_never_given_again(store: Store) -> None:
    settle(store, homes())
    fill(store, *LAND)
    cut_draft(store, low=30, high=50, now=NOW, actor=PLANNER)
    first = publish(store, "import", now=NOW, actor=PLANNER)
    cut_draft(store, low=60, high=100, now=NOW, actor=PLANNER)
    second = publish(store, "import", now=NOW, actor=PLANNER)
    retired = {cell.code for cell in first.at(Level.CELL)} - {cell.code for cell in second.at(Level.CELL)}
    assert retired
    cut_draft(store, low=30, high=50, now=NOW, actor=PLANNER)
    third = publish(store, "import", now=NOW, actor=PLANNER)
    assert not retired & {cell.code for cell in third.at(Level.CELL)}
    old = next(cell for cell in first.at(Level.CELL) if cell.code in retired)
    fill(store, old)
    with pytest.raises(PublishRefused) as refused:
        publish(store, "import", now=NOW, actor=PLANNER)
    assert "code_retired" in {finding.code for finding in refused.value.findings}


def test_going_back_publishes_what_was_there_before_and_nothing_goes_away(store: Store, tmp_path: Path) -> None:
    settle(store, homes())
    fill(store, *LAND)
    with pytest.raises(EditionBeforeNone):
        roll_back(store, now=NOW, actor=PLANNER)
    cut_draft(store, low=30, high=50, now=NOW, actor=PLANNER)
    first = publish(store, "import", now=NOW, actor=PLANNER)
    with pytest.raises(EditionBeforeNone):
        roll_back(store, now=NOW, actor=PLANNER)
    cut_draft(store, low=60, high=100, now=NOW, actor=PLANNER)
    second = publish(store, "import", now=NOW, actor=PLANNER)
    with pytest.raises(InstantPast):
        roll_back(store, at=NOW - DAY, now=NOW, actor=PLANNER)
    back = roll_back(store, now=NOW, actor=PLANNER, note="wrong band")
    assert (back.number, back.digest, back.note) == (3, first.digest, "wrong band")
    assert [area.households for area in back.areas] == [area.households for area in first.areas]
    assert edition_at(store, NOW) == back
    with store.read(ALL) as tx:
        assert [store.edition(tx, number).digest for number in (1, 2)] == [first.digest, second.digest]
    again = roll_back(store, at=NOW + DAY, now=NOW, actor=PLANNER)
    assert (again.digest, edition_at(store, NOW), edition_at(store, NOW + DAY)) == (second.digest, back, again)
    assert verify(store, tmp_path / "anchors", actor=PLANNER).faults == ()


def test_the_check_tells_which_cells_would_have_no_worker_or_several(store: Store) -> None:
    settle(store, homes())
    fill(store, *LAND)
    cells = [cell.code for cell in cut_draft(store, now=NOW, actor=PLANNER).cells]
    assert check_draft(store, "import", actor=PLANNER, at=NOW) == ()
    gone = f"{WEST.code}900"
    posted = [*((f"w{n}", code) for n, code in enumerate(cells[2:])), ("v", cells[2]), ("x", gone)]
    with store.begin(ALL) as tx:
        people.put_workers(tx, [Worker(id, id) for id, _ in posted])
        people.put_posts(tx, [Post(id, area, Duty.WORKER, NOW - DAY) for id, area in posted])
    found = {finding.code: finding for finding in check_draft(store, "import", actor=PLANNER, at=NOW)}
    assert {code: finding.facts["codes"] for code, finding in found.items()} == {
        "cells_unposted": ", ".join(cells[:2]), "cells_posted_twice": cells[2], "posts_without_area": gone,
    }  # fmt: skip
    assert {finding.severity for finding in found.values()} == {Severity.WARNING}
    assert check_draft(store, "import", actor=PLANNER, at=NOW - 2 * DAY) == ()
    publish(store, "import", now=NOW, actor=PLANNER)


def test_only_whoever_may_publish_may_go_back(store: Store) -> None:
    fill(store, *LAND)
    publish(store, "import", now=NOW, actor=PLANNER)
    fill(store, replace(WEST, name="新西村"))
    publish(store, "import", now=NOW, actor=PLANNER)
    village = Actor("west", "account-west", None, (Grant(Role.PLANNER, WEST.code),))
    with pytest.raises(Forbidden):
        roll_back(store, now=NOW, actor=village)
    assert edition_at(store, NOW).number == 2


def test_a_cut_without_draft_starts_from_the_edition_in_force(store: Store) -> None:
    settle(store, homes())
    fill(store, *LAND)
    publish(store, "import", now=NOW, actor=PLANNER)
    cut_draft(store, draft="redraw", now=NOW, actor=PLANNER)
    with store.read(ALL) as tx:
        assert {area.level for area in drafts.areas(tx, "redraw")} == set(Level)


def test_what_cannot_be_cut_is_refused_and_changes_nothing(store: Store) -> None:
    with pytest.raises(DraftMissing):
        cut_draft(store, now=NOW, actor=PLANNER)
    fill(store, TOWNSHIP)
    with pytest.raises(VillagesNone):
        cut_draft(store, now=NOW, actor=PLANNER)
    fill(store, WEST)
    with pytest.raises(HouseholdsNone):
        cut_draft(store, now=NOW, actor=PLANNER)
    settle(store, homes())
    with pytest.raises(VillageMissing, match="420100100202"):
        cut_draft(store, villages=[EAST.code], now=NOW, actor=PLANNER)
    with store.read(ALL) as tx:
        assert len(drafts.areas(tx, "import")) == 2


def test_a_village_that_changes_while_it_is_cut_is_not_given_cells_that_do_not_fit(store: Store) -> None:
    settle(store, homes())
    fill(store, *LAND)
    with pytest.raises(DraftChanged):
        cut_draft(store, now=NOW, actor=PLANNER, advance=lambda _: fill(store, replace(WEST, shape=square(0, 0, 199, 200))))
    with store.read(ALL) as tx:
        assert {area.level for area in drafts.areas(tx, "import")} == {Level.TOWNSHIP, Level.VILLAGE}


def test_two_planners_cut_one_village_and_the_second_is_told(store: Store) -> None:
    """Whoever is slower finds out, and what the other did stays: also where neither draft was there when they began."""
    settle(store, homes())
    fill(store, *LAND)
    publish(store, "import", now=NOW, actor=PLANNER)
    first: list[frozenset[str]] = []

    def meanwhile(_: int) -> None:
        if not first:
            first.append(frozenset())
            cells = cut_draft(store, draft="autumn", villages=[WEST.code], low=30, high=50, now=NOW, actor=PLANNER).cells
            first[0] = frozenset(cell.code for cell in cells)

    with pytest.raises(DraftChanged):
        cut_draft(store, draft="autumn", now=NOW, actor=PLANNER, advance=meanwhile)
    with store.read(ALL) as tx:
        assert {area.code for area in drafts.areas(tx, "autumn") if area.level is Level.CELL} == first[0] != frozenset()
    cut_draft(store, draft="autumn", villages=[EAST.code], now=NOW, actor=PLANNER, advance=lambda _: None)


def test_planners_of_two_villages_do_not_disturb_each_other(store: Store) -> None:
    settle(store, homes())
    fill(store, *LAND)

    def meanwhile(_: int) -> None:
        cut_draft(store, villages=[EAST.code], now=NOW, actor=PLANNER)

    cut_draft(store, villages=[WEST.code], now=NOW, actor=PLANNER, advance=meanwhile)
    with store.read(ALL) as tx:
        assert {area.parent for area in drafts.areas(tx, "import") if area.level is Level.CELL} == {WEST.code, EAST.code}


def test_cutting_named_villages_says_nothing_of_the_households_of_others(store: Store) -> None:
    settle(store, homes())
    fill(store, *LAND)
    cut = cut_draft(store, villages=[WEST.code], now=NOW, actor=PLANNER)
    assert {cell.parent for cell in cut.cells} == {WEST.code}
    assert not [each for each in cut.exceptions if each.reason.key == "reason.cut_outside"]
