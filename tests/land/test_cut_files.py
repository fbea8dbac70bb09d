"""`gridmap plan cut` from files to a file."""

import json
from pathlib import Path

import geopandas
import pytest
import shapely
from click.testing import Result
from shapely import LineString, Point, box
from typer.testing import CliRunner

from gridmap.boundaries.place import CrsNeeded
from gridmap.cli import app
from gridmap.cli.cut import CutFilesMissing, CutOutUnusable, CutVillageAbsent
from gridmap.errors import ColumnMissing, FileMissing, ImportRefused
from gridmap.planning import CutBand, CutTarget, CutVillageRepeated
from gridmap.tables.export import OutputExists

METRES = "EPSG:32650"
WEST, NORTH = 500_000.0, 3_300_000.0


def at(x: float, y: float) -> Point:
    return Point(WEST + x, NORTH + y)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two villages in degrees, a river through the first; 400 points in metres, of which the last lies in no village."""
    lands = geopandas.GeoSeries([box(WEST, NORTH, WEST + 200, NORTH + 200), box(WEST + 200, NORTH, WEST + 400, NORTH + 200)], crs=METRES)
    villages = geopandas.GeoDataFrame({"no": ["0101", "0102"]}, geometry=lands).to_crs("EPSG:4326")
    villages.to_file(tmp_path / "villages.geojson")
    spots = [at(5 + 10 * n, 5 + 10 * k) for k in range(0, 20, 2) for n in range(40)]
    spots[-1] = at(900, 5)
    doors = geopandas.GeoDataFrame({"door": [f"d{n}" for n in range(400)], "hh": 1}, geometry=spots, crs=METRES)
    doors.to_file(tmp_path / "doors.gpkg")
    river = geopandas.GeoDataFrame(geometry=[LineString([at(100, -10), at(100, 210)])], crs=METRES)
    river.to_file(tmp_path / "river.gpkg")
    bridge = geopandas.GeoDataFrame(geometry=[LineString([at(95, 100), at(105, 100)])], crs=METRES)
    bridge.to_file(tmp_path / "bridge.gpkg")
    return tmp_path


def cut(folder: Path, *more: str, **instead: str) -> Result:
    given = {"villages": str(folder / "villages.geojson"), "village-code": "no", "households": str(folder / "doors.gpkg"), "count": "hh"}
    given |= {"out": str(folder / "cells.gpkg")} | {name.replace("_", "-"): value for name, value in instead.items()}
    line = [part for name, value in given.items() if value for part in (f"--{name}", value)]
    return CliRunner().invoke(app, ["plan", "cut", *line, *more])


def test_only_the_villages_that_are_named_are_cut(folder: Path) -> None:
    done = cut(folder, "--village", "0102")
    assert done.exit_code == 0, done.output
    assert set(geopandas.read_file(folder / "cells.gpkg", layer="cells")["village"]) == {"0102"}
    absent = cut(folder, "--village", "0102", "--village", "0103", "--force")
    assert isinstance(absent.exception, CutVillageAbsent)
    assert "0103" in str(absent.exception)


def test_the_written_layers_hold_cells_households_and_exceptions(folder: Path) -> None:
    done = cut(folder, "--barriers", str(folder / "river.gpkg"), "--household-id", "door")
    assert done.exit_code == 0, done.output
    assert "399 households" in done.stdout
    layers = {name: geopandas.read_file(folder / "cells.gpkg", layer=name) for name in ("cells", "households", "exceptions")}
    cells, homes, told = layers["cells"], layers["households"], layers["exceptions"]
    assert [sorted(set(layer.columns) - {"geometry"}) for layer in layers.values()] == [
        ["code", "households", "name", "name_en", "village"],
        ["cell", "households", "id"],
        ["code", "households", "reason", "village"],
    ]
    assert {layer.crs.to_string() for layer in layers.values()} == {METRES}
    assert homes.groupby("cell").households.sum().to_dict() == cells.set_index("code").households.to_dict()
    assert homes.id[homes.cell.isna()].tolist() == ["d399"]
    assert told[told.code.isna()].households.tolist() == [1]
    west = homes.geometry.x < WEST + 100
    assert not set(homes.cell[west]) & set(homes.cell[~west])
    assert shapely.coverage_is_valid(cells.geometry.to_numpy())
    villages = geopandas.read_file(folder / "villages.geojson").to_crs(METRES).set_index("no").geometry
    assert cells.dissolve("village").geometry.symmetric_difference(villages).area.sum() < 1e-3


def test_a_bridge_given_as_a_file_joins_the_two_banks(folder: Path) -> None:
    done = cut(folder, "--barriers", str(folder / "river.gpkg"), "--bridges", str(folder / "bridge.gpkg"), "--low", "150", "--high", "250")
    assert done.exit_code == 0, done.output
    assert len(geopandas.read_file(folder / "cells.gpkg", layer="cells")) == 2


def test_without_an_id_column_the_feature_id_is_kept(folder: Path) -> None:
    cut(folder)
    assert geopandas.read_file(folder / "cells.gpkg", layer="households").id.tolist()[:2] == ["1", "2"]


def test_json_is_one_object_with_every_exception(folder: Path) -> None:
    answer = json.loads(cut(folder, "--json").stdout)
    assert {key: answer[key] for key in ("villages", "households", "low", "high", "seed")} == {
        "villages": 2, "households": 399, "low": 50, "high": 80, "seed": 0,
    }  # fmt: skip
    assert answer["in_band"] == answer["cells"]
    assert [(e["code"], e["reason"], e["households"]) for e in answer["exceptions"]] == [("", "outside", 1)]


def test_a_file_that_is_there_is_replaced_only_by_force(folder: Path) -> None:
    (folder / "cells.gpkg").write_text("mine")
    assert isinstance(cut(folder).exception, OutputExists)
    assert (folder / "cells.gpkg").read_text() == "mine"
    assert cut(folder, "--force").exit_code == 0
    assert sorted(path.name for path in folder.iterdir() if "unfinished" in path.name) == []


def test_a_cut_tells_what_it_aimed_at_the_countys_targets_where_none_are_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDMAP_TARGET_TOWN", "80")
    told = json.loads(cut(folder, "--json", rural="55").stdout)
    assert [told[name] for name in ("low", "high", "seed", "town", "rural")] == [50, 80, 0, 80, 55]
    assert json.loads(cut(folder, "--json", "--force", town="0").stdout)["town"] == 0


@pytest.mark.parametrize(
    ("instead", "refusal", "said"),
    [
        ({"households": ""}, CutFilesMissing, "--households"),
        ({"village_code": ""}, CutFilesMissing, "--village-code"),
        ({"out": "cells.geojson"}, CutOutUnusable, "cells.geojson"),
        ({"out": "nowhere/cells.gpkg"}, CutOutUnusable, "nowhere"),
        ({"villages": "missing.gpkg"}, FileMissing, "missing.gpkg"),
        ({"village_code": "number"}, ColumnMissing, "number"),
        ({"count": "door"}, ImportRefused, "doors.gpkg"),
        ({"household_id": "hh"}, ImportRefused, "doors.gpkg"),
        ({"low": "90"}, CutBand, "90"),
        ({"town": "90"}, CutTarget, "90"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(folder: Path, instead: dict[str, str], refusal: type[Exception], said: str) -> None:
    done = cut(folder, **instead)
    assert isinstance(done.exception, refusal)
    assert said in str(done.exception)
    assert not (folder / "cells.gpkg").exists()


def test_two_villages_of_one_code_are_refused(folder: Path) -> None:
    villages = geopandas.read_file(folder / "villages.geojson")
    villages.assign(no="0101").to_file(folder / "twins.geojson")
    assert isinstance(cut(folder, villages=str(folder / "twins.geojson")).exception, CutVillageRepeated)


def test_numbers_that_cannot_be_degrees_are_refused_with_advice(folder: Path) -> None:
    villages = geopandas.read_file(folder / "villages.geojson").to_crs(METRES)
    villages.to_file(folder / "bare.shp")
    (folder / "bare.prj").unlink()
    assert isinstance(cut(folder, villages=str(folder / "bare.shp")).exception, CrsNeeded)
