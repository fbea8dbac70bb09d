"""Coordinate systems, and advice where none is named."""

import math

import numpy as np
import pytest
import shapely

from gridmap.geometry.crs import CrsUnknown, likely_crs, looks_like_degrees, read_crs, to_lonlat
from gridmap.geometry.metres import Metres

NINGSHAN, BOSTON = (108.31, 33.31), (-71.06, 42.36)


@pytest.mark.parametrize("crs", [4326, "4326", "EPSG:4326", "EPSG:4490", "OGC:CRS84"])
def test_degrees_of_our_own_stay_as_they_are(crs: object) -> None:
    point = shapely.Point(108.31, 33.31)
    assert shapely.equals_identical(to_lonlat(point, crs), point)


@pytest.mark.parametrize(
    ("crs", "xy", "lonlat"),
    [
        (2249, (775000, 2950000), (-71.06044, 42.34211)),  # US feet
        (4545, (528000, 3686000), (108.30063, 33.29945)),  # Gauss-Krüger, whose register names north before east
        (3857, (math.radians(108.31) * 6378137, math.atanh(math.sin(math.radians(33.31))) * 6378137), (108.31, 33.31)),
    ],
)
def test_any_system_becomes_lon_and_lat_in_this_order(crs: int, xy: tuple[float, float], lonlat: tuple[float, float]) -> None:
    moved = to_lonlat(np.array([shapely.Point(xy)]), crs)
    assert shapely.get_coordinates(moved)[0] == pytest.approx(lonlat, abs=2e-5)


@pytest.mark.parametrize("crs", ["", "999999", "EPSG:5773"])
def test_what_is_no_system_of_the_ground_is_refused(crs: str) -> None:
    with pytest.raises(CrsUnknown, match="EPSG number"):
        read_crs(crs)


def test_numbers_look_like_degrees_only_on_the_globe() -> None:
    assert looks_like_degrees((108, 33, 109, 34))
    assert not looks_like_degrees((33, 108, 34, 109))
    assert not looks_like_degrees((739594, 2908187, 803687, 2970072))


def test_advice_names_the_systems_that_put_the_land_where_it_is_known() -> None:
    boston = likely_crs((739594, 2908187, 803687, 2970072), BOSTON)
    assert boston[0].code == 2249
    assert len(boston) <= 5
    assert all(one.distance_km < 20 for one in boston)
    assert 4545 in [one.code for one in likely_crs((527000, 3685000, 529000, 3687000), NINGSHAN)]


def test_advice_is_not_given_where_nothing_fits() -> None:
    assert likely_crs((739594, 2908187, 803687, 2970072), NINGSHAN) == ()


def test_metres_are_metres() -> None:
    plane = Metres(*NINGSHAN)
    x, y = plane.xy(np.array([NINGSHAN[0], NINGSHAN[0]]), np.array([NINGSHAN[1], NINGSHAN[1] + 0.1]))
    assert float(y[1] - y[0]) == pytest.approx(11091.9, abs=1)  # a tenth of a degree of the meridian at this latitude
    assert np.column_stack(plane.lonlat(x, y))[1] == pytest.approx((NINGSHAN[0], NINGSHAN[1] + 0.1), abs=1e-11)
