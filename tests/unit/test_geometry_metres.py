"""Degrees in metres."""

import pytest

from gridmap.geometry.metres import Metres, metres_per_degree


@pytest.mark.parametrize("lat", [-40.0, 0.0, 28.0, 59.0])
def test_a_degree_is_as_long_as_the_projection_says(lat: float) -> None:
    plane, step = Metres(116, lat), 1e-3
    x, y = plane.xy([116 + step, 116, 116], [lat, lat + step, lat - step])
    assert metres_per_degree(lat) == pytest.approx((x[0] / step, (y[1] - y[2]) / step / 2), rel=1e-8)
