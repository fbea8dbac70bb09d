"""China's cities in three datums, as another library gives them."""

import json
from pathlib import Path

import numpy as np
import pytest

from gridmap.geometry.datums import Datum, from_wgs84, to_wgs84

pytestmark = pytest.mark.real
METRES_PER_DEGREE = 111_320


@pytest.fixture(scope="module")
def cities(real_data: Path) -> dict[str, np.ndarray]:
    """(lon, lat) rows by datum, each city once."""
    rows = json.loads((real_data / "gcj" / "gcoord_china-cities.json").read_text("utf-8"))
    places = {tuple(row["coords"]["WGS84"]): row["coords"] for row in rows}
    assert len(places) == 332
    return {datum: np.array([place[datum] for place in places.values()]) for datum in ("WGS84", "GCJ02", "BD09")}


def farthest_m(found: tuple[np.ndarray, np.ndarray], wanted: np.ndarray) -> float:
    east = (found[0] - wanted[:, 0]) * np.cos(np.radians(wanted[:, 1]))
    return float(np.hypot(east, found[1] - wanted[:, 1]).max() * METRES_PER_DEGREE)


@pytest.mark.parametrize(("name", "datum"), [("GCJ02", Datum.GCJ02), ("BD09", Datum.BD09)])
def test_the_cities_agree_to_a_metre_and_a_half_both_ways(cities: dict[str, np.ndarray], name: str, datum: Datum) -> None:
    assert farthest_m(from_wgs84(*cities["WGS84"].T, datum), cities[name]) < 1.5
    assert farthest_m(to_wgs84(*cities[name].T, datum), cities["WGS84"]) < 1.5


def test_the_second_step_agrees_to_a_few_centimetres(cities: dict[str, np.ndarray]) -> None:
    from_gcj02 = from_wgs84(*to_wgs84(*cities["GCJ02"].T, Datum.GCJ02), Datum.BD09)
    assert farthest_m(from_gcj02, cities["BD09"]) < 0.05
