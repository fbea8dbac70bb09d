"""What came along with a step of an incident's log, in plain words: the same on a page, in an answer and in a terminal."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

from gridmap.incidents.incident import Incident
from gridmap.incidents.life import Evidence
from gridmap.incidents.photo import is_photo_name, short_name
from gridmap.words import Lang, say

WHY = ("reason", "note", "purpose")
"""The facts that say why; whoever tells a step tells them apart from the others."""
AS_IT_IS = ("place", "into", "agreement", "other", "from", "to")


class Naming(Protocol):
    """The names behind codes, in one language."""

    def office(self, code: str, /) -> str: ...

    def worker(self, id: str, /) -> str: ...

    def issue(self, code: str, /) -> str: ...


def facts_told(facts: Mapping[str, Any], one: Incident, naming: Naming, lang: Lang) -> Iterator[tuple[str, str | datetime]]:
    """(label, value) of each fact that has words; an instant where it is one."""
    how: dict[str, Callable[[Any], str | datetime]] = {
        **dict.fromkeys(("office", "from_office"), naming.office),
        **dict.fromkeys(("from_worker", "to_worker"), naming.worker),
        **dict.fromkeys(("until", "due"), datetime.fromisoformat),
        "task": lambda number: _task(number, one, naming, lang),
        "grade": lambda grade: say(f"ui.grade.{grade}", lang),
        "issue": naming.issue,
        "satisfied": lambda said: say(f"satisfied.{said}", lang),
        "level": lambda level: say(f"ui.ladder.{level}", lang),
        "clock": lambda clock: say(f"clock.{clock}", lang),
        "drawn": lambda _: say("page.incident.drawn_yes", lang),
        "photo": lambda name: short_name(name) if is_photo_name(name) else str(name),
        **dict.fromkeys(AS_IT_IS, str),
    }
    for name, fact in facts.items():
        if name in how and fact not in (None, "", False):
            yield Evidence(name).text(lang) if name in set(Evidence) else say(f"page.incident.{name}", lang), how[name](fact)


def _task(number: str, one: Incident, naming: Naming, lang: Lang) -> str:
    for task in one.tasks:
        if str(task.number) == number.strip():
            return f"{number} · {task.kind.text(lang)} · {naming.office(task.office)}"
    return number
