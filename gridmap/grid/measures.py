"""Measures of the pieces that faults are made of: shapes are compared in degrees, where what touches touches, and measured in metres.

A corner on a neighbour's long straight edge lies on it in degrees and beside it in metres (an edge of 10 km is bent by a metre),
so cutting shapes in metres would find slivers that nobody drew.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.geometry.metres import Metres

Shapes = NDArray[np.object_]

NOISE_M2 = 1.0  # what is smaller is the rounding of coordinates, or of no use to anybody
SAMPLES = 5  # per tolerance along a piece's border: a reach is right to a tenth of the tolerance


def areas_m2(pieces: Shapes, plane: Metres) -> NDArray[np.float64]:
    """The area of each piece (degrees) in square metres; 0 for lines, points and nothing."""
    return np.asarray(shapely.area(plane.forward(pieces)), dtype=float)


def place(piece: BaseGeometry) -> tuple[float, float]:
    """A (lon, lat) inside the largest part of a piece."""
    parts = shapely.get_parts(piece)
    point = shapely.point_on_surface(parts[int(np.argmax(shapely.area(parts)))])
    return float(point.x), float(point.y)


def polygons(shape: BaseGeometry) -> Shapes:
    """The polygons in a shape, whatever else it holds."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return np.asarray(parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON], dtype=object)


def reach(piece: BaseGeometry, parent_m: Any, plane: Metres, tolerance_m: float) -> tuple[float, tuple[float, float]]:
    """How far a piece outside a parent goes from it, in metres, and the (lon, lat) of its farthest point.

    `parent_m` is the parent in the plane's metres. Only the parent's part around the piece is looked at, so a reach beyond
    the tolerance may be told too far, and is beyond the tolerance still.
    """
    outline = plane.forward(piece)
    step = max(tolerance_m / SAMPLES, outline.length / 5000)
    xy = shapely.get_coordinates(shapely.segmentize(outline, step))
    west, south, east, north = outline.bounds
    around = shapely.clip_by_rect(parent_m, west - tolerance_m, south - tolerance_m, east + tolerance_m, north + tolerance_m)
    distances = shapely.distance(shapely.points(xy), parent_m if around.is_empty else around)
    farthest = int(np.argmax(distances))
    lon, lat = plane.lonlat(*xy[farthest])
    return float(distances[farthest]), (float(lon), float(lat))
