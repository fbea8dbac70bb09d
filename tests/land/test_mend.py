"""Cells drawn by hand become a whole tiling: exact to the last bit, everybody in one cell, and only what was wrong is changed much."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest
import shapely
import shapely.affinity
from shapely import MultiPolygon, Polygon, box

from gridmap.grid import Area
from gridmap.planning.mend import CellLandless, NothingToMend, VillageParted, mend
from gridmap.planning.moves import Ground, Moved
from gridmap.planning.tiling import check_tiling, exact_area
from tests.land.test_moves import ground
from tests.land.test_redraw import DEGREE

__all__ = ["ground"]


def drawn(ground: Ground, cells: Sequence[Area]) -> Ground:
    return Ground(ground.village, tuple(cells), ground.beside, ground.households)


def by_hand(shape: Polygon, random: Random, metres: float) -> Polygon:
    """The shape as an unsteady hand draws it: each corner somewhere near, some left out."""
    corners = shapely.get_coordinates(shape.exterior)[:-1]
    kept = [corner for corner in corners if len(corners) < 6 or random.random() > 0.15]
    off = metres * DEGREE
    return Polygon([(x + random.uniform(-off, off), y + random.uniform(-off, off)) for x, y in kept])


def check_whole(ground: Ground, moved: Moved) -> None:
    """The cells tile the village by fractions, but for the corners set upon its own straight borders; nobody is lost or in two cells."""
    cells = [cell for code in ground.by_code if (cell := moved.changed.get(code, ground.by_code[code]))]
    assert len(cells) == len(ground.cells), "no cell is gone"
    check_tiling(ground.village.code, cells)
    land, whole = sum(exact_area(cell.shape) for cell in cells), exact_area(ground.village.shape)
    assert abs(land - whole) <= Fraction(1, 10**12) * whole
    joined = shapely.coverage_union_all([cell.shape for cell in cells])
    assert isinstance(joined, Polygon)
    assert not joined.interiors
    spots = shapely.points(ground.households.lon, ground.households.lat)
    held = sum(shapely.contains_properly(cell.shape, spots).astype(int) for cell in cells)
    inside = shapely.contains_properly(ground.village.shape, spots)
    assert (held <= inside).all()
    before = int(ground.households.counts[inside].sum())
    assert abs(sum(cell.households or 0 for cell in cells) - before) <= int(ground.households.counts[inside & (held == 0)].sum())


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("metres", [0.001, 1.0, 15.0])
def test_cells_drawn_by_an_unsteady_hand_become_a_tiling(ground: Ground, seed: int, metres: float) -> None:
    random = Random(seed)
    crooked = drawn(ground, [replace(cell, shape=by_hand(cell.shape, random, metres)) for cell in ground.cells])
    moved = mend(crooked)
    check_whole(crooked, moved)
    inside = [shapely.make_valid(cell.shape).intersection(ground.village.shape) for cell in crooked.cells]
    claimed, once = shapely.area(inside).sum(), shapely.area(shapely.union_all(inside))
    wrong = (claimed - once) + (ground.village.shape.area - once)
    now = [cell for code in crooked.by_code if (cell := moved.changed[code])]
    off = sum(shapely.area(shapely.symmetric_difference(cell.shape, was)) for cell, was in zip(now, inside, strict=True))
    assert off <= 1.1 * wrong + DEGREE**2, "no more land changes hands than was claimed twice or by nobody, and what that cut off"


def test_an_overlap_goes_to_one_and_a_gap_is_filled(ground: Ground) -> None:
    one, *others = ground.cells
    away = replace(one, shape=shapely.affinity.translate(one.shape, 20 * DEGREE, 5 * DEGREE))
    crooked = drawn(ground, [away, *others])
    moved = mend(crooked)
    check_whole(crooked, moved)
    assert moved.households > 0


def test_a_whole_tiling_is_left_as_it_is(ground: Ground) -> None:
    with pytest.raises(NothingToMend):
        mend(ground)


def test_a_cell_drawn_within_another_keeps_its_land(ground: Ground) -> None:
    west, south, east, north = ground.village.shape.bounds
    whole = replace(ground.cells[0], shape=ground.village.shape)
    hut = box(west + 0.4 * (east - west), south + 0.4 * (north - south), west + 0.5 * (east - west), south + 0.5 * (north - south))
    moved = mend(drawn(ground, [whole, replace(ground.cells[1], shape=hut)]))
    now = moved.changed[whole.code]
    assert now is not None
    assert len(now.shape.interiors) == 1
    assert shapely.area(now.shape) == pytest.approx(ground.village.shape.area - hut.area)


def test_a_cell_in_two_pieces_keeps_the_larger_one(ground: Ground) -> None:
    one, two, *rest = ground.cells
    west, south, *_ = one.shape.bounds
    far = two.shape.centroid.buffer(10 * DEGREE)
    crooked = drawn(ground, [replace(one, shape=MultiPolygon([one.shape, far])), two, *rest])
    moved = mend(crooked)
    check_whole(crooked, moved)
    kept = {**crooked.by_code, **moved.changed}[one.code]
    assert kept is not None
    assert not kept.shape.intersects(far)
    assert kept.shape.bounds[:2] == pytest.approx((west, south), abs=1e-8)


def test_a_cell_beyond_the_village_and_a_village_in_parts_are_refused_with_a_place(ground: Ground) -> None:
    one, *others = ground.cells
    away = replace(one, shape=shapely.affinity.translate(one.shape, 1.0))
    with pytest.raises(CellLandless) as refused:
        mend(drawn(ground, [away, *others]))
    assert refused.value.facts["cell"] == one.code
    assert away.shape.covers(shapely.Point(refused.value.facts["lon"], refused.value.facts["lat"]))
    parted = replace(ground.village, shape=MultiPolygon([ground.village.shape, away.shape]))
    with pytest.raises(VillageParted):
        mend(Ground(parted, ground.cells, (), ground.households))


def test_neighbours_get_the_corners_on_the_common_border(ground: Ground) -> None:
    random = Random(3)
    crooked = drawn(ground, [replace(cell, shape=by_hand(cell.shape, random, 5.0)) for cell in ground.cells])
    moved = mend(crooked)
    beside = {cell.code for cell in ground.beside} & moved.changed.keys()
    both = [cell for cell in {**{c.code: c for c in (*crooked.cells, *crooked.beside)}, **moved.changed}.values() if cell]
    assert beside
    assert shapely.coverage_is_valid(np.array([cell.shape for cell in both], dtype=object))
