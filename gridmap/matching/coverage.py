"""Points in degrees against any set of areas in degrees: the owner exactly, the distances in metres."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.geometry.metres import Metres, geodesic_m
from gridmap.grid import How
from gridmap.grid.index import AreaIndex, Nearness

DEFAULT_ACCURACY_M = 10.0  # a good phone outdoors; what a point is trusted to when nobody says
HOWS = tuple(How)
FAR_M = 100_000.0  # farther from the areas, distances are measured along the ellipsoid: the plane stretches, and ends
NEARER_M = 1_000_000.0  # and from how far out one looks for the place of the areas that is nearest to what is farther still
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
        self._finest = AreaIndex(shapes)
        self._wider = AreaIndex(wider)

    def __len__(self) -> int:
        return len(self._finest) + len(self._wider)

    @cached_property
    def metres(self) -> Metres:
        """The plane in which distances are measured."""
        shapes = np.r_[self._finest.shapes, self._wider.shapes]
        return Metres.around(shapes) if len(shapes) else Metres(0.0, 0.0)

    @cached_property
    def in_metres(self) -> Nearness:
        """The finest areas on that plane."""
        return Nearness(self.metres.forward(self._finest.shapes))

    @cached_property
    def _wider_in_metres(self) -> Nearness:
        return Nearness(self.metres.forward(self._wider.shapes))

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
        x, y = self.metres.xy(lons, lats)
        border_m = self._border_m(x, y, owner)
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

    def _nearest(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The nearest of the finest areas and how far it is: on the plane, or, where that is no measure, along the ellipsoid."""
        nearest, distance_m = self.in_metres.nearest(*self.metres.xy(lon, lat))
        far = np.flatnonzero(~(distance_m <= FAR_M))
        if len(far) and len(self._finest):
            x, y = self.metres.xy(*self.metres.toward(lon[far], lat[far], NEARER_M + self._reach_m))
            nearest[far], _ = self.in_metres.nearest(x, y)
            place = self.metres.lonlat(*self.in_metres.points_in(x, y, nearest[far]))
            distance_m[far] = geodesic_m(lon[far], lat[far], *place)
        return nearest, distance_m

    @cached_property
    def _reach_m(self) -> float:
        """How far the areas reach from the plane's middle."""
        return float(np.hypot(*np.abs(shapely.total_bounds(self.in_metres.shapes)).reshape(2, 2).max(axis=0)))

    def _border_m(self, x: NDArray[np.float64], y: NDArray[np.float64], owner: NDArray[np.int64]) -> NDArray[np.float64]:
        finest = len(self._finest)
        border_m = self.in_metres.border_distance(x, y, np.where(owner < finest, owner, -1))
        wide = np.flatnonzero(owner >= finest)
        if len(wide):  # what a wider area owns ends where a finer one begins
            outer = self._wider_in_metres.border_distance(x[wide], y[wide], owner[wide] - finest)
            border_m[wide] = np.fmin(outer, self.in_metres.nearest(x[wide], y[wide])[1])
        return border_m


def known_accuracy(accuracy_m: ArrayLike) -> NDArray[np.float64]:
    """Radii in metres: the default where none is known, never below 0."""
    radius = np.asarray(accuracy_m, dtype=np.float64)
    return np.maximum(np.where(np.isnan(radius), DEFAULT_ACCURACY_M, radius), 0.0)
