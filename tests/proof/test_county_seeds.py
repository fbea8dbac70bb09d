"""What holds for the made-up county of one seed holds for many."""

import numpy as np
import pytest
import shapely

from gridmap.county import make_county

pytestmark = pytest.mark.proof


@pytest.mark.parametrize("seed", range(40))
def test_a_county_of_any_seed_is_whole(seed: int) -> None:
    county = make_county(seed)
    villages = np.array([area.shape for area in county.villages], dtype=object)
    assert (len(county.townships), len(villages)) == (11, 80)
    assert shapely.coverage_is_valid(villages)
    assert shapely.is_valid(villages).all()
    assert {area.shape.geom_type for area in (*county.townships, *county.villages)} == {"Polygon"}
    assert county.outline.geom_type == "Polygon"
    house = county.households
    assert 24_000 <= house.total <= 26_000
    points = shapely.points(house.lon, house.lat)
    found, village = shapely.STRtree(villages).query(points, predicate="within")
    assert found.tolist() == list(range(len(house)))
    assert [county.villages[of].code for of in village] == [one[:12] for one in house.ids]
    assert not shapely.intersects(county.barriers[0].shape, points).any()
    assert 4 <= len(county.bridges) <= 20


def test_a_seed_makes_the_same_county_and_another_seed_another() -> None:
    one, again, other = make_county(7), make_county(7), make_county(8)
    for name in ("townships", "villages", "barriers", "bridges", "streets", "offices"):
        assert getattr(one, name) == getattr(again, name)
    assert np.array_equal(one.households.lon, again.households.lon)
    assert one.villages != other.villages
