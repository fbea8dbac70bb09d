"""`gridmap print`, as it is typed: which sheets, into which files, for whom."""

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pymupdf
import pytest
from shapely import box

from gridmap.access import Role
from gridmap.atlas.choices import Choices
from gridmap.cli import door
from gridmap.flows.print_sheets import Book, Order, Progress, lay_out
from gridmap.store import Store, editions
from tests.accounts import person
from tests.builders import ALL, OPERATOR
from tests.small_land import AREAS, CELLS, EAST, LONG_AGO, NOW, TOWN, WEST, settle


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


Typed = Callable[..., Said]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A terminal in a folder with a small land in the embedded database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDMAP_DATABASE_URL", raising=False)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    with Store.open("sqlite:///gridmap.db") as store:
        settle(store)

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["gridmap", "print", *arguments])
        try:
            code = door.run()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Said(code, *capsys.readouterr())

    return run


def text(path: Path | str) -> str:
    with pymupdf.open(path) as read:
        return " ".join(page.get_text() for page in read)


def test_a_village_is_printed_and_told(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDMAP_PUBLIC_URL", "https://grid.example")
    told = typed("village", WEST, "--json").answer
    assert told | {"scales": []} == {
        "files": [f"{WEST}.pdf"], "pages": 2, "cells": 4, "callouts": 0, "vacant": [], "scales": [], "edition": 1, "qr": True,
    }  # fmt: skip
    read = text(f"{WEST}.pdf")
    assert [code for code in CELLS if code not in read] == []
    assert "0700-1" in read
    assert "0702" in read


def test_the_same_order_gives_the_same_bytes(typed: Typed) -> None:
    for name in ("a.pdf", "b.pdf"):
        assert typed("village", WEST, "--out", name).code == 0
    assert Path("a.pdf").read_bytes() == Path("b.pdf").read_bytes()


def test_an_atlas_goes_into_one_file_or_a_folder_of_them(typed: Typed) -> None:
    assert typed("township", TOWN, "--out", "atlas.pdf", "--lang", "both").code == 0
    assert "Grid Atlas of Hedong" in text("atlas.pdf")
    told = typed("township", TOWN, "--out", "sheets", "--json").answer
    assert {Path(name).name for name in told["files"]} == {f"{TOWN}.pdf", f"{WEST}.pdf", f"{EAST}.pdf"}
    assert CELLS[0] in text(f"sheets/{WEST}.pdf")


def test_a_picture_is_no_folder_for_sheets(typed: Typed) -> None:
    said = typed("village", WEST, "--out", "map.png")
    assert said.code != 0
    assert "map.png" in said.err
    assert ".pdf" in said.err
    assert not Path("map.png").exists()


def test_a_village_without_cells_is_one_area_on_its_sheet(typed: Typed) -> None:
    told = typed("village", EAST, "--json").answer
    assert (told["cells"], told["vacant"]) == (1, [EAST])
    assert EAST in text(f"{EAST}.pdf")


def test_what_was_printed_is_told_to_spreadsheets_and_a_gis(typed: Typed) -> None:
    assert typed("village", WEST, "--csv", "cells.csv", "--gpkg", "cells.gpkg").code == 0
    rows = list(csv.DictReader(Path("cells.csv").read_text("utf-8-sig").splitlines()))
    assert [(row["code"], row["worker"], row["phone"]) for row in rows] == [
        (code, f"网格员甲0{n}", f"0700-{n}") for n, code in enumerate(CELLS, 1)
    ]
    frame = gpd.read_file("cells.gpkg", layer="cells")
    assert list(frame.code) == list(CELLS)
    assert frame.geometry[0].equals(next(area.shape for area in AREAS if area.code == CELLS[0]))
    assert typed("village", WEST, "--csv", "public.csv", "--variant", "public", "--force").code == 0
    assert "0700" not in Path("public.csv").read_text("utf-8-sig")


def test_only_sheets_that_a_redraw_made_out_of_date_are_printed(typed: Typed) -> None:
    said = typed("township", TOWN, "--changed-since", "1")
    assert (said.code, said.err) == (1, "Nothing to print: no sheet that was asked for was made out of date since edition 1.\n")
    inland = {CELLS[0]: box(113.0, 28.0, 113.01, 28.009), CELLS[2]: box(113.0, 28.009, 113.01, 28.02)}
    beside = {CELLS[1]: box(113.01, 28.0, 113.02, 28.009), CELLS[3]: box(113.01, 28.009, 113.02, 28.02)}  # these touch the other village
    for day, moved in enumerate((inland, inland | beside), 1):
        with Store.open("sqlite:///gridmap.db") as store, store.begin(ALL) as tx:
            redrawn = tuple(replace(area, shape=moved.get(area.code, area.shape)) for area in AREAS)
            editions.add(tx, redrawn, in_force_from=LONG_AGO + timedelta(days=day), recorded_at=LONG_AGO + timedelta(days=day))
    told = typed("village", WEST, EAST, "--edition", "2", "--changed-since", "1", "--out", "inland.pdf", "--json").answer
    assert (told["pages"], told["edition"]) == (2, 2)
    told = typed("village", WEST, EAST, "--changed-since", "2", "--json").answer
    assert (told["pages"], told["edition"]) == (4, 3)
    assert typed("worker", "W1", "--changed-since", "2", "--json").answer["cells"] == 1, "W1 works in the village that was redrawn"
    assert typed("township", TOWN, "--wall", "--changed-since", "2", "--out", "wall.pdf").code == 0
    for still in (("worker", "W1"), ("township", TOWN, "--wall")):
        assert typed(*still, "--changed-since", "3", "--out", "still.pdf").err.startswith("Nothing to print")
    assert not Path("still.pdf").exists()
    assert typed("township", TOWN, "--out", "new.pdf").code == 0
    assert "边界调整" in text("new.pdf")
    assert typed("township", TOWN, "--out", "old.pdf", "--edition", "1").code == 0
    assert "边界调整" not in text("old.pdf")


def test_how_far_an_order_is_is_told_village_by_village(typed: Typed) -> None:
    told: list[Progress] = []
    with Store.open("sqlite:///gridmap.db") as store:
        order = Order(Book.TOWNSHIP, (TOWN,), Choices())
        printed = lay_out(store, order, now=NOW, actor=OPERATOR, watch=told.append)
    assert [(each.parts, each.of) for each in told] == [(0, 2), (1, 2), (2, 2), (2, 2)]
    assert [each.pages for each in told] == sorted(each.pages for each in told)
    assert told[-1].pages == len(printed.pages)


def test_a_worker_gets_a_pocket_sheet_and_a_township_a_wall_map(typed: Typed) -> None:
    assert typed("worker", "W1", "--json").answer["cells"] == 1
    with pymupdf.open("W1.pdf") as read:
        assert sorted(round(side / 72 * 25.4) for side in read[0].rect.br) == [148, 210]
    assert typed("township", TOWN, "--wall", "--out", "wall.pdf").code == 0
    with pymupdf.open("wall.pdf") as read:
        assert sorted(round(side / 72 * 25.4) for side in read[0].rect.br) == [841, 1189]


def test_what_cannot_be_printed_is_refused_in_a_sentence_and_nothing_is_written(typed: Typed) -> None:
    for arguments, sentence in (
        (("village", "999"), "999"),
        (("village", TOWN), TOWN),
        (("worker", "W9"), "W9"),
        (("village", WEST, "--scale", "7"), "1:7"),
        (("village", WEST, "--edition", "9"), "9"),
        (("village", WEST, "--out", "no/such/folder/x.pdf"), "no/such/folder"),
    ):
        said = typed(*arguments)
        assert said.code == 1
        assert sentence in said.err
        assert "Traceback" not in said.err
    assert list(Path().glob("*.pdf")) == []
    Path(f"{WEST}.pdf").write_text("mine")
    assert typed("village", WEST).code == 1
    assert Path(f"{WEST}.pdf").read_text() == "mine"


def test_everybody_prints_within_their_own_jurisdiction(typed: Typed) -> None:
    with Store.open("sqlite:///gridmap.db") as store:
        person(store, "boss", (Role.ADMINISTRATOR, None))
        person(store, "planner", (Role.PLANNER, WEST))
        person(store, "worker", worker="W1")
        person(store, "handler")
    assert typed("village", WEST, "--as", "planner").code == 0
    assert typed("worker", "W1", "--as", "worker").code == 0
    for arguments in (("village", EAST, "--as", "planner"), ("township", TOWN, "--as", "planner"), ("village", WEST, "--as", "worker")):
        assert typed(*arguments, "--force").code == 1
    assert typed("worker", "W2", "--as", "worker").code == 1
    assert typed("village", WEST, "--as", "handler", "--force").code == 1
