"""Points in degrees against any set of areas in degrees: the owner exactly, the distances in metres."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.geometry.metres import Metres, geodesic_m, metres_per_degrees
from gridmap.grid import How
from gridmap.grid.index import AreaIndex, Asked, Near
from gridmap.matching.circles import Circled

DEFAULT_ACCURACY_M = 10.0  # a good phone outdoors; what a point is trusted to when nobody says
Degrees = NDArray[np.float64]
HOWS = tuple(How)
# Up to FAR_M a degree at the point is as long as one at the border, to a thousandth; what is farther is measured along the ellipsoid.
# Up to AWAY_M that is to the place that is nearest by the degrees of one of three latitudes; beyond, to the nearest on the plane, on which
# one stands no farther out than NEARER_M: it stretches, and ends.
FAR_M, AWAY_M, NEARER_M = 5_000.0, 100_000.0, 1_000_000.0
_CODE = {how: position for position, how in enumerate(HOWS)}


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """The answers for many points, as parallel arrays.

    `owner` is a position in the index's areas, -1 for none; for NEAREST it is the nearest area. `how` are positions in HOWS.
    `distance_m` is to the nearest area, 0 where one owns; `border_m` to the owner's border; not a number where there is no answer.
    """

    owner: NDArray[np.int64]
    how: NDArray[np.int8]
    distance_m: NDArray[np.float64]
    border_m: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.owner)


class CoverageIndex:
    """Areas in degrees, ready to be asked about points.

    Points that none of `shapes` owns fall back on `wider` areas, whose positions count on from the last shape; only `shapes` are ever
    the nearest area. Distances are true to a thousandth.
    """

    def __init__(self, shapes: Sequence[BaseGeometry], wider: Sequence[BaseGeometry] = ()) -> None:
        self._shapes, self._wider_shapes = (np.array(some, dtype=object).reshape(-1) for some in (shapes, wider))
        self._finest = AreaIndex(self._shapes)
        self._wider = AreaIndex(self._wider_shapes)

    def __len__(self) -> int:
        return len(self._finest) + len(self._wider)

    @cached_property
    def metres(self) -> Metres:
        """The plane in which distances are measured."""
        shapes = np.r_[self._shapes, self._wider_shapes]
        return Metres.around(shapes) if len(shapes) else Metres(0.0, 0.0)

    @cached_property
    def in_metres(self) -> Circled:
        """The finest areas on that plane."""
        return Circled(self.metres.forward(self._shapes))

    def owners(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
        """The position of the area that owns each point, -1 for none."""
        owner = self._finest.locate(lon, lat)
        if len(self._wider):
            none = np.flatnonzero(owner < 0)
            wider = self._wider.locate(lon[none], lat[none])
            owner[none] = np.where(wider < 0, -1, wider + len(self._finest))
        return owner

    def match(self, lon: ArrayLike, lat: ArrayLike, accuracy_m: ArrayLike = DEFAULT_ACCURACY_M, snap_m: float = 0.0) -> Matches:
        """The answers for arrays of points. `accuracy_m` is one radius or one per point (not a number: the default);
        a point that no area owns goes to the nearest one within `snap_m`, never when that is 0."""
        lons, lats = np.atleast_1d(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
        accuracy = np.broadcast_to(known_accuracy(accuracy_m), lons.shape)
        usable = np.flatnonzero((np.abs(lons) <= 180) & (np.abs(lats) <= 90))
        owner = np.full(len(lons), -1, dtype=np.int64)
        owner[usable] = self.owners(lons[usable], lats[usable])
        border_m = self._border_m(lons, lats, owner)
        distance_m = np.where(owner >= 0, 0.0, np.nan)
        how = np.full(len(lons), _CODE[How.INVALID], dtype=np.int8)
        how[usable] = _CODE[How.OUTSIDE]
        how[owner >= 0] = _CODE[How.INSIDE]
        how[border_m < accuracy] = _CODE[How.BORDER]
        apart = usable[owner[usable] < 0]
        nearest, distance_m[apart] = self._nearest(lons[apart], lats[apart])
        snapped = distance_m[apart] <= (snap_m or -1.0)
        owner[apart[snapped]] = nearest[snapped]
        how[apart[snapped]] = _CODE[How.NEAREST]
        return Matches(owner, how, distance_m, border_m)

    def _border_m(self, lon: Degrees, lat: Degrees, owner: NDArray[np.int64]) -> NDArray[np.float64]:
        finest, per_degree = len(self._finest), metres_per_degrees(np.where(owner >= 0, lat, 0.0))
        border_m = self._to_border(self._finest, Asked(lon, lat, *per_degree), np.where(owner < finest, owner, -1))
        wide = np.flatnonzero(owner >= finest)
        if len(wide):  # what a wider area owns ends where a finer one begins
            asked = Asked(lon[wide], lat[wide], per_degree[0][wide], per_degree[1][wide])
            border_m[wide] = np.fmin(self._to_border(self._wider, asked, owner[wide] - finest), self._nearest(lon[wide], lat[wide])[1])
        return border_m

    def _to_border(self, index: AreaIndex, asked: Asked, owner: NDArray[np.int64]) -> Degrees:
        lon, lat, *unit = asked
        border_m = index.border_distance(lon, lat, owner, (unit[0], unit[1]))
        far = np.flatnonzero(border_m > FAR_M)
        if len(far):
            points = lon[far], lat[far]
            border_m[far] = _measured(*points, border_m[far], lambda unit: index.near_border(*points, owner[far], unit))[1]
        return border_m

    def _nearest(self, lon: Degrees, lat: Degrees) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(position, metres) of the nearest of the finest areas, for points that none of them owns. A place that many points share, as
        a geocoder's default one, is asked for once."""
        places, of = np.unique(lon + 1j * lat, return_inverse=True)
        lons, lats = np.ascontiguousarray(places.real), np.ascontiguousarray(places.imag)
        near = self._finest.near_outside(lons, lats, metres_per_degrees(lats))
        area, metres = near.area, near.distance
        far = np.flatnonzero(metres > FAR_M)
        if len(far):
            points = lons[far], lats[far]
            area[far], metres[far] = _measured(*points, metres[far], lambda unit: self._finest.near_outside(*points, unit))
        away = np.flatnonzero(metres > AWAY_M)
        if len(away):
            area[away], metres[away] = self._nearest_to_distant(lons[away], lats[away])
        return area[of], metres[of]

    def _nearest_to_distant(self, lon: Degrees, lat: Degrees) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        corners = shapely.total_bounds(self.in_metres.shapes)
        reach = float(np.hypot(*np.abs(corners).reshape(2, 2).max(axis=0)))
        x, y = self.metres.xy(*self.metres.toward(lon, lat, NEARER_M + reach))
        area, at_x, at_y = self.in_metres.nearest(x, y)
        return area, geodesic_m(lon, lat, *self.metres.lonlat(at_x, at_y))


def _measured(
    lon: Degrees, lat: Degrees, about_m: NDArray[np.float64], ask: Callable[[tuple[Degrees, Degrees]], Near]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(area, metres along the ellipsoid) of the nearest of three places: those that `ask` finds if degrees are as long as they are at the
    point, half way to the south, and half way to the north."""
    half = about_m / metres_per_degrees(lat)[1] / 2
    area, metres = np.full(len(lon), -1, dtype=np.int64), np.full(len(lon), np.inf)
    for middle in (lat, lat - half, lat + half):
        near = ask(metres_per_degrees(np.clip(middle, -89, 89)))
        found = geodesic_m(lon, lat, near.x, near.y)
        nearer = found < metres
        area[nearer], metres[nearer] = near.area[nearer], found[nearer]
    return area, metres


def known_accuracy(accuracy_m: ArrayLike) -> NDArray[np.float64]:
    """Radii in metres: the default where none is known, never below 0."""
    radius = np.asarray(accuracy_m, dtype=np.float64)
    return np.maximum(np.where(np.isnan(radius), DEFAULT_ACCURACY_M, radius), 0.0)
