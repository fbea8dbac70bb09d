"""Datums: our formulas against another's, and there and back again."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gridmap.errors import DatumUnknown
from gridmap.geometry.datums import Datum, from_wgs84, read_datum, to_wgs84

MILLIMETRE = 1e-3 / 111_320  # in degrees of latitude
in_china = {"lon": st.floats(74, 135), "lat": st.floats(4, 53)}
seldom = settings(max_examples=60, deadline=None)


def metres_apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(np.hypot((a[0] - b[0]) * np.cos(np.radians(b[1])), a[1] - b[1]) * 111_320)


@seldom
@given(**in_china)
@example(lon=105.0, lat=35.0)  # where the formula has its root and its kink
@example(lon=np.nextafter(105.0, 106), lat=30.0)
@pytest.mark.parametrize("datum", Datum)
def test_a_round_trip_is_right_to_a_thousandth_of_a_millimetre(datum: Datum, lon: float, lat: float) -> None:
    assert metres_apart(to_wgs84(*from_wgs84(lon, lat, datum), datum), (lon, lat)) < 1e-6
    assert metres_apart(from_wgs84(*to_wgs84(lon, lat, datum), datum), (lon, lat)) < 1e-6


@seldom
@given(**in_china)
def test_the_forward_formulas_agree_with_another_implementation(lon: float, lat: float) -> None:
    other = pytest.importorskip("coordTransform", reason="coordTransform has no wheel for Python 3.13")
    assert from_wgs84(lon, lat, Datum.GCJ02) == pytest.approx(other.wgs84_to_gcj02(lon, lat), abs=MILLIMETRE)
    assert from_wgs84(lon, lat, Datum.BD09) == pytest.approx(other.wgs84_to_bd09(lon, lat), abs=MILLIMETRE)


def test_a_phone_map_is_hundreds_of_metres_off() -> None:
    dehua = (118.24, 25.49)
    assert 500 < metres_apart(from_wgs84(*dehua, Datum.GCJ02), dehua) < 650
    assert 900 < metres_apart(from_wgs84(*dehua, Datum.BD09), dehua) < 1500


def test_one_point_and_a_million_get_the_same_answer() -> None:
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(74, 135, 500), rng.uniform(4, 53, 500)
    for datum in Datum:
        together = np.column_stack(to_wgs84(lon, lat, datum))
        alone = [to_wgs84(float(x), float(y), datum) for x, y in zip(lon, lat, strict=True)]
        assert np.array_equal(together, np.array(alone))


@pytest.mark.parametrize("datum", [Datum.WGS84, Datum.CGCS2000])
def test_cgcs2000_is_read_as_wgs84(datum: Datum) -> None:
    assert to_wgs84(108.3, 33.3, datum) == from_wgs84(108.3, 33.3, datum) == (108.3, 33.3)


@pytest.mark.parametrize("datum", Datum)
def test_one_point_gives_plain_numbers(datum: Datum) -> None:
    for number in (*to_wgs84(108.3, 33.3, datum), *from_wgs84(108.3, 33.3, datum)):
        assert type(number) is float


@pytest.mark.parametrize("datum", Datum)
def test_nothing_is_displaced_outside_china(datum: Datum) -> None:
    assert to_wgs84(-71.06, 42.36, datum) == from_wgs84(-71.06, 42.36, datum) == (-71.06, 42.36)


@pytest.mark.parametrize("datum", Datum)
def test_what_is_not_a_number_stays_so(datum: Datum) -> None:
    lon, lat = to_wgs84(np.array([np.nan, 108.0]), np.array([33.0, np.inf]), datum)
    assert not np.isfinite(lon + lat).any()


@pytest.mark.parametrize("text", ["wgs84", "WGS-84", "GCJ-02", "bd_09", "CGCS 2000"])
def test_a_datum_is_read_however_it_is_spelled(text: str) -> None:
    assert read_datum(text) == "".join(letter for letter in text.lower() if letter.isalnum())


def test_baidus_own_name_for_its_degrees_is_known() -> None:
    assert read_datum("bd09ll") is Datum.BD09


@pytest.mark.parametrize("text", ["", "mars", "bd09mc", "84"])
def test_an_unknown_datum_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(DatumUnknown, match="wgs84, cgcs2000, gcj02, bd09"):
        read_datum(text)
