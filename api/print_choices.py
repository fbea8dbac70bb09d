"""What somebody may print, as the page's lists offer it, and the codes in what they chose or typed."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.asker import Asker
from api.places import Places
from gridmap.access import Scope
from gridmap.flows.print_sheets import Book
from gridmap.grid import Level

BETWEEN = re.compile(r"[,，、;；\n]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be printed: its code, how the list calls it, and the names that are understood."""

    code: str
    label: str
    names: tuple[str, ...]


Choices = Mapping[Book, Sequence[Choice]]


def read_choices(asked: Asker) -> Choices:
    """Villages and townships within what the asker may print, each by code. Workers go by ids: a list of names is a register."""
    with asked.store.read(asked.scope) as tx:
        places = Places.read(asked.store, tx, asked.lang, asked.now)
    townships = _areas(places, asked.scope, Level.TOWNSHIP)
    return {Book.VILLAGE: _areas(places, asked.scope, Level.VILLAGE), Book.TOWNSHIP: townships, Book.WALL: townships, Book.WORKER: ()}


def _areas(places: Places, scope: Scope, level: Level) -> list[Choice]:
    edition = places.edition
    if edition is None:
        return []
    found = [area for area in edition.areas if area.level is level and scope.covers(step.code for step in edition.path(area.code))]
    return [Choice(area.code, places.area(area.code), tuple(filter(None, (area.name, area.name_en)))) for area in found]


def codes_in(typed: str, choices: Sequence[Choice]) -> list[str]:
    """The codes in what was typed: between commas a code, several with spaces between them, or a name that only one choice has."""
    named = Counter(name for choice in choices for name in choice.names)
    by_name = {name: choice.code for choice in choices for name in choice.names if named[name] == 1}
    parts = [part.strip() for part in BETWEEN.split(typed)]
    return [code for part in parts for code in ([by_name[part]] if part in by_name else part.split())]
