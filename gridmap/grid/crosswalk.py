"""Which land of one division is which land of another: told by the households there, and by area where there are none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.grid.area import Area
from gridmap.grid.household import Households
from gridmap.grid.index import AreaIndex

SLIVER = 1e-6
"""A smaller share of an area without households is the rounding of a border."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """An area of before and one of after that share households, or land where one of them has no households.

    `of_before` and `of_after` are the shares of either's households; of its land, where it has none.
    """

    before: str
    after: str
    households: int
    of_before: float
    of_after: float


@dataclass(frozen=True, slots=True, eq=False)
class Crosswalk:
    """`overlaps` by codes; `owner_before` and `owner_after` are the positions of each household point's areas, -1 where none owns it."""

    overlaps: tuple[Overlap, ...]
    owner_before: NDArray[np.int64]
    owner_after: NDArray[np.int64]
    households_before: NDArray[np.int64]
    households_after: NDArray[np.int64]


def crosswalk(before: Sequence[Area], after: Sequence[Area], households: Households) -> Crosswalk:
    """How the areas of two divisions (in degrees, each of one level) share the households; whose a point is, `AreaIndex` says."""
    owners = (_owners(before, households), _owners(after, households))
    totals = (sums(owners[0], households.counts, len(before)), sums(owners[1], households.counts, len(after)))
    shared = _households_shared(*owners, households.counts)
    land = _land_shared(before, after, *totals)
    found = [_overlap(before[i], after[j], shared.get((i, j), 0), land.get((i, j), (0.0, 0.0)), (totals[0][i], totals[1][j]))
             for i, j in sorted(shared.keys() | land.keys())]  # fmt: skip
    overlaps = sorted(found, key=lambda each: (each.before, each.after))
    return Crosswalk(tuple(each for each in overlaps if max(each.of_before, each.of_after) > SLIVER), *owners, *totals)


def _owners(areas: Sequence[Area], households: Households) -> NDArray[np.int64]:
    return owners_of(areas, households.lon, households.lat)


def owners_of(areas: Sequence[Area], lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """The position of the area that owns each point, -1 where none does."""
    return AreaIndex([area.shape for area in areas]).locate(lon, lat)


def sums(owner: NDArray[np.int64], counts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """How many each of `size` areas owns; what nobody owns counts for none."""
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, owner[owner >= 0], counts[owner >= 0])
    return total


def _households_shared(before: NDArray[np.int64], after: NDArray[np.int64], counts: NDArray[np.int64]) -> dict[tuple[int, int], int]:
    both = (before >= 0) & (after >= 0) & (counts > 0)
    pairs, of = np.unique(np.stack([before[both], after[both]], axis=1), axis=0, return_inverse=True)
    total = sums(of.reshape(-1).astype(np.int64), counts[both], len(pairs))
    return {(i, j): count for (i, j), count in zip(pairs.tolist(), total.tolist(), strict=True)}


def _land_shared(
    before: Sequence[Area], after: Sequence[Area], total_before: NDArray[np.int64], total_after: NDArray[np.int64]
) -> dict[tuple[int, int], tuple[float, float]]:
    """The shares of land for each pair of which one has no households: of the one before, of the one after."""
    if not (len(before) and len(after)):
        return {}
    old, new = (np.array([area.shape for area in areas], dtype=object) for areas in (before, after))
    i, j = shapely.STRtree(new).query(old, predicate="intersects")
    empty = (total_before[i] == 0) | (total_after[j] == 0)
    i, j = i[empty], j[empty]
    common = shapely.area(shapely.intersection(old[i], new[j]))
    shares = zip(common / shapely.area(old[i]), common / shapely.area(new[j]), strict=True)
    return {pair: (float(a), float(b)) for pair, (a, b) in zip(zip(i.tolist(), j.tolist(), strict=True), shares, strict=True)}


def _overlap(old: Area, new: Area, households: int, land: tuple[float, float], totals: tuple[int, int]) -> Overlap:
    of = [households / total if total else share for total, share in zip(totals, land, strict=True)]
    return Overlap(old.code, new.code, households, *of)
