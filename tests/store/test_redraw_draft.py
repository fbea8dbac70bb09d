"""A draft's villages are redrawn from an edition by what is in the store; and as it is typed."""

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gridmap.access import Actor, Grant, Role
from gridmap.cli import app
from gridmap.cli.cut import CutFromInDraft, CutTargetsInRedraw
from gridmap.errors import EditionMissing, Refusal
from gridmap.flows.cut_draft import CellMissing, cut_draft
from gridmap.flows.import_areas import AreaForeign
from gridmap.flows.publish import check_draft, publish
from gridmap.flows.redraw_draft import VillageOtherwise, redraw_draft
from gridmap.flows.rehearse import rehearse
from gridmap.grid import Area, Households, Level
from gridmap.store import Store, drafts
from tests.builders import ALL
from tests.store.test_publish import EAST, LAND, NOW, PLANNER, WEST, fill, homes, settle, square

LATER = NOW + timedelta(days=1)


def grown() -> Households:
    """As many live where they did, and 40 more in the west village's middle."""
    before, rng = homes(), np.random.default_rng(7)
    x, y = rng.uniform(80, 120, (2, 40)) / 96486.0
    ids = np.append(before.ids, [f"n{n}" for n in range(40)])
    return Households(
        ids, np.append(before.lon, 116 + x), np.append(before.lat, 30 + y), np.append(before.counts, np.ones(40, dtype=np.int64))
    )


@pytest.fixture
def county(store: Store) -> Store:
    """Edition 1 is cut; then people came."""
    settle(store, homes())
    fill(store, *LAND)
    cut_draft(store, now=NOW, actor=PLANNER)
    publish(store, "import", now=NOW, actor=PLANNER)
    settle(store, grown())
    return store


def cells_of(store: Store, draft: str = "import") -> dict[str, Area]:
    with store.read(ALL) as tx:
        return {area.code: area for area in drafts.areas(tx, draft) if area.level is Level.CELL}


def test_what_fits_stays_and_the_draft_is_published_with_no_code_twice(county: Store) -> None:
    with county.read(ALL) as tx:
        before = {cell.code: cell for cell in county.edition(tx, 1).at(Level.CELL)}
    made = redraw_draft(county, 1, now=LATER, actor=PLANNER)
    assert made.done.misfits == 0
    assert 0 < made.done.moved < 440
    now = cells_of(county)
    assert {code: now[code].shape for code in now if code.startswith(EAST.code)} == {
        code: cell.shape for code, cell in before.items() if code.startswith(EAST.code)
    }
    assert sum(cell.households or 0 for cell in now.values()) == 840
    assert check_draft(county, "import", actor=PLANNER) == ()
    assert rehearse(county, "import", now=LATER, actor=PLANNER).comparison.moved == made.done.moved
    publish(county, "import", now=LATER, actor=PLANNER)


def test_what_cannot_be_redrawn_is_refused_and_changes_nothing(county: Store) -> None:
    fill(county)
    before = cells_of(county)
    fill(county, *LAND, Area(f"{WEST.code}9", Level.VILLAGE, "新村", WEST.parent, square(0, 0, 50, 50)), draft="other")
    wrong: list[tuple[type[Refusal], dict[str, object]]] = [
        (EditionMissing, {"edition": 9}),
        (CellMissing, {"keep": ["x"]}),
        (VillageOtherwise, {"draft": "other"}),
        (AreaForeign, {"actor": Actor("east", "account-east", None, (Grant(Role.PLANNER, EAST.code),))}),
    ]
    for kind, more in wrong:
        with pytest.raises(kind):
            redraw_draft(county, **({"edition": 1, "now": LATER, "actor": PLANNER} | more))  # type: ignore[arg-type]
    assert cells_of(county) == before


def test_it_is_typed_with_from_and_tells_the_trade_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/gridmap.db"
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", url)
    with Store.open(url) as store:
        settle(store, homes())
        fill(store, *LAND)
        cut_draft(store, now=NOW, actor=PLANNER)
        publish(store, "import", now=NOW, actor=PLANNER)
        settle(store, grown())
    monkeypatch.setenv("GRIDMAP_TARGET_TOWN", "70")  # of a new cut: a redraw aims at nothing, and says nothing of it
    told = json.loads(CliRunner().invoke(app, ["plan", "cut", "--draft", "autumn", "--from", "1", "--json"]).stdout)
    assert not {"town", "targets"} & told.keys()
    assert (told["draft"], told["from"], told["misfits"], len(told["offers"]), told["exceptions"]) == ("autumn", 1, 0, 6, [])
    assert told["offers"][0]["misfits"] > 0
    said = CliRunner().invoke(app, ["plan", "cut", "--draft", "autumn", "--from", "1"]).stdout
    assert "Redrawn from edition 1" in said
    assert "whole villages" in said
    assert isinstance(CliRunner().invoke(app, ["plan", "cut", "--from", "1", "--count", "n"]).exception, CutFromInDraft)
    assert isinstance(CliRunner().invoke(app, ["plan", "cut", "--from", "1", "--town", "70"]).exception, CutTargetsInRedraw)
