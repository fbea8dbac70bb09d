"""Cut villages into cells: households in, connected cells that tile their village out, and why some are not as they should be."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.errors import BadInput
from gridmap.grid import Area, Households, Level
from gridmap.grid.checks import shape_fault
from gridmap.planning.borders import Ints
from gridmap.planning.graph import Band
from gridmap.planning.seams import sew
from gridmap.planning.targets import NO_TARGETS, Targets
from gridmap.planning.village import Ground, Share, cut_village
from gridmap.words import Sentence, say

MANY = 100
"""Of more villages than these no small one is searched thoroughly: that takes a second each, and a county has thousands."""
FEW = 20
"""For fewer villages than these another process is not started: that takes as long as to cut them."""
CHUNK = 4
"""So many villages are handed to a process at once."""
ROOM = 999
"""The codes that three digits can make, none of them 000."""


class CutBand(BadInput):
    """The bounds for a cell's households make no band; facts: low, high."""


class CutVillageRepeated(BadInput):
    """Two villages have one code; facts: village."""


class CutVillageUnusable(BadInput):
    """A village has no land that could be cut; facts: village, reason."""


class CutTooMany(BadInput):
    """A village needs more cells than three digits can still number; facts: village, cells, free."""


@dataclass(frozen=True, slots=True)
class CutException:
    """A cell out of the band (by `code`) or a household point in no village (`code` is empty), with the reason and a place in degrees."""

    code: str
    village: str
    households: int
    reason: Sentence
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """The cells, village by village; the cell's code of each household point ("" where it lies in no village); and the exceptions."""

    cells: tuple[Area, ...]
    cell_of: NDArray[np.object_]
    exceptions: tuple[CutException, ...]


def cut_villages(
    villages: Sequence[Area],
    households: Households,
    barriers: Sequence[BaseGeometry] = (),
    bridges: Sequence[BaseGeometry] = (),
    *,
    streets: Sequence[BaseGeometry] = (),
    low: int = 50,
    high: int = 80,
    seed: int = 0,
    targets: Targets = NO_TARGETS,
    retired: Collection[str] = (),
    thorough: bool = True,
    processes: int = 1,
    advance: Callable[[int], object] = lambda steps: None,
) -> Cut:
    """Cut each village into connected cells of `low` to `high` households wherever that can be done.

    Everything is in degrees. The cells of a village tile it exactly, and none has households on two sides of a barrier (a line or
    an area) without a bridge. Cells rather end at `streets` (lines) than in the yards between, where that costs little. A point on the
    border of two villages belongs to the first. A cell's code is the village's code and three
    digits, numbered in rows from north to south, from west to east in each; codes in `retired` are passed over. The same input and
    seed give the same cells. Villages for which `targets` has one are cut about it wherever that can be done within the bounds.
    Without `thorough`, and of more than MANY villages, small ones are searched no longer than large ones. So many `processes` share the
    villages, which changes nothing but the time; `advance(1)` is called after each village.
    Refuses with CutBand, CutTarget, CutVillageRepeated, CutVillageUnusable or CutTooMany.
    """
    check_cut(villages, low, high)
    targets.check(low, high)
    thorough = thorough and len(villages) <= MANY
    spots = shapely.points(households.lon, households.lat)
    owner = _village_of(villages, spots)
    lines = [shapely.STRtree(list(each)) for each in (barriers, bridges, streets)]
    grounds = []
    for number, village in enumerate(villages):
        own = owner == number
        walls, ways, roads = (_near(tree, village) for tree in lines)
        grounds.append(Ground(village, spots[own], households.counts[own], walls, ways, roads, targets.of(village.code)))
    cutting = partial(cut_village, band=Band(low, high), seed=seed, thorough=thorough)
    shares = []
    for share in _each(cutting, grounds, processes):
        shares.append(share)
        advance(1)
    outlines = [_sound(*each) for each in zip(villages, shares, _sewn(villages, shares), strict=True)]
    codes = [_codes(village, len(own), retired) for village, own in zip(villages, outlines, strict=True)]
    cells = [_areas(*each) for each in zip(villages, shares, outlines, codes, strict=True)]
    return Cut(
        tuple(cell for own in cells for cell in own),
        _code_of_each(codes, shares, owner),
        (*_out_of_band(cells, shares), *_outside(households, owner)),
    )


def _each(cutting: Callable[[Ground], Share], grounds: Sequence[Ground], processes: int) -> Iterator[Share]:
    """The share of each ground, in their order. Processes, not threads: the solver is Python."""
    processes = min(processes, len(grounds) // FEW)
    if processes < 2:
        yield from map(cutting, grounds)
        return
    # Started afresh: a copy of a process that has threads may hold a lock that nobody gives back.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(cutting, grounds, chunksize=CHUNK)


def _sewn(villages: Sequence[Area], shares: Sequence[Share]) -> list[list[Polygon]]:
    return sew([village.shape for village in villages], [share.outlines for share in shares])


def _sound(village: Area, share: Share, sewn: Sequence[Polygon]) -> list[Polygon]:
    """The cells with their neighbours' corners, but for those whose necks are thinner than what puts two corners together. What is
    no polygon even so, because degrees are coarser than the plane that it was cut in, is nobody's cell: CutVillageUnusable."""
    found = [new if new.is_valid else old for old, new in zip(share.outlines, sewn, strict=True)]
    for outline in found:
        if not outline.is_valid:
            raise CutVillageUnusable(village=village.code, reason=shapely.is_valid_reason(outline))
    return found


def check_cut(villages: Sequence[Area], low: int, high: int) -> None:
    """CutBand, CutVillageRepeated or CutVillageUnusable."""
    if not 1 <= low <= high:
        raise CutBand(low=low, high=high)
    for code, times in Counter(village.code for village in villages).items():
        if times > 1:
            raise CutVillageRepeated(village=code)
    for village in villages:
        fault = shape_fault(village)
        if fault:
            raise CutVillageUnusable(village=village.code, reason=fault.facts["reason"])


def _village_of(villages: Sequence[Area], spots: NDArray[np.object_]) -> Ints:
    """The first village that has each point within it or on its border; -1 where none has."""
    owner = np.full(len(spots), len(villages))
    point, village = shapely.STRtree([v.shape for v in villages]).query(spots, predicate="intersects")
    np.minimum.at(owner, point, village)
    return np.where(owner == len(villages), -1, owner)


def _near(tree: shapely.STRtree, village: Area) -> list[BaseGeometry]:
    return list(tree.geometries[np.sort(tree.query(village.shape, predicate="intersects"))])


def _codes(village: Area, cells: int, retired: Collection[str]) -> list[str]:
    """The first free codes of a village."""
    free = [code for code, _, _ in code_and_names(village.code) if code not in retired]
    if cells > len(free):
        raise CutTooMany(village=village.code, cells=cells, free=len(free))
    return free[:cells]


def code_and_names(village: str) -> Iterator[tuple[str, str, str]]:
    """The codes that a village's cells can have, in their order, each with the name that such a cell is given, in Chinese and English."""
    for number in range(1, ROOM + 1):
        yield f"{village}{number:03d}", say("cell.name", "zh", number=number), say("cell.name", "en", number=number)


def _areas(village: Area, share: Share, outlines: list[Polygon], codes: list[str]) -> list[Area]:
    names = {code: both for code, *both in code_and_names(village.code)}
    return [
        Area(code, Level.CELL, names[code][0], village.code, outline, names[code][1], households)
        for code, outline, households in zip(codes, outlines, share.counts, strict=True)
    ]


def _code_of_each(codes: list[list[str]], shares: list[Share], owner: Ints) -> NDArray[np.object_]:
    """The cell's code of each household point."""
    found = np.full(len(owner), "", dtype=object)
    for number, (own, share) in enumerate(zip(codes, shares, strict=True)):
        found[owner == number] = np.array(own, dtype=object)[share.of]
    return found


def _out_of_band(cells: list[list[Area]], shares: list[Share]) -> list[CutException]:
    found = []
    for own, share in zip(cells, shares, strict=True):
        for cell, reason in zip(own, share.reasons, strict=True):
            if reason is not None:
                place = cell.shape.representative_point()
                found.append(CutException(cell.code, cell.parent or "", cell.households or 0, reason, place.x, place.y))
    return found


def _outside(households: Households, owner: Ints) -> list[CutException]:
    columns = (households.ids, households.counts, households.lon, households.lat)
    rows = zip(*(column[owner < 0].tolist() for column in columns), strict=True)
    return [CutException("", "", count, Sentence("reason.cut_outside", {"id": name}), lon, lat) for name, count, lon, lat in rows]
