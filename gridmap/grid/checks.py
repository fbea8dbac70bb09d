"""The publish gate: everything that must hold of an edition's areas, each rule a function that tells every breach with a place."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import shapely

from gridmap.geometry.metres import Metres
from gridmap.geometry.shapes import repair
from gridmap.grid.area import LEVELS, Area, Level
from gridmap.grid.finding import Finding, Severity
from gridmap.grid.measures import Shapes
from gridmap.grid.topology import TOLERANCE_M, Measure, find_gaps, find_holes, find_overlaps, find_sticking_out
from gridmap.words import Sentence

WIDE_M = 10.0
"""Overlaps that are nowhere wider than this are told and pass: a phone's position is no better."""


@dataclass(frozen=True)
class Candidate:
    """The areas that would be published, and what they are judged by: cell codes of the past that are gone, and the band of households."""

    areas: tuple[Area, ...]
    retired: frozenset[str] = frozenset()
    low: int = 50
    high: int = 80

    @cached_property
    def by_code(self) -> Mapping[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def faulty(self) -> Mapping[int, Finding]:
        """By position, what is wrong with the shapes that cannot be used."""
        return {place: finding for place, area in enumerate(self.areas) if (finding := shape_fault(area))}

    @cached_property
    def sound(self) -> tuple[Area, ...]:
        """The areas whose shapes can be measured."""
        return tuple(area for place, area in enumerate(self.areas) if place not in self.faulty)

    @cached_property
    def plane(self) -> Metres:
        return Metres.around(_shapes(self.sound))

    def at(self, level: Level) -> list[Area]:
        return [area for area in self.sound if area.level is level]


Rule = Callable[[Candidate], Iterable[Finding]]


def check(areas: Iterable[Area], *, retired: frozenset[str] = frozenset(), low: int = 50, high: int = 80) -> tuple[Finding, ...]:
    """Every finding of every rule, errors first; an error refuses the edition.

    `retired` holds the cell codes of earlier editions that are no longer in use.
    """
    candidate = Candidate(tuple(areas), retired, low, high)
    found = [finding for rule in RULES for finding in rule(candidate)]
    return tuple(sorted(found, key=lambda finding: list(Severity).index(finding.severity)))


def there_is_something(candidate: Candidate) -> Iterable[Finding]:
    if not candidate.areas:
        yield Finding("nothing_to_publish", Severity.ERROR)


def codes_are_there_and_once(candidate: Candidate) -> Iterable[Finding]:
    counts = Counter(area.code for area in candidate.areas)
    for code, area in candidate.by_code.items():
        if not code.strip():
            yield _at(area, "code_empty", Severity.ERROR, name=area.name)
        if counts[code] > 1:
            yield _at(area, "code_repeated", Severity.ERROR, count=counts[code])


def parents_are_of_the_level_above(candidate: Candidate) -> Iterable[Finding]:
    for area in candidate.areas:
        parent = candidate.by_code.get(area.parent or "")
        if area.level.above is None and area.parent:
            yield _at(area, "parent_needless", Severity.ERROR, parent=area.parent)
        elif area.level.above and not parent:
            yield _at(area, "orphan_named" if area.parent else "orphan", Severity.ERROR, parent=area.parent)
        elif parent and parent.level is not area.level.above:
            yield _at(area, "parent_level", Severity.ERROR, parent=parent.code, level=_word(area), found=_word(parent))


def shapes_are_sound(candidate: Candidate) -> Iterable[Finding]:
    return candidate.faulty.values()


def siblings_do_not_overlap(candidate: Candidate) -> Iterable[Finding]:
    """Overlaps of more than a square metre are told; those wider than WIDE_M refuse."""
    for level in LEVELS:
        areas = candidate.at(level)
        codes = [area.code for area in areas]
        for found in find_overlaps(codes, _shapes(areas), np.ones(len(areas), dtype=bool), candidate.plane) if areas else ():
            wide = found.code == "overlap" and _wide(candidate, found.area, str(found.facts["other"]))
            yield replace(found, severity=Severity.ERROR) if wide else found


def _wide(candidate: Candidate, one: str, other: str) -> bool:
    common = shapely.intersection(candidate.by_code[one].shape, candidate.by_code[other].shape)
    return not shapely.is_empty(shapely.buffer(candidate.plane.forward(common), -WIDE_M / 2))


def children_lie_in_their_parents(candidate: Candidate) -> Iterable[Finding]:
    """A child that sticks out is told; beyond TOLERANCE_M, or with most of its land, it refuses."""
    for level in LEVELS[1:]:
        holders = candidate.at(LEVELS[LEVELS.index(level) - 1])
        position = {holder.code: place for place, holder in enumerate(holders)}
        children = [area for area in candidate.at(level) if area.parent in position]
        if children:
            of = np.array([position[str(child.parent)] for child in children])
            codes = [child.code for child in children]
            yield from find_sticking_out(codes, _shapes(children), of, holders, Measure(candidate.plane))


def parents_have_no_gaps(candidate: Candidate) -> Iterable[Finding]:
    """Land of a parent that none of its children has; a parent without any children is no gap."""
    if not candidate.sound:
        return []
    children = defaultdict(list)
    for area in candidate.sound:
        children[area.parent].append(area)
    holders = {area.code: area.shape for area in candidate.sound if area.code in children}
    groups = {code: _shapes(children[code]) for code in holders}
    townships = candidate.at(Level.TOWNSHIP)
    return [
        *find_gaps(holders, groups, tolerance_m=TOLERANCE_M, plane=candidate.plane),
        *(find_holes(_shapes(townships), candidate.plane) if townships else ()),
    ]


def is_of_its_own(cell: Area) -> bool:
    """Whether the band is not meant for this cell: nobody lives there (a mall, a mine), or its code is of a park, a farm or another
    special unit of the first level (400 to 599 in the county's twelve digits and their extension; a code that begins with none of our
    provinces is another land's, and says nothing)."""
    return cell.households == 0 or bool(re.fullmatch(r"[1-8]\d{5}[45]\d{8}", cell.code, re.ASCII))


def cells_are_of_one_piece(candidate: Candidate) -> Iterable[Finding]:
    """A cell in several pieces is told, at the smallest: nobody walks it in one round."""
    for cell in candidate.at(Level.CELL):
        parts = shapely.get_parts(cell.shape)
        if len(parts) > 1:
            yield _at(replace(cell, shape=min(parts, key=shapely.area)), "cell_in_parts", Severity.WARNING, parts=len(parts))


def cells_are_of_the_right_size(candidate: Candidate) -> Iterable[Finding]:
    """A cell out of the band is told; one of its own is only noted."""
    for cell in candidate.areas:
        if cell.level is not Level.CELL or cell.households is None:
            continue
        if is_of_its_own(cell):
            yield _at(cell, "cell_of_its_own", Severity.NOTE, households=cell.households)
        elif not candidate.low <= cell.households <= candidate.high:
            facts = {"households": cell.households, "low": candidate.low, "high": candidate.high}
            yield _at(cell, "cell_households", Severity.WARNING, **facts)


def cell_codes_begin_with_the_village(candidate: Candidate) -> Iterable[Finding]:
    for cell in candidate.areas:
        if cell.level is Level.CELL and cell.parent and not cell.code.startswith(cell.parent):
            yield _at(cell, "cell_code_strange", Severity.WARNING, parent=cell.parent)


def retired_cell_codes_rest(candidate: Candidate) -> Iterable[Finding]:
    for cell in candidate.areas:
        if cell.level is Level.CELL and cell.code in candidate.retired:
            yield _at(cell, "code_retired", Severity.ERROR)


RULES: tuple[Rule, ...] = (
    there_is_something,
    codes_are_there_and_once,
    parents_are_of_the_level_above,
    shapes_are_sound,
    siblings_do_not_overlap,
    children_lie_in_their_parents,
    parents_have_no_gaps,
    cells_are_of_one_piece,
    cells_are_of_the_right_size,
    cell_codes_begin_with_the_village,
    retired_cell_codes_rest,
)

OF_A_VILLAGE: tuple[Rule, ...] = (
    shapes_are_sound,
    siblings_do_not_overlap,
    children_lie_in_their_parents,
    parents_have_no_gaps,
    cells_are_of_one_piece,
    cells_are_of_the_right_size,
)


def check_village(village: Area, cells: Iterable[Area], *, low: int = 50, high: int = 80) -> tuple[Finding, ...]:
    """What the gate would find in one village's cells, errors first."""
    candidate = Candidate((village, *cells), low=low, high=high)
    found = [finding for rule in OF_A_VILLAGE for finding in rule(candidate)]
    return tuple(sorted(found, key=lambda finding: list(Severity).index(finding.severity)))


def _shapes(areas: Sequence[Area]) -> Shapes:
    return np.array([area.shape for area in areas], dtype=object)


def _at(area: Area, code: str, severity: Severity, **facts: object) -> Finding:
    """A finding about an area, at a place within it where it has one."""
    spot = shapely.point_on_surface(area.shape)
    lon, lat = shapely.get_x(spot), shapely.get_y(spot)
    known = bool(np.isfinite([lon, lat]).all())
    return Finding(code, severity, area.code, float(lon) if known else None, float(lat) if known else None, facts)


def shape_fault(area: Area) -> Finding | None:
    """What makes a shape unusable, None where it is sound: nothing in it, not a polygon, not valid, off the globe."""
    _, reason = repair(area.shape)
    if reason is not None:
        lon, lat = reason.facts["x"], reason.facts["y"]
        return Finding("shape_unusable", Severity.ERROR, area.code, lon, lat, {"reason": reason})
    west, south, east, north = area.shape.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        reach = Sentence("reason.shape_off_globe", {"west": west, "south": south, "east": east, "north": north})
        return Finding("shape_unusable", Severity.ERROR, area.code, west, south, {"reason": reach})
    return None


def _word(area: Area) -> Sentence:
    return Sentence(f"level.{area.level}")
