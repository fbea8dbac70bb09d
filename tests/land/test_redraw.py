"""Villages are redrawn from their cells: what fits stays, few move, codes stay with their households, the tiling stays whole."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from gridmap.grid import Area, Households, Level, Severity
from gridmap.grid.checks import check
from gridmap.planning import cut_villages
from gridmap.planning.compare import Side, compare, same_outline
from gridmap.planning.cutting import CutBand
from gridmap.planning.redrawing import Reach, Redraw, redraw

DEGREE = 1 / 96486.0
TOWN = "420100100"


def square(west: float, south: float, east: float, north: float) -> Polygon:
    return box(116 + west * DEGREE, 30 + south * DEGREE, 116 + east * DEGREE, 30 + north * DEGREE)


WEST = Area(f"{TOWN}201", Level.VILLAGE, "西村", TOWN, square(0, 0, 300, 300))
EAST = Area(f"{TOWN}202", Level.VILLAGE, "东村", TOWN, square(300, 0, 600, 300))
VILLAGES = (WEST, EAST)


def homes(seed: int = 1, *, more: int = 0, where: tuple[float, float] = (0, 0)) -> Households:
    """1,200 households, one a point, in two villages; `more` of them close around a spot (metres)."""
    rng = np.random.default_rng(seed)
    spots = rng.uniform(2, 298, (1200, 2)) + np.where(np.arange(1200) % 2, 300, 0)[:, None] * [1, 0]
    extra = np.asarray(where) + rng.uniform(-15, 15, (more, 2))
    x, y = np.vstack([spots, extra]).T
    ids = np.array([f"h{n}" for n in range(len(x))], dtype=np.str_)
    return Households(ids, 116 + x * DEGREE, 30 + y * DEGREE, np.ones(len(x), dtype=np.int64))


def homes_at(spots: list[tuple[float, float]], counts: list[int]) -> Households:
    x, y = np.array(spots).T
    ids = np.array([f"h{n}" for n in range(len(x))], dtype=np.str_)
    return Households(ids, 116 + x * DEGREE, 30 + y * DEGREE, np.array(counts, dtype=np.int64))


def cells_of(households: Households) -> tuple[Area, ...]:
    return cut_villages(VILLAGES, households).cells


GROWN = {"more": 45, "where": (150.0, 150.0)}


@pytest.fixture(scope="module")
def before() -> tuple[Area, ...]:
    return cells_of(homes())


@pytest.fixture(scope="module")
def grown(before: tuple[Area, ...]) -> Redraw:
    return redraw(VILLAGES, before, homes(**GROWN))  # type: ignore[arg-type]


def whole(cells: tuple[Area, ...]) -> None:
    """The gate finds nothing, and cells carry each other's corners."""
    town = Area(TOWN, Level.TOWNSHIP, "镇", None, square(0, 0, 600, 300))
    assert [finding for finding in check([town, *VILLAGES, *cells]) if finding.severity is not Severity.NOTE] == []
    assert shapely.coverage_is_valid([cell.shape for cell in cells], gap_width=1e-9)


def test_where_all_fits_nothing_changes(before: tuple[Area, ...]) -> None:
    same = redraw(VILLAGES, before, homes())
    assert {cell.code: cell.shape for cell in same.cells} == {cell.code: cell.shape for cell in before}
    assert (same.done.moved, same.done.touched, same.done.misfits, same.exceptions) == (0, 0, 0, ())


def test_a_cell_that_grew_is_brought_back_with_few_moves_and_the_other_village_stays(before: tuple[Area, ...], grown: Redraw) -> None:
    whole(grown.cells)
    people = homes(**GROWN)  # type: ignore[arg-type]
    assert grown.offers[0].misfits > 0
    assert (grown.done.misfits, grown.exceptions) == (0, ())
    assert all(50 <= (cell.households or 0) <= 80 for cell in grown.cells)
    assert sum(cell.households or 0 for cell in grown.cells) == people.total
    now = {cell.code: cell for cell in grown.cells}
    assert all(same_outline(now[cell.code], cell) for cell in before if cell.parent == EAST.code)
    anew = compare(Side(before, {}), Side(cells_of(people), {}), people).moved
    assert compare(Side(before, {}), Side(grown.cells, {}), people).moved == grown.done.moved < anew / 2


def test_the_trade_off_tells_what_each_reach_would_give(grown: Redraw) -> None:
    assert [offer.reach for offer in grown.offers] == list(Reach)
    assert (grown.offers[0].moved, grown.offers[0].touched) == (0, 0)
    touched = [offer.touched for offer in grown.offers]
    assert touched[2:] == sorted(touched[2:])
    assert grown.done.misfits == min(offer.misfits for offer in grown.offers)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_a_twentieth_of_the_households_changed_at_most_twice_the_fewest_move(before: tuple[Area, ...], seed: int) -> None:
    people, rng = homes(), np.random.default_rng(seed)
    counts = people.counts.copy()
    counts[rng.choice(len(counts), 60, replace=False)] = 0
    near = np.argsort(np.hypot(people.lon - 116.001, people.lat - 30.001))[: 200 * seed]
    np.add.at(counts, rng.choice(near, 60), 1)
    now = Households(people.ids, people.lon, people.lat, counts)
    made = redraw(VILLAGES, before, now)
    whole(made.cells)
    assert made.offers[0].misfits > made.done.misfits == 0
    assert 0 < made.fewest <= made.done.moved <= 2 * made.fewest
    assert made.fewest_touched <= made.done.touched <= 2 * made.fewest_touched
    assert compare(Side(before, {}), Side(made.cells, {}), now).moved == made.done.moved


@pytest.mark.parametrize("seed", [4, 5])
def test_after_a_twentieth_of_the_households_changed_anywhere_at_most_a_tenth_of_the_cells_change(
    before: tuple[Area, ...], seed: int
) -> None:
    people, rng = homes(), np.random.default_rng(seed)
    counts = people.counts.copy()
    counts[rng.choice(len(counts), 30, replace=False)] = 0
    np.add.at(counts, rng.choice(len(counts), 30), 1)
    made = redraw(VILLAGES, before, Households(people.ids, people.lon, people.lat, counts))
    assert made.done.misfits == 0
    assert made.done.touched <= 0.1 * len(before)
    assert made.done.moved <= 2 * made.fewest


def test_nobody_is_handed_over_a_river_but_at_a_bridge() -> None:
    """The west bank has too many and the east bank too few; only a bridge lets some go across."""
    rows = [(5.0 + 10 * x, 5.0 + 10 * y) for x in range(20) for y in range(7)]
    people = homes_at([*rows[:70], (45.0, 33.0), *rows[70:135]], [1] * 70 + [15] + [1] * 65)
    west, east = (
        Area(f"{WEST.code}{n:03}", Level.CELL, "格", WEST.code, shape)
        for n, shape in ((1, square(0, 0, 100, 70)), (2, square(100, 0, 200, 70)))
    )
    village = replace(WEST, shape=square(0, 0, 200, 70))
    river = square(99, -5, 101, 75)
    apart = redraw([village], [west, east], people, [river], low=60, high=80)
    assert [same_outline(now, was) for now, was in zip(apart.cells, (west, east), strict=True)] == [True, True]
    joined = redraw([village], [west, east], people, [river], [square(95, 30, 105, 40)], low=60, high=80)
    assert (joined.done.misfits, joined.fewest) == (0, 5)
    assert joined.done.moved >= 5


def test_codes_stay_with_most_of_their_households_and_a_retired_one_is_never_used(before: tuple[Area, ...]) -> None:
    people = homes(**GROWN)  # type: ignore[arg-type]
    retired = {f"{WEST.code}{n:03}" for n in range(12, 20)}
    made = redraw(VILLAGES, before, people, low=30, high=50, retired=retired)
    whole_again = compare(Side(before, {}), Side(made.cells, {}), people)
    assert dict(whole_again.recoded) == {}
    codes = [cell.code for cell in made.cells]
    assert len(set(codes)) == len(codes) > len(before)
    assert not set(codes) & retired
    names = {cell.code: cell.name for cell in before}
    assert all(cell.name == names[cell.code] for cell in made.cells if cell.code in names)


def test_a_locked_cell_stays_whatever_it_holds(before: tuple[Area, ...], grown: Redraw) -> None:
    still = redraw(VILLAGES, before, homes(**GROWN), locked=[cell.code for cell in before])  # type: ignore[arg-type]
    assert {cell.code: cell.shape for cell in still.cells} == {cell.code: cell.shape for cell in before}
    assert {each.reason.key for each in still.exceptions} == {"reason.cut_locked"}
    changed = {c.code for c in before} - {c.code for c in grown.cells if any(c.shape.equals(b.shape) for b in before)}
    one = min(changed)
    made = redraw(VILLAGES, before, homes(**GROWN), locked=[one])  # type: ignore[arg-type]
    [was], [now] = ([cell for cell in cells if cell.code == one] for cells in (before, made.cells))
    assert same_outline(now, was)
    whole_but_for = [c for c in made.cells if not 50 <= (c.households or 0) <= 80]
    assert {c.code for c in whole_but_for} <= {one, *(e.code for e in made.exceptions)}


def test_a_misfit_that_nothing_brings_into_the_band_stays_with_its_reason(before: tuple[Area, ...]) -> None:
    tower = before[0].shape.representative_point()
    people = homes()
    grown = Households(
        np.append(people.ids, "tower"), np.append(people.lon, tower.x), np.append(people.lat, tower.y), np.append(people.counts, 200)
    )
    made = redraw(VILLAGES, before, grown)
    assert made.done.misfits == 1
    [told] = made.exceptions
    assert told.households >= 200
    assert told.reason.key in {"reason.cut_giant", "reason.cut_kept"}


def test_the_same_input_gives_the_same_cells_and_a_wrong_band_is_refused(before: tuple[Area, ...], grown: Redraw) -> None:
    again = redraw(VILLAGES, tuple(replace(cell, households=None) for cell in before), homes(**GROWN))  # type: ignore[arg-type]
    assert again.cells == grown.cells
    with pytest.raises(CutBand):
        redraw(VILLAGES, before, homes(), low=80, high=50)
