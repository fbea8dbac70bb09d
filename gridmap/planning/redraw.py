"""Redraw villages from the cells that are there: what fits stays, what is cut anew keeps its codes where most of its households stay."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.grid import Area, Households
from gridmap.grid.checks import is_of_its_own
from gridmap.grid.crosswalk import crosswalk, owners_of, sums
from gridmap.planning.cut import CutException, check_cut, cut_villages
from gridmap.planning.fates import heirs
from gridmap.planning.graph import Band
from gridmap.planning.seams import sew
from gridmap.words import Sentence

REACHES = (0, 1, 2, 3, None)
"""How far around what does not fit is cut anew: nothing, the misfits alone, their neighbours too, theirs too, the whole village."""
SEAM = 1e-8
SIDE = 1e-5
"""Degrees: borders nearer than a millimetre are shared, and a shared side is a metre long."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one reach would give: households that move, cells that are cut anew, cells out of the band."""

    reach: int | None
    moved: int
    touched: int
    misfits: int


@dataclass(frozen=True, slots=True, eq=False)
class Redraw:
    """All cells of the villages, why some are out of the band, and what each reach would have given over all villages."""

    cells: tuple[Area, ...]
    exceptions: tuple[CutException, ...]
    done: Offer
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Ground:
    village: Area
    cells: tuple[Area, ...]
    households: Households
    barriers: Sequence[BaseGeometry]
    bridges: Sequence[BaseGeometry]
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
    low: int = 50,
    high: int = 80,
    seed: int = 0,
    locked: Collection[str] = (),
    retired: Collection[str] = (),
    advance: Callable[[int], object] = lambda steps: None,
) -> Redraw:
    """Bring the villages' `cells`, which tile them, into the band for these households (all in degrees), moving few of them.

    In each village what does not fit is cut anew, with none, one or two rings of neighbours, or with all: of these the one that leaves the
    fewest cells out of the band, then the one that moves the fewest households. Cells in `locked`, and those of their own, stay in all.
    A new cell takes the code and name of the cell of which it has most (`heirs`), or a code that is neither there nor in `retired`.
    Refuses what `cut_villages` refuses.
    """
    check_cut(villages, low, high)
    counts = sums(owners_of(cells, households.lon, households.lat), households.counts, len(cells))
    of: dict[str | None, list[Area]] = defaultdict(list)
    for cell, count in zip(cells, counts.tolist(), strict=True):
        of[cell.parent].append(replace(cell, households=count))
    chosen, offers = [], []
    for village in villages:
        taken = frozenset({*retired, *(cell.code for cell in of[village.code])})
        ground = _Ground(village, tuple(of[village.code]), households, barriers, bridges, Band(low, high), seed, frozenset(locked), taken)
        tries = list(_tries(ground))
        chosen.append(min(tries, key=lambda one: (one.offer.misfits, one.offer.moved, one.offer.touched)))
        offers.append([one.offer for one in tries])
        advance(1)
    return Redraw(
        tuple(cell for one in chosen for cell in one.cells),
        tuple(each for one in chosen for each in one.exceptions),
        _sum(None, [one.offer for one in chosen]),
        tuple(_sum(reach, [found[at] for found in offers]) for at, reach in enumerate(REACHES)),
    )


def _sum(reach: int | None, offers: Sequence[Offer]) -> Offer:
    return Offer(reach, *(sum(getattr(offer, name) for offer in offers) for name in ("moved", "touched", "misfits")))


def _tries(ground: _Ground) -> Iterator[_Try]:
    """One for each reach; where all fits nothing is cut."""
    misfits = {at for at, cell in enumerate(ground.cells) if _misfit(ground, cell)}
    beside = _beside(ground.cells) if misfits else {}
    loose = {at for at, cell in enumerate(ground.cells) if cell.code not in ground.locked and not is_of_its_own(cell)}
    freed: set[int] = set()
    for reach in REACHES:
        if reach is None:
            freed = loose if misfits else set()
        elif reach:
            freed = misfits if reach == 1 else freed | {near for at in freed for near in beside[at]} & loose
        yield _cut_anew(ground, reach, freed)


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


def _cut_anew(ground: _Ground, reach: int | None, freed: set[int]) -> _Try:
    """The village with the cells at these positions cut anew and all others as they are."""
    kept = tuple(cell for at, cell in enumerate(ground.cells) if at not in freed)
    old = tuple(cell for at, cell in enumerate(ground.cells) if at in freed)
    if not old:
        return _tried(ground, Offer(reach, 0, 0, 0), kept, ())
    land, people = _freed(ground, old)
    made = cut_villages(
        land, people, ground.barriers, ground.bridges,
        low=ground.band.low, high=ground.band.high, seed=ground.seed, retired=ground.retired,
    )  # fmt: skip
    sewn = sew([land[0].shape, *(cell.shape for cell in kept)], [[cell.shape for cell in made.cells], *([cell.shape] for cell in kept)])
    shapes = [shape for own in sewn for shape in own]
    new = [replace(cell, shape=shape) for cell, shape in zip(made.cells, shapes, strict=False)]
    stay = [replace(cell, shape=shape) for cell, shape in zip(kept, shapes[len(new) :], strict=True)]
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
    known, misfits = {each.code for each in told}, sum(_misfit(ground, cell) for cell in cells)
    left = [cell for cell in cells if _is_out(ground, cell) and cell.code not in known]
    ordered = tuple(sorted(cells, key=lambda cell: cell.code))
    return _Try(replace(offer, misfits=misfits), ordered, (*told, *(_stayed(ground, cell) for cell in left)))


def _stayed(ground: _Ground, cell: Area) -> CutException:
    why = "reason.cut_locked" if cell.code in ground.locked else "reason.cut_kept"
    reason, spot = Sentence(why, {"low": ground.band.low, "high": ground.band.high}), cell.shape.representative_point()
    return CutException(cell.code, cell.parent or "", cell.households or 0, reason, spot.x, spot.y)
