"""A draft's cells against those in force: who would move, what becomes of each cell, what each worker would have to look after."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.grid import Area, Households
from gridmap.grid.crosswalk import Crosswalk, crosswalk, owners_of, sums
from gridmap.planning.fates import Change, Fate, fates, heirs

Floats = NDArray[np.float64]
SAME = 1e-9
"""Degrees, a tenth of a millimetre: what putting a corner upon a straight border may bend it."""
Points = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class Side:
    """The cells of one side, and who holds the post of each cell (by code; whoever is not here is nobody)."""

    cells: Sequence[Area]
    holders: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Move:
    """Households that go from one cell to another or to another worker; None is no cell, nobody. `ids` are those of their points."""

    before: str | None
    after: str | None
    worker_before: str | None
    worker_after: str | None
    households: int
    ids: tuple[str, ...]
    moved: bool  # to a cell that does not go on for theirs: not merely another code or worker


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker has and would have; None is nobody. `gained` and `lost` are households; incidents None where they were not asked."""

    worker: str | None
    cells_before: int
    cells_after: int
    households_before: int
    households_after: int
    gained: int
    lost: int
    incidents_before: int | None = None
    incidents_after: int | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`changes` name every cell once; `reshaped` are codes of cells that have another outline; `recoded` are cells that go on under another
    code (old → new); `sheets` are codes of villages whose printed map would be wrong."""

    households: int
    changes: tuple[Change, ...]
    counts: Mapping[str, tuple[int | None, int | None]]  # by code: households before and after, None where there is no such cell
    moves: tuple[Move, ...]
    loads: tuple[Load, ...]
    reshaped: frozenset[str]
    recoded: Mapping[str, str]
    sheets: tuple[str, ...]

    @property
    def moved(self) -> int:
        return sum(move.households for move in self.moves if move.moved)

    @property
    def other_worker(self) -> int:
        return sum(move.households for move in self.moves if move.worker_before != move.worker_after)

    @property
    def fates(self) -> dict[Fate, int]:
        """How many changes there are of each kind."""
        found = Counter(change.fate for change in self.changes)
        return {fate: found[fate] for fate in Fate}


def compare(before: Side, after: Side, households: Households, incidents: Points | None = None) -> Comparison:
    """What `after` would change for the households (points in degrees). `incidents` are the points of a year, for the workers' load:
    each counts for the cell that owns it, on either side."""
    found = crosswalk(before.cells, after.cells, households)
    going_on = heirs(found.overlaps)
    moves = tuple(_moves(before, after, households, found, going_on))
    totals = [_by_code(side, counts) for side, counts in ((before, found.households_before), (after, found.households_after))]
    codes = sorted(totals[0].keys() | totals[1].keys())
    return Comparison(
        households=households.total,
        changes=fates(totals[0], totals[1], found.overlaps),
        counts={code: (totals[0].get(code), totals[1].get(code)) for code in codes},
        moves=moves,
        loads=_loads(before, after, totals, moves, incidents),
        reshaped=frozenset(_reshaped(before.cells, after.cells)),
        recoded={old: new for old, new in going_on.items() if old != new},
        sheets=_sheets(before, after),
    )


def _by_code(side: Side, counts: NDArray[np.int64]) -> dict[str, int]:
    return dict(zip((cell.code for cell in side.cells), counts.tolist(), strict=True))


def _moves(before: Side, after: Side, households: Households, found: Crosswalk, going_on: Mapping[str, str]) -> Iterator[Move]:
    """By cells, in the order of their codes; households of no cell on either side do not move."""
    pairs = np.stack([found.owner_before, found.owner_after], axis=1)
    lived = np.flatnonzero(households.counts > 0)
    kinds, of = np.unique(pairs[lived], axis=0, return_inverse=True)
    order = np.argsort(of.reshape(-1), kind="stable")
    groups = np.split(lived[order], np.cumsum(np.bincount(of.reshape(-1), minlength=len(kinds)))[:-1]) if len(kinds) else []
    for (i, j), here in zip(kinds.tolist(), groups, strict=True):
        old, new = (side.cells[at].code if at >= 0 else None for side, at in ((before, i), (after, j)))
        moved = old != new if old is None or new is None else going_on.get(old) != new
        who, whom = before.holders.get(old or ""), after.holders.get(new or "")
        if moved or who != whom:
            yield Move(old, new, who, whom, int(households.counts[here].sum()), tuple(households.ids[here].tolist()), moved)


def _loads(
    before: Side, after: Side, totals: Sequence[Mapping[str, int]], moves: Sequence[Move], incidents: Points | None
) -> tuple[Load, ...]:
    """By worker, nobody last."""
    sides = (before, after)
    cells = [Counter(side.holders.get(cell.code) for cell in side.cells) for side in sides]
    lived = [_by_worker(side, counts) for side, counts in zip(sides, totals, strict=True)]
    asked = [_by_worker(side, counts) for side, counts in zip(sides, _asked(sides, incidents), strict=True)]
    gained, lost = Counter[str | None](), Counter[str | None]()
    for move in moves:
        if move.worker_before != move.worker_after:
            gained[move.worker_after] += move.households
            lost[move.worker_before] += move.households
    workers = sorted(cells[0].keys() | cells[1].keys(), key=lambda who: (who is None, who or ""))
    return tuple(
        Load(
            who, cells[0][who], cells[1][who], lived[0][who], lived[1][who], gained[who], lost[who],
            *((None, None) if incidents is None else (asked[0][who], asked[1][who])),
        )
        for who in workers
    )  # fmt: skip


def _asked(sides: Sequence[Side], incidents: Points | None) -> list[dict[str, int]]:
    """How many incidents each cell owns, on either side."""
    lon, lat = incidents if incidents else (np.empty(0), np.empty(0))
    one = np.ones(len(lon), dtype=np.int64)
    return [_by_code(side, sums(owners_of(side.cells, lon, lat), one, len(side.cells))) for side in sides]


def _by_worker(side: Side, counts: Mapping[str, int]) -> Counter[str | None]:
    found = Counter[str | None]()
    for code, count in counts.items():
        found[side.holders.get(code)] += count
    return found


def _reshaped(before: Sequence[Area], after: Sequence[Area]) -> Iterator[str]:
    old = {cell.code: cell for cell in before}
    return (cell.code for cell in after if cell.code in old and not same_outline(old[cell.code], cell))


def same_outline(one: Area, other: Area) -> bool:
    """Whether two areas have the same outline, wherever their rings begin; a corner that a neighbour has set upon it changes nothing."""
    if shapely.equals_exact(shapely.normalize(one.shape), shapely.normalize(other.shape), tolerance=0.0):
        return True
    shapes = np.array([one.shape, other.shape], dtype=object)
    if shapely.hausdorff_distance(*shapely.boundary(shapes)) >= SAME or not shapely.is_valid(shapes).all():
        return False
    # The distance is that of corners: one that is cut across has all of them upon the other's border.
    return bool(shapely.area(shapely.symmetric_difference(*shapes)) < SAME * shapely.length(one.shape))


def _sheets(before: Side, after: Side) -> tuple[str, ...]:
    """The villages of which some cell has come, gone, or another outline, name, village or worker."""
    known: dict[str, list[tuple[Area, str | None]]] = defaultdict(list)
    for side in (before, after):
        for cell in side.cells:
            known[cell.code].append((cell, side.holders.get(cell.code)))
    changed = [pair for pair in known.values() if len(pair) == 1 or not _prints_alike(*pair)]
    return tuple(sorted({cell.parent for pair in changed for cell, _ in pair if cell.parent}))


def _prints_alike(one: tuple[Area, str | None], other: tuple[Area, str | None]) -> bool:
    return _printed(one) == _printed(other) and same_outline(one[0], other[0])


def _printed(of: tuple[Area, str | None]) -> tuple[str, str, str | None, str | None]:
    cell, worker = of
    return cell.name, cell.name_en, cell.parent, worker
