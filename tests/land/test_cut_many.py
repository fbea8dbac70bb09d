"""Many villages are cut by several processes: the same cells."""

import numpy as np
from shapely import box

from gridmap.grid import Area, Households
from gridmap.planning import cut_villages
from tests.land.test_cut import homes, village


def county(villages: int, households: int) -> tuple[list[Area], Households]:
    """Villages in a row, every household in a building of its own."""
    lands = [village(box(900 * at, 0, 900 * (at + 1), 900), f"4201001{at:05d}") for at in range(villages)]
    rng = np.random.default_rng(1)
    spots = [(900 * at + x, y) for at in range(villages) for x, y in rng.uniform(1, 899, (households, 2)).tolist()]
    return lands, homes(spots)


def test_several_processes_make_the_same_cells() -> None:
    lands, people = county(40, 150)
    told: list[int] = []
    alone, together = cut_villages(lands, people), cut_villages(lands, people, processes=2, advance=told.append)
    assert alone.cells == together.cells
    assert alone.cell_of.tolist() == together.cell_of.tolist()
    assert alone.exceptions == together.exceptions
    assert told == [1] * len(lands)
