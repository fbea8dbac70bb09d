"""TopoJSON out: each border once, shared by the areas on both its sides."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import shapely

from gridmap.grid import Area

Corner = tuple[float, float]
Line = tuple[Corner, ...]


def write_topojson(path: Path, areas: Sequence[Area], *, layer: str) -> None:
    """Areas (polygons without holes that share their corners exactly) as one TopoJSON object; coordinates as they are, not quantised."""
    rings = [_ring(area) for area in areas]
    nodes = _nodes(rings)
    arcs: dict[Line, int] = {}
    geometries = [
        {"type": "Polygon", "arcs": [_as_arcs(ring, nodes, arcs)], "properties": _properties(area)}
        for area, ring in zip(areas, rings, strict=True)
    ]
    objects = {layer: {"type": "GeometryCollection", "geometries": geometries}}
    topology = {"type": "Topology", "objects": objects, "arcs": list(arcs)}
    path.write_text(json.dumps(topology, ensure_ascii=False, separators=(",", ":")) + "\n", "utf-8")


def _ring(area: Area) -> Line:
    return tuple((float(x), float(y)) for x, y in shapely.get_coordinates(area.shape.exterior))


def _nodes(rings: Sequence[Line]) -> set[Corner]:
    """Corners where borders meet: those with other neighbours in another ring than in this one."""
    beside: dict[Corner, set[Corner]] = {}
    for ring in rings:
        for one, other in pairwise(ring):
            beside.setdefault(one, set()).add(other)
            beside.setdefault(other, set()).add(one)
    return {corner for corner, others in beside.items() if len(others) > 2}


def _as_arcs(ring: Line, nodes: set[Corner], arcs: dict[Line, int]) -> list[int]:
    """The ring as numbers of arcs, new ones added; one that is walked backwards is its number's complement."""
    first = next((at for at, corner in enumerate(ring) if corner in nodes), 0)
    turned = ring[first:-1] + ring[: first + 1]
    cuts = [0, *(at for at, corner in enumerate(turned[1:-1], start=1) if corner in nodes), len(turned) - 1]
    found = []
    for start, end in pairwise(cuts):
        line = turned[start : end + 1]
        found.append(~arcs[line[::-1]] if line[::-1] in arcs else arcs.setdefault(line, len(arcs)))
    return found


def _properties(area: Area) -> dict[str, Any]:
    return {"code": area.code, "name": area.name, "name_en": area.name_en, "parent": area.parent, "households": area.households}
