"""Boston's two boundary files: one says its coordinate system, the other leaves it out and is in US feet."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import shapely

from gridmap.boundaries import ReadOptions, read_coverage
from gridmap.boundaries.areas import AreaColumns, AreaOptions
from gridmap.boundaries.place import CrsLikely, CrsNeeded, CrsNowhere
from gridmap.errors import ImportRefused
from gridmap.flows.import_areas import import_areas
from gridmap.grid import Level
from gridmap.store import Store, drafts
from tests.builders import ALL, OPERATOR

pytestmark = pytest.mark.real
NOW = datetime(2026, 1, 5, tzinfo=UTC)
WARDS = AreaOptions(Level.TOWNSHIP, AreaColumns("WARD", "WARD"))


def precincts(**read: object) -> AreaOptions:
    return AreaOptions(Level.VILLAGE, AreaColumns("WARD_PRECINCT", "WARD_PRECINCT"), ReadOptions(**read))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    return real_data / "boston311"


def test_the_precincts_are_refused_until_their_system_is_named(tmp_path: Path, folder: Path) -> None:
    path = folder / "bos_precincts.geojson"
    with Store.open(f"sqlite:///{tmp_path}/boston.db") as store:
        with pytest.raises(CrsNeeded, match="--near LON,LAT"):
            import_areas(store, path, precincts(), now=NOW, actor=OPERATOR)
        with pytest.raises(CrsLikely, match="--crs 2249") as by_place:
            import_areas(store, path, precincts(near=(-71.06, 42.36)), now=NOW, actor=OPERATOR)
        with pytest.raises(CrsNowhere):
            import_areas(store, path, precincts(near=(24.7, 59.4)), now=NOW, actor=OPERATOR)
        import_areas(store, folder / "bos_wards.geojson", WARDS, now=NOW, actor=OPERATOR)
        with pytest.raises(CrsLikely, match="--crs 2249") as by_wards:
            import_areas(store, path, precincts(), now=NOW, actor=OPERATOR)
        with store.read(ALL) as tx:
            assert {area.level for area in drafts.areas(tx, "import")} == {Level.TOWNSHIP}
    for refused in (by_place, by_wards):
        assert refused.value.advice[0].code == 2249
        assert len(refused.value.advice) <= 5


def test_with_its_system_all_but_one_harbour_precinct_find_their_ward(tmp_path: Path, folder: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/boston.db") as store:
        import_areas(store, folder / "bos_wards.geojson", WARDS, now=NOW, actor=OPERATOR)
        with pytest.raises(ImportRefused) as refused:
            import_areas(store, folder / "bos_precincts.geojson", precincts(crs="2249"), now=NOW, actor=OPERATOR)
        with store.read(ALL) as tx:
            assert len(drafts.areas(tx, "import")) == 22  # nothing is half imported
    codes = [finding.code for finding in refused.value.findings if finding.severity == "error"]  # type: ignore[attr-defined]
    assert codes == ["orphan"]


def test_the_code_of_a_precinct_begins_with_the_number_of_the_ward_that_its_land_lies_in(folder: Path) -> None:
    codes, shapes = read_coverage(folder / "bos_precincts.geojson", "WARD_PRECINCT", crs="2249")
    wards, lands = read_coverage(folder / "bos_wards.geojson", "WARD")
    at = {int(ward): land for ward, land in zip(wards, lands, strict=True)}
    within = [shapely.covers(at[int(code[:2])], shape.representative_point()) for code, shape in zip(codes, shapes, strict=True)]
    assert sum(within) == 254
