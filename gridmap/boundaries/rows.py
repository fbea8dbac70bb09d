"""The rows of an area file that can be areas, and the faults of those that cannot."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gridmap.boundaries.mend import mend
from gridmap.boundaries.table import Shapes, Table
from gridmap.geometry.metres import Metres
from gridmap.grid import Finding, Severity
from gridmap.grid.measures import place
from gridmap.words import Sentence

WIDEST_DEGREES = 20.0
AREA_KEPT = 1e-9


class Columns(Protocol):
    """The names of the columns that are read."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str | None: ...
    @property
    def parent(self) -> str | None: ...


@dataclass(frozen=True, eq=False)
class AreaRows:
    """The usable rows side by side: texts, and valid polygons in degrees. `parents` is None where no column names them."""

    codes: list[str]
    names: list[str]
    names_en: list[str]
    parents: list[str] | None
    shapes: Shapes


def read_rows(table: Table, columns: Columns) -> tuple[AreaRows, list[Finding]]:
    """The rows with a code of their own and a polygon; every other row is in the findings."""
    codes = table.text(columns.code)
    names, names_en = table.text(columns.name), table.text(columns.name_en) if columns.name_en else [""] * len(table)
    parents = table.text(columns.parent) if columns.parent else None
    shapes, faults = _usable_shapes(table, codes)
    findings = faults + _code_faults(codes, shapes)
    inexact = table.inexact(columns.code)
    findings += [Finding("code_inexact", Severity.ERROR, codes[row], facts={"row": row + 1}) for row in inexact]
    findings += [
        Finding("name_missing", Severity.WARNING, code, facts={"row": row + 1}) for row, code in enumerate(codes) if not names[row]
    ]
    times = Counter(codes)
    keep = [row for row, code in enumerate(codes) if code and times[code] == 1 and shapes[row] is not None and row not in inexact]
    rows = AreaRows(
        [codes[row] for row in keep],
        [names[row] or codes[row] for row in keep],
        [names_en[row] for row in keep],
        [parents[row] for row in keep] if parents is not None else None,
        shapes[keep],
    )
    return rows, findings


def _code_faults(codes: list[str], shapes: Shapes) -> list[Finding]:
    times = Counter(codes)
    findings = []
    for row, code in enumerate(codes):
        lon, lat = place(shapes[row]) if shapes[row] is not None else (None, None)
        if not code:
            findings.append(Finding("missing_code", Severity.ERROR, "", lon, lat, {"row": row + 1}))
        elif times[code] > 1:
            findings.append(Finding("duplicate_code", Severity.ERROR, code, lon, lat, {"row": row + 1, "count": times[code]}))
    return findings


def _usable_shapes(table: Table, codes: list[str]) -> tuple[Shapes, list[Finding]]:
    """Valid polygons on the globe, None where there is none, and what was mended or refused."""
    misplaced = {row: key for row, shape in enumerate(table.shapes) if (key := _misplaced(shape)) is not None}
    shapes, reasons = mend(table.shapes)
    findings = []
    for row, why in misplaced.items():
        shapes[row] = None
        findings.append(_no_shape(codes[row], row, table.shapes[row], why))
    for row, why in reasons.items():
        if row not in misplaced:
            findings.append(_mended(codes[row], row, table.shapes[row], shapes[row], why))
    for row in np.flatnonzero(table.mended).tolist():
        if shapes[row] is not None:
            lon, lat = place(shapes[row])
            findings.append(Finding("ring_closed", Severity.NOTE, codes[row], lon, lat, {"row": row + 1}))
    return shapes, findings


def _misplaced(shape: BaseGeometry | None) -> Sentence | None:
    """Why a shape of finite numbers cannot lie on one county's land."""
    if shape is None or shape.is_empty or not np.isfinite(shapely.get_coordinates(shape)).all():
        return None
    west, south, east, north = shape.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        return Sentence("reason.shape_off_globe", {"west": west, "south": south, "east": east, "north": north})
    if max(east - west, north - south) > WIDEST_DEGREES:
        return Sentence("reason.shape_too_wide", {"degrees": max(east - west, north - south)})
    return None


def _no_shape(code: str, row: int, shape: BaseGeometry | None, why: Sentence) -> Finding:
    """An error at the shape's first corner that lies on the globe."""
    corners = shapely.get_coordinates(shape)
    corners = corners[(np.abs(corners) <= (180, 90)).all(axis=1)]
    lon, lat = corners[0].tolist() if len(corners) else (None, None)
    return Finding("no_shape", Severity.ERROR, code, lon, lat, {"row": row + 1, "reason": why})


def _mended(code: str, row: int, before: BaseGeometry, after: BaseGeometry | None, why: Sentence) -> Finding:
    """A note where mending kept the area, a warning where it changed, an error where nothing is left."""
    if after is None:
        return _no_shape(code, row, before, why)
    lon, lat = why.facts.get("x"), why.facts.get("y")
    plane = Metres.around([after])
    before_m2, after_m2 = float(plane.forward(before).area), float(plane.forward(after).area)
    kept = math.isclose(before.area, after.area, rel_tol=AREA_KEPT)  # in degrees, where a corner added on an edge bends nothing
    facts = {"row": row + 1, "reason": why, "before_m2": before_m2, "after_m2": after_m2}
    severity = Severity.NOTE if kept else Severity.WARNING
    return Finding("invalid_shape" if kept else "invalid_shape_changed", severity, code, lon, lat, facts)
