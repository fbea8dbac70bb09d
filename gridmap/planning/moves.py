"""A planner's moves: each makes of a village's whole tiling another whole one, or is refused with the place where it cannot be drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.errors import BadInput, Conflict, NotFound
from gridmap.grid import Area, Households
from gridmap.grid.crosswalk import owners_of, sums
from gridmap.planning.border_line import Line, NothingMoves, redrawn, simple
from gridmap.planning.borders import Ints
from gridmap.planning.cutting import CutTooMany, code_and_names
from gridmap.planning.ground import ground_of
from gridmap.planning.tiling import (
    NEAR,
    Divided,
    Extra,
    arcs,
    check_tiling,
    divide,
    exact_area,
    join,
    place_of,
    with_corners,
)  # fmt: skip

Bools = NDArray[np.bool_]


class CellsUnknown(NotFound):
    """The village has no such cells; facts: village, cells."""


class HouseholdsElsewhere(BadInput):
    """Some of the households live in none of the village's cells; facts: village, count, first."""


class CellEmptied(Conflict):
    """A cell would lose all its households; facts: cell, lon, lat."""


class CellParted(Conflict):
    """A cell would fall into several parts; facts: cell, lon, lat."""


class HouseholdStays(Conflict):
    """A household has no ground of its own, and would stay; facts: household, lon, lat."""


class CellsApart(Conflict):
    """Cells share no border; facts: cells, lon, lat."""


class LineDividesNot(BadInput):
    """A line does not divide a cell in two; facts: cell, parts, lon, lat."""


@dataclass(frozen=True, slots=True)
class Assign:
    """Households (ids of their points) go to a cell, each with the ground that is nearest to it within the cell it was in."""

    households: tuple[str, ...]
    to: str


@dataclass(frozen=True, slots=True)
class Border:
    """The border of two cells runs along the line, from where the line begins upon it to where it ends upon it."""

    cells: tuple[str, str]
    line: Line


@dataclass(frozen=True, slots=True)
class Split:
    """A cell is divided by the line, which begins and ends on its outline or beyond; the larger part keeps its code."""

    cell: str
    line: Line


@dataclass(frozen=True, slots=True)
class Merge:
    """Cells become one, under the code of the one with most households."""

    cells: tuple[str, ...]


Operation = Assign | Border | Split | Merge


def cells_named(operation: Operation, owners: Mapping[str, str]) -> frozenset[str]:
    """The codes of the cells that an operation is about; `owners` are the cells of households."""
    match operation:
        case Assign(households, to):
            return frozenset({to, *(owners[id] for id in households if id in owners)})
        case Border(cells, _) | Merge(cells):
            return frozenset(cells)
        case Split(cell, _):
            return frozenset({cell})


@dataclass(frozen=True)
class Ground:
    """What moves are made on: the cells of one village, which tile it; cells of others that touch them (`beside`, which only get corners
    on the common border); the households; codes that no new cell may have. All in degrees."""

    village: Area
    cells: tuple[Area, ...]
    beside: tuple[Area, ...]
    households: Households
    taken: frozenset[str] = frozenset()

    @cached_property
    def by_code(self) -> Mapping[str, Area]:
        return {cell.code: cell for cell in self.cells}

    @cached_property
    def owner(self) -> Ints:
        """The position of each household point's cell, -1 where it lies in none of these."""
        return owners_of(self.cells, self.households.lon, self.households.lat)

    @property
    def owners(self) -> Mapping[str, str]:
        """The cell's code of each household that lives here."""
        here = np.flatnonzero(self.owner >= 0).tolist()
        return {str(self.households.ids[at]): self.cells[self.owner[at]].code for at in here}

    def cell(self, code: str) -> Area:
        """The cell of this code, or CellsUnknown."""
        if code not in self.by_code:
            raise CellsUnknown(village=self.village.code, cells=code)
        return self.by_code[code]

    def homes(self, code: str) -> Households:
        """The households of one cell."""
        return _only(self.households, self.owner == [cell.code for cell in self.cells].index(code))

    def before(self, changed: Iterable[str]) -> dict[str, Area | None]:
        """The cells of these codes as they are here, of the village and beside it: what undoes a change of them."""
        known = {cell.code: cell for cell in (*self.cells, *self.beside)}
        return {code: known.get(code) for code in changed}

    def after(self, changed: Mapping[str, Area | None]) -> "Ground":
        """The same with these cells as they became (None: gone)."""
        old = {cell.code: cell for cell in (*self.cells, *self.beside)}
        cells = [cell for cell in ({**old, **changed}[code] for code in sorted({*old, *changed})) if cell is not None]
        here = self.village.code
        own, others = (tuple(cell for cell in cells if (cell.parent == here) is mine) for mine in (True, False))
        return Ground(self.village, own, others, self.households, self.taken)


def set_corners(shapes: Mapping[str, Polygon], extra: Extra) -> dict[str, Polygon]:
    """Those of the shapes that have edges upon which corners are set, with them."""
    filled = {code: with_corners(shape, extra) for code, shape in shapes.items()}
    return {code: shape for code, shape in filled.items() if shape is not shapes[code]}


def _only(households: Households, wanted: Bools) -> Households:
    return Households(households.ids[wanted], households.lon[wanted], households.lat[wanted], households.counts[wanted])


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """What a move leaves: each cell that is another now (None: it is gone), and how many households changed cells."""

    changed: Mapping[str, Area | None]
    households: int


def make(ground: Ground, operation: Operation) -> Moved:
    """Make one move. The tiling stays whole to the last bit, and every household stays in the village; what cannot be is refused, with a
    place: CellsUnknown, NothingMoves, CellEmptied, CellParted, and what each kind of move is refused for. TilingBroken where the village
    was not whole before."""
    check_tiling(ground.village.code, ground.cells)
    draft = _Draft(ground)
    match operation:
        case Assign():
            _assign(draft, operation)
        case Border():
            _shift(draft, operation)
        case Split():
            _split(draft, operation)
        case Merge():
            _merge(draft, operation)
    return draft.finished()


class _Draft:
    """The village's cells while a move is made."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.shapes: dict[str, Polygon] = {cell.code: cell.shape for cell in ground.cells}
        self.fresh: dict[str, Area] = {}
        self.corners: dict[str, Polygon] = {cell.code: cell.shape for cell in ground.beside}

    def set_corners(self, extra: Extra) -> None:
        """Set corners upon the edges of all cells that have these edges."""
        self.shapes |= set_corners(self.shapes, extra)
        self.corners |= set_corners(self.corners, extra)

    def put(self, code: str, shape: BaseGeometry) -> None:
        """CellParted where the cell would not be of one piece."""
        if not isinstance(shape, Polygon) or not shape.is_valid:
            parts = sorted(shapely.get_parts(shape).tolist(), key=lambda part: part.area)
            lon, lat = place_of(parts[0])
            raise CellParted(cell=code, lon=lon, lat=lat)
        self.shapes[code] = shape

    def finished(self) -> Moved:
        """What changed, checked as a whole. NothingMoves, CellEmptied."""
        ground, known = self.ground, {**self.ground.by_code, **self.fresh}
        cells = [replace(known[code], shape=shape) for code, shape in sorted(self.shapes.items())]
        _check_same_land(ground, cells)
        owner = owners_of(cells, ground.households.lon, ground.households.lat)
        counts = sums(owner, ground.households.counts, len(cells)).tolist()
        known_counts = bool(ground.households.total)
        changed: dict[str, Area | None] = {code: None for code in ground.by_code if code not in self.shapes}
        for cell, count in zip(cells, counts, strict=True):
            before = ground.by_code.get(cell.code)
            if before is None or not alike(before.shape, cell.shape):
                changed[cell.code] = replace(cell, households=count) if known_counts else cell
        if not changed:
            raise NothingMoves
        _check_none_emptied(ground, changed)
        here = [known[cell.code].code for cell in cells]
        there = [cell.code for cell in ground.cells]
        lived = np.flatnonzero((ground.owner >= 0) & (ground.households.counts > 0)).tolist()
        gone = [at for at in lived if here[owner[at]] != there[ground.owner[at]]]
        for cell in ground.beside:
            if self.corners[cell.code] is not cell.shape:
                changed[cell.code] = replace(cell, shape=self.corners[cell.code])
        return Moved(changed, int(ground.households.counts[gone].sum()))


def alike(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Whether two shapes have the same corners, wherever their rings begin."""
    return one is other or bool(shapely.equals_exact(shapely.normalize(one), shapely.normalize(other), tolerance=0.0))


def _check_same_land(ground: Ground, cells: Sequence[Area]) -> None:
    """Whole as before, and the same land: to the last bit, but for corners that were set upon the village's own straight borders."""
    check_tiling(ground.village.code, cells)
    same = {cell.code for cell in cells if cell.code in ground.by_code and cell.shape is ground.by_code[cell.code].shape}
    before, after = (sum(exact_area(cell.shape) for cell in each if cell.code not in same) for each in (ground.cells, cells))
    outer = 2 * NEAR * 1e-3 * ground.village.shape.length
    assert abs(before - after) <= outer, "a move lost land"  # a fault of ours: nothing that somebody asks for does this


def _check_none_emptied(ground: Ground, changed: Mapping[str, Area | None]) -> None:
    counts = sums(ground.owner, ground.households.counts, len(ground.cells)).tolist()
    for cell, count in zip(ground.cells, counts, strict=True):
        now = changed.get(cell.code)
        if count and now is not None and now.households == 0:
            lon, lat = place_of(cell.shape)
            raise CellEmptied(cell=cell.code, lon=lon, lat=lat)


def _assign(draft: _Draft, operation: Assign) -> None:
    ground = draft.ground
    ground.cell(operation.to)
    wanted = np.isin(ground.households.ids, operation.households)
    unknown = sorted({*operation.households} - {*ground.households.ids[wanted & (ground.owner >= 0)].tolist()})
    if unknown:
        raise HouseholdsElsewhere(village=ground.village.code, count=len(unknown), first=unknown[0])
    gathered = [
        part
        for cell in ground.cells
        if cell.code != operation.to and (going := np.isin((homes := ground.homes(cell.code)).ids, operation.households)).any()
        for part in _give(draft, cell.code, homes, going)
    ]
    draft.put(operation.to, join([draft.shapes[operation.to], *(draft.shapes.pop(part) for part in gathered)]))
    left = wanted & ~shapely.intersects(draft.shapes[operation.to], shapely.points(ground.households.lon, ground.households.lat))
    for at in np.flatnonzero(left).tolist():
        lon, lat = float(ground.households.lon[at]), float(ground.households.lat[at])
        raise HouseholdStays(household=str(ground.households.ids[at]), lon=lon, lat=lat)


def _give(draft: _Draft, source: str, homes: Households, going: Bools) -> list[str]:
    """The ground of the households that go leaves their cell; under which names its parts lie among the shapes until they are joined."""
    if homes.counts[going].sum() == homes.counts.sum():
        lon, lat = place_of(draft.shapes[source])
        raise CellEmptied(cell=source, lon=lon, lat=lat)
    land = ground_of(draft.shapes[source], homes, going)
    divided = divide(draft.shapes[source], land.lines)
    draft.set_corners(divided.extra)
    goes, faces = land.goes(divided.faces), np.array(divided.faces, dtype=object)
    draft.put(source, join(faces[~goes].tolist()))
    parts = {f"{source} {at}": face for at, face in enumerate(faces[goes].tolist())}
    draft.shapes |= parts
    return list(parts)


def _merge(draft: _Draft, operation: Merge) -> None:
    codes = sorted(set(operation.cells))
    cells = [draft.ground.cell(code) for code in codes]
    if len(cells) < 2:
        raise NothingMoves
    shape = join([cell.shape for cell in cells])
    if not isinstance(shape, Polygon):
        lon, lat = place_of(shapely.get_parts(shape)[-1])
        raise CellsApart(cells=", ".join(codes), lon=lon, lat=lat)
    stays = max(cells, key=lambda cell: (int(draft.ground.homes(cell.code).counts.sum()), shapely.area(cell.shape), cell.code))
    for code in codes:
        del draft.shapes[code]
    draft.put(stays.code, shape)


def _split(draft: _Draft, operation: Split) -> None:
    cell = draft.ground.cell(operation.cell)
    divided = _in_two(cell, simple(operation.line))
    draft.set_corners(divided.extra)
    homes = draft.ground.homes(cell.code)
    spots = shapely.points(homes.lon, homes.lat)

    def size(face: Polygon) -> tuple[int, float]:
        return int(homes.counts[shapely.intersects(face, spots)].sum()), float(face.area)

    larger, smaller = sorted(divided.faces, key=size, reverse=True)
    fresh = _new_cell(draft.ground, cell)
    draft.fresh[fresh.code] = fresh
    draft.put(cell.code, larger)
    draft.put(fresh.code, smaller)


def _in_two(cell: Area, line: LineString) -> Divided:
    """The two parts that the line makes of a cell: where it crosses the cell several times, its longest way through counts."""
    inside = sorted(_lines(shapely.intersection(line, cell.shape)), key=lambda part: -part.length)
    for lines in (inside[:1], inside):
        divided = divide(cell.shape, [shapely.get_coordinates(part) for part in lines])
        if len(divided.faces) == 2:
            return divided
    lon, lat = place_of(line)
    raise LineDividesNot(cell=cell.code, parts=len(divided.faces), lon=lon, lat=lat)


def _new_cell(ground: Ground, like: Area) -> Area:
    """A cell under the first code of its village that was never anybody's. CutTooMany."""
    taken = {*ground.taken, *ground.by_code}
    found = next(((code, *names) for code, *names in code_and_names(ground.village.code) if code not in taken), None)
    if found is None:
        raise CutTooMany(village=ground.village.code, cells=len(ground.cells) + 1, free=0)
    code, name, name_en = found
    return replace(like, code=code, name=name, name_en=name_en, parent=ground.village.code, households=None)


def _lines(shape: BaseGeometry) -> list[LineString]:
    return [part for part in shapely.get_parts(shape).tolist() if isinstance(part, LineString)]


def _shift(draft: _Draft, operation: Border) -> None:
    one, other = (draft.ground.cell(code) for code in operation.cells)
    shared = [arc.line for arc in arcs([one, other]) if arc.right is not None]
    if one.code == other.code or not shared:
        lon, lat = place_of(one.shape)
        raise CellsApart(cells=", ".join(operation.cells), lon=lon, lat=lat)
    shapes = redrawn((one, other), shared, simple(operation.line))
    for cell, shape in zip((one, other), shapes, strict=True):
        draft.put(cell.code, shape)
