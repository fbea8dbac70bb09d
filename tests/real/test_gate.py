"""Real boundaries pass the publish gate: those that nest exactly without a word about it, those drawn twice with warnings."""

from pathlib import Path

import pytest

from gridmap.boundaries.areas import AreaColumns, AreaOptions, read_areas
from gridmap.grid import Area, Level, Severity
from gridmap.grid.checks import check

pytestmark = pytest.mark.real


def read(townships: tuple[Path, AreaColumns], villages: tuple[Path, AreaColumns]) -> tuple[Area, ...]:
    wide = read_areas(townships[0], AreaOptions(Level.TOWNSHIP, townships[1]), known=()).areas
    return (*wide, *read_areas(villages[0], AreaOptions(Level.VILLAGE, villages[1]), known=wide).areas)


def test_cambridge_nests_exactly(real_data: Path) -> None:
    folder, columns = real_data / "cambridge", AreaColumns("GEOID20", "NAMELSAD20")
    tracts, groups = (folder / f"DEMOGRAPHICS_Adjusted{level}2020.geojson" for level in ("Tracts", "BlockGroups"))
    areas = read((tracts, columns), (groups, columns))
    assert len(areas) == 33 + 87
    assert {finding.severity for finding in check(areas)} <= {Severity.NOTE}


def test_estonia_passes_with_warnings(real_data: Path) -> None:
    folder = real_data / "estonia"
    townships = (folder / "ehak_munis.topojson", AreaColumns("OKOOD", "ONIMI"))
    areas = read(townships, (folder / "ehak_villages.topojson", AreaColumns("AKOOD", "ANIMI", parent="OKOOD")))
    findings = check(areas)
    assert {finding.severity for finding in findings} <= {Severity.WARNING, Severity.NOTE}
    assert sum(finding.code == "child_outside_parent" for finding in findings) > 2000
    assert all(finding.lon is not None and finding.lat is not None for finding in findings)
