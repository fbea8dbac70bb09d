"""An incident in plain words, for a page: each step of its log with what came along, and how its clocks stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Any

from gridmap.catalogue import Limit
from gridmap.flows.rehome import ASKED
from gridmap.grid import LEVELS
from gridmap.incidents import Incident
from gridmap.incidents.telling import WHY, facts_told
from gridmap.limits import TASK, Clock
from gridmap.store.incidents import LogRow
from gridmap.words import Lang, say, texts

if TYPE_CHECKING:
    from api.answers import Names

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
    return tuple(facts_told(row.facts, one, _Named(names, lang), lang))


def _would_be(facts: Mapping[str, Any], names: "Names", lang: Lang) -> Iterator[tuple[str, str]]:
    """Where and whose it would be by another edition."""
    code = next((facts[level] for level in reversed(LEVELS) if facts.get(level)), None)
    area = " › ".join(names.path(facts["edition"], code, lang)) if code else say("page.incident.no_area", lang)
    worker = _Named(names, lang).worker(facts["worker"]) if facts.get("worker") else say("ui.detail.nobody", lang)
    yield say("page.incident.would_area", lang), area
    yield say("page.incident.would_worker", lang), worker
    yield say("page.incident.would_edition", lang), str(facts["edition"])


@dataclass(frozen=True, slots=True)
class _Named:
    """The names behind codes in the reader's language; a code that nobody knows as it is."""

    names: "Names"
    lang: Lang

    def office(self, code: str) -> str:
        found = self.names.office(code, self.lang)
        return found["name"] if found else code

    def worker(self, id: str) -> str:
        found = self.names.worker(id, self.lang)
        return found["name"] if found else id

    def issue(self, code: str) -> str:
        return self.names.issue(code, self.lang)


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
    seconds = (due - at).total_seconds()
    way, minutes = ("over", ceil(-seconds / 60)) if seconds < 0 else ("left", int(seconds // 60))  # over is over from its first second on
    if minutes < 60:
        return say(f"ui.due.{way}.minutes", lang, n=minutes)
    if minutes < 60 * DAY_HOURS:
        return say(f"ui.due.{way}.hours", lang, n=minutes // 60)
    return say(f"ui.due.{way}.days", lang, n=minutes // 1440)
