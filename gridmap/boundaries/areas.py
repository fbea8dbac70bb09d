"""Areas of one level from a file, with every fault that is in them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.boundaries.parents import NONE, find_parents
from gridmap.boundaries.read import read_table
from gridmap.boundaries.rows import AreaRows, read_rows
from gridmap.boundaries.table import ReadOptions, Shapes
from gridmap.geometry.metres import Metres
from gridmap.grid import Area, Finding, Level, Severity
from gridmap.grid.measures import place
from gridmap.grid.topology import TOLERANCE_M, Measure, find_gaps, find_holes, find_overlaps
from gridmap.words import Sentence

STAGES = 5


@dataclass(frozen=True, slots=True)
class AreaColumns:
    """Which columns of the file hold what."""

    code: str
    name: str
    name_en: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class AreaOptions:
    """What the file holds and how to read it.

    `tolerance_m`: how far two drawings of one border may differ before it is an error. Boundaries of two levels often come from
    two generalisations; Estonia's official settlements stick out of their municipalities by up to 61 metres.
    """

    level: Level
    columns: AreaColumns
    read: ReadOptions = field(default_factory=ReadOptions)
    tolerance_m: float = TOLERANCE_M


@dataclass(frozen=True, slots=True)
class AreaFile:
    """The areas of a file and every finding; where one of them is an error, `areas` lacks what it is about and must not be used."""

    areas: tuple[Area, ...]
    findings: tuple[Finding, ...]
    crs: str

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def read_areas(
    path: str | Path, options: AreaOptions, *, known: Sequence[Area] = (), advance: Callable[[], object] = lambda: None
) -> AreaFile:
    """The areas of one level in a file, beside those already known (their parents, their neighbours), in EPSG:4326 (lon, lat).

    Every fault is a finding with a place; nothing is raised for a fault of a row. The refusals of `read_table`, and
    ColumnMissing, are about the file as a whole. `advance` is called STAGES times.
    """
    table = read_table(path, replace(options.read, near=options.read.near or _middle(known)))
    advance()
    rows, faults = read_rows(table, options.columns)
    advance()
    if not len(rows.codes):
        return AreaFile((), (*table.findings, *faults), table.crs)
    plane = Metres.around(rows.shapes)
    of, found = _parents(rows, options, known, plane)
    advance()
    codes, shared = _own_codes(rows, of, {area.code: area.level for area in known if area.level is not options.level})
    areas = tuple(
        Area(codes[row], options.level, rows.names[row], of[row], rows.shapes[row], rows.names_en[row]) for row in range(len(codes))
    )
    beside = [area for area in known if area.level is options.level and area.code not in set(codes)]
    overlaps = _overlaps(areas, beside, plane)
    advance()
    gaps = _gaps(areas, beside, known, options.tolerance_m, plane)
    advance()
    return AreaFile(areas, (*table.findings, *faults, *found, *shared, *overlaps, *gaps), table.crs)


def _middle(known: Sequence[Area]) -> tuple[float, float] | None:
    """The middle of the land that is already known."""
    if not known:
        return None
    west, south, east, north = shapely.total_bounds(_shapes(known)).tolist()
    return (west + east) / 2, (south + north) / 2


def _shapes(areas: Sequence[Area]) -> Shapes:
    return np.array([area.shape for area in areas], dtype=object)


def _parents(rows: AreaRows, options: AreaOptions, known: Sequence[Area], plane: Metres) -> tuple[list[str | None], tuple[Finding, ...]]:
    """The parent's code of each row (None for townships), and the findings."""
    above = options.level.above
    if above is None:
        return [None] * len(rows.codes), ()
    holders = [area for area in known if area.level is above]
    if not holders:
        finding = Finding(
            "level_above_empty", Severity.ERROR, facts={"level": Sentence(f"level.{options.level}"), "above": Sentence(f"level.{above}")}
        )
        return [None] * len(rows.codes), (finding,)
    parents = find_parents(rows.codes, rows.shapes, rows.parents, holders, Measure(plane, options.tolerance_m))
    return [None if at == NONE else holders[at].code for at in parents.of.tolist()], parents.findings


def _own_codes(rows: AreaRows, of: Sequence[str | None], taken: Mapping[str, Level]) -> tuple[list[str], list[Finding]]:
    """Codes that no area of another level has.

    Some registers give a town and its only settlement the same number (eight in Estonia). Ours must differ, since a code alone
    names an area: the lower one becomes `parent-code`, and this is told. Where there is no parent it is an error.
    """
    codes, findings = list(rows.codes), []
    for row, code in enumerate(rows.codes):
        if code not in taken:
            continue
        own = f"{of[row]}-{code}"
        fits = of[row] is not None and own not in taken and own not in rows.codes
        facts = {"level": Sentence(f"level.{taken[code]}"), "own": own}
        lon, lat = place(rows.shapes[row])
        findings.append(
            Finding("code_shared" if fits else "code_taken", Severity.WARNING if fits else Severity.ERROR, code, lon, lat, facts)
        )
        codes[row] = own if fits else code
    return codes, findings


def _overlaps(areas: Sequence[Area], beside: Sequence[Area], plane: Metres) -> list[Finding]:
    everyone = [*areas, *beside]
    new: NDArray[np.bool_] = np.arange(len(everyone)) < len(areas)
    return find_overlaps([area.code for area in everyone], _shapes(everyone), new, plane)


def _gaps(areas: Sequence[Area], beside: Sequence[Area], known: Sequence[Area], tolerance_m: float, plane: Metres) -> list[Finding]:
    """Gaps in every holder that gets a new child, and between townships."""
    if areas[0].level is Level.TOWNSHIP:
        return find_holes(_shapes([*areas, *beside]), plane)
    touched = {area.parent for area in areas}
    siblings = defaultdict(list)
    for area in (*areas, *beside):
        if area.parent is not None and area.parent in touched:
            siblings[area.parent].append(area)
    holders = {area.code: area.shape for area in known if area.code in siblings}
    return find_gaps(holders, {code: _shapes(group) for code, group in siblings.items()}, tolerance_m=tolerance_m, plane=plane)
