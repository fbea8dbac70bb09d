"""What other rules would have done with what was received: routed again on each incident's own edition and path, and nothing is changed."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.catalogue import IssueType, Rule
from gridmap.duty import Office, Weekday
from gridmap.errors import BadInput
from gridmap.flows.dispatch import named
from gridmap.flows.given_rules import check_given
from gridmap.routing import Desks
from gridmap.store import Store, Tx, catalogues, offices, routed
from gridmap.store.routed import Routed
from gridmap.tables.export import csv_lines, put_in_place
from gridmap.words import Lang, Sentence

PAGE = 2_000  # incidents of one short transaction
SHOWN = 1_000
"""Changes that are kept in memory and told; a file has them all."""
COLUMNS = ("number", "received_at", "issue", "edition", "area", "from_office", "to_office", "office_now", "why")


class SpanEmpty(BadInput):
    """A span ends before it begins; facts: since, until."""


class SpanAhead(BadInput):
    """A span begins when nothing has happened yet; facts: since, now."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One incident that would have gone elsewhere, and the rung that says so."""

    one: Routed
    to: str | None
    why: Sentence

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON-ready, under COLUMNS."""
        one = self.one
        facts = (one.number, one.received_at.isoformat(), one.issue, one.edition, one.path[-1])
        return dict(zip(COLUMNS, (*facts, one.first, self.to, one.office, self.why.text(lang)), strict=True))


@dataclass(kw_only=True)
class Replay:
    """What would change. Of `read` incidents `routed` had a place and a known type; `as_now` of the `changed` ones are today with the
    office that these rules name. `shown` holds the first changes; `before` and `after` count all that was routed, by office."""

    since: datetime
    until: datetime
    read: int = 0
    routed: int = 0
    changed: int = 0
    as_now: int = 0
    before: Counter[str | None] = field(default_factory=Counter)
    after: Counter[str | None] = field(default_factory=Counter)
    shown: list[Moved] = field(default_factory=list)
    names: Mapping[str, Office] = field(default_factory=dict)

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON-ready: the counts, each office's, and the first changes."""
        counts = {name: getattr(self, name) for name in ("read", "routed", "changed", "as_now")}
        span = {"since": self.since.isoformat(), "until": self.until.isoformat()}
        changes = [moved.as_dict(lang) for moved in self.shown]
        return {**span, **counts, "offices": self.offices(lang), "changes": changes, "left_off": self.changed - len(changes)}

    def offices(self, lang: Lang) -> list[dict[str, Any]]:
        """Each office with how many it got and would have got, those that change most first; code None is nobody."""
        codes = sorted(self.before.keys() | self.after.keys(), key=lambda code: (-abs(self.after[code] - self.before[code]), code or ""))
        return [{"code": code, "name": self._name(code, lang), "before": self.before[code], "after": self.after[code]} for code in codes]

    def _name(self, code: str | None, lang: Lang) -> str | None:
        office = self.names.get(code or "")
        return code if office is None else office.name_en if lang == "en" and office.name_en else office.name


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked, read once: who asks how far, the rules as desks, the types."""

    store: Store
    scope: Scope
    desks: Desks
    types: Mapping[str, IssueType]
    zone: tzinfo | None  # of the county, for the days of a rota


def replay_routes(
    store: Store,
    rules: Sequence[Rule],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    actor: Actor,
    out: Path | None = None,
    lang: Lang = "en",
    advance: Callable[[int], object] = lambda steps: None,
) -> Replay:
    """Route what was received in [since, until) with these rules, within what the actor may see; `out` is a CSV of every change.

    Types and offices are today's, the land is each incident's own; compared is the office that was
    named at receipt. SpanAhead, SpanEmpty, RulesUnusable.
    """
    if since >= now:
        raise SpanAhead(since=since.isoformat(), now=now.isoformat())
    if since >= until:
        raise SpanEmpty(since=since.isoformat(), until=until.isoformat())
    scope = allowed(actor, Action.INCIDENT_READ)
    with store.read(scope) as tx:
        check_given(store, tx, rules, now)
        types = {issue.code: issue for issue in catalogues.issue_types(tx)}
        asked = _Asked(store, scope, Desks(tuple(rules), offices.all_(tx), offices.rota(tx)), types, now.tzinfo)
    found = Replay(since=since, until=until, names=asked.desks.by_code)
    changes = _changes(asked, found, advance)
    if out is None:
        for _ in changes:
            pass
        return found
    with put_in_place(out) as beside, beside.open("w", encoding="utf-8", newline="") as text:
        text.writelines(csv_lines(COLUMNS, (moved.as_dict(lang) for moved in changes)))
    return found


def _changes(asked: _Asked, found: Replay, advance: Callable[[int], object]) -> Iterator[Moved]:
    """Every change, counted as it passes; a page of incidents at a time."""
    after = 0
    while True:
        with asked.store.read(asked.scope) as tx:
            rows = routed.page(tx, since=found.since, until=found.until, after=after, limit=PAGE)
            moved = [change for one in rows if (change := _moved(asked, tx, found, one))]
        found.shown += moved[: SHOWN - len(found.shown)]
        yield from moved
        advance(len(rows))
        if len(rows) < PAGE:
            return
        after = rows[-1].serial


def _moved(asked: _Asked, tx: Tx, found: Replay, one: Routed) -> Moved | None:
    """The change of one incident, None where it would go where it went."""
    found.read += 1
    issue = asked.types.get(one.issue)
    if issue is None or one.edition is None or not one.path:
        return None
    route = asked.desks.route(issue, one.path, Weekday.of(one.received_at.astimezone(asked.zone)))
    found.routed += 1
    found.before[one.first] += 1
    found.after[route.office] += 1
    if route.office == one.first:
        return None
    found.changed += 1
    found.as_now += route.office == one.office
    return Moved(one, route.office, named(asked.store.edition(tx, one.edition), route.reasons[-1]))
