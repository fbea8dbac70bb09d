"""Shapes as WKB and GeoJSON, and the repair of polygons that are not valid."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry, BaseMultipartGeometry

from gridmap.words import Sentence

# What GEOS answers when it is asked why a polygon is not valid, and our word for it.
FAULTS = {
    "Self-intersection": "self_intersection",
    "Ring Self-intersection": "ring_self_intersection",
    "Hole lies outside shell": "hole_outside",
    "Holes are nested": "holes_nested",
    "Nested shells": "shells_nested",
    "Duplicate Rings": "rings_repeated",
    "Interior is disconnected": "interior_disconnected",
    "Too few points in geometry component": "too_few_points",
}


def to_wkb(shape: BaseGeometry) -> bytes:
    """The shape as little-endian WKB, every bit of its coordinates kept."""
    return bytes(shapely.to_wkb(shape, byte_order=1))


def from_wkb(data: bytes) -> BaseGeometry:
    """The shape that `to_wkb` wrote."""
    return shapely.from_wkb(data)


def to_geojson(shape: BaseGeometry) -> dict[str, Any]:
    """The shape as a GeoJSON geometry object, coordinates in the shape's own order (lon, lat), every bit of them kept."""
    return dict(shapely.geometry.mapping(shape))


def repair(shape: BaseGeometry | None) -> tuple[Polygon | MultiPolygon | None, Sentence | None]:
    """A valid polygon or multipolygon of the same land in two dimensions, and the reason where it differs from what was given.

    `(shape, None)`: it was right. `(shape, reason)`: it was mended, or points and lines beside the polygons were dropped.
    `(None, reason)`: nothing with an area is left. Reasons carry `x` and `y`, a place to look at, None where there is none.

    Mending is GEOS's `make_valid` by the method "structure": the land is what the shells wind around less what the holes do, and a
    hole that lies outside is an exclave. The other method, "linework", counts how often a border was crossed, and so cuts a hole
    wherever a border laps over itself or two parts overlap: land that belongs to the area in everyone's eyes but the rule's.
    Where rings only touch, the area is kept.
    """
    if shape is None or shape.is_empty:
        return None, _reason("shape_empty")
    flat = _without_empty_rings(shapely.force_2d(shape))
    if not np.isfinite(shapely.get_coordinates(flat)).all():
        return None, _reason("shape_not_finite")
    why = None if flat.is_valid else _fault(flat)
    land = _land(flat if why is None else shapely.make_valid(flat, method="structure", keep_collapsed=False))
    if land is None or not land.is_valid:
        return None, (why if shapely.get_dimensions(flat) == 2 else None) or _reason("shape_not_polygon", flat)
    if why is None and any(not isinstance(leaf, Polygon) for leaf in _leaves(flat)):
        why = _reason("shape_parts_dropped", flat)
    return land, why


def _without_empty_rings(shape: BaseGeometry) -> BaseGeometry:
    """The shape without holes and parts that have no corners, which mean nothing and crash GEOS (`equals`, 3.14)."""
    if not isinstance(shape, (Polygon, MultiPolygon)):
        return shape
    parts = [
        Polygon(part.exterior, [hole for hole in part.interiors if not hole.is_empty])
        for part in shapely.get_parts(shape)
        if not part.is_empty
    ]
    return parts[0] if isinstance(shape, Polygon) else MultiPolygon(parts)


def _fault(shape: BaseGeometry) -> Sentence:
    """Why the shape is not valid, with the place that GEOS names."""
    text = shapely.is_valid_reason(shape)
    found = re.fullmatch(r"(?P<what>[^\[]+?)\s*\[(?P<x>\S+) (?P<y>\S+)\]", text)
    word = FAULTS.get(found["what"] if found else text, "not_valid")
    if found is None:
        return _reason(f"shape_{word}", shape)
    return Sentence(f"reason.shape_{word}", {"x": float(found["x"]), "y": float(found["y"])})


def _reason(key: str, shape: BaseGeometry | None = None) -> Sentence:
    """A reason whose place is the shape's first corner."""
    x, y = (None, None) if shape is None else shapely.get_coordinates(shape)[0].tolist()
    return Sentence(f"reason.{key}", {"x": x, "y": y})


def _land(shape: BaseGeometry) -> Polygon | MultiPolygon | None:
    """The polygons in a shape, as one; None where there is none with an area."""
    if isinstance(shape, (Polygon, MultiPolygon)) and shape.area > 0:
        return shape
    polygons = [leaf for leaf in _leaves(shape) if isinstance(leaf, Polygon) and leaf.area > 0]
    if not polygons:
        return None
    return polygons[0] if len(polygons) == 1 else _joined(polygons)


def _leaves(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    """The single shapes in a shape, however deep in collections."""
    for part in shape.geoms if isinstance(shape, BaseMultipartGeometry) else ():
        yield from _leaves(part)
    if not isinstance(shape, BaseMultipartGeometry):
        yield shape


def _joined(polygons: list[Polygon]) -> Polygon | MultiPolygon | None:
    together = MultiPolygon(polygons)
    return together if together.is_valid else _land(shapely.union_all(polygons))
