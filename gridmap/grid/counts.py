"""How many households live in each area."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from gridmap.grid.area import LEVELS, Area, Level
from gridmap.grid.household import Households
from gridmap.grid.index import AreaIndex


def with_households(areas: Iterable[Area], households: Households) -> tuple[Area, ...]:
    """The areas, in their order, each with its number of households.

    A cell's own count stands, because it was cut by it; an area with parts has the sum of theirs; any other has the households
    whose points it owns. Where there are no households at all nothing is filled in.
    """
    areas = tuple(areas)
    if not households.total:
        return areas
    counts: dict[str, int] = {}
    for level in reversed(LEVELS):
        here = [area for area in areas if area.level is level]
        parts = _sums([area for area in areas if area.level.above is level], counts)
        for area, owned in zip(here, _owned(here, households), strict=True):
            known = area.households if level is Level.CELL else parts.get(area.code)
            counts[area.code] = owned if known is None else known
    return tuple(replace(area, households=counts[area.code]) for area in areas)


def _sums(children: Sequence[Area], counts: dict[str, int]) -> dict[str | None, int]:
    sums: dict[str | None, int] = {}
    for child in children:
        sums[child.parent] = sums.get(child.parent, 0) + counts[child.code]
    return sums


def _owned(areas: Sequence[Area], households: Households) -> list[int]:
    owner = AreaIndex([area.shape for area in areas]).locate(households.lon, households.lat)
    found: list[int] = np.bincount(owner[owner >= 0], households.counts[owner >= 0], len(areas)).astype(int).tolist()
    return found
