"""Compiled code is made at the first use on a machine and kept."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import shapely

from gridmap.grid.index import asking, distances
from gridmap.grid.index.area_index import AreaIndex
from gridmap.grid.index.kept import KEPT_IN


def is_warm() -> bool:
    """Whether the code is there already, made from the sources as they are."""
    asked = (asking.locate_many, asking.locate_single, distances.measure_borders)
    return KEPT_IN is not None and all(any(KEPT_IN.glob(f"*.{function.__name__}-*.nbi")) for function in asked)


def warm() -> None:
    """Have everything compiled that questions need, or loaded where it is kept. Of processes that begin together one compiles."""
    with _one_at_a_time():
        index = AreaIndex([shapely.box(0, 0, 1, 1), shapely.box(0.5, 0, 2, 1), shapely.box(2, 0, 3, 1)])
        points = np.array([0.25, 0.75, 5.0, np.nan])
        index.locate_one(0.25, 0.25)
        index.nearest(points, points)
        index.near_border(points, points, index.locate(points, points))
        index.border_distance(points, points, index.locate(points, points))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    if KEPT_IN is None:
        yield
        return
    with (KEPT_IN / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
