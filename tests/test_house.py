"""The plan of the house, kept by machine: arrows point down, each outside package has one door, names and sizes stay small.

`gridmap/README.md` draws the plan; FLOORS says the same. A new room is one name here.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

# Each row stands on the rows above it; rooms in one row never see each other.
FLOORS = (
    ("version", "words", "collector"),
    ("errors",),
    ("settings",),
    ("geometry",),
    ("grid",),
    ("duty", "catalogue"),
    ("access", "limits", "catalogue_default"),
    ("account", "passwords", "boundaries", "matching", "roster", "routing", "planning"),
    ("incidents",),
    ("store", "stats", "tables", "atlas", "county", "photos"),
    ("flows",),
    ("api",),
    ("cli",),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# An outside package and the only rooms that may import it.
ONLY = {
    "sqlalchemy": {"store"},
    "geoalchemy2": {"store"},
    "alembic": {"store"},
    "psycopg2": {"store"},
    "pyproj": {"geometry"},
    "rtree": {"grid"},
    "numba": {"grid"},
    "llvmlite": {"grid"},
    "argon2": {"passwords"},
    "zxcvbn": {"passwords"},
    "folium": {"atlas"},
    "branca": {"atlas"},
    "fastapi": {"api"},
    "starlette": {"api"},
    "sse_starlette": {"api"},
    "uvicorn": {"api", "cli"},
    "authlib": {"api"},
    "joserfc": {"api"},
    "httpx2": {"api"},
    "standardwebhooks": {"api"},
    "prometheus_client": {"api"},
    "typer": {"cli"},
    "rich": {"cli"},
    "orjson": {"store"},
    "openpyxl": {"tables", "boundaries"},
    "PIL": {"photos"},
    "pillow_heif": {"photos"},
    "geopandas": {"atlas", "boundaries", "cli", "county", "matching", "planning", "tables"},
    "pyogrio": {"boundaries", "tables", "matching", "county", "cli"},
}
# What says nothing about what is inside.
EMPTY_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|base|misc|constants)(_|$)", re.IGNORECASE)
EMPTY_CLASSES = re.compile(r"(Manager|Processor|Helper|Utils?)$|^Base|^Abstract")


class Import(NamedTuple):
    target: str  # dotted, absolute
    line: int
    inside: str | None  # the function that holds it


class Module(NamedTuple):
    path: Path
    room: str
    tree: ast.Module
    lines: int

    def at(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"


@cache
def modules() -> tuple[Module, ...]:
    files = sorted(path for package in ("gridmap", "api") for path in (ROOT / package).rglob("*.py"))
    return tuple(Module(path, _room(path), ast.parse(text := path.read_text("utf-8"), str(path)), text.count("\n")) for path in files)


def none(wrong: Iterable[str]) -> None:
    """Tell every one that breaks the rule, a line each."""
    found = sorted(wrong)
    assert not found, "\n".join(["", *found])


def _room(path: Path) -> str:
    first, *rest = path.relative_to(ROOT).with_suffix("").parts
    return "api" if first == "api" else rest[0] if rest != ["__init__"] else "face"


def _imports(module: Module) -> Iterator[Import]:
    """Every import with the function that it hides in."""
    found: list[Import] = []

    def walk(node: ast.AST, inside: str | None) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend(Import(name.name, child.lineno, inside) for name in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{module.at(child.lineno)}: write imports in full"
                found.extend(Import(f"{child.module}.{name.name}", child.lineno, inside) for name in child.names)
            walk(child, child.name if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) else inside)

    walk(module.tree, None)
    yield from found


def _target_room(target: str) -> str | None:
    first, *rest = target.split(".")
    return "api" if first == "api" else rest[0] if first == "gridmap" and rest else None


def _functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_room_stands_on_a_floor() -> None:
    none({module.room for module in modules()} - set(FLOOR_OF) - {"face"})


def test_arrows_point_down_only_and_siblings_never_see_each_other() -> None:
    wrong = []
    for module in modules():
        if module.room == "face":
            continue
        for found in _imports(module):
            room = _target_room(found.target)
            if room in FLOOR_OF and room != module.room and FLOOR_OF[room] >= FLOOR_OF[module.room]:
                wrong.append(f"{module.at(found.line)}: {module.room} imports {room}")
    none(wrong)


def test_rooms_never_import_the_face() -> None:
    """`from gridmap import X` inside the house would be a circle through the face."""
    wrong = [
        f"{module.at(found.line)}: {found.target}"
        for module in modules()
        for found in _imports(module)
        if found.target.split(".")[0] == "gridmap" and _target_room(found.target) not in FLOOR_OF
    ]
    none(wrong)


def test_commands_open_the_service_only_where_they_serve() -> None:
    wrong = [
        f"{module.at(found.line)}: {found.target}"
        for module in modules()
        if module.room == "cli"
        for found in _imports(module)
        if _target_room(found.target) == "api" and (found.inside is None or module.path.stem not in {"serve", "demo", "notify"})
    ]
    none(wrong)


@pytest.mark.parametrize("package", ONLY)
def test_an_outside_package_is_spoken_to_in_its_rooms_only(package: str) -> None:
    wrong = [
        module.at(found.line)
        for module in modules()
        if module.room not in ONLY[package]
        for found in _imports(module)
        if found.target.split(".")[0] == package
    ]
    none(wrong)


def test_only_geometry_names_a_coordinate_system() -> None:
    """4326 is what every door speaks and may be said; any other number is geometry's business."""
    code = re.compile(r"EPSG:(?!4326\b)\d{4,5}")
    wrong = [
        f"{module.at(node.lineno)}: {node.value!r}"
        for module in modules()
        if module.room != "geometry"
        for node in _texts(module)
        if code.search(str(node.value))
    ]
    none(wrong)


def _texts(module: Module) -> Iterator[ast.Constant]:
    """The strings of the program, without those that stand alone (docstrings)."""
    alone = {node.value for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in alone:
            yield node


def _reads(module: Module, names: set[tuple[str, str]]) -> Iterator[ast.Attribute]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if (owner, node.attr) in names:
                yield node


def test_only_doors_read_the_clock() -> None:
    clocks = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
    wrong = [module.at(node.lineno) for module in modules() if module.room not in {"api", "cli"} for node in _reads(module, clocks)]
    none(wrong)


def test_only_settings_read_the_environment() -> None:
    outside = {("os", "environ"), ("os", "getenv"), ("os", "putenv")}
    wrong = [module.at(node.lineno) for module in modules() if module.room != "settings" for node in _reads(module, outside)]
    none(wrong)


def test_sql_is_written_in_the_store_only() -> None:
    sql = re.compile(r"^\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE|ALTER TABLE)\b")
    wrong = [
        module.at(node.lineno) for module in modules() if module.room != "store" for node in _texts(module) if sql.match(str(node.value))
    ]
    none(wrong)


def test_no_function_is_longer_than_sixty_lines() -> None:
    wrong = [
        f"{module.at(node.lineno)}: {node.name} has {size} lines"
        for module in modules()
        for node in _functions(module)
        if (size := (node.end_lineno or node.lineno) - node.lineno + 1) > 60
    ]
    none(wrong)


def test_the_median_function_is_short() -> None:
    sizes = sorted((node.end_lineno or node.lineno) - node.lineno + 1 for module in modules() for node in _functions(module))
    assert sizes[len(sizes) // 2] <= 10


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    assert [f"{module.at(1)}: {module.lines} lines" for module in modules() if module.lines > 400] == []


def test_a_function_with_more_than_five_parameters_names_them() -> None:
    """Commands and routes are exempt: their parameters are the options and the query that a user names."""
    wrong = [
        f"{module.at(node.lineno)}: {node.name}"
        for module in modules()
        if module.room not in {"cli", "api"}
        for node in _functions(module)
        if len(node.args.posonlyargs + node.args.args) > 5
    ]
    none(wrong)


def test_names_say_what_is_inside() -> None:
    paths = [module.at(1) for module in modules() for part in module.path.relative_to(ROOT).parts if EMPTY_NAMES.search(Path(part).stem)]
    classes = [
        f"{module.at(node.lineno)}: {node.name}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and EMPTY_CLASSES.search(node.name)
    ]
    none(paths + classes)


def test_every_module_says_what_it_is() -> None:
    none([module.at(1) for module in modules() if module.tree.body and not ast.get_docstring(module.tree)])


def test_every_public_class_and_longer_function_says_what_a_caller_gets() -> None:
    """Commands say it in words/, routes in their OpenAPI text, migrations in their file's head; a name of four words is a sentence."""
    wrong = [
        f"{module.at(node.lineno)}: {node.name}"
        for module in modules()
        if module.room not in {"cli", "api"} and "migrations" not in module.path.parts
        for node in module.tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
        if not ast.get_docstring(node) and (node.end_lineno or 0) - node.lineno > 4 and node.name.count("_") < 3
    ]
    none(wrong)


def _called(module: Module, name: str) -> list[str]:
    """Where the module calls this name, however it is reached."""
    found = [node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    return [
        module.at(f.lineno)
        for f in found
        if (isinstance(f, ast.Name) and f.id == name) or (isinstance(f, ast.Attribute) and f.attr == name)
    ]


def test_a_scope_is_made_by_access_alone_and_grants_are_read_by_one_flow() -> None:
    scopes = [at for module in modules() if module.room != "access" for at in _called(module, "Scope")]
    grants = [at for module in modules() if module.room != "access" and module.path.stem != "act" for at in _called(module, "Grant")]
    none(scopes + grants)


def test_the_operator_acts_only_at_the_doors_that_are_named() -> None:
    """Who holds the machine: commands (through `act`), the demonstration, the service's own tasks, requests before the first account."""
    doors = {"gridmap/flows/act.py", "gridmap/cli/demo.py", "api/sign_in.py", "api/live.py", "api/tasks.py"}
    none(at for module in modules() if module.room != "access" for at in _called(module, "operator") if at.partition(":")[0] not in doors)


def test_nothing_is_printed_but_by_commands() -> None:
    wrong = [
        module.at(node.lineno)
        for module in modules()
        if module.room != "cli"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    none(wrong)


def test_nothing_is_caught_that_cannot_be_mended() -> None:
    """A bare `except` or `except Exception` hides our own faults, unless it only tidies up and raises the same again."""
    wrong = [
        module.at(node.lineno)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    ]
    none(wrong)


def test_nothing_here_is_a_link_to_elsewhere() -> None:
    """What lies outside is there on one machine alone; in a clone the link would lead nowhere."""
    assert [str(path) for room in ("gridmap", "api", "data", "notebooks") for path in (ROOT / room).rglob("*") if path.is_symlink()] == []
