"""A redraw of ten thousand households of whom a twentieth changed touches few cells and moves few households."""

from functools import cache

import numpy as np
import pytest
import shapely

from gridmap.grid import Area, Households
from gridmap.grid.crosswalk import owners_of
from gridmap.planning import cut_villages
from gridmap.planning.redrawing import redraw
from tests.land.test_cut import EAST, LAT, LON, NORTH, village

pytestmark = pytest.mark.proof
SIDE, PEOPLE = 400.0, 700


@cache
def land() -> tuple[tuple[Area, ...], Households, tuple[Area, ...]]:
    """Sixteen villages in a square, in each some seven hundred households in buildings of one to nine; their cells."""
    villages = [
        village(shapely.box(x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE), f"4201001002{4 * y + x:02}")
        for y in range(4)
        for x in range(4)
    ]
    rng = np.random.default_rng(1)
    buildings = 16 * PEOPLE // 4
    x, y = rng.uniform(1, 4 * SIDE - 1, (2, buildings))
    weight = np.minimum(rng.geometric(0.25, buildings), 9)
    ids = np.array([f"h{n}" for n in range(buildings)], dtype=np.str_)
    people = Households(ids, LON + x * EAST, LAT + y * NORTH, weight.astype(np.int64))
    return tuple(villages), people, cut_villages(villages, people).cells


def changed(people: Households, seed: int, *, near: bool) -> Households:
    """As many move out as move in, a twentieth of all together: anywhere, or those who come to one corner of the land."""
    rng, counts = np.random.default_rng(seed), people.counts.copy()
    half = int(counts.sum()) // 40
    np.subtract.at(counts, rng.choice(np.repeat(np.arange(len(counts)), counts), half, replace=False), 1)
    new = np.flatnonzero(np.hypot(people.lon - LON, people.lat - LAT) < 3 * SIDE * EAST) if near else np.arange(len(counts))
    np.add.at(counts, rng.choice(new, half), 1)
    return Households(people.ids, people.lon, people.lat, counts)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("near", [False, True])
def test_few_cells_are_touched_and_few_households_moved(seed: int, *, near: bool) -> None:
    villages, people, cells = land()
    now = changed(people, seed, near=near)
    made = redraw(villages, cells, now)
    print(made.done, made.fewest, made.fewest_touched, len(cells))
    assert made.done.misfits == 0
    assert sum(cell.households or 0 for cell in made.cells) == now.total
    assert (np.bincount(owners_of(made.cells, now.lon, now.lat), now.counts) <= 80).all()
    assert made.fewest <= made.done.moved <= 2 * made.fewest
    assert made.fewest_touched <= made.done.touched <= 0.1 * len(cells)
