"""Degrees in metres."""

import math

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.geometry.crs import distance_km
from gridmap.geometry.metres import Metres, box_around, metres_per_degree


@pytest.mark.parametrize("lat", [-40.0, 0.0, 28.0, 59.0])
def test_a_degree_is_as_long_as_the_projection_says(lat: float) -> None:
    plane, step = Metres(116, lat), 1e-3
    x, y = plane.xy([116 + step, 116, 116], [lat, lat + step, lat - step])
    assert metres_per_degree(lat) == pytest.approx((x[0] / step, (y[1] - y[2]) / step / 2), rel=1e-8)


@given(lon=st.floats(-170, 170), lat=st.floats(-85, 85), metres=st.floats(0, 5000), bearing=st.floats(0, 360))
def test_what_lies_within_so_many_metres_lies_in_the_box_around(lon: float, lat: float, metres: float, bearing: float) -> None:
    x, y, _ = pyproj.Geod(ellps="WGS84").fwd(lon, lat, bearing, metres)
    west, south, east, north = box_around(lon, lat, metres)
    assert west <= x <= east
    assert south <= y <= north


@given(lon=st.floats(73, 135), lat=st.floats(3, 54), metres=st.floats(1, 1000))
def test_the_box_around_holds_hardly_more(lon: float, lat: float, metres: float) -> None:
    west, south, _, _ = box_around(lon, lat, metres)
    assert distance_km((lon, lat), (west, lat)) * 1000 < metres * 1.01 + 0.1
    assert distance_km((lon, lat), (lon, south)) * 1000 < metres * 1.01 + 0.1
    assert math.isfinite(box_around(lon, 90, metres)[0])
