"""The two languages. Every text that a person reads is said by key from en.json and zh.json; both are complete by test."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Protocol, get_args, runtime_checkable

Lang = Literal["en", "zh"]
LANGS: tuple[Lang, ...] = get_args(Lang)


_PLAIN = frozenset({str, int, float, type(None)})
"""What most facts are: to ask a value whether it can say itself takes as long as all the rest of a sentence."""


@runtime_checkable
class Sayable(Protocol):
    """Anything that has words in every language."""

    def text(self, lang: Lang = "en") -> str: ...


@cache
def texts(lang: Lang) -> Mapping[str, str]:
    """Every text of one language by key, for the doors that hand them to a page."""
    found: dict[str, str] = json.loads(files(__package__).joinpath(f"{lang}.json").read_text("utf-8"))
    return found


def say(key: str, lang: Lang = "en", **facts: object) -> str:
    """The text of `key` with its facts filled in; a fact that can say itself (a Sentence, a Finding) is said in the same language.

    An unknown key or a missing fact is a KeyError: a fault of ours, never of the input.
    """
    return _filled(key, lang, facts)


def _filled(key: str, lang: Lang, facts: Mapping[str, object]) -> str:
    if not _PLAIN.issuperset(map(type, facts.values())):
        facts = {name: fact if type(fact) in _PLAIN else _said(fact, lang) for name, fact in facts.items()}
    return texts(lang)[key].format_map(facts)


def _said(fact: object, lang: Lang) -> object:
    return fact.text(lang) if isinstance(fact, Sayable) else fact


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence not yet said: its key and facts travel through rooms and databases, its words are chosen at the door."""

    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: Lang = "en") -> str:
        return _filled(self.key, lang, self.facts)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, without words; `Sentence(**d)` reads it back."""
        return {"key": self.key, "facts": dict(self.facts)}
