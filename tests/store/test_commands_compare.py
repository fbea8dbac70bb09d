"""`gridmap plan compare` as it is typed: for people, for programs, as CSV, XLSX and JSON."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from gridmap.cli.compare import CompareOutUnusable, CompareTableUnknown
from gridmap.errors import DraftMissing
from gridmap.flows.rehearse import TABLES
from gridmap.store import Store, drafts
from gridmap.tables.export import OutputExists
from tests.builders import ALL
from tests.store.test_commands_plan import answer, database, plan

__all__ = ["database"]


@pytest.fixture
def redrawn(database: str) -> str:
    """Edition 1 has cells of 50 to 80 households; the draft "autumn" would have smaller ones."""
    answer("cut")
    answer("publish")
    with Store.open(database) as store, store.begin(ALL) as tx:
        drafts.put(tx, "autumn", (), at=datetime(2999, 1, 1, tzinfo=UTC))
    answer("cut", "--draft", "autumn", "--low", "25", "--high", "40")
    return database


@pytest.mark.usefixtures("redrawn")
def test_a_comparison_is_told_and_written_in_three_kinds(tmp_path: Path) -> None:
    told = answer("compare", "autumn")
    assert (told["draft"], told["against"], told["households"], told["out"]) == ("autumn", 1, 800, None)
    assert told["moved"] == sum(move["households"] for move in told["moves"] if move["moved"]) > 0
    assert told["fates"]["split"] > 0
    book, table, whole = (tmp_path / f"autumn.{kind}" for kind in ("xlsx", "csv", "json"))
    for out in (book, table, whole):
        assert answer("compare", "autumn", "--table", "workers", "--out", str(out))["out"] == str(out)
    written = json.loads(whole.read_text("utf-8"))
    assert written | {"since": ""} == {name: value for name, value in told.items() if name != "out"} | {"since": ""}
    lines = table.read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(told["workers"])
    assert read(book, "cells") == [tuple(None if value == "" else value for value in row.values()) for row in told["cells"]]
    assert sorted(load_workbook(book).sheetnames) == sorted(TABLES)
    assert len(read(book, "households")) == sum(move["households"] for move in told["moves"]), "one household a point here"


def read(book: Path, sheet: str) -> list[tuple[Any, ...]]:
    rows = load_workbook(book)[sheet].iter_rows(min_row=2, values_only=True)
    return list(rows)


@pytest.mark.usefixtures("redrawn")
def test_people_read_the_sums(tmp_path: Path) -> None:
    said = plan("compare", "autumn").stdout
    assert 'Draft "autumn" against edition 1' in said
    assert "split" in said
    assert "Open incidents that would change hands: 0" in said
    assert "Sheets to print again: 2" in said
    out = tmp_path / "x.csv"
    assert str(out) in plan("compare", "autumn", "--out", str(out)).stdout
    assert isinstance(plan("compare", "autumn", "--out", str(out)).exception, OutputExists)
    assert plan("compare", "autumn", "--out", str(out), "--force").exit_code == 0


@pytest.mark.usefixtures("redrawn")
def test_what_cannot_be_compared_or_written_is_refused_before_any_work(tmp_path: Path) -> None:
    assert isinstance(plan("compare", "none").exception, DraftMissing)
    assert isinstance(plan("compare", "autumn", "--table", "x").exception, CompareTableUnknown)
    for out in (tmp_path / "x.pdf", tmp_path / "none" / "x.csv", tmp_path):
        assert isinstance(plan("compare", "autumn", "--out", str(out)).exception, CompareOutUnusable)
