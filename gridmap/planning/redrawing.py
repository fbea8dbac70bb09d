"""Redraw villages from the cells that are there: what fits stays, what is cut anew keeps its codes where most of its households stay."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.grid import Area, Households
from gridmap.grid.checks import is_of_its_own
from gridmap.grid.crosswalk import crosswalk, owners_of, sums
from gridmap.planning.aside import sew_around, sew_cells
from gridmap.planning.borders import Ints
from gridmap.planning.compare import same_outline
from gridmap.planning.cutting import CutException, check_cut, cut_villages
from gridmap.planning.fates import heirs
from gridmap.planning.graph import Band
from gridmap.planning.handing import fewest_moves, fewest_touched
from gridmap.planning.regroup import Neighbourhood, regroup
from gridmap.words import Sentence


class Reach(StrEnum):
    """How far around what does not fit something is done: nothing; neighbours hand buildings over; then cutting anew, the misfits alone,
    with one ring of neighbours, with two, the whole village."""

    NOTHING = "nothing"
    HANDED = "handed"
    MISFITS = "misfits"
    RING = "ring"
    RINGS = "rings"
    WHOLE = "whole"


SEAM = 1e-8
SIDE = 1e-5
"""Degrees: borders nearer than a millimetre are shared, and a shared side is a metre long."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one reach would give: households that move, cells that change, cells out of the band, and households by which cells are away
    from the middle of the band, all told."""

    reach: Reach | None
    moved: int
    touched: int
    misfits: int
    uneven: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Redraw:
    """All cells of the villages, why some are out of the band, and what each reach would have given over all villages.

    `fewest` households had to move and `fewest_touched` cells to change at least, whoever does it, to bring into the band what was brought
    there.
    """

    cells: tuple[Area, ...]
    exceptions: tuple[CutException, ...]
    done: Offer
    offers: tuple[Offer, ...]
    fewest: int
    fewest_touched: int


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    village: Area
    cells: tuple[Area, ...]
    households: Households
    barriers: Sequence[BaseGeometry]
    bridges: Sequence[BaseGeometry]
    streets: Sequence[BaseGeometry]
    band: Band
    seed: int
    locked: frozenset[str]
    retired: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Try:
    offer: Offer
    cells: tuple[Area, ...]
    exceptions: tuple[CutException, ...]


def redraw(
    villages: Sequence[Area],
    cells: Sequence[Area],
    households: Households,
    barriers: Sequence[BaseGeometry] = (),
    bridges: Sequence[BaseGeometry] = (),
    *,
    streets: Sequence[BaseGeometry] = (),
    low: int = 50,
    high: int = 80,
    seed: int = 0,
    locked: Collection[str] = (),
    retired: Collection[str] = (),
    advance: Callable[[int], object] = lambda steps: None,
) -> Redraw:
    """Bring the villages' `cells`, which tile them, into the band for these households (all in degrees), moving few of them.

    In each village neighbours hand buildings over, or what does not fit is cut anew, with none, one or two rings of neighbours, or with
    all: of these the one that leaves the fewest cells out of the band, then the one that moves the fewest households. Cells in `locked`,
    and those of their own, stay in all.
    A new cell takes the code and name of the cell of which it has most (`heirs`), or a code that is neither there nor in `retired`.
    Refuses what `cut_villages` refuses.
    """
    check_cut(villages, low, high)
    owner = owners_of(cells, households.lon, households.lat)
    counts, largest = sums(owner, households.counts, len(cells)), _largest(owner, households, len(cells))
    of: dict[str | None, list[int]] = defaultdict(list)
    for at, cell in enumerate(cells):
        of[cell.parent].append(at)
    chosen, offers, fewest, touched = [], [], 0, 0
    for village in villages:
        own = tuple(replace(cells[at], households=int(counts[at])) for at in of[village.code])
        taken = frozenset({*retired, *(cell.code for cell in own)})
        ground = _Ground(village, own, households, barriers, bridges, streets, Band(low, high), seed, frozenset(locked), taken)
        tries = list(_tries(ground))
        chosen.append(min(tries, key=lambda one: (one.offer.misfits, one.offer.moved, one.offer.touched)))
        offers.append([one.offer for one in tries])
        settled = _settled(ground, chosen[-1].cells)
        sizes = [(int(counts[at]), int(largest[at])) for at, cell in zip(of[village.code], own, strict=True) if cell.code in settled]
        fewest += fewest_moves(sizes, low, high)
        touched += fewest_touched([count for count, _ in sizes], low)
        advance(1)
    done = _sum(None, [one.offer for one in chosen])
    return Redraw(
        tuple(sew_cells(villages, [one.cells for one in chosen]) if done.touched else (cell for one in chosen for cell in one.cells)),
        tuple(each for one in chosen for each in one.exceptions),
        done,
        tuple(_sum(reach, [found[at] for found in offers]) for at, reach in enumerate(Reach)),
        fewest,
        touched,
    )


def _settled(ground: _Ground, after: Sequence[Area]) -> set[str]:
    """The codes of the cells that did not fit, and do now or are gone."""
    still = {cell.code for cell in after if _misfit(ground, cell)}
    return {cell.code for cell in ground.cells if _misfit(ground, cell)} - still


def _largest(owner: Ints, households: Households, size: int) -> Ints:
    """The households of each cell's largest point."""
    found = np.zeros(size, dtype=np.int64)
    np.maximum.at(found, owner[owner >= 0], households.counts[owner >= 0])
    return found


def _sum(reach: Reach | None, offers: Sequence[Offer]) -> Offer:
    return Offer(reach, *(sum(getattr(offer, name) for offer in offers) for name in ("moved", "touched", "misfits", "uneven")))


def _tries(ground: _Ground) -> Iterator[_Try]:
    """One for each reach; where all fits nothing is done."""
    yield _tried(ground, Offer(Reach.NOTHING, 0, 0, 0), ground.cells, ())
    yield _handed(ground)
    yield from _cuts(ground)


def _cuts(ground: _Ground) -> Iterator[_Try]:
    misfits = {at for at, cell in enumerate(ground.cells) if _misfit(ground, cell)}
    beside = _beside(ground.cells) if misfits else {}
    loose = {at for at, cell in enumerate(ground.cells) if _is_loose(ground, cell)}
    ring = misfits | {near for at in misfits for near in beside[at]} & loose
    rings = ring | {near for at in ring for near in beside[at]} & loose
    whole = loose if misfits else set()
    for reach, freed in ((Reach.MISFITS, misfits), (Reach.RING, ring), (Reach.RINGS, rings), (Reach.WHOLE, whole)):
        yield _cut_anew(ground, reach, freed)


def _handed(ground: _Ground) -> _Try:
    """Neighbours hand over what brings them into the band; what that does not settle is cut anew, if that settles more."""
    nothing = _tried(ground, Offer(Reach.HANDED, 0, 0, 0), ground.cells, ())
    if not nothing.offer.misfits:
        return nothing
    owner = owners_of(ground.cells, ground.households.lon, ground.households.lat)
    people, mine = ground.households, owner >= 0
    homes = Households(people.ids[mine], people.lon[mine], people.lat[mine], people.counts[mine])
    fixed = {at for at, cell in enumerate(ground.cells) if not _is_loose(ground, cell)}
    barriers, bridges = (_at(ground.village, shapes) for shapes in (ground.barriers, ground.bridges))
    around = Neighbourhood(ground.village, ground.cells, homes, owner[mine], barriers, bridges, fixed)
    cells = regroup(around, ground.band)
    if cells is None:
        return nothing
    counts = sums(owners_of(cells, homes.lon, homes.lat), homes.counts, len(cells))
    handed = tuple(replace(cell, households=count) for cell, count in zip(cells, counts.tolist(), strict=True))
    after = _tried(ground, Offer(Reach.HANDED, 0, 0, 0), handed, ())
    if after.offer.misfits:
        more = min(_cuts(replace(ground, cells=handed)), key=lambda one: (one.offer.misfits, one.offer.moved))
        after = more if more.offer.misfits < after.offer.misfits else after
    return replace(after, offer=_measured(ground, homes, after))


def _at(village: Area, shapes: Sequence[BaseGeometry]) -> list[BaseGeometry]:
    known = np.array(list(shapes), dtype=object)
    return list(known[shapely.intersects(known, village.shape)])


def _measured(ground: _Ground, homes: Households, after: _Try) -> Offer:
    """What two steps have changed together."""
    found = crosswalk(ground.cells, after.cells, homes)
    going_on = heirs(found.overlaps)
    moved = sum(one.households for one in found.overlaps if going_on.get(one.before) != one.after)
    there = {cell.code: cell for cell in after.cells}
    touched = sum(cell.code not in there or not same_outline(cell, there[cell.code]) for cell in ground.cells)
    return replace(after.offer, reach=Reach.HANDED, moved=moved, touched=touched)


def _is_loose(ground: _Ground, cell: Area) -> bool:
    return cell.code not in ground.locked and not is_of_its_own(cell)


def _misfit(ground: _Ground, cell: Area) -> bool:
    return cell.code not in ground.locked and _is_out(ground, cell)


def _is_out(ground: _Ground, cell: Area) -> bool:
    return not is_of_its_own(cell) and not ground.band.holds(cell.households or 0)


def _beside(cells: Sequence[Area]) -> dict[int, set[int]]:
    """The cells with which each shares a side, by position."""
    shapes = np.array([cell.shape for cell in cells], dtype=object)
    wide = shapely.buffer(shapes, SEAM)
    one, other = shapely.STRtree(shapes).query(wide, predicate="intersects")
    shared = shapely.length(shapely.intersection(wide[one], shapely.boundary(shapes[other]))) > SIDE
    found: dict[int, set[int]] = {at: set() for at in range(len(cells))}
    for a, b in zip(one[shared].tolist(), other[shared].tolist(), strict=True):
        if a != b:
            found[a].add(b)
    return found


def _cut_anew(ground: _Ground, reach: Reach, freed: set[int]) -> _Try:
    """The village with the cells at these positions cut anew and all others as they are."""
    kept = tuple(cell for at, cell in enumerate(ground.cells) if at not in freed)
    old = tuple(cell for at, cell in enumerate(ground.cells) if at in freed)
    if not old:
        return _tried(ground, Offer(reach, 0, 0, 0), kept, ())
    land, people = _freed(ground, old)
    made = cut_villages(
        land, people, ground.barriers, ground.bridges, streets=ground.streets,
        low=ground.band.low, high=ground.band.high, seed=ground.seed, retired=ground.retired, thorough=False,
    )  # fmt: skip
    new, stay = sew_around([ground.village], land, made.cells, kept)
    found = crosswalk(old, new, people)
    before = {new_code: next(cell for cell in old if cell.code == code) for code, new_code in heirs(found.overlaps).items()}
    named = [_as_heir(cell, before.get(cell.code)) for cell in new]
    codes = {cell.code: heir.code for cell, heir in zip(new, named, strict=True)}
    moved = sum(one.households for one in found.overlaps if codes[one.after] != one.before)
    told = tuple(replace(each, code=codes[each.code]) for each in made.exceptions if each.code)
    return _tried(ground, Offer(reach, moved, len(old), 0), (*stay, *named), told)


def _freed(ground: _Ground, old: Sequence[Area]) -> tuple[list[Area], Households]:
    """The village as the land of these cells, and the households that they own."""
    all_ = ground.households
    mine = owners_of(old, all_.lon, all_.lat) >= 0
    shape = shapely.union_all([cell.shape for cell in old])
    return [replace(ground.village, shape=shape)], Households(all_.ids[mine], all_.lon[mine], all_.lat[mine], all_.counts[mine])


def _as_heir(cell: Area, of: Area | None) -> Area:
    return replace(cell, code=of.code, name=of.name, name_en=of.name_en) if of else cell


def _tried(ground: _Ground, offer: Offer, cells: Sequence[Area], told: tuple[CutException, ...]) -> _Try:
    """With a reason for each cell out of the band, also for those that stay; what is locked counts as no misfit, because nobody asked."""
    known, misfits = {each.code for each in told}, sum(_misfit(ground, cell) or not cell.shape.is_valid for cell in cells)
    left = [cell for cell in cells if _is_out(ground, cell) and cell.code not in known]
    ordered = tuple(sorted(cells, key=lambda cell: cell.code))
    middle = (ground.band.low + ground.band.high) // 2
    uneven = sum(abs((cell.households or 0) - middle) for cell in cells if not is_of_its_own(cell))
    return _Try(replace(offer, misfits=misfits, uneven=uneven), ordered, (*told, *(_stayed(ground, cell) for cell in left)))


def _stayed(ground: _Ground, cell: Area) -> CutException:
    why = "reason.cut_locked" if cell.code in ground.locked else "reason.cut_kept"
    reason, spot = Sentence(why, {"low": ground.band.low, "high": ground.band.high}), cell.shape.representative_point()
    return CutException(cell.code, cell.parent or "", cell.households or 0, reason, spot.x, spot.y)
