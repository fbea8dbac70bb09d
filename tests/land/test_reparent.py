"""An area goes to another parent: outlines follow what they hold to the last bit, or nothing is done and the place is told."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from gridmap.county import make_county
from gridmap.errors import Refusal
from gridmap.grid import Area, Level
from gridmap.planning import cut_villages
from gridmap.planning.border_line import NothingMoves
from gridmap.planning.reparent import (
    Handing,
    ParentApart,
    ParentEmptied,
    ParentParted,
    ParentUneven,
    ParentUnfit,
    give,
)
from tests.land.test_moves import lattice
from tests.land.test_redraw import EAST, VILLAGES, WEST


def children(areas: tuple[Area, ...], parent: Area) -> tuple[Area, ...]:
    return tuple(area for area in areas if area.parent == parent.code)


def handing(area: Area, giver: Area, taker: Area, areas: tuple[Area, ...], around: tuple[Area, ...] = ()) -> Handing:
    left = tuple(each for each in children(areas, giver) if each.code != area.code)
    return Handing(area, giver, taker, left, children(areas, taker), around)


@pytest.fixture(scope="module")
def cells() -> tuple[Area, ...]:
    return cut_villages(VILLAGES, lattice(29, 15)).cells


def at_the_border(cells: tuple[Area, ...]) -> Area:
    return next(c for c in children(cells, WEST) if shapely.intersection(c.shape, EAST.shape).length > 1e-6)


def test_a_cell_goes_to_the_village_beside_it_and_both_outlines_are_what_they_hold(cells: tuple[Area, ...]) -> None:
    cell = at_the_border(cells)
    moved, code = give(handing(cell, WEST, EAST, cells))
    assert moved.changed[cell.code] is None
    there = moved.changed[code]
    assert there is not None
    assert (there.parent, there.shape, there.households) == (EAST.code, cell.shape, cell.households)
    assert code == f"{EAST.code}{len(children(cells, EAST)) + 1:03}"
    assert there.name != cell.name
    after = [area for area in cells if area.code != cell.code] + [there]
    for village in (WEST, EAST):
        now = moved.changed[village.code]
        assert now is not None
        assert shapely.coverage_union_all([c.shape for c in after if c.parent == village.code]).equals(now.shape)
    west, east = (moved.changed[village.code].shape for village in (WEST, EAST))  # type: ignore[union-attr]
    assert shapely.coverage_is_valid([west, east], gap_width=1e-9)
    assert west.area + east.area == pytest.approx(WEST.shape.area + EAST.shape.area, rel=1e-12)


def test_a_named_cell_keeps_its_name_and_one_that_is_numbered_otherwise_its_code(cells: tuple[Area, ...]) -> None:
    cell = replace(at_the_border(cells), name="老街", name_en="Old Street")
    moved, code = give(handing(cell, WEST, EAST, cells))
    assert (moved.changed[code].name, moved.changed[code].name_en) == ("老街", "Old Street")  # type: ignore[union-attr]
    own = replace(cell, code="X-7")
    moved, code = give(Handing(own, WEST, EAST, tuple(c for c in children(cells, WEST) if c.code != cell.code), children(cells, EAST), ()))
    assert code == "X-7"
    assert moved.changed[code] == replace(own, parent=EAST.code)


def test_any_village_of_a_county_goes_to_a_township_beside_it_and_the_county_stays_whole() -> None:
    county = make_county(0)
    townships = {one.code: one for one in county.townships}
    done = 0
    for village in county.villages[::7]:
        giver = townships[village.parent or ""]
        for taker in county.townships:
            if taker is giver or shapely.intersection(village.shape, taker.shape).length < 1e-5:
                continue
            around = tuple(one for one in county.townships if one not in (giver, taker) and one.shape.intersects(village.shape))
            try:
                moved, code = give(handing(village, giver, taker, county.villages, around))
            except ParentParted:
                continue
            done += 1
            assert code == village.code
            now = [moved.changed.get(code) or one for code, one in townships.items()]
            assert shapely.coverage_is_valid(np.array([one.shape for one in now]), gap_width=1e-9)
            assert sum(one.shape.area for one in now) == pytest.approx(sum(one.shape.area for one in county.townships), rel=1e-12)
            assert moved.changed[taker.code].shape.covers(village.shape.representative_point())  # type: ignore[union-attr]
    assert done > 3


def test_a_neighbour_gets_the_corner_that_it_lacks_and_no_other_change() -> None:
    """Three townships meet; the village that changes hands ends in the midst of the third's straight border."""

    def village(code: str, parent: str, shape: Polygon) -> Area:
        return Area(code, Level.VILLAGE, code, parent, shape)

    one, two, three = (
        Area(code, Level.TOWNSHIP, code, None, shape)
        for code, shape in (("A", box(0, 0, 2, 1)), ("B", box(2, 0, 3, 1)), ("C", box(0, 1, 3, 2)))
    )
    villages = (village("A1", "A", box(0, 0, 1, 1)), village("A2", "A", box(1, 0, 2, 1)), village("B1", "B", box(2, 0, 3, 1)))
    moved, _ = give(handing(villages[1], one, two, villages, (three,)))
    now = moved.changed["C"]
    assert now is not None
    assert now.shape.equals(three.shape)
    assert [1.0, 1.0] in shapely.get_coordinates(now.shape).tolist()


def test_cells_that_were_cut_on_different_days_get_each_others_corners() -> None:
    west = cut_villages([WEST], lattice(29, 15)).cells
    east = cut_villages([EAST], lattice(29, 15), seed=3).cells
    cells, cell = (*west, *east), at_the_border(west)
    before = shapely.coverage_is_valid([c.shape for c in cells], gap_width=1e-9)
    moved, code = give(handing(cell, WEST, EAST, cells))
    after = [moved.changed.get(c.code, c) for c in cells if c.code != cell.code] + [moved.changed[code]]
    mine = [c.shape for c in after if c and c.parent == EAST.code]
    assert not before
    assert shapely.coverage_is_valid(mine, gap_width=1e-9)
    assert sum(shape.area for shape in mine) == pytest.approx(EAST.shape.area + cell.shape.area, rel=1e-12)


def test_what_cannot_go_is_refused_with_the_place(cells: tuple[Area, ...]) -> None:
    border = at_the_border(cells)
    west = children(cells, WEST)
    far = max(west, key=lambda cell: cell.shape.distance(EAST.shape))
    ring = box(0, 0, 3, 3).difference(box(1, 1, 2, 2))
    strip = [Area(f"s{n}", Level.CELL, "", WEST.code, box(n, 0, n + 1, 1)) for n in range(3)]
    broad = replace(WEST, shape=box(0, 0, 3, 1))
    under = Area("u", Level.CELL, "", EAST.code, box(0, -1, 3, 0))
    split = [replace(under, code=f"u{n}", shape=box(n, -1, n + 1, 0)) for n in range(3)]
    below = replace(EAST, shape=shapely.coverage_union_all([each.shape for each in split]))
    wide = replace(broad, shape=shapely.coverage_union_all([each.shape for each in strip]))
    wrong: list[tuple[type[Refusal], Handing]] = [
        (NothingMoves, handing(border, WEST, WEST, cells)),
        (ParentUnfit, handing(border, WEST, replace(EAST, level=Level.TOWNSHIP), cells)),
        (ParentUnfit, handing(border, WEST, replace(EAST, parent="elsewhere"), cells)),
        (ParentApart, handing(far, WEST, EAST, cells)),
        (ParentEmptied, Handing(border, WEST, EAST, (), children(cells, EAST), ())),
        (ParentUneven, Handing(border, WEST, EAST, west[:2], children(cells, EAST), ())),
        (ParentUneven, handing(border, WEST, EAST, west)),
        (ParentUneven, handing(border, replace(WEST, shape=ring), EAST, cells)),
        (ParentParted, Handing(strip[1], wide, below, (strip[0], strip[2]), tuple(split), ())),
    ]
    for kind, asked in wrong:
        with pytest.raises(kind) as told:
            give(asked)
        assert "{" not in told.value.text("zh") + told.value.text("en")
