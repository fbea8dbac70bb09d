"""The commands of registers and reports, as they are typed."""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gridmap.cli import door
from gridmap.store import Store, incidents
from tests.builders import ALL
from tests.small_land import CELLS, settle


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        return json.loads(self.out)


class Terminal:
    """A terminal in a folder with a county in the embedded database."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capsys = patch, capsys

    def __call__(self, *arguments: str) -> Said:
        self._patch.setattr(sys, "argv", ["gridmap", *arguments])
        try:
            code = door.run()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Said(code, *self._capsys.readouterr())


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDMAP_DATABASE_URL", raising=False)
    with Store.open("sqlite:///gridmap.db") as store:
        settle(store)
    return Terminal(monkeypatch, capsys)


def test_a_register_tells_what_it_did_with_each_row(typed: Terminal) -> None:
    Path("workers.csv").write_text("工号,姓名,备注\nW9,网格员乙09,x\n,无编号,y\n", "gb18030")
    said = typed("import", "workers", "workers.csv")
    assert (said.code, said.err) == (0, "")
    assert "2 rows read, 1 imported, 1 rejected" in said.out
    assert "备注" in said.out
    assert "Row 3: " in said.out
    assert Path("workers.rejected.xlsx").exists()
    answer = typed("import", "workers", "workers.csv", "--json", "--rejects", "back.xlsx").answer
    assert (answer["refused"], answer["read"], answer["imported"], answer["rejected"]) == (False, 2, 1, 1)
    assert (answer["rows"][0]["row"], answer["rejects"], answer["ignored_columns"]) == (3, "back.xlsx", ["备注"])


def test_a_refused_register_says_why_and_exits_with_one(typed: Terminal) -> None:
    Path("rules.csv").write_text("office,issue,by\nNOBODY,*,subject\n")
    said = typed("import", "rules", "rules.csv")
    assert (said.code, said.out) == (1, "")
    assert "NOBODY" in said.err
    assert "rules.rejected.xlsx" in said.err
    said = typed("import", "rules", "rules.csv", "--json")
    assert (said.code, said.answer["refused"], said.answer["rows"][0]["row"]) == (1, True, 2)
    said = typed("import", "workers", "none.csv")
    assert (said.code, said.out) == (1, "")
    assert "none.csv" in said.err


def test_defaults_come_in_only_when_asked_for(typed: Terminal) -> None:
    said = typed("import", "defaults")
    assert (said.code, said.out) == (1, "")
    assert "--replace" in said.err
    assert typed("import", "defaults", "--replace", "--json").answer["rules"] > 100


def test_a_file_of_reports_ends_in_counts_that_add_up(typed: Terminal) -> None:
    lines = [{"issue": "E0113", "lon": 113.005, "lat": 28.005, "text": "路面破损"}, {"issue": "E0113", "place": "桥头"}, {"issue": ""}]
    Path("reports.ndjson").write_text("\n".join(map(json.dumps, lines)))
    first = typed("import", "reports", "reports.ndjson", "--datum", "wgs84", "--json").answer
    assert (first["read"], first["matched"], first["triaged"], first["repeated"], first["rejected"]) == (3, 1, 1, 0, 1)
    said = typed("import", "reports", "reports.ndjson", "--datum", "wgs84")
    assert "3 rows read, 0 matched, 0 wait for a person, 2 were here before, 1 rejected" in said.out


def test_a_report_by_hand_is_told_whose_it_is_and_why(typed: Terminal) -> None:
    point = ("--lon", "113.005", "--lat", "28.005", "--datum", "wgs84")
    said = typed("report", "--issue", "E0113", *point, "--text", "路面破损")
    assert said.code == 0
    for told in (
        "-000001 is dispatched",
        f"Cell: Cell 1 ({CELLS[0]})",
        "Worker: Worker A01 (W1), 0700-1",
        "Office: Urban management",
    ):
        assert told in said.out
    assert said.out.count("\n- ") >= 4
    answer = typed("report", "--issue", "D02", *point, "--json").answer
    assert (answer["state"], answer["cell"]["code"], answer["office"]["code"], answer["refused"]) == ("dispatched", CELLS[0], "CW", False)
    said = typed("report", "--issue", "E0113", "--lon", "113.005", "--lat", "28.005")
    assert (said.code, said.out) == (1, "")
    assert "gcj02" in said.err


def test_a_report_s_time_without_zone_is_the_county_s(typed: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDMAP_TIMEZONE", "Asia/Shanghai")
    typed("report", "--issue", "E0113", "--place", "桥头", "--at", "2026-03-01T09:00", "--json")
    with Store.open("sqlite:///gridmap.db") as store, store.read(ALL) as tx:
        [incident] = incidents.list_(tx, limit=5)
    assert incident.at.isoformat() == "2026-03-01T01:00:00+00:00"


@pytest.mark.parametrize("name", ["workers", "posts", "offices", "issue-types", "rules", "reports"])
def test_the_help_of_every_table_lists_its_headers_in_both_languages(typed: Terminal, name: str) -> None:
    said = typed("import", name, "--help")
    assert said.code == 0
    assert "名称" in said.out or "网格" in said.out or "事项" in said.out


def test_a_worker_s_open_incidents_are_handed_over_by_one_command(typed: Terminal) -> None:
    for _ in range(2):
        assert typed("report", "--issue", "E0113", "--lon", "113.005", "--lat", "28.005", "--datum", "wgs84").code == 0
    said = typed("workers", "hand-over", "W1", "--reason", "leave")
    assert "W1: 2 open incidents handed over, 0 stay because nobody stands in there, 0 posts ended." in said.out
    assert "worker W5, backup –" in said.out
    answer = typed("workers", "hand-over", "W5", "--to", "W6", "--reason", "resigned", "--resigns", "--json").answer
    assert [one["worker"] for one in answer["given"]] == ["W6", "W6"]
    assert (answer["stay"], answer["posts_ended"]) == ([], 1)
    assert typed("workers", "hand-over", "W5", "--to", "W5", "--reason", "x", "--json").answer["key"] == "successor_unfit"
