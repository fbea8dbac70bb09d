"""Which wider area holds each new one, and how far it sticks out of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.boundaries.table import Shapes
from gridmap.grid import Area, Finding, Severity
from gridmap.grid.measures import place
from gridmap.grid.topology import Measure, find_sticking_out

NONE = -1


@dataclass(frozen=True, eq=False)
class Parents:
    """For each child the position of its parent in `holders`, -1 where none was found, and what was found on the way."""

    of: NDArray[np.int64]
    findings: tuple[Finding, ...]


def find_parents(codes: Sequence[str], shapes: Shapes, said: Sequence[str] | None, holders: Sequence[Area], measure: Measure) -> Parents:
    """The parent that a column names (`said`), else the one whose code begins the child's, else the one that shares most land.

    Codes are believed only as a whole: where they name the parent that holds the greater part of the child for more than half
    of the children. (Wards 1 and 10 begin the codes of precincts 101 to 1099 too, and say nothing.)
    An orphan is an error; a child that sticks out is a warning up to the tolerance, beyond it an error, as is one that lies outside
    with the greater part of its area.
    """
    wide = np.array([holder.shape for holder in holders], dtype=object)
    by_column, orphans = _by_column(codes, shapes, said, holders)
    by_code = _by_code(codes, holders)
    by_land = _by_land(shapes, wide, wanted=by_column == NONE)
    if not _believable(by_code, by_land):
        by_code = np.full(len(codes), NONE)
    of = np.select([by_column != NONE, by_code != NONE], [by_column, by_code], by_land)
    of[[row for row, _ in orphans]] = NONE
    findings = [finding for _, finding in orphans]
    findings += [_orphan(codes[row], shapes[row], "") for row in np.flatnonzero(of == NONE).tolist() if row not in dict(orphans)]
    ways = {"column": by_column != NONE, "code": (by_column == NONE) & (by_code != NONE)}
    ways["land"] = (of != NONE) & ~ways["column"] & ~ways["code"]
    findings.append(Finding("parents_found", Severity.NOTE, facts={way: int(rows.sum()) for way, rows in ways.items()}))
    return Parents(of, (*findings, *find_sticking_out(codes, shapes, of, holders, measure)))


def _by_column(
    codes: Sequence[str], shapes: Shapes, said: Sequence[str] | None, holders: Sequence[Area]
) -> tuple[NDArray[np.int64], list[tuple[int, Finding]]]:
    """The parents that are named, and the rows that name one that there is not; an empty value names none."""
    if said is None:
        return np.full(len(codes), NONE), []
    at = {holder.code: position for position, holder in enumerate(holders)}
    unknown = [row for row, code in enumerate(said) if code and code not in at]
    orphans = [(row, _orphan(codes[row], shapes[row], said[row])) for row in unknown]
    return np.array([at.get(code, NONE) for code in said], dtype=np.int64), orphans


def _orphan(code: str, shape: shapely.Geometry, said: str) -> Finding:
    lon, lat = place(shape)
    return Finding("orphan_named" if said else "orphan", Severity.ERROR, code, lon, lat, {"parent": said})


def _by_code(codes: Sequence[str], holders: Sequence[Area]) -> NDArray[np.int64]:
    """The holder whose code is the longest proper beginning of each code."""
    at = {holder.code: position for position, holder in enumerate(holders)}
    lengths = sorted({len(code) for code in at}, reverse=True)
    found = [next((at[code[:n]] for n in lengths if n < len(code) and code[:n] in at), NONE) for code in codes]
    return np.array(found, dtype=np.int64)


def _by_land(shapes: Shapes, wide: Shapes, *, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The holder with the largest shared area, for the rows that want one."""
    found = np.full(len(shapes), NONE)
    rows = np.flatnonzero(wanted)
    pair = shapely.STRtree(wide).query(shapes[rows], predicate="intersects")
    child, holder = rows[pair[0]], pair[1]
    several = np.bincount(child, minlength=len(shapes))[child] > 1
    shared = np.ones(len(child))  # one that touches a single holder needs no measuring, if it shares any land with it
    shared[several] = shapely.area(shapely.intersection(shapes[child[several]], wide[holder[several]]))
    shared[~several] = ~shapely.touches(shapes[child[~several]], wide[holder[~several]])
    order = np.lexsort((-holder, shared))  # the largest share is written last; of equal ones the first holder's
    order = order[shared[order] > 0]
    found[child[order]] = holder[order]
    return found


def _believable(by_code: NDArray[np.int64], by_land: NDArray[np.int64]) -> bool:
    """Whether codes and land agree for more than half of the children that both speak of."""
    both = (by_code != NONE) & (by_land != NONE)
    return bool(2 * (by_code[both] == by_land[both]).sum() > both.sum())
