"""An incident in plain words, for a page: each step of its log with what came along, and how its clocks stand."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gridmap.catalogue import Limit
from gridmap.flows.rehome import ASKED
from gridmap.grid import LEVELS
from gridmap.incidents import Incident
from gridmap.incidents.life import Evidence
from gridmap.limits import TASK, Clock
from gridmap.store.incidents import LogRow
from gridmap.words import Lang, say, texts

if TYPE_CHECKING:
    from api.answers import Names

WHY = ("reason", "note", "purpose")
SAID_ONCE = frozenset({*WHY, "report", "revision", "keeper", "contact_left", "template", "from_asked"})
"""What a row of the log tells otherwise, or is nobody's matter."""
DAY_HOURS = 48
MINUTES = 60  # of an hour


@dataclass(frozen=True, slots=True)
class Told:
    """One step: when, by whom, what it is called, what came along (label, value; an instant where it is one), why, and where it led."""

    at: datetime
    who: str
    what: str
    facts: tuple[tuple[str, str | datetime], ...]
    why: str
    state: str


@dataclass(frozen=True, slots=True)
class Ticking:
    """One run of a clock: its name and limit, since when, until when, and how it stands; `late` where it is over."""

    name: str
    limit: str
    started: datetime
    due: datetime | None
    stopped: datetime | None
    standing: str
    late: bool


def told(row: LogRow, one: Incident, names: "Names", lang: Lang) -> Told:
    """The row of the incident's log in the reader's words; without the report's id, as everywhere."""
    why = next((str(row.facts[name]) for name in WHY if row.facts.get(name)), "")
    what = texts(lang).get(f"history.{row.what}", row.what)
    state = say(f"state.{row.to_state}", lang) if row.to_state and row.to_state != row.from_state else ""
    return Told(row.at, row.actor, what, facts_of(row, one, names, lang), why, state)


def facts_of(row: LogRow, one: Incident, names: "Names", lang: Lang) -> tuple[tuple[str, str | datetime], ...]:
    """What came along with the step, label and value in the reader's words; an instant where it is one."""
    if row.what == ASKED:
        return tuple(_would_be(row.facts, names, lang))
    return tuple(_facts(row.facts, one, names, lang))


def _would_be(facts: Mapping[str, Any], names: "Names", lang: Lang) -> Iterator[tuple[str, str]]:
    """Where and whose it would be by another edition."""
    code = next((facts[level] for level in reversed(LEVELS) if facts.get(level)), None)
    area = " › ".join(names.path(facts["edition"], code, lang)) if code else say("page.incident.no_area", lang)
    worker = _worker(facts["worker"], names, lang) if facts.get("worker") else say("ui.detail.nobody", lang)
    yield say("page.incident.would_area", lang), area
    yield say("page.incident.would_worker", lang), worker
    yield say("page.incident.would_edition", lang), str(facts["edition"])


def _facts(facts: Mapping[str, Any], one: Incident, names: "Names", lang: Lang) -> Iterator[tuple[str, str | datetime]]:
    for name, fact in facts.items():
        if name in SAID_ONCE or fact in (None, "", False):
            continue
        value = _value(name, fact, one, names, lang)
        if value is not None:
            yield _label(name, lang), value


def _label(name: str, lang: Lang) -> str:
    return Evidence(name).text(lang) if name in set(Evidence) else say(f"page.incident.{name}", lang)


def _value(name: str, fact: Any, one: Incident, names: "Names", lang: Lang) -> str | datetime | None:
    """What a fact of the log says; None for one that this page has no words for."""
    how: dict[str, Callable[[], str | datetime]] = {
        "office": lambda: _office(fact, names, lang),
        "from_office": lambda: _office(fact, names, lang),
        "from_worker": lambda: _worker(fact, names, lang),
        "to_worker": lambda: _worker(fact, names, lang),
        "until": lambda: datetime.fromisoformat(fact),
        "task": lambda: _task(fact, one, names, lang),
        "grade": lambda: say(f"ui.grade.{fact}", lang),
        "issue": lambda: names.issue(fact, lang),
        "satisfied": lambda: say(f"satisfied.{fact}", lang),
        "level": lambda: say(f"ui.ladder.{fact}", lang),
        "clock": lambda: say(f"clock.{fact}", lang),
        "drawn": lambda: say("page.incident.drawn_yes", lang),
        **{plain: lambda: str(fact) for plain in ("photo", "place", "into", "agreement", "other", "from", "to")},
    }
    return how[name]() if name in how else None


def _office(code: str, names: "Names", lang: Lang) -> str:
    found = names.office(code, lang)
    return found["name"] if found else code


def _worker(id: str, names: "Names", lang: Lang) -> str:
    found = names.worker(id, lang)
    return found["name"] if found else id


def _task(number: str, one: Incident, names: "Names", lang: Lang) -> str:
    for task in one.tasks:
        if str(task.number) == number.strip():
            return f"{number} · {task.kind.text(lang)} · {_office(task.office, names, lang)}"
    return number


def ticking(run: Clock, lang: Lang, at: datetime) -> Ticking:
    """How this run of a clock stands at `at`."""
    late = run.breached(at)
    number = f" {run.run}" if run.run > 1 or run.name == TASK.clock else ""  # of a task its number within the incident
    limit, standing = _limit(run.limit, lang), _standing(run, lang, at, late=late)
    return Ticking(say(f"clock.{run.name}", lang) + number, limit, run.started, run.due, run.stopped, standing, late)


def _limit(limit: Limit, lang: Lang) -> str:
    """The limit as a person says it: what ends at an instant that somebody named is no round number of hours."""
    if limit.amount == int(limit.amount):
        return say(f"page.limit.{limit.unit.lower()}", lang, n=int(limit.amount))
    hours, minutes = divmod(round(limit.amount * MINUTES), MINUTES)
    if not hours:
        return say("page.limit.minutes", lang, n=minutes)
    if hours < DAY_HOURS:
        return say("page.limit.hours", lang, hours=hours, minutes=minutes)
    return say("page.limit.days", lang, days=hours // 24, hours=hours % 24)


def _standing(run: Clock, lang: Lang, at: datetime, *, late: bool) -> str:
    if run.stopped:
        return say(f"page.clock.{'late' if late else 'met'}", lang)
    if run.paused:
        return say("page.clock.paused", lang)
    return left(run.due, lang, at) if run.due else ""


def left(due: datetime, lang: Lang, at: datetime) -> str:
    """How long is left until then, or since when it is over, by the clock on the wall; as the command centre says it."""
    minutes = int(abs((due - at).total_seconds()) // 60)
    way = "over" if due < at else "left"
    if minutes < 60:
        return say(f"ui.due.{way}.minutes", lang, n=minutes)
    if minutes < 60 * DAY_HOURS:
        return say(f"ui.due.{way}.hours", lang, n=minutes // 60)
    return say(f"ui.due.{way}.days", lang, n=minutes // 1440)
