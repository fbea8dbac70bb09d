"""Who owns a point: the half-open rule against fractions, for every float; overlaps, holes, odd input; distances."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gridmap import AreaIndex
from gridmap.grid.index.frame import fixed, threshold
from gridmap.grid.index.turning import UNDECIDED, Segment, turn
from tests.builders import Shapes, awkward_points, bent_coverage, exact_owner, moved


def differences(shapes: Shapes, x: np.ndarray, y: np.ndarray) -> list[tuple[float, float, int, int]]:
    """Points whose owner is not the exact one: (x, y, got, exact)."""
    got = AreaIndex(shapes).locate(x, y).tolist()
    exact = [exact_owner(shapes, *point) for point in zip(x.tolist(), y.tolist(), strict=True)]
    return [(*point, *pair) for *point, pair in zip(x, y, zip(got, exact, strict=True), strict=True) if pair[0] != pair[1]]


@pytest.mark.parametrize(
    ("scale", "east", "north"),
    [(1, 0, 0), (0.1, 113, 28), (5000, 500_000, 3_500_000), (1e-7, 0.3, 0.7), (1e-200, 0, 0), (1e3, 1e13, -1e13), (1e149, 0, -1e149)],
    ids=["unit", "degrees", "metres", "tiny areas", "underflow", "coarse floats", "huge"],
)
def test_points_on_and_beside_borders_have_the_exact_owner(scale: float, east: float, north: float) -> None:
    shapes = moved(bent_coverage(4, 2, seed=1), scale=scale, east=east, north=north)
    assert differences(shapes, *awkward_points(shapes, 25, seed=2)) == []


whole = st.integers(0, 6)
beside = st.sampled_from([0.0, 0.5, 1 / 3, 2.0**-52, -(2.0**-53)])
coordinate = st.builds(lambda number, more: number + more, whole, beside)


@st.composite
def polygons(draw: st.DrawFn) -> shapely.Polygon:
    """Valid polygons with corners on a coarse lattice, so that borders overlap, touch and run level or upright; some with a hole."""
    shell = shapely.convex_hull(shapely.MultiPoint(draw(st.lists(st.tuples(whole, whole), min_size=3, max_size=7))))
    assume(shell.geom_type == "Polygon")
    inner = shapely.convex_hull(shapely.MultiPoint(draw(st.lists(st.tuples(whole, whole), min_size=3, max_size=4))))
    cut = shapely.difference(shell, inner) if inner.geom_type == "Polygon" else shell
    assume(cut.geom_type in ("Polygon", "MultiPolygon") and not cut.is_empty)
    return cut


@settings(max_examples=40, deadline=None)
@given(
    shapes=st.lists(polygons(), min_size=1, max_size=4),
    x=st.lists(coordinate, min_size=12, max_size=12),
    y=st.lists(coordinate, min_size=12, max_size=12),
)
def test_overlapping_areas_with_holes_follow_the_rule_and_the_first_owns(
    shapes: list[shapely.Polygon], x: list[float], y: list[float]
) -> None:
    assert differences(np.array(shapes, dtype=object), np.array(x), np.array(y)) == []


@settings(max_examples=20, deadline=None)
@given(x=st.floats(), y=st.floats())
def test_any_float_is_a_question_with_one_answer(x: float, y: float) -> None:
    shapes = bent_coverage(2, 1, seed=3)
    expected = exact_owner(shapes, x, y) if np.isfinite([x, y]).all() else -1
    assert AreaIndex(shapes).locate_one(x, y) == expected


def test_every_point_of_a_coverage_has_exactly_one_owner() -> None:
    shapes = bent_coverage(5, 3, seed=4)
    x, y = awkward_points(shapes, 200, seed=5)
    inside = (x >= 0) & (x < 1) & (y >= 0) & (y < 1)
    claims = sum((AreaIndex([shape]).locate(x, y) == 0).astype(int) for shape in shapes)
    assert set(claims[inside]) == {1}
    assert set(claims[~inside]) == {0}
    assert inside.sum() > 500
    assert (~inside).sum() > 20


def test_a_shared_corner_belongs_to_the_area_north_east_of_it() -> None:
    quarters = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(0, 1, 1, 2), shapely.box(1, 1, 2, 2)]
    assert AreaIndex(quarters).locate([1, 1, 0.5, 0, 2, 1], [1, 0.5, 1, 0, 1, 2]).tolist() == [3, 1, 2, 0, -1, -1]


def test_where_areas_overlap_the_earlier_one_owns() -> None:
    big, small = shapely.box(0, 0, 10, 10), shapely.box(4, 4, 6, 6)
    assert AreaIndex([small, big]).locate([5, 1], [5, 1]).tolist() == [0, 1]
    assert AreaIndex([big, small]).locate([5, 1], [5, 1]).tolist() == [0, 0]


def test_a_hole_belongs_to_what_fills_it_and_else_to_none() -> None:
    ring = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
    island = shapely.box(3, 3, 6, 6)
    assert AreaIndex([ring]).locate([3, 6, 1], [3, 6, 1]).tolist() == [-1, 0, 0]
    assert AreaIndex([ring, island]).locate([3, 6, 4], [3, 6, 5]).tolist() == [1, 0, 1]


def test_all_parts_of_an_area_are_the_area() -> None:
    parts = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)])
    assert AreaIndex([parts, shapely.box(2, 2, 3, 3)]).locate([0.5, 5.5, 2.5, 4], [0.5, 5.5, 2.5, 4]).tolist() == [0, 0, 1, -1]


def test_what_is_no_point_is_owned_by_none() -> None:
    odd = [np.nan, np.inf, -np.inf, 1.7e308, -1.7e308, 0.5]
    x, y = np.meshgrid(odd, odd)
    owner = AreaIndex([shapely.box(0, 0, 1, 1)]).locate(x, y)
    assert owner.shape == (6, 6)
    assert owner[-1, -1] == 0
    assert (owner == -1).sum() == 35


def test_missing_and_empty_areas_own_nothing() -> None:
    assert AreaIndex([]).locate([1, 2], [1, 2]).tolist() == [-1, -1]
    index = AreaIndex([None, shapely.Polygon(), shapely.box(0, 0, 1, 1)])
    assert index.locate([0.5, 5], [0.5, 5]).tolist() == [2, -1]
    assert index.locate([], []).tolist() == []


def test_lines_and_infinite_corners_are_refused() -> None:
    with pytest.raises(ValueError, match="polygons"):
        AreaIndex([shapely.LineString([(0, 0), (1, 1)])])
    with pytest.raises(ValueError, match="corners"):
        AreaIndex([shapely.Polygon([(0, 0), (1e200, 0), (1, 1)])])


def test_an_area_one_float_wide_owns_its_floats() -> None:
    east = np.nextafter(100.0, 101)
    sliver = [shapely.box(99, 0, 100, 1), shapely.box(100, 0, east, 1), shapely.box(east, 0, 101, 1)]
    x = np.array([np.nextafter(100.0, 99), 100.0, east])
    assert AreaIndex(sliver).locate(x, np.full(3, 0.5)).tolist() == [0, 1, 2]


def test_a_comb_of_long_teeth_keeps_the_index_small_and_right() -> None:
    teeth = 300
    upper = [(tooth / teeth + (half / 2) / teeth, 1.0 if half else 0.01) for tooth in range(teeth) for half in (0, 1)]
    comb = np.array([shapely.Polygon([(0, 0), *upper, (1, 0)])], dtype=object)
    index = AreaIndex(comb)
    assert index.nbytes < 400 * shapely.get_num_coordinates(comb[0])
    rng = np.random.default_rng(6)
    x, y = rng.uniform(0, 1, (2, 12))
    assert differences(comb, x, y) == []


def test_areas_of_very_different_size_are_all_found() -> None:
    shapes = shapely.transform(bent_coverage(12, 0, seed=7), lambda xy: xy**4)
    inside = shapely.point_on_surface(shapes)
    assert AreaIndex(shapes).locate(shapely.get_x(inside), shapely.get_y(inside)).tolist() == list(range(len(shapes)))


def test_nearest_and_border_distance_are_those_of_the_shapes() -> None:
    shapes = bent_coverage(3, 2, seed=8)[[0, 4, 8]]
    index = AreaIndex(shapes)
    x, y = np.random.default_rng(9).uniform(-0.5, 1.5, (2, 200))
    away = shapely.distance(shapely.points(x, y)[:, None], shapes[None, :])
    position, distance = index.nearest(x, y)
    assert distance == pytest.approx(away.min(axis=1), rel=1e-12, abs=1e-15)
    assert away[np.arange(200), position] == pytest.approx(distance, rel=1e-12, abs=1e-15)
    owner = index.locate(x, y)
    border = index.border_distance(x, y, owner)
    assert np.array_equal(np.isnan(border), owner < 0)
    rings = shapely.boundary(shapes)[owner[owner >= 0]]
    assert border[owner >= 0] == pytest.approx(shapely.distance(shapely.points(x, y)[owner >= 0], rings), rel=1e-12, abs=1e-15)


def test_nearest_of_no_point_or_no_areas_is_none() -> None:
    position, distance = AreaIndex([shapely.box(0, 0, 1, 1)]).nearest([np.nan, 2.0], [0.0, 0.5])
    assert position.tolist() == [-1, 0]
    assert np.isnan(distance[0])
    assert distance[1] == 1.0
    assert AreaIndex([]).nearest([1.0], [1.0])[0].tolist() == [-1]


def test_equally_near_areas_give_the_earlier_one() -> None:
    apart = [shapely.box(2, 0, 3, 1), shapely.box(-3, 0, -2, 1)]
    assert AreaIndex(apart).nearest([0.0], [0.5])[0].tolist() == [0]
    assert AreaIndex(apart[::-1]).nearest([0.0], [0.5])[0].tolist() == [0]


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=6, max_size=24),
    jitter=st.sampled_from([0.0, 2.0**-50, 2.0**-20]),
    place=st.sampled_from([(1.0, 0.0, 0.0), (0.001, 1e6, -1e6), (1 / 3, -3.7, 4e13), (1e-7, 105.0, 33.0)]),
    seed=st.integers(0, 1000),
)
def test_rings_that_cross_themselves_and_each_other_are_counted_exactly(
    numbers: list[tuple[int, int]], jitter: float, place: tuple[float, float, float], seed: int
) -> None:
    """Bow-ties, repeated corners, spikes: an area holds what an odd number of its edges lies east of."""
    corners = np.array(numbers, dtype=float)
    corners += jitter * np.random.default_rng(seed).integers(-1, 2, corners.shape)
    shapes = np.array([shapely.Polygon(part) for part in np.array_split(corners, max(1, len(corners) // 6))], dtype=object)
    scale, east, north = place
    shapes = moved(shapes, scale=scale, east=east, north=north)
    assert differences(shapes, *awkward_points(shapes, 8, seed)) == []


def test_neighbours_that_share_a_border_but_not_its_corners_leave_slivers_as_they_are() -> None:
    """One area's long edge against many short ones of its neighbours: rounding puts their corners a little to either side."""
    t = np.linspace(0, 1, 8)
    rim = np.c_[1 + 0.3 * t, 0.7 * t]
    left = shapely.Polygon([(0, 0), rim[0], rim[-1], (0, 0.7)])
    right = [shapely.Polygon([a, (3, a[1]), (3, b[1]), b]) for a, b in pairwise(rim)]
    shapes = moved(np.array([left, *right], dtype=object), east=113.0, north=28.0)
    assert differences(shapes, *awkward_points(shapes, 60, seed=10)) == []


@pytest.mark.parametrize("origin", [0.0, 1.0, 1e6, -123456.789, 1e15])
def test_strips_one_float_wide_and_high_own_their_floats(origin: float) -> None:
    lines = [origin]
    for _ in range(6):
        lines.append(float(np.nextafter(lines[-1], np.inf)))
    level = np.array([shapely.box(origin - 5, a, origin + 5, b) for a, b in pairwise(lines)], dtype=object)
    upright = np.array([shapely.box(a, origin - 5, b, origin + 5) for a, b in pairwise(lines)], dtype=object)
    x, y = (axis.ravel() for axis in np.meshgrid(lines, lines))
    assert differences(level, x, y) == []
    assert differences(upright, x, y) == []


def test_areas_that_touch_at_a_point_and_a_fan_of_many_about_one_point_part_exactly() -> None:
    angle = np.linspace(0, 2 * np.pi, 241)
    rim = np.c_[np.cos(angle), np.sin(angle)]
    rim[-1] = rim[0]
    fan = np.array([shapely.Polygon([(0, 0), a, b]) for a, b in pairwise(rim)], dtype=object)
    every_other = fan[::2]
    for shapes in (fan, every_other, moved(fan, scale=1e-5, east=113, north=28)):
        assert differences(shapes, *awkward_points(shapes, 40, seed=11)) == []
    near = np.random.default_rng(12).normal(0, 1e-9, (2, 50))
    assert differences(fan, *near) == []


def test_overlaps_tell_in_how_many_cells_areas_overlap() -> None:
    sound = bent_coverage(6, 2, seed=13)
    assert AreaIndex(sound).overlaps == 0
    assert AreaIndex(sound[::2]).overlaps == 0, "gaps are no overlaps"
    assert AreaIndex(np.r_[sound, sound[14:15]]).overlaps > 0, "an area given twice"
    assert AreaIndex([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)]).overlaps > 0
    assert AreaIndex([shapely.box(0, 0, 9, 9), shapely.box(4, 4, 5, 5)]).overlaps > 0, "one within another"
    assert AreaIndex([shapely.box(0, 0, 1, 1), shapely.box(1, 0.3, 2, 2)]).overlaps == 0, "side by side"


def test_levels_within_levels_give_the_first() -> None:
    cells = bent_coverage(6, 1, seed=14)
    villages = [shapely.union_all(cells[at : at + 9]) for at in range(0, 36, 9)]
    both = np.array([*villages, *cells], dtype=object)
    assert differences(both, *awkward_points(both, 30, seed=15)) == []
    assert differences(both[::-1].copy(), *awkward_points(both, 30, seed=15)) == []


def test_many_points_in_many_threads_are_answered_as_one_by_one() -> None:
    shapes = bent_coverage(7, 3, seed=16)
    index = AreaIndex(shapes)
    x, y = np.random.default_rng(17).uniform(-0.1, 1.1, (2, 300_000))
    owner = index.locate(x, y)
    some = np.arange(0, len(x), 997)
    assert [index.locate_one(*point) for point in zip(x[some].tolist(), y[some].tolist(), strict=True)] == owner[some].tolist()
    assert index.locate(x[::2], y[::2]).tolist() == owner[::2].tolist(), "arrays with gaps between their numbers"


sizes = st.floats(allow_nan=False, allow_infinity=False, width=64).filter(lambda value: abs(value) < 1e150)


@settings(max_examples=300, deadline=None)
@given(numbers=st.tuples(sizes, sizes, sizes, sizes), t=st.floats(0, 1), step=st.integers(-2, 2))
def test_the_side_of_an_edge_is_that_of_fractions_or_left_to_them(numbers: tuple[float, float, float, float], t: float, step: int) -> None:
    ax, ay, bx, by = numbers
    assume(ay < by)
    x, y = ax + t * (bx - ax), ay + t * (by - ay)  # as near to the edge as doubles get, then a float or two beside it
    for _ in range(abs(step)):
        x = float(np.nextafter(x, np.inf if step > 0 else -np.inf))
    assume(abs(x) < 1e150 and abs(y) < 1e150)
    east = (Fraction(x) - Fraction(ax)) * (Fraction(by) - Fraction(ay)) - (Fraction(y) - Fraction(ay)) * (Fraction(bx) - Fraction(ax))
    found = turn(x, y, Segment(ax, ay, bx, by))
    assert found == (east > 0) - (east < 0) or found == UNDECIDED


@settings(max_examples=200, deadline=None)
@given(low=sizes, size=st.floats(1e-300, 1e140), share=st.floats(0, 1), bits=st.integers(1, 46))
def test_the_foot_of_a_row_is_the_least_float_in_it(low: float, size: float, share: float, bits: int) -> None:
    high = low + size
    per_unit = 2.0**bits / (high - low) if high > low else np.inf
    assume(np.isfinite(per_unit) and per_unit > 0)
    number = int(share * fixed(high, low, per_unit))
    foot = threshold(number, low, high, per_unit)
    assert fixed(foot, low, per_unit) >= number
    assert foot == low or fixed(np.nextafter(foot, -np.inf), low, per_unit) < number
