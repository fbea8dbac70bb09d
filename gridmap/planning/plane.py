"""The plane that one village is cut in: metres about its centre, by an affine map."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from gridmap.geometry.metres import metres_per_degree

GRID_M = 1e-7
"""Every corner of a cut lies on this grid: wide enough to be exact, far too fine to be seen."""
STEPS = 1e7
THIN_M = 1e-5
"""Land that is narrower than this on an average is the rounding of a border."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east and north of (lon, lat).

    Affine, unlike a projection, so that a straight border is straight in degrees and in metres alike and a corner set upon it
    stays on it; over one village of some kilometres the metres are true to a part in a thousand.
    """

    lon: float
    lat: float
    east: float
    north: float

    @classmethod
    def around(cls, shape: Polygon | MultiPolygon) -> "Plane":
        west, south, east, north = shape.bounds
        lat = (south + north) / 2
        return cls((west + east) / 2, lat, *metres_per_degree(lat))

    def forward(self, shapes: Any) -> Any:
        """Shapes in degrees as shapes in metres, their corners on the grid."""
        return shapely.transform(shapes, lambda lonlat: on_grid((lonlat - (self.lon, self.lat)) * (self.east, self.north)))

    def ground(self, shape: Polygon | MultiPolygon) -> Polygon | MultiPolygon:
        """A village in metres, valid, without what is only the rounding of a border: slivers, and spikes that fold over themselves."""
        flat = self.forward(shape)
        if not flat.is_valid:
            unfolded = shapely.make_valid(flat, method="structure", keep_collapsed=False)
            flat = shapely.set_precision(unfolded, GRID_M)
        parts = shapely.get_parts(flat)
        land = parts[is_land(parts)].tolist()
        return land[0] if len(land) == 1 else MultiPolygon(land or parts.tolist())

    def degrees(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """An (n, 2) array of metres as (lon, lat)."""
        return xy / (self.east, self.north) + (self.lon, self.lat)


def is_land(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which of these (in metres) are more than the rounding of a border."""
    return np.asarray(shapely.area(shapes) > THIN_M * shapely.length(shapes), dtype=np.bool_)


def on_grid(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    """The nearest points of the grid; never minus zero, so that equal corners are equal bits."""
    return np.rint(xy * STEPS) / STEPS + 0.0


def grid_keys(xy: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Whole numbers of grid steps, one pair per corner: what corners are recognised by."""
    return [(int(x), int(y)) for x, y in np.rint(xy * STEPS).tolist()]
