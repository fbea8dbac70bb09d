"""`gridmap plan export`: what is written is read back by other libraries, and by Gridmap to the last bit."""

import csv
import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from gridmap.cli import app
from gridmap.cli.export import ExportOutUnusable, ExportTwo
from gridmap.errors import DraftMissing, EditionMissing
from gridmap.grid import Level
from gridmap.planning.mend import NothingToMend
from gridmap.store import Store, drafts
from gridmap.tables.export import OutputExists
from tests.builders import ALL
from tests.store.test_commands_plan import answer, database, plan

__all__ = ["database"]
BACK = [
    "--layer",
    "cells",
    "--level",
    "cell",
    "--code",
    "code",
    "--name",
    "name",
    "--name-en",
    "name_en",
    "--parent",
    "parent",
    "--replace",
]


def imported(file: Path, *more: str) -> Any:
    return CliRunner().invoke(app, ["import", "areas", str(file), *BACK, *more, "--json"])


@pytest.fixture
def drawn(database: str) -> str:
    answer("cut")
    return database


@pytest.mark.usefixtures("drawn")
def test_a_draft_goes_out_for_a_gis_and_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    out = tmp_path / "draft.gpkg"
    told = answer("export", "import", "--out", str(out))
    layers = {name: geopandas.read_file(out, layer=name) for name in ("townships", "villages", "cells", "households")}
    assert told["cells"] == len(layers["cells"])
    assert told["households"] == layers["households"].households.sum() == layers["cells"].households.sum() == 800
    back = json.loads(imported(out, "--draft", "import").stdout)
    assert (back["same"], back["changed"], back["added"], back["removed"]) == (told["cells"], 0, 0, 0)
    assert [each for each in back["findings"] if each["severity"] != "note"] == []


def test_an_edited_cell_comes_back_with_every_overlap_and_gap_told(drawn: str, tmp_path: Path) -> None:
    out, edited, report = tmp_path / "draft.gpkg", tmp_path / "edited.gpkg", tmp_path / "found.geojson"
    answer("export", "import", "--out", str(out))
    cells = geopandas.read_file(out, layer="cells")
    moved = cells.geometry.copy()
    moved[0] = shapely.transform(moved[0], lambda xy: xy + np.array([5e-4, 0.0]))
    cells.set_geometry(moved).to_file(edited, layer="cells", driver="GPKG")
    said = imported(edited, "--draft", "import", "--report", str(report))
    found = {each["properties"]["code"] for each in json.loads(report.read_text("utf-8"))["features"]}
    assert {"overlap", "gaps_narrow"} <= found
    with Store.open(drawn) as store, store.read(ALL) as tx:
        now = {area.code: area.shape for area in drafts.areas(tx, "import") if area.level is Level.CELL}
    assert json.loads(said.stdout)["changed"] == 1, "they are told, and mended only on request"
    assert all(now[code].equals_exact(shape, 0) for code, shape in zip(cells.code, moved, strict=True))


@pytest.mark.usefixtures("drawn")
def test_what_came_back_with_overlaps_and_gaps_is_mended_on_request_taken_back_and_published(tmp_path: Path) -> None:
    out, edited = tmp_path / "draft.gpkg", tmp_path / "edited.gpkg"
    answer("export", "import", "--out", str(out))
    cells = geopandas.read_file(out, layer="cells")
    moved = cells.geometry.copy()
    moved[0] = shapely.transform(moved[0], lambda xy: xy + np.array([5e-4, 0.0]))
    cells.set_geometry(moved).to_file(edited, layer="cells", driver="GPKG")
    imported(edited, "--draft", "import")
    village = cells.parent[0]
    made = answer("mend", "import", village)
    assert made["findings"] == [] or {each["code"] for each in made["findings"]} <= {"cell_households"}
    mended = geopandas.read_file(wrote(tmp_path / "mended.gpkg"), layer="cells")
    here = mended[mended.parent == village]
    assert shapely.coverage_is_valid(here.geometry.to_numpy())
    assert mended.households.sum() == cells.households.sum(), "nobody is lost"
    assert isinstance(plan("mend", "import", village).exception, NothingToMend)
    answer("undo", "import", village)
    back = geopandas.read_file(wrote(tmp_path / "back.gpkg"), layer="cells")
    assert shapely.equals_exact(back.geometry, moved, 0.0, normalize=True).all()
    answer("redo", "import", village)
    assert answer("publish")["edition"] == 1


def wrote(out: Path) -> Path:
    answer("export", "import", "--out", str(out))
    return out


@pytest.mark.usefixtures("drawn")
def test_the_assignment_file_names_each_household_point_once_with_the_cell_that_holds_it(tmp_path: Path) -> None:
    answer("publish")
    table, layers = tmp_path / "whose.csv", tmp_path / "whose.gpkg"
    assert answer("export", "--out", str(table))["edition"] == 1
    answer("export", "--edition", "1", "--out", str(layers))
    with table.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    points = geopandas.read_file(layers, layer="households").set_index("household")
    cells = geopandas.read_file(layers, layer="cells").set_index("code")
    assert len({row["household"] for row in rows}) == len(rows) == len(points)
    assert {row["edition"] for row in rows} == {"1"}
    for row in rows:
        assert cells.geometry[row["cell"]].covers(points.geometry[row["household"]])
        assert row["village"] == cells.parent[row["cell"]]
    counted = {code: sum(int(row["households"]) for row in rows if row["cell"] == code) for code in cells.index}
    assert counted == cells.households.to_dict()


@pytest.mark.usefixtures("drawn")
def test_what_cannot_be_written_is_refused_before_any_work(tmp_path: Path) -> None:
    out = tmp_path / "x.gpkg"
    assert isinstance(plan("export", "import", "--out", str(tmp_path / "x.shp")).exception, ExportOutUnusable)
    assert isinstance(plan("export", "import", "--edition", "1", "--out", str(out)).exception, ExportTwo)
    assert isinstance(plan("export", "nothing", "--out", str(out)).exception, DraftMissing)
    assert isinstance(plan("export", "--edition", "7", "--out", str(out)).exception, EditionMissing)
    out.write_text("there")
    assert isinstance(plan("export", "import", "--out", str(out)).exception, OutputExists)
    assert out.read_text() == "there"
