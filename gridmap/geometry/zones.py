"""The plane of a printed map: the county's own zone, never a web map's, on which a scale would be wrong by 1/cos(latitude)."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer

from gridmap.geometry.crs import LONLAT, Bounds

CHINA = (73.5, 3.0, 136.5, 54.0)
FIRST_ZONE = 25  # CGCS2000 3-degree Gauss-Krueger zone 25 has its central meridian at 75 degrees east
FIRST_CODE = 4513  # the EPSG code of that zone; the zones follow each other


@dataclass(frozen=True)
class Zone:
    """A plane in metres, x east and y north. `zone` is the CGCS2000 3-degree zone's number, None a local plane about (lon, lat)."""

    lon: float
    lat: float
    zone: int | None = None

    @classmethod
    def of(cls, bounds: Bounds) -> "Zone":
        """The zone for (west, south, east, north) in degrees: in China the 3-degree Gauss-Krueger zone by the central longitude,
        elsewhere a transverse Mercator about the centre, whose scale is true there."""
        west, south, east, north = bounds
        lon, lat = (west + east) / 2, (south + north) / 2
        inside = CHINA[0] <= lon < CHINA[2] and CHINA[1] <= lat < CHINA[3]
        return cls(lon, lat, round(lon / 3)) if inside else cls(lon, lat)

    @property
    def meridian(self) -> float:
        """The central meridian, degrees east."""
        return self.lon if self.zone is None else 3.0 * self.zone

    @property
    def _transformer(self) -> Transformer:
        return _to_plane(self)

    @property
    def _plane(self) -> str:
        local = f"+proj=tmerc +lat_0={self.lat!r} +lon_0={self.lon!r} +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m"
        return local if self.zone is None else f"EPSG:{FIRST_CODE + self.zone - FIRST_ZONE}"

    def xy(self, lon: ArrayLike, lat: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Degrees to metres east and north."""
        x, y = self._transformer.transform(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float))
        return x, y

    def forward(self, shapes: Any) -> Any:
        """Shapes in degrees, as shapes in metres: one shape or an array of them, like what was given."""
        return shapely.transform(shapes, lambda xy: np.column_stack(self.xy(xy[:, 0], xy[:, 1])))

    def convergence(self, lon: float, lat: float) -> float:
        """Degrees clockwise from the plane's north to true north there are minus this: (lon - meridian) sin(lat), its first term."""
        return math.degrees(math.radians(lon - self.meridian) * math.sin(math.radians(lat)))


@lru_cache(maxsize=16)
def _to_plane(zone: Zone) -> Transformer:
    """PROJ takes a tenth of a second to find the way to a plane; each thread must have its own, which pyproj sees to."""
    return Transformer.from_crs(LONLAT, zone._plane, always_xy=True)
