"""Work in metres: one local transverse Mercator about a given centre, true to millimetres over a county."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod, Transformer
from shapely.geometry.base import BaseGeometry

_ELLIPSOID = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Metres:
    """A local plane whose x and y are metres east and north of (lon, lat)."""

    lon: float
    lat: float

    @classmethod
    def around(cls, shapes: ArrayLike) -> "Metres":
        """The plane centred on what these shapes cover (degrees)."""
        west, south, east, north = shapely.total_bounds(np.asarray(shapes, dtype=object))
        return cls(float((west + east) / 2), float((south + north) / 2))

    @cached_property
    def _transformer(self) -> Transformer:
        plane = f"+proj=tmerc +lat_0={self.lat!r} +lon_0={self.lon!r} +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m"
        return Transformer.from_crs("EPSG:4326", plane, always_xy=True)

    def xy(self, lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Degrees to metres."""
        x, y = self._transformer.transform(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
        return x, y

    def lonlat(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Metres to degrees."""
        lon, lat = self._transformer.transform(np.asarray(x, dtype=float), np.asarray(y, dtype=float), direction="INVERSE")
        return lon, lat

    def toward(self, lon: ArrayLike, lat: ArrayLike, most_m: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The points (degrees) themselves, or where one comes so many metres from the centre on the geodesic to them."""
        lons, lats = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
        here = np.full(lons.shape, self.lon), np.full(lats.shape, self.lat)
        azimuth, _, away = _ELLIPSOID.inv(*here, lons, lats)
        east, north, _ = _ELLIPSOID.fwd(*here, azimuth, np.minimum(away, most_m))
        return np.asarray(east), np.asarray(north)

    def forward(self, shapes: Any) -> Any:
        """Shapes in degrees, as shapes in metres: one shape or an array of them, like what was given."""
        return shapely.transform(shapes, lambda xy: np.column_stack(self.xy(xy[:, 0], xy[:, 1])))

    def back(self, shapes: Any) -> Any:
        """Shapes in metres, as shapes in degrees."""
        return shapely.transform(shapes, lambda xy: np.column_stack(self.lonlat(xy[:, 0], xy[:, 1])))


def geodesic_m(lon: ArrayLike, lat: ArrayLike, to_lon: ArrayLike, to_lat: ArrayLike) -> NDArray[np.float64]:
    """How many metres each point (degrees) is from the other of the pair, along the ellipsoid (WGS84)."""
    lons, lats, to_lons, to_lats = (np.asarray(each, dtype=float) for each in (lon, lat, to_lon, to_lat))
    return np.asarray(_ELLIPSOID.inv(lons, lats, to_lons, to_lats)[2])


def area_m2(shape: BaseGeometry) -> float:
    """The area of one shape in degrees, in square metres."""
    return float(Metres.around([shape]).forward(shape).area)


def metres_per_degree(lat: float) -> tuple[float, float]:
    """How long a degree is at this latitude, (eastward, northward): by the ellipsoid's two radii of curvature there (WGS84)."""
    wide, high = metres_per_degrees(np.array([lat]))
    return float(wide[0]), float(high[0])


def metres_per_degrees(lat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As `metres_per_degree`, for many latitudes."""
    radius, eccentricity2 = 6378137.0, 0.00669437999014
    flat = 1 - eccentricity2 * np.sin(np.radians(lat)) ** 2
    across, along = radius / np.sqrt(flat), radius * (1 - eccentricity2) / flat**1.5
    return np.radians(across * np.cos(np.radians(lat))), np.radians(along)


def box_around(lon: float, lat: float, metres: float) -> tuple[float, float, float, float]:
    """(west, south, east, north) in degrees, that holds all that lies within so many metres (some kilometres at most) of the point.

    A hair wider, because degrees grow shorter towards the poles; who needs the distance itself measures it.
    """
    reach = metres * 1.001 + 0.01
    _, northward = metres_per_degree(lat)
    high = reach / northward
    eastward, _ = metres_per_degree(min(abs(lat) + high, 90.0))
    wide = min(reach / eastward, 360.0) if eastward > 0 else 360.0
    return lon - wide, lat - high, lon + wide, lat + high
