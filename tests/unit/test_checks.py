"""The publish gate: what refuses an edition, what is only told, and where to look."""

from dataclasses import replace

import pytest
import shapely
from shapely import MultiPolygon, Polygon, box

from gridmap.grid import Area, Finding, Level, Severity
from gridmap.grid.checks import check

DEGREE = 1 / 96486.0
"""About a metre, at 30 degrees north."""


def square(west: float, south: float, east: float, north: float) -> Polygon:
    return box(116 + west * DEGREE, 30 + south * DEGREE, 116 + east * DEGREE, 30 + north * DEGREE)


TOWNSHIP = Area("420100100", Level.TOWNSHIP, "镇", None, square(0, 0, 2000, 1000))
WEST = Area("420100100201", Level.VILLAGE, "西村", TOWNSHIP.code, square(0, 0, 1000, 1000))
EAST = Area("420100100202", Level.VILLAGE, "东村", TOWNSHIP.code, square(1000, 0, 2000, 1000))
UPPER = Area("420100100201001", Level.CELL, "第1网格", WEST.code, square(0, 500, 1000, 1000), households=60)
LOWER = Area("420100100201002", Level.CELL, "第2网格", WEST.code, square(0, 0, 1000, 500), households=70)
SOUND = (TOWNSHIP, WEST, EAST, UPPER, LOWER)


def found(*areas: Area, retired: frozenset[str] = frozenset()) -> list[tuple[str, Severity, str]]:
    return [(finding.code, finding.severity, finding.area) for finding in _told(check(areas, retired=retired))]


def _told(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Every finding can be said in both languages."""
    for finding in findings:
        assert finding.text("en") != finding.text("zh")
    return findings


def test_a_sound_county_passes_without_a_word() -> None:
    assert found(*SOUND) == []


def test_an_edition_without_cells_or_with_an_uncut_village_is_legal() -> None:
    assert found(TOWNSHIP, WEST, EAST) == []


def test_nothing_cannot_be_published() -> None:
    assert found() == [("nothing_to_publish", Severity.ERROR, "")]


def test_a_code_given_twice_refuses() -> None:
    assert ("code_repeated", Severity.ERROR, LOWER.code) in found(*SOUND, LOWER)


def test_an_empty_code_refuses() -> None:
    assert ("code_empty", Severity.ERROR, " ") in found(TOWNSHIP, replace(WEST, code=" "), EAST)


@pytest.mark.parametrize(("parent", "code"), [(None, "orphan"), ("420100199", "orphan_named")])
def test_an_area_whose_parent_is_not_there_refuses(parent: str | None, code: str) -> None:
    assert (code, Severity.ERROR, EAST.code) in found(TOWNSHIP, WEST, replace(EAST, parent=parent))


def test_a_cell_directly_in_a_township_refuses() -> None:
    assert ("parent_level", Severity.ERROR, UPPER.code) in found(TOWNSHIP, WEST, EAST, replace(UPPER, parent=TOWNSHIP.code), LOWER)


def test_a_township_with_a_parent_refuses() -> None:
    assert ("parent_needless", Severity.ERROR, TOWNSHIP.code) in found(replace(TOWNSHIP, parent=WEST.code), WEST, EAST)


@pytest.mark.parametrize(
    "shape",
    [
        Polygon(),
        Polygon([(116, 30), (117, 31), (117, 30), (116, 31)]),
        Polygon([(116, 30), (190, 30), (190, 31)]),
        Polygon([(0, -91), (1, -91), (1, 0)]),
        shapely.LineString([(116, 30), (117, 31)]),
    ],
)
def test_a_shape_that_is_no_land_refuses_and_does_not_stop_the_other_rules(shape: Polygon) -> None:
    answer = found(TOWNSHIP, WEST, replace(EAST, shape=shape), replace(UPPER, households=5), LOWER)
    assert ("shape_unusable", Severity.ERROR, EAST.code) in answer
    assert ("cell_households", Severity.WARNING, UPPER.code) in answer


def test_siblings_that_overlap_widely_refuse_with_their_area_and_a_place() -> None:
    grown = replace(WEST, shape=square(0, 0, 1050, 1000))
    overlap = next(finding for finding in check((TOWNSHIP, grown, EAST)) if finding.code == "overlap")
    assert overlap.severity is Severity.ERROR
    assert {overlap.area, overlap.facts["other"]} == {WEST.code, EAST.code}
    assert overlap.facts["area_m2"] == pytest.approx(50 * 1000, rel=0.15)
    assert square(1000, 0, 1050, 1000).contains(shapely.Point(overlap.lon, overlap.lat))


def test_siblings_that_overlap_by_a_hand_are_told_and_pass() -> None:
    grown = replace(WEST, shape=square(0, 0, 1002, 1000))
    assert ("overlap", Severity.WARNING, WEST.code) in found(TOWNSHIP, grown, EAST)


def test_areas_of_different_levels_lie_upon_each_other_without_a_word() -> None:
    assert "overlap" not in {code for code, _, _ in found(*SOUND)}


@pytest.mark.parametrize(("metres", "severity"), [(50, Severity.WARNING), (150, Severity.ERROR)])
def test_a_child_that_sticks_out_of_its_parent_is_told_and_beyond_the_tolerance_refused(metres: float, severity: Severity) -> None:
    grown = replace(EAST, shape=square(1000, 0, 2000 + metres, 1000))
    out = next(finding for finding in check((TOWNSHIP, WEST, grown)) if finding.code == "child_outside_parent")
    assert (out.severity, out.area, out.facts["parent"]) == (severity, EAST.code, TOWNSHIP.code)
    assert out.facts["reach_m"] == pytest.approx(metres, rel=0.05)


def test_a_gap_between_children_and_their_parent_is_told() -> None:
    shrunk = replace(LOWER, shape=square(0, 0, 1000, 300))
    assert [code for code in found(TOWNSHIP, WEST, EAST, UPPER, shrunk) if code[0].startswith("gap")] == [
        ("gap_at_border", Severity.WARNING, WEST.code)
    ]


@pytest.mark.parametrize("households", [1, 49, 81])
def test_a_cell_out_of_the_band_is_told(households: int) -> None:
    assert found(TOWNSHIP, WEST, EAST, replace(UPPER, households=households), LOWER) == [("cell_households", Severity.WARNING, UPPER.code)]


def test_a_cell_of_its_own_is_noted_and_not_judged_by_the_band() -> None:
    """A mall has no households; a park's code says that it is one, on each level."""
    assert found(TOWNSHIP, WEST, EAST, replace(UPPER, households=0), LOWER) == [("cell_of_its_own", Severity.NOTE, UPPER.code)]
    park = replace(TOWNSHIP, code="420100400")
    inside = replace(WEST, code="420100400500", parent=park.code, shape=TOWNSHIP.shape)
    dormitory = replace(UPPER, code="420100400500001", parent=inside.code, shape=inside.shape, households=900)
    assert found(park, inside, dormitory) == [("cell_of_its_own", Severity.NOTE, dormitory.code)]
    assert found(replace(park, code="420100300")) == found(park) == []


def test_a_cell_whose_households_nobody_knows_is_not_judged_by_them() -> None:
    assert found(TOWNSHIP, WEST, EAST, replace(UPPER, households=None), LOWER) == []


def test_a_cell_code_that_does_not_begin_with_its_village_is_told() -> None:
    assert found(TOWNSHIP, WEST, EAST, replace(UPPER, code="X1"), LOWER) == [("cell_code_strange", Severity.WARNING, "X1")]


def test_a_retired_cell_code_refuses() -> None:
    assert found(*SOUND, retired=frozenset({LOWER.code})) == [("code_retired", Severity.ERROR, LOWER.code)]


def test_errors_come_first_and_all_are_told() -> None:
    answer = found(TOWNSHIP, WEST, replace(EAST, parent="X"), replace(UPPER, households=5), LOWER, retired=frozenset({LOWER.code}))
    assert [severity for _, severity, _ in answer] == [Severity.ERROR, Severity.ERROR, Severity.WARNING, Severity.WARNING]


def test_every_finding_about_land_has_a_place() -> None:
    broken = (
        replace(TOWNSHIP, parent="X"),
        WEST,
        replace(EAST, parent=None),
        replace(UPPER, households=5),
        replace(LOWER, code="Y"),
        LOWER,
    )
    findings = check(broken, retired=frozenset({"Y"}))
    assert len(findings) > 5
    assert all(finding.lon is not None and finding.lat is not None for finding in findings)


def test_villages_of_several_parts_pass() -> None:
    parts = MultiPolygon([square(0, 0, 400, 1000), square(600, 0, 1000, 1000)])
    hole = replace(EAST, shape=square(400, 0, 600, 1000).union(EAST.shape))
    assert found(TOWNSHIP, replace(WEST, shape=parts), hole) == []
