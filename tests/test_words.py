"""The two languages hold the same texts, with the same facts, and the house says no text that is not among them."""

import ast
import json
import re
import string
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("gridmap/**/*.py", "api/**/*.py", "api/web/**/*.html", "api/web/**/*.js", "gridmap/**/*.html")
# What a key looks like where it is written: a family that exists, then its name.
KEY = re.compile(r"""(?<=["'`])([a-z]\w*(?:\.\w+)*\.\w*[a-z0-9])(?=["'`])""")

CHINESE = re.compile(r"[一-鿿]")


def none(wrong: Iterable[str]) -> None:
    """Tell every one that breaks the rule, a line each."""
    found = sorted(wrong)
    assert not found, "\n".join(["", *found])


@cache
def book(lang: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((ROOT / f"gridmap/words/{lang}.json").read_text("utf-8"))
    return texts


def families() -> set[str]:
    return {key.split(".")[0] for key in book("en")}


@cache
def sources() -> dict[Path, str]:
    found = (path for pattern in SOURCES for path in ROOT.glob(pattern))
    return {path.relative_to(ROOT): path.read_text("utf-8") for path in found if "vendor" not in path.parts}


def said() -> dict[str, set[str]]:
    """Every whole key that is written somewhere, with the files that say it."""
    found: dict[str, set[str]] = {}
    for path, text in sources().items():
        for key in KEY.findall(text):
            if key.split(".")[0] in families():
                found.setdefault(key, set()).add(str(path))
    return found


def started() -> set[str]:
    """The beginnings of keys whose end is only known when they are said: `f"state.{state}"`, "ui." + name, `level.${level}`."""
    found: set[str] = set()
    for text in sources().values():
        found |= set(re.findall(r"""["'`]([a-z]\w*\.(?:\w+\.)*\w*)(?:\{|\$\{|["']\s*(?:\+|~))""", text))
    return {start for start in found if start.split(".")[0] in families()} - {"error."}  # which the refusals say one by one


def refusals() -> set[str]:
    """The keys of every class that is a Refusal, in whichever room it lives."""
    parents = {
        node.name: {base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases}
        for path, text in sources().items()
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(text, str(path)))
        if isinstance(node, ast.ClassDef)
    }
    found = {"Refusal"}
    while grown := {name for name, bases in parents.items() if bases & found} - found:
        found |= grown
    return {"error." + re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in found}


def facts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    none(set(book("en")) ^ set(book("zh")))


def test_both_languages_tell_the_same_facts() -> None:
    """A name that has two forms is {name} in Chinese and {name_en} in English: the same fact."""
    english = {key: {fact.removesuffix("_en") for fact in facts(text)} for key, text in book("en").items()}
    chinese = {key: facts(text) for key, text in book("zh").items()}
    none(f"{key}: {told} and {chinese[key]}" for key, told in english.items() if told != chinese[key])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_fact_is_named(lang: str) -> None:
    """`{}` and `{0}` would depend on an order that another language turns round."""
    none(key for key, text in book(lang).items() if any(not re.match(r"[a-z_]\w*$", name) for name in facts(text)))


def test_no_text_is_empty_and_chinese_is_chinese() -> None:
    """A text of the Chinese book without one Chinese character was forgotten, unless it is the same in both, or a sign without a letter."""
    none(key for lang in ("en", "zh") for key, text in book(lang).items() if not text.strip())
    none(key for key, text in book("zh").items() if not CHINESE.search(text) and text != book("en")[key] and re.search(r"\w", text))


def test_every_refusal_can_say_itself() -> None:
    none(refusals() - set(book("en")))


def test_every_key_that_is_said_exists() -> None:
    none(f"{key} in {', '.join(files)}" for key, files in said().items() if key not in book("en") and Path(key).suffix != ".json")


def test_no_text_lies_unused() -> None:
    """A key is said whole, or by its beginning, or (refusals of the service's door) by its last part alone."""
    everything = "\n".join(sources().values())
    ends = {f"error.{name}" for name in re.findall(r"""["'](\w+)["']""", everything)}
    starts = (*started(), *{f"error.{name}" for name in re.findall(r"""f["'](\w+_)\{""", everything)})
    used = said().keys() | refusals() | ends
    none(key for key in book("en") if key not in used and not key.startswith(starts))


def test_the_books_are_sorted_as_their_tool_writes_them() -> None:
    for lang in ("en", "zh"):
        assert list(book(lang)) == sorted(book(lang))
