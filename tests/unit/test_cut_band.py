"""What arithmetic allows, and what a shared border is."""

import numpy as np
import pytest
import shapely
from shapely import Polygon, box

from gridmap.planning.borders import adopt, lengths, shared
from gridmap.planning.faces import Buildings
from gridmap.planning.graph import Band, Graph
from gridmap.planning.seams import sew


def deal(households: int, low: int, high: int) -> bool:
    """Whether cells of low to high can add up to so many, by counting up all sums."""
    reached = {0}
    for _ in range(households // low):
        reached |= {total + size for total in reached for size in range(low, high + 1) if total + size <= households}
    return households in reached and households > 0


@pytest.mark.parametrize(("low", "high"), [(50, 80), (3, 4), (5, 5), (2, 9)])
def test_the_band_knows_which_numbers_can_be_dealt(low: int, high: int) -> None:
    numbers = range(1, 4 * high)
    assert [Band(low, high).fits(n) for n in numbers] == [deal(n, low, high) for n in numbers]


def test_of_fifty_to_eighty_only_few_and_eighty_one_to_ninety_nine_cannot() -> None:
    assert [n for n in range(1, 1000) if not Band(50, 80).fits(n)] == [*range(1, 50), *range(81, 100)]


def test_a_cushion_leaves_a_band_and_lies_within_it() -> None:
    assert Band(50, 80).cushioned() == Band(53, 77)
    assert Band(40, 52).cushioned() == Band(42, 50)
    assert Band(5, 5).cushioned() == Band(5, 5)


def test_slack_is_negative_just_where_nothing_fits() -> None:
    band = Band(50, 80)
    assert all((band.slack(n) >= 0) == band.fits(n) for n in range(1, 500))


def test_an_unowned_face_joins_the_owner_with_which_it_shares_most_border() -> None:
    faces = [box(0, 0, 10, 10), box(10, 0, 20, 10), Polygon([(0, 10), (10, 10), (20, 10), (20, 20), (0, 20)]), box(20, 0, 30, 10)]
    borders = shared(faces)
    assert lengths(borders, np.array([0, 1, 2, 3])) == {(0, 1): 10, (0, 2): 10, (1, 2): 10, (1, 3): 10}
    assert adopt(borders, np.array([0, -1, 0, 1])).tolist() == [0, 0, 0, 1]


def test_a_face_that_touches_nobody_stays_unowned() -> None:
    assert adopt(shared([box(0, 0, 1, 1), box(5, 0, 6, 1)]), np.array([0, -1])).tolist() == [0, -1]


def test_a_face_joins_its_own_family_only() -> None:
    faces = [box(0, 0, 10, 10), box(10, 0, 20, 10), box(20, 0, 30, 10)]
    assert adopt(shared(faces), np.array([0, -1, 1]), family=np.array([0, 1, 1])).tolist() == [0, 1, 1]


def test_a_narrow_doorway_counts_only_where_nothing_else_connects() -> None:
    buildings = Buildings(np.zeros((3, 2)), np.ones(3, dtype=np.int64), np.zeros(3, dtype=np.int64), np.arange(3))
    graph = Graph.of(buildings, {(0, 1): 9.0, (1, 2): 0.5, (0, 2): 0.4})
    assert graph.near == [[1], [0, 2], [1]]


def test_neighbours_get_each_others_corners_and_one_where_they_all_but_meet() -> None:
    west, east = box(0, 0, 1, 1), box(1, 0, 2, 1)
    nearly = (1, 0.5 + 1e-12)
    middle, upper = Polygon([(1, 0.25), (2, 0.25), (2, 0.5), nearly]), Polygon([nearly, (2, 0.5), (2, 1), (1, 1)])
    cells = [[box(0, 0, 1, 0.5), box(0, 0.5, 1, 1)], [box(1, 0, 2, 0.25), middle, upper]]
    sewn = [cell for group in sew([west, east], cells) for cell in group]
    assert not shapely.coverage_is_valid([cell for group in cells for cell in group])
    assert shapely.coverage_is_valid(sewn)
    assert [1.0, 0.25] in shapely.get_coordinates(sewn[0]).tolist()
