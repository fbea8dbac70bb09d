"""What a GeoParquet file says of its shapes, in the metadata of its schema."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

SILENT = "OGC:CRS84"  # the standard: a file that names no coordinate system is in (lon, lat)


@dataclass(frozen=True, slots=True)
class ShapesColumn:
    """The column of a file's shapes: how they are written there, and their coordinate system; None where the file says "unknown"."""

    name: str
    encoding: str
    crs: str | None


def find_shapes(metadata: Mapping[bytes, bytes] | None, columns: Collection[str]) -> ShapesColumn | None:
    """The column that the metadata names, None for a table without shapes; ValueError where it contradicts itself or the columns."""
    said = json.loads((metadata or {}).get(b"geo", b"{}"))
    name = said.get("primary_column") if isinstance(said, dict) else None
    if name is None:
        return None
    listed = said.get("columns")
    about = listed.get(name) if isinstance(listed, dict) and isinstance(name, str) else None
    if name not in columns or not isinstance(about, dict):
        raise ValueError(f"geo: {name}")
    crs = about.get("crs", SILENT)
    return ShapesColumn(name, str(about.get("encoding")), json.dumps(crs) if isinstance(crs, dict) else crs and str(crs))
