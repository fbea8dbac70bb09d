"""The planner's commands as they are typed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely import Polygon, box
from typer.testing import CliRunner

from gridmap.cli import app
from gridmap.errors import AreaMissing, DraftMissing, InstantPast, InstantUnreadable, NoEditionInForce, PublishRefused
from gridmap.flows.cut_draft import VillageMissing
from gridmap.flows.publish import EditionBeforeNone
from gridmap.grid import Area, Households, Level
from gridmap.store import Store, drafts, land
from tests.builders import ALL

DEGREE = 1 / 96486.0


def square(west: float, south: float, east: float, north: float) -> Polygon:
    return box(116 + west * DEGREE, 30 + south * DEGREE, 116 + east * DEGREE, 30 + north * DEGREE)


TOWNSHIP = Area("420100100", Level.TOWNSHIP, "清溪镇", None, square(0, 0, 400, 200), "Clearbrook")
WEST = Area("420100100201", Level.VILLAGE, "西村", TOWNSHIP.code, square(0, 0, 200, 200))
EAST = Area("420100100202", Level.VILLAGE, "东村", TOWNSHIP.code, square(200, 0, 400, 200))


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with a draft of a township and two villages of 400 households each."""
    url = f"sqlite:///{tmp_path}/gridmap.db"
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", url)
    x, y = np.meshgrid(5 + 10 * np.arange(40), 5 + 10 * np.arange(20))
    ids = np.array([f"h{n}" for n in range(x.size)], dtype=np.str_)
    households = Households(ids, 116 + x.ravel() * DEGREE, 30 + y.ravel() * DEGREE, np.ones(x.size, dtype=np.int64))
    with Store.open(url) as store, store.begin(ALL) as tx:
        land.put_households(tx, households)
        drafts.put(tx, "import", (TOWNSHIP, WEST, EAST), at=datetime(2026, 1, 1, tzinfo=UTC))
    return url


def plan(*line: str) -> Any:
    return CliRunner().invoke(app, ["plan", *line])


def answer(*line: str) -> dict[str, Any]:
    done = plan(*line, "--json")
    assert done.exit_code == 0, f"{done.output}{done.exception!r}"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.usefixtures("database")
def test_a_draft_is_cut_checked_and_published() -> None:
    assert answer("drafts")["drafts"][0] | {"updated_at": ""} == {"name": "import", "base": None, "updated_at": "", "areas": 3}
    cut = answer("cut")
    assert (cut["draft"], cut["villages"], cut["households"], cut["in_band"]) == ("import", 2, 800, cut["cells"])
    assert answer("check") == {"draft": "import", "passes": True, "findings": []}
    made = answer("publish", "--note", "first", "--as", "planner")
    assert {key: made[key] for key in ("edition", "township", "village", "cell", "note", "actor")} == {
        "edition": 1, "township": 1, "village": 2, "cell": cut["cells"], "note": "first", "actor": "planner",
    }  # fmt: skip
    listed = answer("editions")
    assert (listed["in_force"], [(e["number"], e["in_force"], e["actor"]) for e in listed["editions"]]) == (1, [(1, True, "planner")])
    assert answer("drafts") == {"drafts": []}


@pytest.mark.usefixtures("database")
def test_people_read_the_same_as_sentences() -> None:
    assert "import" in plan("drafts").stdout
    assert "800 households" in plan("cut").stdout
    assert "can be published" in plan("check").stdout
    assert "Edition 1 is in force" in plan("publish").stdout
    assert plan("editions").stdout.startswith("→ 1")
    assert "no drafts" in plan("drafts").stdout
    assert "Clearbrook" in plan("area", TOWNSHIP.code).stdout


@pytest.mark.usefixtures("database")
def test_one_command_goes_back_to_the_edition_before() -> None:
    assert isinstance(plan("rollback").exception, EditionBeforeNone)
    answer("publish")
    answer("cut")
    answer("publish")
    back = answer("rollback", "--note", "too early", "--as", "planner")
    assert (back["edition"], back["areas"], back["note"], back["actor"]) == (3, 3, "too early", "planner")
    assert "Edition 4 is in force" in plan("rollback").stdout
    assert answer("editions")["in_force"] == 4


@pytest.mark.usefixtures("database")
def test_only_the_named_villages_are_cut() -> None:
    assert answer("cut", "--village", EAST.code)["villages"] == 1
    assert isinstance(plan("cut", "--village", "420100100299").exception, VillageMissing)


@pytest.mark.usefixtures("database")
def test_which_area_held_at_an_instant_can_be_asked() -> None:
    answer("publish")
    answer("cut")
    answer("publish", "--at", "2999-01-01T00:00")
    assert isinstance(plan("area", f"{WEST.code}001").exception, AreaMissing)
    later = answer("area", f"{WEST.code}001", "--at", "2999-01-01T00:00")
    assert (later["edition"], later["level"], later["parent"]) == (2, "cell", WEST.code)
    assert later["shape"]["type"] == "Polygon"
    now = answer("area", TOWNSHIP.code)
    assert (now["edition"], now["households"]) == (1, 800)
    assert now["area_m2"] == pytest.approx(400 * 200, rel=0.2)
    assert isinstance(plan("area", TOWNSHIP.code, "--at", "2001-01-01").exception, NoEditionInForce)
    assert isinstance(plan("area", TOWNSHIP.code, "--at", "yesterday").exception, InstantUnreadable)


def test_a_draft_that_the_gate_refuses_tells_every_reason(database: str, tmp_path: Path) -> None:
    with Store.open(database) as store, store.begin(ALL) as tx:
        drafts.put(tx, "import", [Area("X", Level.CELL, "x", "420100100299", square(0, 0, 10, 10))], at=datetime(2026, 1, 1, tzinfo=UTC))
    checked = plan("check", "--json")
    assert checked.exit_code == 1
    told = json.loads(checked.stdout)
    assert (told["passes"], told["findings"][0]["code"]) == (False, "orphan_named")
    refused = plan("publish", "--json")
    assert isinstance(refused.exception, PublishRefused)
    assert refused.exception.as_dict()["findings"] == told["findings"]  # which the door tells, as it does every refusal
    report = tmp_path / "findings.csv"
    assert "would be refused" in plan("check", "--report", str(report)).stdout
    assert "orphan_named" in report.read_text("utf-8-sig")


@pytest.mark.usefixtures("database")
def test_an_edition_cannot_be_in_force_in_the_past() -> None:
    assert isinstance(plan("publish", "--at", "2001-01-01").exception, InstantPast)


@pytest.mark.usefixtures("database")
def test_a_draft_is_dropped_only_when_that_is_meant() -> None:
    kept = CliRunner().invoke(app, ["plan", "drop", "import"], input="n\n")
    assert kept.exit_code == 1
    assert len(answer("drafts")["drafts"]) == 1
    assert answer("drop", "import", "--yes") == {"draft": "import", "dropped": True}
    assert answer("drafts") == {"drafts": []}
    assert isinstance(plan("drop", "import", "--yes").exception, DraftMissing)
