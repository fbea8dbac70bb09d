"""Codes and shapes of any file of areas, for commands that need no more: `gridmap match`, `gridmap plan cut`."""

from pathlib import Path

import numpy as np

from gridmap.boundaries.mend import mend
from gridmap.boundaries.read import read_table
from gridmap.boundaries.table import ReadOptions, Shapes
from gridmap.errors import ImportRefused
from gridmap.grid import Finding, Severity


def read_coverage(path: str | Path, code_column: str, layer: str | None = None, crs: str | None = None) -> tuple[list[str], Shapes]:
    """(codes, polygons) row by row, in EPSG:4326 (lon, lat); codes as text, just as written; invalid polygons repaired.

    ImportRefused names every row that has no code or no polygon; the refusals of `read_table` besides.
    """
    table = read_table(path, ReadOptions(layer=layer, crs=crs))
    codes = table.text(code_column)
    shapes, reasons = mend(table.shapes)
    faults = [Finding("missing_code", Severity.ERROR, facts={"row": row + 1}) for row, code in enumerate(codes) if not code]
    faults += [
        Finding("no_shape", Severity.ERROR, codes[row], facts={"row": row + 1, "reason": reasons[row]})
        for row in np.flatnonzero(shapes == None).tolist()  # noqa: E711 (element by element)
    ]
    if faults:
        raise ImportRefused(tuple(faults), path=path, count=len(faults), first=faults[0])
    return codes, shapes
