"""A cell that a barrier parts is told, with the households that are cut off; bridges join, and nobody is missed where nobody lives."""

import numpy as np
import pytest
from shapely import LineString, box

from gridmap.grid import Area, Households, Level
from gridmap.planning import cut_villages
from gridmap.planning.across import find_across
from tests.land.test_moves import lattice
from tests.land.test_redraw import DEGREE, VILLAGES, homes_at

CELL = Area("c", Level.CELL, "c", "v", box(116, 30, 116 + 100 * DEGREE, 30 + 100 * DEGREE))
RIVER = LineString([(116 + 50 * DEGREE, 29.9), (116 + 50 * DEGREE, 30.1)])
BRIDGE = LineString([(116 + 45 * DEGREE, 30 + 50 * DEGREE), (116 + 55 * DEGREE, 30 + 50 * DEGREE)])
BOTH = homes_at([(10, 10), (20, 80), (90, 50)], [5, 6, 4])


def test_households_behind_a_river_are_told_where_the_fewer_live() -> None:
    [finding] = find_across([CELL], BOTH, [RIVER], [])
    assert (finding.code, finding.area, finding.facts["households"]) == ("cell_across_barrier", "c", 4)
    assert (finding.lon, finding.lat) == pytest.approx((BOTH.lon[2], BOTH.lat[2]))
    assert "4" in finding.text("zh")


def test_a_bridge_joins_and_empty_land_and_a_wall_that_ends_part_nobody() -> None:
    ends = LineString([(116 + 50 * DEGREE, 29.9), (116 + 50 * DEGREE, 30 + 60 * DEGREE)])
    none = Households(BOTH.ids, BOTH.lon, BOTH.lat, np.array([5, 6, 0]))
    for households, barriers, bridges in ((BOTH, [RIVER], [BRIDGE]), (BOTH, [ends], []), (none, [RIVER], []), (BOTH, [], [])):
        assert list(find_across([CELL], households, barriers, bridges)) == []


def test_a_bridge_elsewhere_joins_nothing_and_a_broad_river_parts_like_a_line() -> None:
    water = RIVER.buffer(5 * DEGREE)
    far = LineString([(116 + 20 * DEGREE, 30 + 50 * DEGREE), (116 + 40 * DEGREE, 30 + 50 * DEGREE)])
    assert len(list(find_across([CELL], BOTH, [water], [far]))) == 1
    assert list(find_across([CELL], BOTH, [water], [LineString([(116 + 44 * DEGREE, 30.0001), (116 + 56 * DEGREE, 30.0001)])])) == []


def test_what_is_cut_is_never_across() -> None:
    people = lattice(29, 15)
    river = LineString([(116 + 130 * DEGREE, 29.9), (116 + 140 * DEGREE, 30.1)])
    cells = cut_villages(VILLAGES, people, [river]).cells
    assert list(find_across(cells, people, [river], [])) == []
