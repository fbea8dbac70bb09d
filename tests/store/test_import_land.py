"""Areas, households and lines come into the store: whole or not at all, and typed as commands."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from shapely import box

from gridmap.boundaries import HouseholdColumns, ReadOptions, write_layers
from gridmap.boundaries.areas import AreaColumns, AreaOptions
from gridmap.boundaries.write import FileUnwritten
from gridmap.cli import door
from gridmap.errors import ImportRefused
from gridmap.flows.import_areas import import_areas
from gridmap.flows.import_land import import_households, import_land
from gridmap.grid import Level
from gridmap.store import Store, drafts, editions, land
from tests.builders import ALL, OPERATOR

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOWN, OTHER = box(113.0, 28.0, 113.1, 28.1), box(113.1, 28.0, 113.2, 28.1)
TOWNSHIPS = AreaOptions(Level.TOWNSHIP, AreaColumns("code", "name", "name_en"))
VILLAGES = AreaOptions(Level.VILLAGE, AreaColumns("code", "name"))


def write(path: Path, *rows: tuple[str, Any]) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": f"村{code}", "name_en": f"Village {code}", "n": 2},
            "geometry": shapely.geometry.mapping(shape),
        }
        for code, shape in rows
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def codes(store: Store, draft: str = "import") -> list[str]:
    with store.read(ALL) as tx:
        return [area.code for area in drafts.areas(tx, draft)]


def test_areas_are_added_changed_and_replaced(store: Store, tmp_path: Path) -> None:
    first = import_areas(store, write(tmp_path / "t.geojson", ("1", TOWN), ("2", OTHER)), TOWNSHIPS, now=NOW, actor=OPERATOR)
    assert (first.areas, first.added, first.changed, first.removed) == (2, 2, 0, 0)
    again = import_areas(
        store, write(tmp_path / "t.geojson", ("2", OTHER), ("3", box(113.2, 28, 113.3, 28.1))), TOWNSHIPS, now=NOW, actor=OPERATOR
    )
    assert (again.added, again.changed, again.same, again.removed) == (1, 0, 1, 0)
    only = import_areas(
        store, write(tmp_path / "t.geojson", ("3", box(113.2, 28, 113.3, 28.2))), TOWNSHIPS, now=NOW, actor=OPERATOR, replace=True
    )
    assert (only.added, only.changed, only.same, only.removed) == (0, 1, 0, 2)
    assert codes(store) == ["3"]


def test_the_areas_keep_their_names_and_every_bit_of_their_shapes(store: Store, tmp_path: Path) -> None:
    bent = shapely.Polygon([(113.0, 28.0), (113.1 / 3 + 75.4, 28.0), (113.1, 28.1), (113.0, 28.1)])
    import_areas(store, write(tmp_path / "t.geojson", ("06", bent)), TOWNSHIPS, now=NOW, actor=OPERATOR)
    with store.read(ALL) as tx:
        (area,) = drafts.areas(tx, "import")
    assert (area.code, area.level, area.name, area.name_en, area.parent) == ("06", Level.TOWNSHIP, "村06", "Village 06", None)
    assert shapely.equals_identical(area.shape, bent)


def test_a_refused_file_changes_nothing(store: Store, tmp_path: Path) -> None:
    import_areas(store, write(tmp_path / "t.geojson", ("1", TOWN)), TOWNSHIPS, now=NOW, actor=OPERATOR)
    good, orphan = ("11", box(113.0, 28.0, 113.05, 28.1)), ("91", box(115, 28, 115.1, 28.1))
    with pytest.raises(ImportRefused, match=r"1 faults\. The first: 91 lies in no area") as refused:
        import_areas(store, write(tmp_path / "v.geojson", good, orphan), VILLAGES, now=NOW, actor=OPERATOR)
    assert {finding.code for finding in refused.value.findings} >= {"orphan", "parents_found"}  # type: ignore[attr-defined]
    assert codes(store) == ["1"]


def test_a_draft_that_is_new_is_compared_with_what_is_in_force(store: Store, tmp_path: Path) -> None:
    import_areas(store, write(tmp_path / "t.geojson", ("1", TOWN), ("2", OTHER)), TOWNSHIPS, now=NOW, actor=OPERATOR)
    with store.begin(ALL) as tx:
        editions.add(tx, drafts.areas(tx, "import"), in_force_from=NOW, recorded_at=NOW)
    done = import_areas(
        store, write(tmp_path / "v.geojson", ("11", TOWN), ("21", OTHER)), VILLAGES, now=NOW, actor=OPERATOR, draft="spring"
    )
    assert done.added == 2
    assert codes(store, "spring") == ["1", "2", "11", "21"]


def test_households_replace_those_before(store: Store, tmp_path: Path) -> None:
    columns = HouseholdColumns("n", "code")
    for name in ("06", "07"):
        path = write(tmp_path / "h.geojson", (name, shapely.Point(113.05, 28.05)))
        done = import_households(store, path, columns, ReadOptions(), now=NOW, actor=OPERATOR)
    assert (done.rows, done.households) == (1, 2)
    with store.read(ALL) as tx:
        assert land.households(tx).ids.tolist() == ["07"]


def test_each_kind_of_line_replaces_its_own_kind(store: Store, tmp_path: Path) -> None:
    rail, bridge = shapely.LineString([(113, 28), (113.1, 28.1)]), box(113.05, 28.05, 113.06, 28.06)
    import_land(store, write(tmp_path / "b.geojson", ("old", rail)), "barrier", ReadOptions(), now=NOW, actor=OPERATOR)
    import_land(store, write(tmp_path / "b.geojson", ("rail", rail)), "barrier", ReadOptions(), name="code", now=NOW, actor=OPERATOR)
    import_land(store, write(tmp_path / "b.geojson", ("bridge", bridge)), "bridge", ReadOptions(), name="name", now=NOW, actor=OPERATOR)
    with store.read(ALL) as tx:
        assert [(name, shape.equals(rail)) for name, shape in land.shapes(tx, "barrier")] == [("rail", True)]
        assert [(name, shape.equals(bridge)) for name, shape in land.shapes(tx, "bridge")] == [("村bridge", True)]


def test_a_file_far_from_the_known_land_is_told(store: Store, tmp_path: Path) -> None:
    import_areas(store, write(tmp_path / "t.geojson", ("1", TOWN)), TOWNSHIPS, now=NOW, actor=OPERATOR)
    path = write(tmp_path / "h.geojson", ("06", shapely.Point(28.05, 75.0)))
    done = import_households(store, path, HouseholdColumns("n"), ReadOptions(), now=NOW, actor=OPERATOR)
    assert [finding.code for finding in done.findings] == ["far_away"]
    near = import_households(
        store,
        write(tmp_path / "h.geojson", ("06", shapely.Point(113.5, 28))),
        HouseholdColumns("n"),
        ReadOptions(),
        now=NOW,
        actor=OPERATOR,
    )
    assert near.findings == ()


def test_layers_are_written_whole_in_place_of_the_file_before(tmp_path: Path) -> None:
    import geopandas  # noqa: PLC0415  slow to load

    path = tmp_path / "cut.gpkg"
    path.write_text("an older file")
    frame = geopandas.GeoDataFrame({"code": ["06"]}, geometry=[TOWN], crs="EPSG:4326")
    write_layers(path, {"cells": frame, "exceptions": frame.assign(reason="x")})
    assert pyogrio.list_layers(path)[:, 0].tolist() == ["cells", "exceptions"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["cut.gpkg"]
    with pytest.raises(FileUnwritten, match=r"none.*cut\.gpkg"):
        write_layers(tmp_path / "none" / "cut.gpkg", {"cells": frame})


class Terminal:
    """A terminal in an empty folder."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capsys = patch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._patch.setattr(sys, "argv", ["gridmap", "import", *arguments])
        try:
            code = door.run()
        except SystemExit as stop:
            code = int(stop.code or 0)
        said = self._capsys.readouterr()
        return code, said.out, said.err

    def json(self, *arguments: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self(*arguments, "--json")[1])
        return answer


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDMAP_DATABASE_URL", raising=False)
    return Terminal(monkeypatch, capsys)


COLUMNS: Sequence[str] = ("--code", "code", "--name", "name")


def test_the_command_tells_what_came_in_what_was_found_and_what_is_next(typed: Terminal) -> None:
    write(Path("t.geojson"), ("1", TOWN), ("2", shapely.union(OTHER, box(113.09, 28.0, 113.1, 28.1))))
    code, out, err = typed("areas", "t.geojson", "--level", "township", *COLUMNS)
    assert (code, err) == (0, "")
    assert "2 areas (Township)" in out
    assert "1 and 2 overlap by" in out
    assert "(113.09500, 28.05000)" in out
    assert "--level village" in out
    answer = typed.json("areas", "t.geojson", "--level", "township", *COLUMNS, "--draft", "spring", "--report", "r.geojson")
    assert (answer["refused"], answer["draft"], answer["areas"], answer["added"]) == (False, "spring", 2, 2)
    assert [finding["code"] for finding in answer["findings"]] == ["overlap"]
    assert len(json.loads(Path("r.geojson").read_text("utf-8"))["features"]) == 1


def test_a_refused_file_exits_with_one_and_its_report_holds_every_finding(typed: Terminal) -> None:
    write(Path("t.geojson"), ("1", TOWN), ("1", OTHER))
    code, out, err = typed("areas", "t.geojson", "--level", "township", *COLUMNS, "--report", "r.csv")
    assert (code, out) == (1, "")
    assert "t.geojson was not imported: 2 faults" in err
    assert "duplicate_code" in err
    assert Path("r.csv").read_text("utf-8-sig").count("duplicate_code") == 2
    answer = typed.json("areas", "t.geojson", "--level", "township", *COLUMNS)
    assert (answer["refused"], len(answer["findings"])) == (True, 2)


def test_a_report_is_never_written_over_the_file_that_it_is_about(typed: Terminal) -> None:
    write(Path("t.geojson"), ("1", TOWN))
    before = Path("t.geojson").read_bytes()
    code, out, err = typed("areas", "./t.geojson", "--level", "township", *COLUMNS, "--report", "t.geojson")
    assert (code, out, Path("t.geojson").read_bytes()) == (1, "", before)
    assert "t.geojson is the file that is being read" in err


def test_what_the_computer_refuses_is_a_sentence_with_the_place(typed: Terminal) -> None:
    Path("folder.csv").mkdir()
    for command in (("households", "folder.csv", "--count", "n"), ("workers", "folder.csv")):
        code, out, err = typed(*command)
        assert (code, out, err) == (1, "", "folder.csv is a folder. Name a file.\n")


def test_wrong_words_are_refused_in_a_sentence(typed: Terminal) -> None:
    write(Path("t.geojson"), ("1", TOWN))
    for arguments, said in (
        (("areas", "t.geojson", "--level", "township", "--code", "kode", "--name", "name"), 'no column "kode"'),
        (("areas", "none.gpkg", "--level", "township", *COLUMNS), "no file none.gpkg"),
        (("areas", "t.geojson", "--level", "township", *COLUMNS, "--near", "here"), '"here" is not a place'),
        (("areas", "t.geojson", "--level", "township", *COLUMNS, "--crs", "abc"), '"abc" is not a coordinate system'),
        (("areas", "t.geojson", "--level", "township", *COLUMNS, "--report", "r.pdf"), "r.pdf cannot be written"),
        (("areas", "t.geojson", "--level", "township", *COLUMNS, "--report", "no/r.csv"), "no folder for the report no/r.csv"),
        (("households", "t.geojson", "--count", "n", "--datum", "mars"), 'datum "mars"'),
        (("streets", "t.geojson", "--name", "street"), 'no column "street"'),
    ):
        code, out, err = typed(*arguments)
        assert (code, out) == (1, "")
        assert said in err
    with Store.open("sqlite:///gridmap.db") as store, store.read(ALL) as tx:
        assert drafts.heads(tx) == ()


def test_households_and_lines_tell_their_counts(typed: Terminal) -> None:
    write(Path("h.geojson"), ("06", shapely.Point(113.05, 28.05)), ("07", TOWN))
    answer = typed.json("households", "h.geojson", "--count", "n", "--id", "code")
    assert (answer["rows"], answer["households"], [one["code"] for one in answer["findings"]]) == (2, 4, ["buildings_as_points"])
    write(Path("l.geojson"), ("rail", shapely.LineString([(113, 28), (113.1, 28.1)])))
    for kind in ("barrier", "bridge", "street"):
        assert f"1 {kind}s from l.geojson" in typed(f"{kind}s", "l.geojson")[1]
        assert typed.json(f"{kind}s", "l.geojson", "--name", "code")["rows"] == 1
