"""Points against an edition: paths, fall-backs, doubts in metres, the shares of the accuracy circle."""

from datetime import UTC, datetime

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely import Polygon, box
from shapely.affinity import translate

from gridmap.grid import Area, Edition, How, Level, Match
from gridmap.matching import CoverageIndex, EditionIndex, find, find_many, index_of
from gridmap.matching.edition_index import INDEXES_KEPT
from tests.builders import bent_coverage, moved

AT = datetime(2026, 1, 1, tzinfo=UTC)
STEP = 0.01  # degrees, about a kilometre


def area(code: str, level: Level, parent: str | None, west: float, wide: float) -> Area:
    """A box in a row of boxes of STEP degrees that starts at 113 E, 28 N."""
    return Area(code, level, code, parent, translate(box(0, 0, wide * STEP, STEP), 113 + west * STEP, 28))


def edition(*areas: Area, number: int = 7) -> Edition:
    return Edition(number, AT, AT, areas)


# Township T: village V of cells V1, V2 and a gap between its cells and its east border; village W without cells. Township U alone.
LAND = (
    area("T", Level.TOWNSHIP, None, 0, 6),
    area("V", Level.VILLAGE, "T", 0, 3),
    area("V1", Level.CELL, "V", 0, 1),
    area("V2", Level.CELL, "V", 1, 1),
    area("W", Level.VILLAGE, "T", 3, 3),
    area("U", Level.TOWNSHIP, None, 6, 2),
)
INDEX = EditionIndex(edition(*LAND))


def at(east: float, north: float, **more: float) -> Match:
    return find(INDEX, 113 + east * STEP, 28 + north * STEP, **more)


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(pyproj.Geod(ellps="WGS84").inv(*a, *b)[2])


@pytest.mark.parametrize(
    ("east", "path"),
    [(0.5, ("T", "V", "V1")), (1.5, ("T", "V", "V2")), (2.5, ("T", "V")), (4.5, ("T", "W")), (7, ("U",))],
    ids=["a cell", "another cell", "a gap between the cells", "a village without cells", "a township without villages"],
)
def test_a_point_finds_the_finest_area_that_owns_it(east: float, path: tuple[str, ...]) -> None:
    found = at(east, 0.5)
    assert (found.edition, found.how, found.path, found.distance_m, found.candidates) == (7, How.INSIDE, path, 0.0, ())


def test_the_border_of_the_owner_is_measured_in_metres() -> None:
    here = (113 + 0.5 * STEP, 28 + 0.3 * STEP)
    assert find(INDEX, *here).border_m == pytest.approx(metres_between(here, (here[0], 28)), rel=1e-4)


def test_a_point_nearer_to_a_border_than_its_accuracy_is_in_doubt() -> None:
    lon = 113 + STEP + 5e-5  # some five metres into V2
    inside, doubtful = (find(INDEX, lon, 28.005, accuracy_m=metres) for metres in (3, 20))
    assert (inside.how, inside.code, inside.candidates) == (How.INSIDE, "V2", ())
    assert (doubtful.how, doubtful.code) == (How.BORDER, "V2")
    assert [candidate.code for candidate in doubtful.candidates] == ["V2", "V1"]
    assert doubtful.border_m == inside.border_m == pytest.approx(metres_between((lon, 28.005), (113 + STEP, 28.005)), rel=1e-4)


def test_without_an_accuracy_ten_metres_are_assumed() -> None:
    near, far = 113 + STEP + 9e-5, 113 + STEP + 12e-5
    assert [found.how for found in find_many(INDEX, [near, far], [28.005] * 2)] == [How.BORDER, How.INSIDE]
    assert [found.how for found in find_many(INDEX, [near, near], [28.005] * 2, [np.nan, 1.0])] == [How.BORDER, How.INSIDE]


def test_a_circle_is_shared_out_by_area() -> None:
    on_the_line = find(INDEX, 113 + STEP, 28.005, accuracy_m=50)
    assert {one.code: round(one.share, 3) for one in on_the_line.candidates} == {"V1": 0.5, "V2": 0.5}
    on_the_rim = find(INDEX, 113 + 0.5 * STEP, 28.0, accuracy_m=50)
    assert {one.code: round(one.share, 3) for one in on_the_rim.candidates} == {"V1": 0.5}, "the other half lies outside"


def test_a_point_outside_whose_circle_reaches_in_has_candidates_but_no_owner() -> None:
    found = at(-0.001, 0.5, accuracy_m=30)
    assert (found.how, found.path, found.code) == (How.OUTSIDE, (), None)
    assert [one.code for one in found.candidates] == ["V1"]
    assert found.candidates[0].share < 0.5
    assert at(8, 0.5).candidates[0].code == "U", "exactly on the east rim, which nobody owns"


def test_a_point_that_nobody_owns_goes_to_the_nearest_area_only_within_the_snap_distance() -> None:
    away = metres_between((113 - 0.1 * STEP, 28.005), (113, 28.005))
    outside, too_far, snapped = (at(-0.1, 0.5, snap_m=metres) for metres in (0, away - 1, away + 1))
    assert (outside.how, outside.path) == (too_far.how, too_far.path) == (How.OUTSIDE, ())
    assert (snapped.how, snapped.path, snapped.border_m) == (How.NEAREST, ("T", "V", "V1"), None)
    assert outside.distance_m == snapped.distance_m == pytest.approx(away, rel=1e-4)


@pytest.mark.parametrize("point", [(np.nan, 28), (113, np.inf), (181, 28), (28, 113)], ids=str)
def test_what_cannot_be_a_point_is_invalid(point: tuple[float, float]) -> None:
    assert find(INDEX, *point, snap_m=1e9) == Match(7, How.INVALID)


def test_far_away_is_outside_even_where_the_plane_ends() -> None:
    assert {found.how for found in find_many(INDEX, [-67.0, 23.0, 0.0], [-28.0, 0.0, 90.0])} == {How.OUTSIDE}


EDGE = shapely.segmentize(box(104, 35, 105, 36), 0.002).exterior
ROUND = np.array(EDGE.coords)
WIDE = CoverageIndex([box(104, 35, 105, 36)])


@settings(max_examples=200)
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
@example(lon=1.0, lat=2.0)
@example(lon=28.0, lat=113.0 - 90)
@example(lon=-75.5, lat=-35.5)
def test_however_far_the_distance_is_that_along_the_ellipsoid(lon: float, lat: float) -> None:
    truth = pyproj.Geod(ellps="WGS84").inv(np.full(len(ROUND), lon), np.full(len(ROUND), lat), *ROUND.T)[2].min()
    found = WIDE.match(lon, lat, snap_m=1.0).distance_m[0]
    assert found == pytest.approx(truth, rel=1e-3, abs=1) or WIDE.owners(np.array([lon]), np.array([lat]))[0] == 0


def test_among_overlapping_cells_the_lower_code_owns_whatever_the_order() -> None:
    first, second = area("A", Level.CELL, None, 0, 2), area("B", Level.CELL, None, 1, 2)
    for areas in ((first, second), (second, first)):
        found = find(EditionIndex(edition(*areas)), 113 + 1.5 * STEP, 28.005, accuracy_m=1000)
        assert found.code == "A"
        assert sum(one.share for one in found.candidates) <= 1
        assert found.candidates[0].share > found.candidates[1].share, "B only gets what A left"


def test_an_edition_without_areas_answers_outside() -> None:
    found = find(EditionIndex(edition()), 113, 28, accuracy_m=100, snap_m=100)
    assert (found.how, found.path, found.distance_m) == (How.OUTSIDE, (), None)


def test_many_points_get_what_each_alone_would_get() -> None:
    rng = np.random.default_rng(1)
    lon, lat = 113 + rng.uniform(-1, 9, 60) * STEP, 28 + rng.uniform(-0.5, 1.5, 60) * STEP
    accuracy = rng.uniform(0, 300, 60)
    alone = [find(INDEX, *point, accuracy_m=radius, snap_m=200) for *point, radius in zip(lon, lat, accuracy, strict=True)]
    assert find_many(INDEX, lon, lat, accuracy, 200) == alone
    assert {found.how for found in alone} >= {How.INSIDE, How.BORDER, How.NEAREST, How.OUTSIDE}


BENT = EditionIndex(
    edition(
        *(
            Area(f"{n:02}", Level.CELL, "", None, shape)
            for n, shape in enumerate(moved(bent_coverage(5, 2, 2), scale=0.02, east=113, north=28))
        )
    )
)


@settings(max_examples=25, deadline=None)
@given(st.floats(113, 113.02), st.floats(28, 28.02), st.floats(0, 2000))
def test_shares_never_exceed_the_circle_and_name_the_owner(lon: float, lat: float, radius: float) -> None:
    found = find(BENT, lon, lat, accuracy_m=radius)
    shares = [one.share for one in found.candidates]
    assert sum(shares) <= 1 + 1e-12
    assert shares == sorted(shares, reverse=True)
    assert bool(shares) <= (found.how is not How.INSIDE)
    if found.border_m is not None and 0.5 * radius < found.border_m < radius:
        own = next(one.share for one in found.candidates if one.code == found.code)
        assert own > 0.24, "at least the disc that reaches to the border"


def test_a_circle_within_the_coverage_is_shared_out_completely() -> None:
    found = find(BENT, 113.01, 28.01, accuracy_m=500)
    assert len(found.candidates) > 3
    assert sum(one.share for one in found.candidates) == pytest.approx(1, abs=0.01)


def test_the_index_of_an_edition_is_built_once_and_a_few_are_kept() -> None:
    again = edition(*LAND)
    kept = index_of(edition(*LAND))
    assert index_of(again) is kept
    assert index_of(edition(*LAND, number=8)).edition == 8
    for number in range(INDEXES_KEPT):
        index_of(edition(LAND[-1], number=100 + number))
    assert index_of(again) is not kept


def test_a_shape_that_metres_make_invalid_is_still_shared_out() -> None:
    bow = Polygon([(113, 28), (113.01, 28.01), (113.01, 28), (113, 28.01)])
    index = EditionIndex(edition(Area("bow", Level.CELL, "", None, bow)))
    assert find(index, 113.001, 28.0011, accuracy_m=100).candidates[0].code == "bow"


def test_a_coverage_of_a_file_is_matched_without_an_edition() -> None:
    found = CoverageIndex([box(0, 0, 1, 1), box(1, 0, 2, 1)]).match([0.5, 1.5, 3.0], [0.5, 0.5, 0.5])
    assert found.owner.tolist() == [0, 1, -1]
