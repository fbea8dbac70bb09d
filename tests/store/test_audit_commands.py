"""`gridmap audit …`, as it is typed."""

import csv
import json
import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridmap.cli import app, audit
from gridmap.errors import Refusal
from gridmap.store import Store, history
from tests import patient
from tests.builders import ALL
from tests.store import build, tampering
from tests.store.tampering import Forger

PROGRAM = Path(sys.executable).with_name("gridmap")


def gridmap(*arguments: str, url: str, folder: Path, code: int = 0) -> str:
    """What the command says, run within this process; a refusal's sentence."""
    with chdir(folder):
        done = CliRunner().invoke(app, ["audit", *arguments], env={"GRIDMAP_DATABASE_URL": url})
    if isinstance(done.exception, Refusal):
        assert code == 1
        return done.exception.text("en")
    assert done.exit_code == code, done.output
    return done.stdout


def run(*arguments: str, url: str, folder: Path, lang: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"GRIDMAP_DATABASE_URL": url, "GRIDMAP_LANG": lang}
    limit = patient.COMMAND_SECONDS
    return subprocess.run(
        [PROGRAM, "audit", *arguments], env=environment, cwd=folder, check=False, timeout=limit, capture_output=True, text=True
    )


def in_chinese(*arguments: str, url: str, folder: Path) -> str:
    return run(*arguments, url=url, folder=folder, lang="zh").stdout


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/a.db"
    with Store.open(url) as store:
        tampering.true_history(store, tmp_path / "a.db.anchors")
    return url


def test_a_true_history_ends_with_nought_and_a_forged_one_with_one_in_both_languages(url, tmp_path):
    told = json.loads(gridmap("verify", "--json", url=url, folder=tmp_path))
    assert (told["good"], told["faults"], told["file"]) == (True, [], f"{tmp_path}/a.db.anchors")
    with Store.open(url) as store:
        Forger(store, "", tmp_path / "a.db.anchors").run("UPDATE history SET actor = 'eve' WHERE id = 14")
    told = json.loads(gridmap("verify", "--json", url=url, folder=tmp_path, code=1))
    assert [(fault["wrong"], fault["row"]) for fault in told["faults"]] == [("changed", 14)]
    assert "Row 14 was changed (incident.settle of incident:2026-000001, by eve)" in gridmap("verify", url=url, folder=tmp_path, code=1)
    assert "第 14 行被改动" in in_chinese("verify", url=url, folder=tmp_path)


def test_a_code_on_paper_tells_of_a_rewritten_chain_without_any_anchors(url, tmp_path):
    anchors = tmp_path / "a.db.anchors"
    told = json.loads(gridmap("anchor", "--json", url=url, folder=tmp_path))
    written = told["code"].lower().replace("-", "  ")
    assert "Nothing was changed." in gridmap("verify", "--code", written, url=url, folder=tmp_path)
    with Store.open(url) as store:
        forger = Forger(store, "", anchors)
        rows = forger.rows()
        rows[20]["facts"] = "{}"
        forger.relink(rows, 20)
        forger.write(rows, (rows[-1]["id"], rows[-1]["hash"]))
    told = json.loads(gridmap("verify", "--json", "--code", written, "--anchors", "none", url=url, folder=tmp_path, code=1))
    assert told["faults"][0]["wrong"] == "rewritten_code"
    assert "no code of a head" in gridmap("verify", "--code", "12 ABC", url=url, folder=tmp_path, code=1)


def test_rows_are_shown_by_who_what_whom_and_when(url, tmp_path):
    def ids(*filters: str) -> list[int]:
        lines = gridmap("show", "--json", "--limit", "1000", *filters, url=url, folder=tmp_path).splitlines()
        return [json.loads(line)["id"] for line in lines]

    everything = ids()
    assert everything == sorted(everything)
    assert len(ids("--what", "draft.cut")) == 12
    assert ids("--what", "draft.") == ids("--of", "draft:")
    assert len(ids("--of", "account:ada")) == 2
    assert ids("--who", "nobody") == []
    early, late = ids("--until", "2026-03-01T12:05Z"), ids("--since", "2026-03-01T12:05Z")
    assert early + late == everything
    assert early
    shown = gridmap("show", "--what", "draft.cut", "--limit", "2", url=url, folder=tmp_path)
    assert "cells cut" in shown
    assert "why=改划 “x”" in shown
    assert "划分网格" in in_chinese("show", "--what", "draft.cut", url=url, folder=tmp_path)


def test_a_narrow_terminal_cuts_off_no_name_and_no_id(url, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    with Store.open(url) as store, store.read(ALL) as tx:
        found = history.rows(tx, limit=50)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    audit._table(found)
    told = capsys.readouterr().out
    assert "why=改划" in told
    assert "…" not in told


def test_an_export_holds_every_row_and_no_formula(url, tmp_path):
    with Store.open(url) as store, store.begin(ALL) as tx:
        history.record(tx, build.NOON, "draft.cut", "=cmd|' /C calc'!A0", note="x")
    for name in ("out.csv", "out.ndjson"):
        told = json.loads(gridmap("export", name, "--json", url=url, folder=tmp_path))
        assert told == {
            "file": name,
            "rows": len(gridmap("show", "--json", "--limit", "1000", url=url, folder=tmp_path).splitlines()),
        }
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "out.ndjson").read_text("utf-8").splitlines()]
    assert [int(row["id"]) for row in rows] == [line["id"] for line in lines]
    assert rows[-1]["subject"] == "'=cmd|' /C calc'!A0"
    assert lines[-1]["subject"] == "=cmd|' /C calc'!A0"
    assert json.loads(rows[0]["facts"]) == lines[0]["facts"]
    assert all(not cell.startswith(tuple("=+-@\t\r")) for row in rows for cell in row.values())


def test_an_export_into_a_folder_that_is_not_there_says_so_in_both_languages(url, tmp_path):
    for lang, told in (("en", "There is no folder nowhere. Make it"), ("zh", "文件夹 nowhere 不存在")):
        done = run("export", "nowhere/out.csv", url=url, folder=tmp_path, lang=lang)
        assert (done.returncode, done.stdout) == (1, "")
        assert told in done.stderr


def test_a_database_server_needs_to_be_told_where_the_anchors_go(fresh_postgres, tmp_path):
    assert "GRIDMAP_ANCHOR_FILE" in gridmap("anchor", url=fresh_postgres, folder=tmp_path, code=1)
    assert "No anchors yet" in gridmap("verify", url=fresh_postgres, folder=tmp_path)
