"""Coordinate systems: any of them brought to (lon, lat), and advice where a file does not say which one it is in."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import CRSError

from gridmap.errors import BadInput

LONLAT = "EPSG:4326"
BESIDE_KM = 200.0  # a system that puts the file farther than this from the known land is no advice
MOST_ADVICE = 5

Bounds = tuple[float, float, float, float]


class CrsUnknown(BadInput):
    """A coordinate system that cannot be used; facts: crs."""


@dataclass(frozen=True, slots=True)
class LikelyCrs:
    """A coordinate system that would put a file's middle at (lon, lat), `distance_km` from the known land."""

    code: int
    name: str
    lon: float
    lat: float
    distance_km: float


def read_crs(crs: object) -> pyproj.CRS:
    """The coordinate system of an EPSG number, `EPSG:n`, WKT or PROJ text; CrsUnknown where it is none of the earth's surface."""
    text = str(crs).strip()
    try:
        found = pyproj.CRS.from_user_input(int(text) if text.isdecimal() else crs)
    except CRSError as fault:
        raise CrsUnknown(crs=text) from fault
    if not (found.is_geographic or found.is_projected):
        raise CrsUnknown(crs=text)
    return found


def to_lonlat(shapes: Any, crs: object) -> Any:
    """The shape or array of shapes, in `crs`, as (lon, lat) degrees in EPSG:4326. What cannot be converted becomes not finite."""
    source = read_crs(crs)
    if _is_lonlat(source):
        return shapes
    transformer = pyproj.Transformer.from_crs(source, LONLAT, always_xy=True)
    return shapely.transform(shapes, lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])))


def _is_lonlat(crs: pyproj.CRS) -> bool:
    """Whether degrees in this system are ours: WGS84 itself, or CGCS2000 (see `datums`)."""
    return crs.to_epsg(min_confidence=90) in (4326, 4490) or crs.to_authority(min_confidence=90) == ("OGC", "CRS84")


def looks_like_degrees(bounds: Bounds) -> bool:
    """Whether (west, south, east, north) could be degrees at all."""
    west, south, east, north = bounds
    return -180 <= west <= east <= 180 and -90 <= south <= north <= 90


def likely_crs(bounds: Bounds, near_lonlat: tuple[float, float]) -> tuple[LikelyCrs, ...]:
    """Up to five projected systems that would put the middle of `bounds` beside `near_lonlat`, the nearest first.

    Distances are compared as whole kilometres and equal ones told apart by the smaller code: systems that differ only in
    the datum's realisation lie a metre or a hundred apart, and the oldest code is the one in common use.
    """
    lon, lat = near_lonlat
    here = AreaOfInterest(lon, lat, lon, lat)
    known = query_crs_info(auth_name="EPSG", pj_types=[PJType.PROJECTED_CRS], area_of_interest=here, contains=True)
    advice = [found for info in known if (found := _placed(int(info.code), info.name, bounds, near_lonlat))]
    return tuple(sorted(advice, key=lambda one: (round(one.distance_km), one.code))[:MOST_ADVICE])


def _placed(code: int, name: str, bounds: Bounds, near: tuple[float, float]) -> LikelyCrs | None:
    """Where this system puts the middle of `bounds`; None where that is not beside `near`. Its own datum is near enough to WGS84 here."""
    west, south, east, north = bounds
    try:
        projection = pyproj.Proj(code)
    except CRSError:  # a few entries of the registry are families of systems, not systems
        return None
    lon, lat = projection((west + east) / 2, (south + north) / 2, inverse=True)
    if not (np.isfinite([lon, lat]).all() and abs(lat) <= 90):
        return None
    apart = distance_km(near, (float(lon), float(lat)))
    return LikelyCrs(code, name, float(lon), float(lat), apart) if apart <= BESIDE_KM else None


def distance_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """How far two (lon, lat) are from each other, along the ellipsoid."""
    return float(pyproj.Geod(ellps="WGS84").inv(*one, *other)[2]) / 1000
