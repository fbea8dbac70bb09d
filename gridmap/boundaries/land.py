"""What lies on the land: barriers that nobody crosses, bridges over them, streets."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from gridmap.boundaries.mend import POLYGONS
from gridmap.boundaries.read import read_table
from gridmap.boundaries.table import ReadOptions, Shapes
from gridmap.errors import ImportRefused
from gridmap.geometry.shapes import repair
from gridmap.grid import Finding, Severity

LINES = (shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING, shapely.GeometryType.MULTILINESTRING)


@dataclass(frozen=True, eq=False)
class LandFile:
    """Lines or polygons in EPSG:4326 (lon, lat) with a name each ("" where there is none), and what was noted on the way."""

    shapes: Shapes
    names: tuple[str, ...]
    findings: tuple[Finding, ...]


def read_land(path: str | Path, options: ReadOptions | None = None, *, name: str | None = None) -> LandFile:
    """Every row's line or polygon (water, say), polygons repaired. ImportRefused names each row that is neither."""
    table = read_table(path, options)
    names = table.text(name) if name else [""] * len(table)
    shapes = table.shapes.copy()
    mended = [_mend(shapes, row) for row in np.flatnonzero(~_usable(shapes)).tolist()]
    findings = (*table.findings, *mended)
    faults = tuple(finding for finding in findings if finding.severity is Severity.ERROR)
    if faults:
        raise ImportRefused(faults, path=path, count=len(faults), first=faults[0])
    return LandFile(shapes, tuple(names), findings)


def read_lines(path: str | Path, crs: str | None = None, layer: str | None = None) -> Shapes:
    """The lines or polygons alone, in EPSG:4326."""
    return read_land(path, ReadOptions(crs=crs, layer=layer)).shapes


def _usable(shapes: Shapes) -> np.ndarray:
    """Which rows are finite lines with a length or valid polygons with an area, on the globe."""
    kinds = shapely.get_type_id(shapes)
    with np.errstate(invalid="ignore"):
        west, south, east, north = shapely.bounds(shapes).T
        on_globe = (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90)
        polygons = np.isin(kinds, POLYGONS) & shapely.is_valid(shapes) & (shapely.area(shapes) > 0)
        finite = np.array([bool(np.isfinite(shapely.get_coordinates(shape)).all()) for shape in shapes], dtype=bool)
        return on_globe & finite & (polygons | (np.isin(kinds, LINES) & (shapely.length(shapes) > 0)))


def _mend(shapes: Shapes, row: int) -> Finding:
    """Repair one row where it is a polygon of the globe that can be; say what was done or why not."""
    kind = shapely.get_type_id(shapes[row])
    mended, reason = repair(shapes[row]) if kind not in LINES else (None, None)
    west, south, east, north = shapely.bounds(shapes[row]).tolist()
    if mended is None or not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        return Finding("land_unusable", Severity.ERROR, facts={"row": row + 1})
    shapes[row] = mended
    return Finding("land_mended", Severity.NOTE, lon=(west + east) / 2, lat=(south + north) / 2, facts={"row": row + 1, "reason": reason})
