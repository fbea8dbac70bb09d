"""Rules learned from a file, accepted and imported: the register then routes as `gridmap route apply` does."""

import csv
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import shapely

from gridmap.catalogue import By
from gridmap.flows.import_register import RegisterRefused, import_register
from gridmap.flows.learn_rules import LearnOptions, learn_rules
from gridmap.flows.place_points import PlaceOptions
from gridmap.routing import Desks, RuleBook
from gridmap.store import Store, catalogues
from gridmap.tables import Register
from gridmap.tables.learned_rules import COLUMNS, read_rules
from tests.builders import ALL, OPERATOR
from tests.small_land import AREAS as LAND
from tests.small_land import CELLS, EAST, IN_CELL_1, IN_EAST, NOW, OFFICES, ROAD, TOWN, WEST, settle

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def accepted(tmp_path: Path) -> Path:
    """Rules learned from roads that the west village's centre mends in the west, and the bureau elsewhere."""
    places = [
        {"type": "Feature", "properties": {"code": area.code}, "geometry": shapely.geometry.mapping(area.shape)}
        for area in LAND
        if area.code in (WEST, EAST)
    ]
    (tmp_path / "villages.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": places}))
    points = [("CW", IN_CELL_1), ("ROADS", IN_EAST), ("ROADS", IN_EAST)]
    lines = [f"{ROAD.code},{office},{lon},{lat}\n" for office, (lon, lat) in points * 300]
    (tmp_path / "past.csv").write_text("type,office,lon,lat\n" + "".join(lines))
    options = LearnOptions(places=PlaceOptions(code="code"), type="type", office="office", zone=SHANGHAI)
    learn_rules(tmp_path / "past.csv", tmp_path / "villages.geojson", tmp_path / "rules.csv", options)
    return tmp_path / "rules.csv"


def test_an_accepted_file_is_a_register_that_routes_the_same(store: Store, accepted: Path) -> None:
    settle(store)
    done = import_register(store, Register.RULES, accepted, now=NOW, actor=OPERATOR, zone=SHANGHAI)
    assert (done.imported, done.rejected, done.notes) == (3, (), ())
    assert set(done.ignored) == set(COLUMNS) - set(Register.RULES.columns)
    with store.read(ALL) as tx:
        rules = catalogues.rules(tx)
    assert {(rule.office, rule.issue, rule.by, rule.area) for rule in rules} == {
        ("ROADS", ROAD.code, By.SUBJECT, None),
        ("CW", ROAD.code, By.SUBJECT, WEST),
        ("ROADS", ROAD.code, By.SUBJECT, EAST),  # where it is sure, as it is not of the type as a whole
    }
    desks, book = Desks(rules, OFFICES), RuleBook(read_rules(accepted))
    for path in ([TOWN, WEST, CELLS[0]], [TOWN, EAST]):
        found = book.answer(ROAD.code, path[1])
        assert desks.route(ROAD, path).office == found.office
        assert found.confident


def test_an_office_that_is_not_registered_is_rejected_with_its_row(store: Store, accepted: Path) -> None:
    settle(store)
    with accepted.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    rows[1][0] = "NOBODY"
    with accepted.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(RegisterRefused) as told:
        import_register(store, Register.RULES, accepted, now=NOW, actor=OPERATOR, zone=SHANGHAI)
    assert "NOBODY" in told.value.rejected[0].reasons[0].text("en")
