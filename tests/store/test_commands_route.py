"""`gridmap route` over the county's own rules, as it is typed."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gridmap.access import operator
from gridmap.cli import door
from gridmap.flows.intake import receive
from gridmap.flows.step import step
from gridmap.incidents import Channel, Report
from gridmap.incidents.life import Step, Taken
from gridmap.store import Store
from tests.small_land import CELLS, IN_CELL_1, NOW, WEST, settle


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


Typed = Callable[..., Said]
ME = operator("test")
POINT = ("--lon", str(IN_CELL_1[0]), "--lat", str(IN_CELL_1[1]), "--datum", "wgs84")


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A terminal in a folder with a county in the embedded database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDMAP_DATABASE_URL", raising=False)
    with Store.open("sqlite:///gridmap.db") as store:
        settle(store)

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["gridmap", "route", *arguments])
        try:
            code = door.run()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Said(code, *capsys.readouterr())

    return run


def test_a_dry_run_is_told_to_people_and_to_programs(typed: Typed) -> None:
    said = typed("dry-run", "--issue", "E0113", *POINT)
    assert "Where: Hedong · West Village · Cell 1 (edition 1, " in said.out
    assert "Office: Urban management (ROADS) 0710" in said.out
    assert "Tried, by the 3 rules in force:" in said.out
    answer = typed("dry-run", "--issue", "E0113", "--area", CELLS[0], "--json").answer
    assert (answer["office"]["code"], [rung["held"] for rung in answer["rungs"]][-1]) == ("ROADS", True)


def test_a_dry_run_asks_the_rules_of_a_file_as_the_register_reads_it(typed: Typed) -> None:
    Path("rules.csv").write_text("机构,事项,依据,级别\n*,E01,属地,村\n", "gb18030")
    said = typed("dry-run", "--issue", "E0113", "--area", CELLS[0], "--rules", "rules.csv")
    assert "Office: West Village centre (CW)" in said.out
    assert "Tried, by the 1 rules that were given:" in said.out
    Path("bad.csv").write_text("office,issue,by\nROADS,E01,subject\nROADS,E01,weather\n", "utf-8")
    refused = typed("dry-run", "--issue", "E0113", "--area", CELLS[0], "--rules", "bad.csv", "--json")
    assert (refused.code, refused.answer["key"], refused.answer["rows"][0]["row"]) == (1, "rules_unusable", 3)


def test_a_replay_tells_the_offices_that_gain_and_lose_and_writes_every_change(typed: Typed) -> None:
    with Store.open("sqlite:///gridmap.db") as store:
        receive(store, Report(issue="E0113", channel=Channel.HOTLINE, lon=IN_CELL_1[0], lat=IN_CELL_1[1], datum="wgs84"), now=NOW, actor=ME)
    Path("rules.csv").write_text("office,issue,by,level\n*,*,territory,village\n", "utf-8")
    said = typed("replay", "--since", "2026-03-01", "--until", "2026-03-05", "--rules", "rules.csv", "--out", "changes.csv")
    assert "1 incidents received, 1 with a place and a known type; 1 of them would have gone elsewhere" in said.out
    assert "Urban management (ROADS): 1 before, 0 with these rules" in said.out
    assert "2026-000001  ROADS > CW  By territory: West Village centre (CW)" in said.out
    assert Path("changes.csv").read_text("utf-8").count("\n") == 2
    answer = typed("replay", "--since", "2026-03-01", "--until", "2026-03-05", "--rules", "rules.csv", "--json").answer
    assert (answer["changed"], answer["left_off"], answer["changes"][0]["to_office"], answer["out"]) == (1, 0, "CW", None)
    assert typed("replay", "--since", "2026-03-05", "--until", "2026-03-01", "--rules", "rules.csv").code == 1


def test_rulings_are_written_as_rules_to_be_read(typed: Typed) -> None:
    with Store.open("sqlite:///gridmap.db") as store:
        report = Report(issue="E0113", channel=Channel.SYSTEM, lon=IN_CELL_1[0], lat=IN_CELL_1[1], datum="wgs84")
        number = receive(store, report, now=NOW, actor=ME).number
        for taken in (Taken(step=Step.RETURN, actor="", reason="no"), Taken(step=Step.RULE, actor="", office="WATER", reason="their pipe")):
            step(store, number, taken, revision=None, now=NOW, actor=ME)
    said = typed("rulings", "--out", "rulings.csv")
    assert f"WATER  E0113  {WEST}  {number}: their pipe" in said.out
    assert "would replace all rules" in said.out
    again = typed("rulings", "--out", "rulings.csv", "--json")
    assert (again.code, again.answer["key"]) == (1, "output_exists")
    tried = typed("dry-run", "--issue", "E0113", "--area", CELLS[0], "--rules", "rulings.csv")
    assert "Office: Water company (WATER)" in tried.out
