"""Cutting villages into cells: what must hold for every input, and the maps on which it is hard."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, MultiPolygon, Polygon, box
from shapely.affinity import affine_transform
from shapely.geometry.base import BaseGeometry

from gridmap.grid import Area, Households, Level
from gridmap.planning import Cut, CutBand, CutTooMany, CutVillageRepeated, CutVillageUnusable, cut_villages
from gridmap.planning.cutting import _sound
from gridmap.planning.village import Share

LON, LAT = 116.0, 30.0
EAST, NORTH = 1 / 96486.0, 1 / 110852.0
"""Degrees per metre there, near enough."""


def put(shape: BaseGeometry) -> BaseGeometry:
    """A shape drawn in metres, set down in degrees."""
    return affine_transform(shape, [EAST, 0, 0, NORTH, LON, LAT])


def village(shape: BaseGeometry, code: str = "420100100201") -> Area:
    return Area(code, Level.VILLAGE, "村", code[:9], put(shape))


def homes(spots: Sequence[tuple[float, float]], counts: int | Sequence[int] = 1) -> Households:
    xy = np.array(spots, dtype=float).reshape(-1, 2)
    number = np.full(len(xy), counts) if isinstance(counts, int) else np.array(counts)
    ids = np.array([f"h{n}" for n in range(len(xy))], dtype=np.str_)
    return Households(ids, LON + xy[:, 0] * EAST, LAT + xy[:, 1] * NORTH, number.astype(np.int64))


def lattice(columns: int, rows: int, step: float = 10, left: float = 5, bottom: float = 5) -> list[tuple[float, float]]:
    return [(left + step * i, bottom + step * j) for j, i in itertools.product(range(rows), range(columns))]


def sizes(cut: Cut) -> list[int]:
    return [cell.households or 0 for cell in cut.cells]


def reasons(cut: Cut) -> list[str]:
    return sorted(exception.reason.key.removeprefix("reason.cut_") for exception in cut.exceptions)


def check(cut: Cut, villages: Sequence[Area], households: Households, low: int = 50, high: int = 80) -> None:
    """What holds for every cut, judged from the result alone."""
    shapes = np.array([cell.shape for cell in cut.cells], dtype=object)
    assert shapely.is_valid(shapes).all()
    assert {shape.geom_type for shape in shapes} == {"Polygon"}
    assert shapely.coverage_is_valid(shapes)
    for one in villages:
        own = [cell.shape for cell in cut.cells if cell.parent == one.code]
        assert shapely.union_all(own).symmetric_difference(one.shape).area < 1e-7 * EAST * one.shape.length
    by_code = {cell.code: cell for cell in cut.cells}
    assert len(by_code) == len(cut.cells)
    counted = dict.fromkeys(by_code, 0)
    for code, count, lon, lat in zip(cut.cell_of, households.counts, households.lon, households.lat, strict=True):
        if code:
            assert by_code[code].shape.distance(shapely.Point(lon, lat)) < 1e-3 * EAST
            counted[code] += int(count)
        else:
            assert not any(one.shape.contains(shapely.Point(lon, lat)) for one in villages)
    assert counted == {cell.code: cell.households for cell in cut.cells}
    told = {exception.code for exception in cut.exceptions if exception.code}
    assert told == {code for code, count in counted.items() if not low <= count <= high}
    for exception in cut.exceptions:
        assert exception.reason.text("en") != exception.reason.text("zh")


def test_a_plain_village_is_cut_into_cells_in_the_band() -> None:
    land, people = village(box(0, 0, 200, 200)), homes(lattice(20, 20))
    cut = cut_villages([land], people)
    check(cut, [land], people)
    assert all(50 <= size <= 80 for size in sizes(cut))
    assert cut.exceptions == ()
    assert {cell.parent for cell in cut.cells} == {land.code}
    assert (cut.cells[0].code, cut.cells[0].name, cut.cells[0].name_en) == (f"{land.code}001", "第1网格", "Cell 1")


def test_cells_keep_room_on_both_sides_of_the_band_where_there_is_any() -> None:
    land, people = village(box(0, 0, 300, 300)), homes(lattice(30, 30))
    assert all(53 <= size <= 77 for size in sizes(cut_villages([land], people)))
    full, crowd = village(box(0, 0, 160, 100)), homes(lattice(16, 10))
    assert sizes(cut_villages([full], crowd, low=75)) == [80, 80]


def test_the_same_input_and_seed_give_the_same_cells() -> None:
    land, people = village(box(0, 0, 150, 200)), homes(lattice(15, 20))
    first, again = (cut_villages([land], people, seed=3) for _ in range(2))
    assert first.cells == again.cells
    assert first.cell_of.tolist() == again.cell_of.tolist()


def test_a_village_is_cut_the_same_whatever_villages_are_cut_beside_it() -> None:
    land, people = village(box(0, 0, 200, 100)), homes(lattice(20, 10))
    beside = village(box(500, 0, 700, 200), "420100100202")
    assert cut_villages([land], people).cells == cut_villages([land, beside], people).cells[:-1]


def test_codes_run_from_west_to_east_in_rows_from_north_to_south() -> None:
    land = village(box(0, 0, 1000, 1000))
    hamlets = {"south west": (0, 40), "north east": (900, 860), "north west": (20, 800), "south east": (850, 0)}
    people = homes([spot for left, bottom in hamlets.values() for spot in lattice(8, 8, left=left, bottom=bottom)])
    cut = cut_villages([land], people)
    firsts = [cut.cell_of[64 * n][-3:] for n in range(4)]
    assert dict(zip(hamlets, firsts, strict=True)) == {"north west": "001", "north east": "002", "south west": "003", "south east": "004"}


def test_nobody_shares_a_cell_across_a_river() -> None:
    land, river = village(box(0, 0, 400, 200)), put(box(190, -10, 210, 210))
    west, east = lattice(18, 10), lattice(18, 10, left=215)
    people = homes(west + east)
    cut = cut_villages([land], people, [river])
    check(cut, [land], people)
    assert not set(cut.cell_of[:180]) & set(cut.cell_of[180:])
    assert reasons(cut) == []


def test_a_hamlet_of_ninety_beyond_the_river_is_told_and_not_forced() -> None:
    land, river = village(box(0, 0, 400, 200)), put(LineString([(200, -10), (200, 210)]))
    people = homes(lattice(18, 10) + lattice(9, 10, left=215))
    cut = cut_villages([land], people, [river])
    check(cut, [land], people)
    assert reasons(cut) == ["between"]
    assert sum(cell.households or 0 for cell in cut.cells if cell.code in set(cut.cell_of[180:])) == 90


def test_thirty_households_beyond_the_river_are_told_as_cut_off() -> None:
    land, river = village(box(0, 0, 400, 200)), put(LineString([(200, -10), (200, 210)]))
    people = homes(lattice(18, 10) + lattice(10, 3, left=215))
    cut = cut_villages([land], people, [river])
    check(cut, [land], people)
    assert [(e.households, e.reason.key) for e in cut.exceptions] == [(30, "reason.cut_cut_off")]


def test_a_bridge_lets_them_share_a_cell() -> None:
    land, river = village(box(0, 0, 400, 200)), put(box(190, -10, 210, 210))
    bridge = put(LineString([(180, 100), (220, 100)]))
    people = homes(lattice(18, 10) + lattice(10, 3, left=215, bottom=85))
    cut = cut_villages([land], people, [river], [bridge])
    check(cut, [land], people)
    assert reasons(cut) == []
    assert set(cut.cell_of[:180]) & set(cut.cell_of[180:])


def test_a_dead_end_barrier_divides_nothing() -> None:
    land, wall = village(box(0, 0, 200, 60)), put(LineString([(100, -10), (100, 40)]))
    people = homes([(5, 30), (150, 30)], [30, 30])
    cut = cut_villages([land], people, [wall])
    check(cut, [land], people)
    assert sizes(cut) == [60]


def test_a_barrier_of_mixed_parts_is_each_of_them() -> None:
    land, spot = village(box(0, 0, 400, 200)), put(shapely.Point(50, 50))
    mixed = shapely.GeometryCollection([spot, put(LineString([(200, -10), (200, 210)])), put(box(90, -20, 95, 300))])
    people = homes(lattice(8, 10) + lattice(9, 8, left=105) + lattice(18, 5, left=215))
    cut = cut_villages([land], people, [mixed])
    check(cut, [land], people)
    sides = [set(cut.cell_of[:80]), set(cut.cell_of[80:152]), set(cut.cell_of[152:])]
    assert len(set.union(*sides)) == sum(map(len, sides))


def test_lines_that_all_but_meet_close_the_way() -> None:
    land = village(box(0, 0, 400, 200))
    walls = [put(LineString([(200, -10), (200, 100)])), put(LineString([(200.6, 100.5), (200.6, 210)]))]
    people = homes(lattice(18, 10) + lattice(18, 10, left=215))
    cut = cut_villages([land], people, walls)
    check(cut, [land], people)
    assert not set(cut.cell_of[:180]) & set(cut.cell_of[180:])


def test_a_piece_without_households_joins_the_neighbour_with_most_border() -> None:
    land, wall = village(box(0, 0, 300, 100)), put(LineString([(200, -10), (200, 110)]))
    people = homes(lattice(12, 5), 1)
    cut = cut_villages([land], people, [wall])
    check(cut, [land], people)
    assert sizes(cut) == [60]


def test_a_tower_of_two_hundred_is_one_cell_with_its_reason() -> None:
    land = village(box(0, 0, 200, 200))
    people = homes([*lattice(20, 20), (101, 101)], [1] * 400 + [200])
    cut = cut_villages([land], people)
    check(cut, [land], people)
    assert [(e.households, e.reason.key) for e in cut.exceptions] == [(200, "reason.cut_giant")]


def test_what_only_a_tower_can_reach_joins_its_cell() -> None:
    land = village(box(0, 0, 300, 20))
    people = homes([(10, 10), (150, 10), *((180 + 2 * n, 10) for n in range(60))], [20, 200, *[1] * 60])
    cut = cut_villages([land], people)
    check(cut, [land], people)
    assert sorted(sizes(cut)) == [60, 220]
    assert reasons(cut) == ["giant"]


def test_a_ribbon_village_along_a_road_is_cut_across_it() -> None:
    land = village(box(0, 0, 3000, 20))
    people = homes([(5 + 10 * n, 10) for n in range(299)])
    cut = cut_villages([land], people)
    check(cut, [land], people)
    assert reasons(cut) == []


def test_a_comb_keeps_its_cells_connected() -> None:
    teeth = [box(40 * n, 0, 40 * n + 20, 200) for n in range(10)]
    land = village(shapely.union_all([*teeth, box(0, 200, 380, 220)]))
    people = homes([(40 * n + 10, 5 + 10 * k) for n in range(10) for k in range(19)])
    cut = cut_villages([land], people)
    check(cut, [land], people)
    assert reasons(cut) == []


def test_eighty_four_households_alone_stay_one_cell_that_is_told() -> None:
    land, people = village(box(0, 0, 120, 70)), homes(lattice(12, 7))
    cut = cut_villages([land], people)
    check(cut, [land], people)
    assert sizes(cut) == [84]
    assert reasons(cut) == ["between"]


def test_doors_at_one_place_stay_together() -> None:
    land = village(box(0, 0, 100, 100))
    people = homes([(20, 20)] * 60 + [(80, 80.0002 + n * 1e-5) for n in range(60)])
    cut = cut_villages([land], people)
    check(cut, [land], people)
    assert len(set(cut.cell_of[:60])) == len(set(cut.cell_of[60:])) == 1
    assert sizes(cut) == [60, 60]


def test_a_village_without_households_is_one_cell_of_none() -> None:
    lands = [village(box(0, 0, 100, 100)), village(MultiPolygon([box(200, 0, 300, 100), box(400, 0, 500, 100)]), "420100100202")]
    people = homes([])
    cut = cut_villages(lands, people)
    check(cut, lands, people)
    assert sizes(cut) == [0, 0, 0]
    assert reasons(cut) == ["empty"] * 3


def test_points_that_count_no_household_have_a_cell_all_the_same() -> None:
    land, wall = village(box(0, 0, 300, 100)), put(LineString([(200, -10), (200, 110)]))
    people = homes([*lattice(12, 5), (250, 50), (250, 60)], [1] * 60 + [0, 0])
    cut = cut_villages([land], people, [wall])
    check(cut, [land], people)
    assert sizes(cut) == [60]


def test_a_household_in_no_village_is_an_exception_without_cell() -> None:
    land, people = village(box(0, 0, 100, 100)), homes([*lattice(6, 10), (500, 50), (float("nan"), 5)], [1] * 60 + [3, 1])
    cut = cut_villages([land], people)
    assert cut.cell_of[60:].tolist() == ["", ""]
    assert [(e.code, e.village, e.households, e.reason.key) for e in cut.exceptions] == [
        ("", "", 3, "reason.cut_outside"),
        ("", "", 1, "reason.cut_outside"),
    ]
    assert "h60" in cut.exceptions[0].reason.text()


def test_a_household_on_the_border_of_two_villages_is_counted_once() -> None:
    lands = [village(box(0, 0, 100, 100)), village(box(100, 0, 200, 100), "420100100202")]
    people = homes([*lattice(6, 10), *lattice(6, 10, left=115), (100, 50)])
    cut = cut_villages(lands, people)
    assert sum(sizes(cut)) == 121
    assert cut.cell_of[-1].startswith(lands[0].code)


def test_villages_of_several_parts_and_with_holes_are_tiled() -> None:
    ring = Polygon([(0, 0), (300, 0), (300, 300), (0, 300)], [[(100, 100), (100, 200), (200, 200), (200, 100)]])
    land = village(MultiPolygon([ring, box(400, 0, 500, 100), box(600, 0, 650, 50)]))
    spots = [(x, y) for x, y in lattice(30, 30) if not (95 < x < 205 and 95 < y < 205)] + lattice(6, 10, left=405)
    people = homes(spots)
    cut = cut_villages([land], people)
    check(cut, [land], people)
    assert reasons(cut) == ["empty"]


def test_a_village_wholly_under_a_barrier_is_cut_all_the_same() -> None:
    land, lake, people = village(box(0, 0, 200, 100)), put(box(-50, -50, 250, 250)), homes(lattice(20, 10))
    cut = cut_villages([land], people, [lake])
    check(cut, [land], people)
    assert reasons(cut) == []


def test_neighbouring_villages_carry_each_others_corners() -> None:
    north = Polygon([(0, 200), (200, 200), (400, 200), (400, 300), (0, 300)])
    lands = [village(box(0, 0, 200, 200)), village(box(200, 0, 400, 200), "420100100202"), village(north, "420100100203")]
    people = homes([*lattice(20, 20), *lattice(20, 20, left=205), *lattice(40, 10, bottom=205)])
    cut = cut_villages(lands, people)
    check(cut, lands, people)
    assert len(cut.cells) > 12


def test_a_village_keeps_its_corners_to_the_last_bit() -> None:
    rng = np.random.default_rng(5)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
    land = village(Polygon(np.column_stack([np.cos(angle), np.sin(angle)]) * rng.uniform(150, 200, (40, 1))))
    people = homes(rng.uniform(-90, 90, (200, 2)).tolist())
    cut = cut_villages([land], people)
    check(cut, [land], people)
    corners = {tuple(c) for cell in cut.cells for c in shapely.get_coordinates(cell.shape).tolist()}
    assert {tuple(c) for c in shapely.get_coordinates(land.shape).tolist()} <= corners


def test_no_corner_is_set_upon_an_outline_where_no_border_meets_it() -> None:
    land, people = village(box(0, 0, 60, 100)), homes(lattice(6, 10))
    cut = cut_villages([land], people)
    assert shapely.get_num_coordinates(cut.cells[0].shape) == 5
    assert cut.cells[0].shape.equals(land.shape)


@pytest.mark.parametrize(("low", "high"), [(0, 80), (81, 80), (-5, -1)])
def test_a_band_that_is_none_is_refused(low: int, high: int) -> None:
    with pytest.raises(CutBand, match="band"):
        cut_villages([village(box(0, 0, 1, 1))], homes([]), low=low, high=high)


def test_two_villages_of_one_code_are_refused() -> None:
    with pytest.raises(CutVillageRepeated, match="420100100201"):
        cut_villages([village(box(0, 0, 1, 1)), village(box(1, 0, 2, 1))], homes([]))


def test_a_village_that_is_no_land_is_refused() -> None:
    bow = Area("1", Level.VILLAGE, "村", None, Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))
    far = Area("1", Level.VILLAGE, "村", None, box(500000, 3300000, 500100, 3300100))
    for land in (bow, far):
        with pytest.raises(CutVillageUnusable):
            cut_villages([land], homes([]))


def test_retired_codes_are_passed_over() -> None:
    land, people = village(box(0, 0, 200, 100)), homes(lattice(20, 10))
    retired = {f"{land.code}001", f"{land.code}003"}
    cut = cut_villages([land], people, retired=retired)
    assert [cell.code[-3:] for cell in cut.cells] == ["002", "004", "005"]
    assert [cell.name_en for cell in cut.cells] == ["Cell 2", "Cell 4", "Cell 5"]


def test_more_cells_than_three_digits_can_number_are_refused() -> None:
    land, people = village(box(0, 0, 200, 100)), homes(lattice(20, 10))
    retired = {f"{land.code}{number:03d}" for number in range(1, 998)}
    with pytest.raises(CutTooMany, match="only 2 cell codes"):
        cut_villages([land], people, retired=retired)


def test_a_barrier_across_two_villages_meets_their_border_in_one_corner() -> None:
    edge = [(100.3, 0), (171.9, 130), (90.7, 300)]
    lands = [village(Polygon([*edge, (0, 300), (0, 0)])), village(Polygon([*edge, (400, 300), (400, 0)]), "420100100202")]
    wall = put(LineString([(-10, 13.7), (410, 251.3)]))
    people = homes([*lattice(8, 14, 20), *lattice(10, 14, 20, left=185)])
    cut = cut_villages(lands, people, [wall])
    check(cut, lands, people)


@st.composite
def maps(draw: st.DrawFn) -> tuple[list[Area], Households, list[BaseGeometry], list[BaseGeometry]]:
    """Two villages with a jagged common border, households anywhere, barriers through both, bridges over some."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    between = np.column_stack([rng.uniform(80, 220, 7), np.linspace(0, 300, 7)])
    west = Polygon([*between, (0, 300), (0, 0)])
    east = Polygon([*between, (400, 300), (400, 0)])
    spots = rng.uniform((-5, -5), (405, 305), (draw(st.integers(0, 160)), 2)).round(draw(st.integers(0, 3)))
    counts = rng.choice([0, 1, 2, 5, 40, 120], len(spots), p=[0.05, 0.5, 0.3, 0.1, 0.04, 0.01])
    lines = [LineString(rng.uniform((-20, -20), (420, 320), (3, 2))) for _ in range(draw(st.integers(0, 3)))]
    barriers = [line.buffer(8) if draw(st.booleans()) else line for line in lines]
    bridges = [LineString(rng.uniform((0, 0), (400, 300), (2, 2))) for _ in range(draw(st.integers(0, 2)))]
    lands = [village(west), village(east, "420100100202")]
    return lands, homes(spots.tolist(), counts.tolist()), [put(b) for b in barriers], [put(b) for b in bridges]


@settings(max_examples=8, deadline=None)
@given(maps())
def test_any_map_is_tiled_and_every_household_is_counted_once(given_map: tuple) -> None:
    lands, people, barriers, bridges = given_map
    cut = cut_villages(lands, people, barriers, bridges)
    check(cut, lands, people)
    if not bridges and barriers:
        _nobody_shares_a_cell_across(shapely.union_all([b.buffer(0.4 * EAST) for b in barriers]), cut, lands, people)


def _nobody_shares_a_cell_across(wall: BaseGeometry, cut: Cut, lands: list[Area], people: Households) -> None:
    """Judged by the pieces of the villages that are clear of the barriers; households upon a barrier are left out."""
    parts = [part for land in lands for part in shapely.get_parts(shapely.difference(land.shape, wall))]
    lived = people.counts > 0
    spots = shapely.points(people.lon[lived], people.lat[lived])
    found: dict[str, set[int]] = {}
    for spot, part in shapely.STRtree(parts).query(spots, predicate="within").T.tolist():
        found.setdefault(cut.cell_of[lived][spot], set()).add(part)
    assert all(len(pieces) == 1 for code, pieces in found.items() if code)


def test_a_cell_that_sewing_would_fold_stays_as_it_was_and_one_that_is_no_polygon_is_refused() -> None:
    land, folded = village(box(0, 0, 100, 100)), Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    share = Share([box(0, 0, 1, 1)], [50], [None], np.zeros(1, dtype=np.int64))
    assert _sound(land, share, [folded]) == [share.outlines[0]]
    with pytest.raises(CutVillageUnusable):
        _sound(land, Share([folded], [50], [None], share.of), [folded])
