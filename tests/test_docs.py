"""What the documents say is so: their commands parse, their links lead somewhere, every command and setting is told of."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from gridmap.cli import app
from gridmap.version import __version__
from tests import patient

PROGRAM = Path(sys.executable).with_name("gridmap")
ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path for path in ROOT.glob("**/*.md") if not {".venv", "node_modules", "vendor"} & set(path.parts) and ".pytest_cache" not in str(path)
)
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
SHELLS = {"sh", "bash", "console"}


def _lines(document: Path) -> Iterator[str]:
    """Every command line of a document: all of a `sh` block, the `$ ` lines of a `console` block."""
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", document.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        if language in SHELLS:
            for line in block.replace("\\\n", " ").splitlines():
                if language != "console" or line.startswith("$ "):
                    yield line.removeprefix("$ ").split(" #")[0].strip()


def _calls(document: Path, program: str) -> Iterator[list[str]]:
    """The arguments of each call of `program`, without the settings before it and what the shell does after it."""
    for line in _lines(document):
        words = shlex.split(re.split(r"\s(?:\||>|&&|&)", line)[0])
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words and Path(words[0]).name == program:
            yield words[1:]


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that can be run, with the words that call it."""
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


def _parse(command: Any, arguments: list[str]) -> None:
    """Walk to the command that is called and let it read its own arguments, without running it."""
    while hasattr(command, "commands") and arguments and arguments[0] in command.commands:
        command, arguments = command.commands[arguments[0]], arguments[1:]
    if {"--help", "--version"} & set(arguments):
        return
    assert not hasattr(command, "commands"), f"no such command: {arguments}"
    with typer.main.get_command(app).make_context("gridmap", ["--help"], resilient_parsing=True) as parent:
        command.make_context("gridmap", arguments, parent=parent)


CALLS = [
    pytest.param(call, id=f"{path.relative_to(ROOT)}: {' '.join(call)}"[:90]) for path in DOCUMENTS for call in _calls(path, "gridmap")
]
COMMANDS = list(_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("call", CALLS)
def test_a_command_in_a_document_is_understood(call: list[str]) -> None:
    _parse(typer.main.get_command(app), list(call))


def _tour() -> Iterator[tuple[str, list[str]]]:
    """Each `gridmap` line of the README's consoles with the lines shown under it; what only serves is left out."""
    for block in re.findall(r"^```console\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL):
        for step in block.split("$ ")[1:]:
            command, *shown = step.rstrip("\n").split("\n")
            if command.startswith("gridmap ") and not command.startswith("gridmap serve"):
                yield command.removeprefix("gridmap "), shown


def test_the_tour_of_the_readme_shows_what_really_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDMAP_DATABASE_URL", f"sqlite:///{tmp_path}/gridmap.db")
    today = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d|\d{4}-(?=\d{6} )")  # instants, and the year of a report's number
    for command, shown in _tour():
        done = CliRunner().invoke(app, shlex.split(command))
        assert done.exit_code == 0, f"gridmap {command}\n{done.output}"
        really = today.sub("…", done.output).splitlines()
        assert [line for line in shown if today.sub("…", line) not in really] == [], f"gridmap {command} says\n{done.output}"


def test_every_make_target_in_a_document_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {word for path in DOCUMENTS for call in _calls(path, "make") for word in call if "=" not in word}
    assert told - targets == set()


def test_every_make_target_says_what_it_does() -> None:
    assert re.findall(r"^([a-z]+):(?!.*## )", (ROOT / "Makefile").read_text(), re.MULTILINE) == []


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_command_is_explained(path: tuple[str, ...], command: Any) -> None:
    """Each has a help text with an example, each option a text of its own, and the documents tell of it."""
    call = "gridmap " + " ".join(path)
    assert command.help, f"{call} has no help"
    assert call in f"{command.help}{command.epilog or ''}", f"the help of {call} shows no example of it"
    silent = [option.name for option in command.params if option.name != "help" and not getattr(option, "help", None)]
    assert silent == [], f"{call}: options without a text"
    assert any(call in document.read_text("utf-8") for document in DOCUMENTS), f"no document tells of {call}"


def test_a_chinese_help_is_cut_off_nowhere() -> None:
    """Its sentences have no spaces where a line could end."""
    asked = {**os.environ, "GRIDMAP_LANG": "zh", "COLUMNS": "80"}
    told = subprocess.run(
        [PROGRAM, "report", "--help"], env=asked, check=True, timeout=patient.COMMAND_SECONDS, capture_output=True, text=True
    ).stdout
    assert "单独保存、掩码显示" in told
    assert "…" not in told


def test_every_command_can_answer_in_json() -> None:
    without = [" ".join(path) for path, command in COMMANDS if not any("--json" in option.opts for option in command.params)]
    assert [name for name in without if name != "serve"] == []


@pytest.mark.parametrize("name", NAMES)
def test_links_in_a_document_lead_somewhere(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", document.read_text("utf-8"))
    local = [(one or other).split("#")[0] for one, other in links if not re.match(r"[a-z]+:", one or other)]
    assert [link for link in local if link and not (document.parent / link).exists()] == []


def test_the_readme_tells_of_every_setting_and_of_no_other() -> None:
    read = set(re.findall(r"GRIDMAP_[A-Z_]+", (ROOT / "gridmap/settings.py").read_text()))
    told = set(re.findall(r"GRIDMAP_[A-Z_]+", (ROOT / "README.md").read_text()))
    assert read == told


def test_the_changelog_has_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_is_kept_without_what_it_showed(notebook: Path) -> None:
    cells = [cell for cell in json.loads(notebook.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert cells
    assert [cell["id"] for cell in cells if cell["outputs"] or cell["execution_count"] is not None] == []


# The numbers of OWASP ASVS 5.0.0 by level: 3.4.1-2 is 3.4.1 and 3.4.2.
ASVS = {
    "1": """1.2.1-5 1.3.1-2 1.5.1 2.1.1 2.2.1-2 2.3.1 3.2.1-2 3.3.1 3.4.1-2 3.5.1-3 4.1.1 4.4.1 5.2.1-2 5.3.1-2 6.1.1 6.2.1-8
        6.3.1-2 6.4.1-2 7.2.1-4 7.4.1-2 8.1.1 8.2.1-2 8.3.1 9.1.1-3 9.2.1 10.4.1-5 11.3.1-2 11.4.1 12.1.1 12.2.1-2 13.4.1 14.2.1
        14.3.1 15.1.1 15.2.1 15.3.1""",
    "2": """1.1.1-2 1.2.6-9 1.3.3-11 1.4.1-3 1.5.2 2.1.2-3 2.2.3 2.3.2-4 2.4.1 3.3.2-4 3.4.3-6 3.5.4-5 3.7.1-2 4.1.2-3 4.2.1 4.3.1-2
        4.4.2-4 5.1.1 5.2.3 5.4.1-3 6.1.2-3 6.2.9-12 6.3.3-4 6.4.3-4 6.5.1-5 6.6.1-3 6.8.1-4 7.1.1-3 7.3.1-2 7.4.3-5 7.5.1-2
        7.6.1-2 8.1.2 8.2.3 8.4.1 9.2.2-4 10.1.1-2 10.2.1-2 10.3.1-4 10.4.6-11 10.5.1-5 10.6.1-2 10.7.1-3 11.1.1-2 11.2.1-3
        11.3.3 11.4.2-4 11.5.1 11.6.1 12.1.2-3 12.3.1-4 13.1.1 13.2.1-5 13.3.1-2 13.4.2-5 14.1.1-2 14.2.2-4 14.3.2-3 15.1.2-3
        15.2.2-3 15.3.2-7 16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3 17.1.1 17.2.1-4 17.3.1-2""",
}
STATES = ("met", "built", "part", "open", "site", "n/a")


def _asvs() -> list[list[str]]:
    """The rows of gridmap/ASVS.md: number, level, state, what it asks, what is here, tests (– for none)."""
    rows = re.findall(r"^\| V(\d.*) \|$", (ROOT / "gridmap/ASVS.md").read_text("utf-8"), re.MULTILINE)
    return [row.split(" | ") for row in rows]


def test_every_requirement_of_asvs_is_answered_once() -> None:
    told = sorted((level, number) for number, level, *_ in _asvs())
    asked = []
    for level, ranges in ASVS.items():
        for section, first, last in re.findall(r"(\d+\.\d+)\.(\d+)(?:-(\d+))?", ranges):
            asked += [(level, f"{section}.{number}") for number in range(int(first), int(last or first) + 1)]
    assert told == sorted(asked)
    assert [sum(level == each for level, _ in told) for each in ASVS] == [70, 183]


def test_the_counts_of_asvs_are_those_of_its_rows() -> None:
    text = (ROOT / "gridmap/ASVS.md").read_text("utf-8")
    for state in STATES:
        counts = [sum(row[1:3] == [level, state] for row in _asvs()) for level in ASVS]
        assert re.search(rf"^\| {state} \| .* \| {counts[0]} \| {counts[1]} \|$", text, re.MULTILINE), f"{state}: {counts}"
    assert {row[2] for row in _asvs()} <= set(STATES)


def test_each_test_that_asvs_names_exists_and_what_is_met_names_one() -> None:
    wrong = []
    for number, _, state, asks, here, named in _asvs():
        tests = re.findall(r"`([\w/]+\.py)::(\w+)`", named)
        if not asks or not here or (state == "met" and not tests) or (named == "–") is bool(tests):
            wrong.append(number)
        for path, name in tests:
            file = ROOT / "tests" / path
            if not file.is_file() or not re.search(rf"^(async )?def {name}\(", file.read_text("utf-8"), re.MULTILINE):
                wrong.append(f"{number}: {path}::{name}")
    assert wrong == []
