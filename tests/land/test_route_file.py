"""`gridmap route learn` and `gridmap route apply`: rules that a person can read and edit, and files routed by them."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from click.testing import Result
from typer.testing import CliRunner

from gridmap.cli import app
from gridmap.errors import ColumnMissing, FileMissing, Refusal, TableEmpty
from gridmap.flows.learn_rules import HistoryEmpty, RulesNotCsv, TimeUnreadable
from gridmap.matching.files.opening import ColumnTaken
from gridmap.matching.files.portion import PORTION_ROWS
from gridmap.matching.files.table import ColumnNotTexts
from gridmap.tables.export import OutputExists
from gridmap.tables.learned_rules import COLUMNS, RulesFaulty

WEST, EAST = shapely.box(113.0, 28.0, 113.01, 28.01), shapely.box(113.01, 28.0, 113.02, 28.01)
POINTS = {"06": "113.005,28.005", "1,5": "113.015,28.005", "": "114,28.005"}
Row = dict[str, str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in with two areas and 1,500 past reports: holes go to ROADS, noise to its area's office, the rest anywhere."""
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": shapely.geometry.mapping(shape)}
        for code, shape in (("06", WEST), ("1,5", EAST))
    ]
    (tmp_path / "areas.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    draw = np.random.default_rng(1)
    lines = []
    for number in range(1500):
        area, chance = ("06", "1,5")[number % 2], draw.integers(0, 4)
        issue, office = [("hole", "ROADS"), ("noise", f"C{area[-1]}"), ("=sum(1)", "+WATER"), ("other", f"any{chance}")][
            draw.integers(0, 4)
        ]
        lines.append(f"{number},2026-01-{1 + number // 50:02} 08:{number % 50:02},{issue},{office},{POINTS[area]}\n")
    (tmp_path / "past.csv").write_text("id,at,type,desk,lon,lat\n" + "".join(lines), "utf-8")
    new = [
        ("a", "hole", "06"),
        ("b", "noise", "1,5"),
        ("c", "noise", "06"),
        ("d", "=sum(1)", "06"),
        ("e", "other", "06"),
        ("f", "hole", ""),
    ]
    (tmp_path / "new.csv").write_text(
        "id,type,lon,lat\r\n"
        + "".join(f"0{name}, {issue} ,{POINTS[area]}\r\n" for name, issue, area in new)
        + 'g,"a ""new"" one",,\r\nh,,x,y\r\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def gridmap(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


AREAS = ("--type", "type", "--areas", "areas.geojson", "--code", "code")


def learn(*more: str, file: str = "past.csv", out: str = "rules.csv") -> Result:
    return gridmap("route", "learn", file, "--office", "desk", *AREAS, "--out", out, *more)


def apply(*more: str, file: str = "new.csv", out: str = "out.csv") -> Result:
    return gridmap("route", "apply", file, "--rules", "rules.csv", *AREAS, "--out", out, *more)


def refused(done: Result, kind: type[Refusal]) -> str:
    assert isinstance(done.exception, kind), done.output
    return done.exception.text("zh") and done.exception.text("en")


def rows(path: str) -> list[Row]:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def edit(change: Callable[[list[Row]], None]) -> None:
    """Change the rules as a person would in a spreadsheet."""
    found = rows("rules.csv")
    change(found)
    with Path("rules.csv").open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(found)


def offices(path: str = "out.csv") -> list[tuple[str, str]]:
    return [(row["office"], row["confident"]) for row in rows(path)]


ANSWERS = [
    ("ROADS", "true"),
    ("C5", "true"),
    ("C6", "true"),
    ("+WATER", "true"),
    ("any?", "false"),
    ("ROADS", "false"),
    ("", "false"),
    ("", "false"),
]


def test_rules_are_learned_and_route_new_reports(folder: Path) -> None:
    told = learn()
    assert told.exit_code == 0, told.output
    assert "1500 of 1500 reports" in told.stdout
    assert "gridmap import rules rules.csv" in told.stdout
    assert apply().exit_code == 0
    assert [(office[:3] + "?" if office.startswith("any") else office, sure) for office, sure in offices()] == ANSWERS
    why = [row["rule"] for row in rows("out.csv")]
    assert why[0].startswith('"hole" goes to ROADS: 100.0 % of ')
    assert why[1].startswith('"noise" in 1,5 goes to C5: 100.0 % of ')
    assert "A person must confirm it." in why[4]
    assert "no usable point" in why[5]
    assert why[6] == 'No rule names an office for "a "new" one"; a person must choose one.'
    assert why[7].startswith("The row names no type.")


def test_every_row_keeps_its_own_text(folder: Path) -> None:
    learn()
    apply()
    before, after = (Path(name).read_bytes().splitlines(keepends=True) for name in ("new.csv", "out.csv"))
    assert after[0] == b"id,type,lon,lat,office,confident,rule\r\n"
    assert len(before) == len(after)
    assert all(late.startswith(early.rstrip(b"\r\n") + b",") and late.endswith(b"\r\n") for early, late in zip(before, after, strict=True))


def test_the_rules_are_rows_of_the_register_with_what_they_rest_on(folder: Path) -> None:
    learn()
    found = rows("rules.csv")
    assert tuple(found[0]) == COLUMNS
    hole = next(row for row in found if row["issue"] == "hole")
    count = sum(row["type"] == "hole" for row in rows("past.csv"))
    assert hole == {
        "office": "ROADS", "issue": "hole", "by": "subject", "level": "", "area": "", "rank": "100", "confident": "true",
        "learned": "ROADS", "support": str(count), "purity": "1.0000", "lower": hole["lower"],
    }  # fmt: skip
    assert 0.95 < float(hole["lower"]) < 1
    assert {(row["office"], row["area"]) for row in found if row["issue"] == "noise"} >= {("C5", "1,5"), ("C6", "06")}
    assert all(row["issue"] != "=sum(1)" for row in found), "no spreadsheet takes a cell for a formula"


def test_what_a_person_edits_is_obeyed(folder: Path) -> None:
    def change(found: list[Row]) -> None:
        for row in found:
            if row["issue"] == "hole":
                row["office"] = "BRIDGES"
            if row["issue"] == "'=sum(1)":
                row["confident"] = "否"
        found += [dict.fromkeys(COLUMNS, "") | {"office": "DESK", "issue": "*", "by": "subject", "confident": "yes"}]

    learn()
    edit(change)
    assert apply().exit_code == 0
    found = offices()
    assert [found[0], found[3], found[6]] == [("BRIDGES", "true"), ("+WATER", "false"), ("DESK", "false")]
    assert rows("out.csv")[0]["rule"] == 'By a rule that a person made, "hole" goes to BRIDGES.'


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"confident": "perhaps"}, '"perhaps"'),
        ({"confident": ""}, "empty"),
        ({"office": ""}, "empty"),
        ({"office": "*"}, "centre of the area"),
        ({"by": "whim"}, "owner, subject, territory"),
        ({"rank": "first"}, "whole number"),
        ({"purity": "much"}, "not a number"),
        ({"issue": "'=sum(1)", "area": ""}, "same type, area and rank as row 2"),
    ],
    ids=lambda one: str(one)[:20],
)
def test_faulty_rules_are_refused_with_row_and_reason(folder: Path, change: Row, says: str) -> None:
    learn()
    edit(lambda found: found[1].update(change))
    said = refused(apply(), RulesFaulty)
    assert "row 3" in said
    assert says in said
    assert not Path("out.csv").exists()
    told = json.loads(gridmap_json())
    assert told["rows"][0]["row"] == 3


def gridmap_json() -> str:
    """What the refusal says to programs."""
    fault = apply().exception
    assert isinstance(fault, Refusal)
    return json.dumps(fault.as_dict("en"))


def test_a_file_that_holds_no_rules_is_refused(folder: Path) -> None:
    Path("rules.csv").write_text("office,issue\nROADS,hole\n")
    refused(apply(), ColumnMissing)
    Path("rules.csv").write_text("")
    refused(apply(), TableEmpty)
    Path("rules.csv").unlink()
    refused(apply(), FileMissing)


def test_the_order_of_time_is_that_of_the_file_or_of_a_column(folder: Path) -> None:
    learn()
    whole = Path("rules.csv").read_bytes()
    head, *lines = Path("past.csv").read_text().splitlines(keepends=True)
    Path("mixed.csv").write_text(head + "".join(lines[::-1]))
    assert learn("--time", "at", file="mixed.csv", out="timed.csv").exit_code == 0
    assert Path("timed.csv").read_bytes() == whole
    Path("mixed.csv").write_text(head + lines[0].replace("2026-01-01", "yesterday"))
    assert '"yesterday 08:00"' in refused(learn("--time", "at", file="mixed.csv", out="other.csv"), TimeUnreadable)
    assert not Path("other.csv").exists()


def test_rows_without_type_office_or_place_count_for_what_they_have(folder: Path) -> None:
    Path("few.csv").write_text(
        "type,desk,lon,lat\nhole,ROADS,,\nhole,,113.005,28.005\n,ROADS,1,2\n*,ROADS,1,2\n" + "x" * 300 + ",A,1,2\nhole,ROADS\n"
    )
    answer = json.loads(learn("--json", file="few.csv").stdout)
    assert {key: answer[key] for key in ("rows", "used", "unplaced", "rules", "confident")} == {
        "rows": 6, "used": 2, "unplaced": 2, "rules": 1, "confident": 0,
    }  # fmt: skip
    Path("few.csv").write_text("type,desk,lon,lat\nhole,,1,2\n")
    assert "nothing can be learned" in refused(learn("--force", file="few.csv"), HistoryEmpty)


def test_tables_pass_through_in_portions_with_their_types(folder: Path) -> None:
    learn()
    count = PORTION_ROWS + 5
    table = pa.table(
        {"type": pa.array(["hole", None] * count)[:count].dictionary_encode(), "lon": [113.005] * count, "lat": [28.005] * count}
    )
    pq.write_table(table, "new.parquet")
    told = json.loads(apply("--json", file="new.parquet", out="out.parquet").stdout)
    assert {key: told[key] for key in ("rows", "confident", "named", "nobody")} == {
        "rows": count, "confident": (count + 1) // 2, "named": 0, "nobody": count // 2,
    }  # fmt: skip
    out = pq.read_table("out.parquet")
    assert out.column_names == ["type", "lon", "lat", "office", "confident", "rule"]
    assert out.select(["office", "confident"]).slice(count - 2).to_pylist() == [
        {"office": None, "confident": False},
        {"office": "ROADS", "confident": True},
    ]
    assert learn("--json", file="new.parquet").exit_code != 0
    pq.write_table(pa.table({"type": [[1]], "lon": [113.0], "lat": [28.0]}), "new.parquet")
    refused(apply("--force", file="new.parquet", out="out.parquet"), ColumnNotTexts)


def test_nothing_is_overwritten_or_guessed(folder: Path) -> None:
    learn()
    apply()
    refused(learn(), OutputExists)
    refused(apply(), OutputExists)
    assert apply("--force").exit_code == 0
    refused(learn(out="rules.xlsx"), RulesNotCsv)
    assert "id, at, type, desk" in refused(
        gridmap("route", "learn", "past.csv", "--office", "who", *AREAS, "--out", "x.csv"), ColumnMissing
    )
    refused(apply(file="out.csv", out="again.csv"), ColumnTaken)


def test_rules_of_other_areas_are_told(folder: Path) -> None:
    learn()
    edit(lambda found: found[0].update(area="99"))
    assert "Rules name 1 areas" in apply().stdout


def test_both_languages_say_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learn()
    monkeypatch.setattr("gridmap.cli.route.LANG", "zh")
    apply()
    assert "“hole”派往 ROADS" in rows("out.csv")[0]["rule"]
    assert rows("out.csv")[5]["rule"].endswith("只按类型判断。须由人工确认。")
