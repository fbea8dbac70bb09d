"""Estonia's settlements and municipalities (Estonian Land Board, 2018-10): two official files that do not quite fit each other."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely

from gridmap.boundaries.areas import AreaColumns, AreaFile, AreaOptions, read_areas
from gridmap.boundaries.read import read_table
from gridmap.flows.import_areas import import_areas
from gridmap.grid import Level, Severity
from gridmap.store import Store, drafts
from tests.builders import ALL, OPERATOR

pytestmark = pytest.mark.real
NOW = datetime(2026, 1, 5, tzinfo=UTC)
BESIDE = 1e-4
TOWNSHIPS = AreaOptions(Level.TOWNSHIP, AreaColumns("OKOOD", "ONIMI"))
VILLAGES = AreaOptions(Level.VILLAGE, AreaColumns("AKOOD", "ANIMI", parent="OKOOD"))


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "estonia"


@pytest.fixture(scope="module")
def municipalities(folder: Path) -> AreaFile:
    return read_areas(folder / "ehak_munis.topojson", TOWNSHIPS)


@pytest.fixture(scope="module")
def settlements(folder: Path, municipalities: AreaFile) -> AreaFile:
    return read_areas(folder / "ehak_villages.topojson", VILLAGES, known=municipalities.areas)


@pytest.fixture(scope="module")
def said(folder: Path) -> list[str]:
    """The municipality that the register names for each settlement."""
    return read_table(folder / "ehak_villages.topojson").text("OKOOD")


def test_the_twelve_invalid_shapes_are_repaired_and_told(municipalities: AreaFile, settlements: AreaFile) -> None:
    codes = Counter(finding.code for file in (municipalities, settlements) for finding in file.findings)
    assert codes["invalid_shape"] + codes["invalid_shape_changed"] == 12
    assert all(area.shape.is_valid for file in (municipalities, settlements) for area in file.areas)


def test_every_settlement_finds_its_municipality_by_the_land_alone(folder: Path, municipalities: AreaFile, said: list[str]) -> None:
    blind = AreaOptions(Level.VILLAGE, AreaColumns("AKOOD", "ANIMI"))
    found = read_areas(folder / "ehak_villages.topojson", blind, known=municipalities.areas)
    assert [area.parent for area in found.areas] == said
    assert len(said) == 4711
    assert len(municipalities.areas) == len(set(said)) == 79


def test_half_of_them_stick_out_and_this_is_a_warning(tmp_path: Path, folder: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/estonia.db") as store:
        import_areas(store, folder / "ehak_munis.topojson", TOWNSHIPS, now=NOW, actor=OPERATOR)
        done = import_areas(store, folder / "ehak_villages.topojson", VILLAGES, now=NOW, actor=OPERATOR)
        with store.read(ALL) as tx:
            areas = drafts.areas(tx, "import")
    assert (done.areas, done.added, len(areas)) == (4711, 4711, 4711 + 79)
    outside = [finding for finding in done.findings if finding.code == "child_outside_parent"]
    assert 0.4 < len(outside) / 4711 < 0.6
    assert {finding.severity for finding in outside} == {Severity.WARNING}
    assert max(finding.facts["reach_m"] for finding in outside) < 100
    # The Land Board's register gives eight towns and their only settlement one number; ours differ.
    shared = {finding.area for finding in done.findings if finding.code == "code_shared"}
    assert len(shared) == 8
    assert {area.code for area in areas} >= {f"{code}-{code}" for code in shared}


def test_the_places_of_the_warnings_lie_in_the_settlement_and_outside_its_municipality(
    municipalities: AreaFile, settlements: AreaFile
) -> None:
    shapes = {area.code: area.shape for area in (*municipalities.areas, *settlements.areas)}
    inner = {area.code: area.shape.buffer(-BESIDE) for area in municipalities.areas}
    for finding in [one for one in settlements.findings if one.code == "child_outside_parent" and f"{one.area}-{one.area}" not in shapes]:
        place = shapely.Point(finding.lon, finding.lat)
        # The farthest point is on the border as metres draw it, which on a long edge lies metres beside that of degrees.
        assert shapely.dwithin(shapes[finding.area], place, BESIDE)
        assert not inner[finding.facts["parent"]].contains(place)
