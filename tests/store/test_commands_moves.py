"""A draft moved by commands, as they are typed."""

from typing import Any

import pytest

from gridmap.cli.moves import LineUnreadable, WorkerOrNobody
from gridmap.duty import Worker
from gridmap.errors import Refusal
from gridmap.flows.draft_revision import DraftMoved
from gridmap.flows.move_cells import NothingToUndo
from gridmap.planning.locking import CellsLocked
from gridmap.planning.moves import CellsUnknown
from gridmap.planning.tiling import arcs
from gridmap.store import Store, drafts, people
from tests.builders import ALL
from tests.store.test_commands_plan import DEGREE, EAST, WEST, answer, database, plan

__all__ = ["database"]


def cells(url: str, village: str = WEST.code) -> dict[str, Any]:
    with Store.open(url) as store, store.read(ALL) as tx:
        return {area.code: area for area in drafts.some(tx, "import", parents=[village])}


def test_moves_are_typed_taken_back_and_made_again(database: str) -> None:
    answer("cut")
    with Store.open(database) as store, store.begin(ALL) as tx:
        people.put_workers(tx, [Worker("w1", "员一")])
    before = cells(database)
    arc = max((arc for arc in arcs(list(before.values())) if arc.right), key=lambda arc: arc.line.length)
    one, other = arc.left, arc.right or ""
    (ax, ay), (bx, by) = arc.line.coords[0], arc.line.coords[-1]
    middle = arc.line.interpolate(0.5, normalized=True)
    drawn = f"{ax!r},{ay!r} {middle.x + DEGREE!r},{middle.y + DEGREE!r} {bx!r},{by!r}"
    dragged = answer("border", "import", one, other, "--line", drawn)
    assert (dragged["kind"], dragged["village"], dragged["changed"], dragged["gone"]) == ("border", WEST.code, sorted([one, other]), [])
    spot, (_, south, _, north) = before[one].shape.representative_point(), before[one].shape.bounds
    split = answer("split", "import", one, "--line", f"{spot.x},{south - 1} {spot.x},{north + 1}", "--revision", dragged["revision"])
    assert len(cells(database)) == len(before) + 1
    merged = answer("merge", "import", *sorted(set(split["changed"]) - {other})[:2])
    assert len(merged["gone"]) == 1
    posted = answer("post", "import", other, "w1")
    assert (posted["kind"], posted["changed"], posted["village"]) == ("post", [], WEST.code)
    assert answer("lock", "import", other)["kind"] == "lock"
    assert isinstance(plan("merge", "import", *cells(database)).exception, CellsLocked)
    assert answer("unlock", "import", other)["kind"] == "unlock"
    edge = next(code for code, area in cells(database).items() if area.shape.bounds[2] >= EAST.shape.bounds[0] - 1e-9)
    assert edge in answer("give", "import", edge, EAST.code)["gone"]
    assert isinstance(plan("split", "import", other, "--line", "1,1 2,2", "--revision", dragged["revision"]).exception, DraftMoved)
    kinds = [each["kind"] for each in answer("moves", "import")["moves"]]
    assert kinds[:7] == ["parent", "unlock", "lock", "post", "merge", "split", "border"]
    for _ in range(7):
        answer("undo", "import", WEST.code)
    assert cells(database) == before
    assert answer("redo", "import", WEST.code)["changed"] == sorted([one, other])
    told = plan("undo", "import", WEST.code)
    assert (told.exit_code, f"gridmap plan undo import {WEST.code}" in told.output) == (0, True)
    assert "border moved" in plan("moves", "import").output


@pytest.mark.usefixtures("database")
def test_what_is_typed_wrongly_is_refused() -> None:
    answer("cut")
    wrong: list[tuple[type[Refusal], tuple[str, ...]]] = [
        (LineUnreadable, ("split", "import", f"{WEST.code}001", "--line", "1 2")),
        (LineUnreadable, ("split", "import", f"{WEST.code}001", "--line", "1,2")),
        (LineUnreadable, ("split", "import", f"{WEST.code}001", "--line", "nan,2 3,4")),
        (WorkerOrNobody, ("post", "import", f"{WEST.code}001")),
        (WorkerOrNobody, ("post", "import", f"{WEST.code}001", "w1", "--nobody")),
        (CellsUnknown, ("merge", "import", "x", "y")),
        (CellsUnknown, ("assign", "import", "x", "h1")),
        (NothingToUndo, ("undo", "import", EAST.code)),
    ]
    for kind, line in wrong:
        assert isinstance(plan(*line).exception, kind), line
