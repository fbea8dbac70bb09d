"""A planner's moves: whatever is moved, the village stays whole to the last bit, nobody is lost, and what was undone is what was."""

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from random import Random

import numpy as np
import pytest
import shapely
import shapely.affinity
from shapely import LineString, Point, Polygon, box

from gridmap.errors import Refusal
from gridmap.grid import Area, Households
from gridmap.planning import cut_villages
from gridmap.planning.border_line import LineCrossesItself, LineElsewhere
from gridmap.planning.moves import (
    Assign,
    Border,
    CellEmptied,
    CellParted,
    CellsApart,
    CellsUnknown,
    Ground,
    HouseholdsElsewhere,
    LineDividesNot,
    Merge,
    NothingMoves,
    Operation,
    Split,
    cells_named,
    make,
)  # fmt: skip
from gridmap.planning.tiling import TilingBroken, arcs, digest
from tests.land.test_redraw import DEGREE, EAST, VILLAGES, WEST, homes_at


def lattice(columns: int, rows: int) -> Households:
    """Buildings of one to four households, a lattice of 10 m that is a little crooked, from the west village into the east one."""
    rng = np.random.default_rng(5)
    spots = [(x + rng.uniform(-3, 3), y + rng.uniform(-3, 3)) for x in range(8, 8 + 20 * columns, 20) for y in range(8, 8 + 20 * rows, 20)]
    return homes_at(spots, rng.integers(1, 5, len(spots)).tolist())


@pytest.fixture(scope="module")
def ground() -> Ground:
    people = lattice(29, 15)
    cells = cut_villages(VILLAGES, people).cells
    return Ground(WEST, tuple(c for c in cells if c.parent == WEST.code), tuple(c for c in cells if c.parent == EAST.code), people)


def exact(shape: Polygon) -> Fraction:
    """Twice the area, by triangles from the first corner, in fractions."""
    total = Fraction(0)
    for at, ring in enumerate([shape.exterior, *shape.interiors]):
        corners = [(Fraction(x), Fraction(y)) for x, y in ring.coords]
        ox, oy = corners[0]
        bits = pairwise(corners)
        twice = sum(((ax - ox) * (by - oy) - (bx - ox) * (ay - oy) for (ax, ay), (bx, by) in bits), Fraction(0))
        total += -abs(twice) if at else abs(twice)
    return total


def whole(ground: Ground, moved: Mapping[str, Area | None], before: Mapping[str, Area | None]) -> None:
    """Borders are shared, the land is what it was, and each household lives in one cell, which counts it."""
    now, then = (sum((exact(cell.shape) for cell in each.values() if cell), Fraction(0)) for each in (moved, before))
    assert abs(now - then) < Fraction(1, 10**18)  # a corner upon a village's straight border may be off by its rounding
    everything = [cell.shape for cell in (*ground.cells, *ground.beside)]
    assert shapely.coverage_is_valid(everything, gap_width=1e-9)
    assert all(isinstance(shape, Polygon) and shape.is_valid for shape in everything)
    points = shapely.points(ground.households.lon, ground.households.lat)
    at, cell = shapely.STRtree([cell.shape for cell in ground.cells]).query(points, predicate="within")
    assert len(set(at.tolist())) == len(at)
    counts = np.bincount(cell, ground.households.counts[at], len(ground.cells)).astype(int).tolist()
    assert counts == [each.households for each in ground.cells]


def tried(ground: Ground, rng: Random) -> Operation:
    """Some move, of which many can be made."""
    inner = [arc for arc in arcs(ground.cells) if arc.right is not None]
    if not inner:
        return _split_somewhere(ground.cells[0], rng)
    arc = rng.choice(inner)
    one, other = rng.sample([arc.left, arc.right or ""], 2)
    kind = rng.choice(
        ("assign", "assign", "border", "border", "split", "merge") if len(ground.cells) < 12 else ("assign", "border", "merge")
    )
    if kind == "assign":
        near = ground.homes(one)
        away = shapely.distance(arc.line, shapely.points(near.lon, near.lat))
        return Assign(tuple(near.ids[np.argsort(away)][: rng.randint(1, 6)].tolist()), other)
    if kind == "border":
        corners = list(arc.line.coords)
        start, end = sorted(rng.sample(range(len(corners)), 2))
        between = [(x + rng.gauss(0, 8) * DEGREE, y + rng.gauss(0, 8) * DEGREE) for x, y in corners[start + 1 : end] or [corners[start]]]
        return Border((one, other), (corners[start], *between[:: rng.randint(1, 3)], corners[end]))
    if kind == "merge":
        return Merge((one, other))
    return _split_somewhere(ground.by_code[one], rng)


def _split_somewhere(cell: Area, rng: Random) -> Operation:
    angle, spot = rng.uniform(0, np.pi), cell.shape.representative_point()
    dx, dy = 900 * DEGREE * np.cos(angle), 900 * DEGREE * np.sin(angle)
    return Split(cell.code, ((spot.x - dx, spot.y - dy), (spot.x + dx, spot.y + dy)))


def walk(ground: Ground, seed: int, steps: int) -> dict[str, int]:
    """So many random moves and undos; what happened how often."""
    rng, past, told = Random(seed), list[tuple[str, Mapping[str, Area | None]]](), dict[str, int]()
    for _ in range(steps):
        if past and rng.random() < 0.35:
            seal, before = past.pop()
            ground = ground.after(before)
            assert digest((*ground.cells, *ground.beside)) == seal
            told["undone"] = told.get("undone", 0) + 1
            continue
        operation, seal = tried(ground, rng), digest((*ground.cells, *ground.beside))
        try:
            moved = make(ground, operation)
        except Refusal as refusal:
            told[refusal.key] = told.get(refusal.key, 0) + 1
            continue
        before = ground.before(moved.changed)
        past.append((seal, before))
        ground = ground.after(moved.changed)
        whole(ground, moved.changed, before)
        name = type(operation).__name__
        told[name] = told.get(name, 0) + 1
    return told


def test_any_moves_and_undos_leave_the_village_whole(ground: Ground) -> None:
    told = walk(ground, 1, 80)
    assert min(told.get(name, 0) for name in ("Assign", "Border", "Split", "Merge", "undone")) > 3, told


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(10))
def test_ten_thousand_moves_and_undos_leave_the_village_whole(ground: Ground, seed: int) -> None:
    """A thousand in each of ten sequences, so that cores share them and one that is stopped need not be begun anew."""
    assert sum(walk(ground, seed, 1000).values()) == 1000


def arc_between(ground: Ground, one: Area, other: Area) -> LineString:
    return next(arc.line for arc in arcs([one, other]) if arc.right is not None)


def test_households_take_their_ground_along_and_no_other_cell_changes(ground: Ground) -> None:
    one, other = next((arc.left, arc.right) for arc in arcs(ground.cells) if arc.right)
    line = arc_between(ground, ground.by_code[one], ground.by_code[other])
    homes = ground.homes(one)
    near = np.argsort(shapely.distance(line, shapely.points(homes.lon, homes.lat)))[:2]
    moved = make(ground, Assign(tuple(homes.ids[near].tolist()), other))
    assert moved.households == homes.counts[near].sum()
    after = ground.after(moved.changed)
    assert {after.owners[name] for name in homes.ids[near].tolist()} == {other}
    assert {one, other} <= set(moved.changed)
    assert ground.by_code[other].shape.difference(after.by_code[other].shape).area < 1e-15
    changed = {code for code in moved.changed if code in ground.by_code}
    for code in changed - {one, other}:  # a corner was set upon their border, and nothing else
        assert shapely.equals_exact(
            shapely.remove_repeated_points(after.by_code[code].shape.simplify(1e-9)), ground.by_code[code].shape.simplify(1e-9), 1e-9
        )


def test_a_dragged_border_changes_both_neighbours_and_nobody_else(ground: Ground) -> None:
    arc = max((arc for arc in arcs(ground.cells) if arc.right), key=lambda arc: arc.line.length)
    corners, middle = list(arc.line.coords), arc.line.interpolate(0.5, normalized=True)
    line = (corners[0], (middle.x + 9 * DEGREE, middle.y + 9 * DEGREE), corners[-1])
    moved = make(ground, Border((arc.left, arc.right or ""), line))
    assert set(moved.changed) == {arc.left, arc.right}
    after = ground.after(moved.changed)
    assert list(arc_between(after, after.by_code[arc.left], after.by_code[arc.right or ""]).coords) in (list(line), list(line[::-1]))


def test_of_a_split_cell_the_larger_part_keeps_the_code_and_the_other_gets_one_that_nobody_had(ground: Ground) -> None:
    cell = ground.cells[4]
    west, south, east, north = cell.shape.bounds
    x = west + (east - west) / 3
    codes = {each.code for each in ground.cells}
    spent = f"{WEST.code}{len(codes) + 1:03}"
    assert spent not in codes
    given = Ground(ground.village, ground.cells, ground.beside, ground.households, frozenset({spent}))
    moved = make(given, Split(cell.code, ((x, south - 1), (x, north + 1))))
    [fresh] = set(moved.changed) - codes - {each.code for each in ground.beside}
    assert fresh == f"{WEST.code}{len(codes) + 2:03}"
    sizes = {code: area.households or 0 for code, area in moved.changed.items() if area and code in {fresh, cell.code}}
    assert sizes[cell.code] > sizes[fresh] == moved.households
    assert moved.changed[fresh].name != cell.name  # type: ignore[union-attr]


def test_merged_cells_go_on_under_the_code_of_the_one_with_most_households(ground: Ground) -> None:
    arc = next(arc for arc in arcs(ground.cells) if arc.right)
    sizes = {code: ground.by_code[code].households or 0 for code in (arc.left, arc.right or "")}
    moved = make(ground, Merge((arc.left, arc.right or "")))
    stays = max(sizes, key=lambda code: sizes[code])
    assert [code for code, cell in moved.changed.items() if cell is None] == [code for code in sizes if code != stays]
    assert moved.changed[stays].households == sum(sizes.values())  # type: ignore[union-attr]


def test_a_village_within_a_cell_and_a_cell_around_another_keep_their_borders() -> None:
    """A ring has no end at which its border begins: dragging a stretch of it moves that stretch alone."""
    hole, rim = box(116.001, 30.001, 116.002, 30.002), box(116, 30, 116.003, 30.003)
    cells = (
        Area(f"{WEST.code}001", WEST.level, "一", WEST.code, rim.difference(hole)),
        Area(f"{WEST.code}002", WEST.level, "二", WEST.code, hole),
    )
    around = Ground(WEST, cells, (), homes_at([(50, 50), (145, 145)], [3, 4]))
    line = ((116.001, 30.001), (116.0005, 30.0015), (116.001, 30.002))
    for codes in ((cells[0].code, cells[1].code), (cells[1].code, cells[0].code)):
        for drawn in (line, line[::-1]):
            after = around.after(make(around, Border(codes, drawn)).changed)
            assert after.by_code[cells[1].code].shape.equals(hole.union(Polygon(line)))
            assert len(after.by_code[cells[0].code].shape.interiors) == 1


def test_what_cannot_be_drawn_is_refused_with_the_place(ground: Ground) -> None:
    arc = max((arc for arc in arcs(ground.cells) if arc.right), key=lambda arc: arc.line.length)
    one, other = arc.left, arc.right or ""
    a, b, middle = arc.line.coords[0], arc.line.coords[-1], arc.line.interpolate(0.5, normalized=True)
    far = next(cell.code for cell in ground.cells if not cell.shape.intersects(ground.by_code[one].shape))
    centre = ground.by_code[one].shape.representative_point()
    lonely = min(ground.homes(one).ids.tolist(), key=lambda name: -_away(ground, name, other))
    aside = (middle.x + 20 * DEGREE, middle.y + 20 * DEGREE)
    bow = [(middle.x + x * DEGREE, middle.y + y * DEGREE) for x, y in ((9, 9), (-9, -9), (9, -9), (-9, 9))]
    wrong: list[tuple[type[Refusal], Operation]] = [
        (CellsUnknown, Merge((one, "x"))),
        (CellsUnknown, Assign(("h0",), "x")),
        (HouseholdsElsewhere, Assign(("none",), one)),
        (NothingMoves, Merge((one, one))),
        (NothingMoves, Assign(tuple(ground.homes(one).ids[:2].tolist()), one)),
        (NothingMoves, Split(one, (a, a))),
        (CellEmptied, Assign(tuple(ground.homes(one).ids.tolist()), other)),
        (CellParted, Assign((lonely,), far)),
        (CellsApart, Merge((one, far))),
        (CellsApart, Border((one, far), (a, b))),
        (LineCrossesItself, Border((one, other), (a, *bow, b))),
        (LineElsewhere, Border((one, other), (a, aside))),
        (LineElsewhere, Border((one, other), (a, (middle.x + 1, middle.y), b))),
        (LineDividesNot, Split(one, ((centre.x, centre.y), (centre.x + 1, centre.y)))),
        (LineDividesNot, Split(one, ((0.0, 0.0), (1.0, 1.0)))),
    ]
    for kind, operation in wrong:
        with pytest.raises(kind) as told:
            make(ground, operation)
        if {"lon", "lat"} & set(told.value.facts):
            assert Point(told.value.facts["lon"], told.value.facts["lat"]).is_valid
        assert "{" not in told.value.text("zh") + told.value.text("en")


def _away(ground: Ground, name: str, code: str) -> float:
    at = ground.households.ids.tolist().index(name)
    return float(ground.by_code[code].shape.distance(Point(ground.households.lon[at], ground.households.lat[at])))


def test_a_crossing_is_told_where_the_line_crosses(ground: Ground) -> None:
    cell = ground.cells[0]
    with pytest.raises(LineCrossesItself) as told:
        make(ground, Split(cell.code, ((116.0, 30.0), (116.002, 30.002), (116.002, 30.0), (116.0, 30.002))))
    assert (told.value.facts["lon"], told.value.facts["lat"]) == pytest.approx((116.001, 30.001), abs=1e-12)


def test_cells_that_were_drawn_by_hand_and_gape_are_not_moved_but_told(ground: Ground) -> None:
    shifted = tuple(
        Area(cell.code, cell.level, cell.name, cell.parent, shapely.affinity.translate(cell.shape, 1e-6 * at))
        for at, cell in enumerate(ground.cells)
    )
    with pytest.raises(TilingBroken):
        make(Ground(WEST, shifted, (), ground.households), Merge((shifted[0].code, shifted[1].code)))


def test_a_move_names_the_cells_that_it_is_about(ground: Ground) -> None:
    assert cells_named(Assign(("a", "x"), "t"), {"a": "one", "b": "two"}) == {"one", "t"}
    assert cells_named(Border(("one", "two"), ((0, 0), (1, 1))), {}) == cells_named(Merge(("one", "two")), {}) == {"one", "two"}
    assert cells_named(Split("one", ((0, 0), (1, 1))), {}) == {"one"}
