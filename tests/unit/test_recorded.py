"""Whatever a flow writes it records in the history, under a name that both languages know. Read from the flows themselves."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Guesses that are counted, when a token was seen, who sweeps or delivers, parts of a file that is no photo yet: nothing that anybody did.
SILENT = [
    "notify._take", "photos._clear", "photos.add_part",
    "sign_in.change_password", "sign_in.forget_guesses", "sign_in.sign_in", "sign_in.who",
    "slow.slow_many", "tick.tick",
]  # fmt: skip


@cache
def functions(room: str) -> dict[str, list[tuple[str, ast.FunctionDef]]]:
    """Every function of a room by its name, with its module."""
    found: dict[str, list[tuple[str, ast.FunctionDef]]] = {}
    for path in sorted((ROOT / "gridmap" / room).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found.setdefault(node.name, []).append((path.stem, node))
    return found


def calls(node: ast.AST) -> Iterator[tuple[str, str]]:
    """(module or "", function) of each call inside."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            if isinstance(each.func, ast.Name):
                yield "", each.func.id
            elif isinstance(each.func, ast.Attribute) and isinstance(each.func.value, ast.Name):
                yield each.func.value.id, each.func.attr


def records(node: ast.AST, here: str, seen: frozenset[str] = frozenset()) -> bool:
    """Whether it reaches `history.record` or `history.append`, by functions of its own module, of other flows, and of the store."""
    for module, name in calls(node):
        if module in {"history", "history_store"} and name in {"record", "append"}:
            return True
        if name not in seen and any(records(each, where, seen | {name}) for where, each in called(module, name, here)):
            return True
    return False


def called(module: str, name: str, here: str) -> list[tuple[str, ast.FunctionDef]]:
    flows, store = functions("flows").get(name, []), functions("store").get(name, [])
    if module:
        return [(where, each) for where, each in (*flows, *store) if where == module.removesuffix("_store")]
    return [(where, each) for where, each in (*flows, *store) if where == here] or flows


def written() -> list[tuple[str, str, ast.With]]:
    """Every write transaction of the flows, with the function that opens it."""
    return [
        (module, function.name, block)
        for group in functions("flows").values()
        for module, function in group
        for block in ast.walk(function)
        if isinstance(block, ast.With)
        if any(isinstance(item.context_expr, ast.Call) and ("store", "begin") in calls(item.context_expr) for item in block.items)
    ]


def test_every_flow_that_writes_records_it() -> None:
    found = written()
    assert len(found) > 25
    silent = [f"{module}.{name}" for module, name, block in found if not records(block, module)]
    assert sorted(silent) == SILENT


def test_only_flows_write() -> None:
    """A route or a command that opened a write transaction could forget the history."""
    doors = [*(ROOT / "api").rglob("*.py"), *(ROOT / "gridmap/cli").glob("*.py")]
    assert [path.name for path in doors if re.search(r"store\.begin\(", path.read_text("utf-8"))] == []


def whats() -> set[str]:
    sources = [path.read_text("utf-8") for room in ("flows", "store") for path in (ROOT / "gridmap" / room).glob("*.py")]
    named = r"""(?:history\.record\(tx, \w+, |what=|WITNESS = )"([a-z_.]+)\""""
    return {what for source in sources for what in re.findall(named, source)}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_whatever_is_recorded_has_a_name_in_both_languages(lang: str) -> None:
    book = json.loads((ROOT / f"gridmap/words/{lang}.json").read_text("utf-8"))
    assert len(whats()) > 20
    assert sorted(what for what in whats() if f"history.{what}" not in book) == []
