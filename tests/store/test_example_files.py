"""The commands of data/boundaries/README.md, run as they stand there, do what it says."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridmap.cli import app
from gridmap.grid import Level
from gridmap.incidents import State
from gridmap.store import Store, incidents, land, people
from tests.builders import ALL

ROOT = Path(__file__).parents[2]
NOT_HERE = {"demo", "county"}
"""Commands that write files or serve, and so are tried elsewhere."""


def _commands() -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "data/boundaries/README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    calls = [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]
    return [call for call in calls if call[0] not in NOT_HERE]


def test_the_examples_become_a_county_by_the_commands_of_their_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path}/gridmap.db"
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", url)
    monkeypatch.chdir(ROOT)
    commands = _commands()
    assert len(commands) >= 19
    for command in commands:
        done = CliRunner().invoke(app, command)
        assert done.exit_code == 0, f"gridmap {shlex.join(command)}\n{done.output}\n{done.exception!r}"
    with Store.open(url) as store, store.read(ALL) as tx:
        edition = store.edition_in_force(tx, datetime.now(UTC))
        assert (len(edition.at(Level.TOWNSHIP)), len(edition.at(Level.VILLAGE))) == (1, 6)
        assert len(edition.at(Level.CELL)) > 15
        assert land.households(tx).total == sum(area.households or 0 for area in edition.at(Level.CELL))
        assert people.posts(tx)
        found = incidents.count(tx)
        assert sum(found.values()) == 120
        assert found[State.DISPATCHED] > 110
