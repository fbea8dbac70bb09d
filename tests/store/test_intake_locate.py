"""Where the points of reports lie, and what is said about each doubt."""

from dataclasses import replace

import pytest

from gridmap.flows.locate import COARSEST_M, Located, locate
from gridmap.geometry.datums import Datum, from_wgs84
from gridmap.grid import Edition, How
from gridmap.incidents import Channel, Report
from gridmap.matching import index_of
from gridmap.words import LANGS
from tests.small_land import AREAS, CELLS, EAST, IN_CELL_1, IN_EAST, LONG_AGO, OUTSIDE, TOWN, WEST

EDITION = Edition(1, LONG_AGO, LONG_AGO, AREAS)
PLAIN = Report(issue="E0113", channel=Channel.SYSTEM, datum="wgs84")


def at(point: tuple[float, float], **more: float | str) -> Report:
    return replace(PLAIN, lon=point[0], lat=point[1], **more)


def one(report: Report) -> Located:
    [found] = locate(index_of(EDITION), EDITION, [report])
    assert all(reason.text(lang) for reason in found.reasons for lang in LANGS)
    return found


def keys(found: Located) -> list[str]:
    return [reason.key.removeprefix("reason.") for reason in found.reasons]


def test_a_point_in_a_cell_has_the_path_from_township_to_cell() -> None:
    found = one(at(IN_CELL_1))
    assert found.path == (TOWN, WEST, CELLS[0])
    assert (found.lon, found.lat) == IN_CELL_1
    assert keys(found) == ["match.owned"]


@pytest.mark.parametrize("datum", list(Datum))
def test_a_point_in_any_datum_finds_the_cell_that_it_means(datum: Datum) -> None:
    near_border = (113.0098, 28.0098)  # some 20 m from the corner of four cells, less than any datum displaces
    found = one(at(from_wgs84(*near_border, datum), datum=str(datum)))
    assert found.path[-1] == CELLS[0]
    assert (found.lon, found.lat) == pytest.approx(near_border, abs=1e-8)
    converted = [reason for reason in found.reasons if reason.key == "reason.point.converted"]
    assert len(converted) == (datum in (Datum.GCJ02, Datum.BD09))
    assert all(100 < reason.facts["moved_m"] < 1500 for reason in converted)


def test_a_circle_that_crosses_a_border_names_the_areas_in_it() -> None:
    found = one(at((113.00995, 28.005), accuracy_m=30.0))
    assert found.match is not None
    assert found.match.how == How.BORDER
    assert keys(found) == ["match.owned", "match.border"]
    assert all(code in found.reasons[1].facts["others"] for code in CELLS[:2])


def test_a_village_without_cells_answers_for_itself() -> None:
    found = one(at(IN_EAST))
    assert found.path == (TOWN, EAST)
    assert keys(found) == ["match.owned", "match.no_cell"]


def test_outside_says_how_far_and_keeps_the_point() -> None:
    found = one(at(OUTSIDE))
    assert (found.path, keys(found)) == ((), ["match.outside"])
    assert found.reasons[0].facts["distance_m"] == pytest.approx(983, rel=0.01)
    assert (found.lon, found.lat) == OUTSIDE


def test_just_outside_within_the_circle_names_what_it_reaches() -> None:
    found = one(at((113.0401, 28.01), accuracy_m=50.0))
    assert keys(found) == ["match.outside", "match.outside.near"]
    assert EAST in found.reasons[1].facts["others"]


def test_exchanged_lon_and_lat_are_hinted_at_never_mended() -> None:
    swapped = one(at((IN_CELL_1[1], IN_CELL_1[0])))
    assert (swapped.path, keys(swapped)) == ((), ["point.exchanged"])
    assert swapped.reasons[0].facts["area"] == CELLS[0]
    assert swapped.lon is None


def test_exchanged_numbers_that_fit_nowhere_are_said_so() -> None:
    assert keys(one(at((28.0, 120.0)))) == ["point.off_globe"]
    assert keys(one(at((75.0, 28.0)))) == ["match.outside"]


def test_zero_zero_and_no_point_are_for_a_person() -> None:
    assert keys(one(at((0.0, 0.0)))) == ["point.zero"]
    assert keys(one(replace(PLAIN, place="桥头"))) == ["point.none"]


def test_a_circle_over_several_villages_is_for_a_person_and_keeps_the_point() -> None:
    found = one(at(IN_CELL_1, accuracy_m=COARSEST_M + 1))
    assert (found.path, keys(found)) == ((), ["point.coarse"])
    assert (found.lon, found.lat) == IN_CELL_1
    assert one(at(IN_CELL_1, accuracy_m=COARSEST_M)).path


def test_many_together_are_answered_like_each_alone() -> None:
    reports = [
        at(IN_CELL_1), at(from_wgs84(*IN_EAST, Datum.BD09), datum="bd09"), replace(PLAIN, place="桥头"), at(OUTSIDE), at((0.0, 0.0)),
        at((28.005, 113.005)), at((28.005, 113.005), accuracy_m=5000.0), at((113.00999, 28.00999), accuracy_m=8.0),
    ]  # fmt: skip
    assert locate(index_of(EDITION), EDITION, reports) == [one(report) for report in reports]
    assert locate(index_of(EDITION), EDITION, []) == []
