"""A draft is held against the edition in force and nothing changes: what it would do to households, workers and what is open."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from gridmap.access import Action, Actor, Scope, allowed, may
from gridmap.duty import Duty, Post, Worker
from gridmap.errors import Conflict
from gridmap.flows.dispatch import Situation, read_situation
from gridmap.flows.draft_standing import posts_planned
from gridmap.flows.rehome import is_elsewhere
from gridmap.flows.rematch import found_anew, reports_of
from gridmap.flows.staffing import TOLD
from gridmap.grid import LEVELS, Area, Edition, Finding, Households, Level, Severity
from gridmap.grid.checks import Candidate, codes_are_there_and_once, parents_are_of_the_level_above, shapes_are_sound
from gridmap.grid.crosswalk import owners_of
from gridmap.incidents import Incident
from gridmap.matching import find_many, index_of
from gridmap.planning.compare import Comparison, Points, Side, compare
from gridmap.roster import Roster
from gridmap.store import Store, Tx, drafts, editions, incidents, land, people, points
from gridmap.words import Lang, Sentence

YEAR = timedelta(days=365)
TABLES = ("cells", "moves", "workers", "incidents", "sheets", "households")


class DraftUnsound(Conflict):
    """What a draft would do cannot be told while its areas are not whole; facts: draft, count, first."""


@dataclass(frozen=True, slots=True)
class ChangingHands:
    """An open incident that would be another cell's or another worker's."""

    number: str
    cell_before: str | None
    cell_after: str | None
    worker_before: str | None
    worker_after: str | None
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What publishing `draft` would change, against edition `against` (None: nothing is in force) within the villages that the actor
    may know the households of; `left_out` villages are others'. `changing_hands` and `received` (incidents since `since`) are None
    where the actor sees no incidents."""

    draft: str
    against: int | None
    comparison: Comparison
    left_out: int
    since: datetime
    received: int | None
    changing_hands: tuple[ChangingHands, ...] | None
    workers: dict[str, Worker]
    villages: dict[str, Area]

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON-ready: the sums, and the tables but for the households, point by point, which are a file's matter."""
        found = self.comparison
        sums = {
            "draft": self.draft, "against": self.against, "households": found.households, "moved": found.moved,
            "other_worker": found.other_worker, "fates": {str(fate): count for fate, count in found.fates.items()},
            "recoded": dict(found.recoded), "villages_left_out": self.left_out,
            "since": self.since.isoformat(), "received": self.received,
            "changing_hands": None if self.changing_hands is None else len(self.changing_hands),
        }  # fmt: skip
        return sums | {name: self.table(name, lang)[1] for name in TABLES if name != "households"}

    def table(self, name: str, lang: Lang) -> tuple[tuple[str, ...], list[dict[str, Any]]]:
        """The columns and rows of one of TABLES; words in the reader's language, codes as they are."""
        columns = _COLUMNS[name]
        rows: Iterator[tuple[Any, ...]] = getattr(self, f"_{name}")(lang)
        return columns, [dict(zip(columns, row, strict=True)) for row in rows]

    def _cells(self, lang: Lang) -> Iterator[tuple[Any, ...]]:
        """A row for each cell of a change; a cell of both sides has one where its code stays."""
        counts, reshaped = self.comparison.counts, self.comparison.reshaped
        for change in self.comparison.changes:
            for code in dict.fromkeys((*change.before, *change.after)):
                before, after = counts[code]
                yield (
                    code, str(change.fate), change.fate.text(lang), before, after,
                    " ".join(change.before), " ".join(change.after), code in reshaped,
                )  # fmt: skip

    def _moves(self, lang: Lang) -> Iterator[tuple[Any, ...]]:
        for move in self.comparison.moves:
            who = (move.worker_before, move.worker_after)
            yield move.before, move.after, *who, *(self._called(each, lang) for each in who), move.households, move.moved

    def _workers(self, lang: Lang) -> Iterator[tuple[Any, ...]]:
        for load in self.comparison.loads:
            yield (
                load.worker, self._called(load.worker, lang), load.cells_before, load.cells_after, load.households_before,
                load.households_after, load.gained, load.lost, load.incidents_before, load.incidents_after,
            )  # fmt: skip

    def _incidents(self, lang: Lang) -> Iterator[tuple[Any, ...]]:
        for one in self.changing_hands or ():
            who = (one.worker_before, one.worker_after)
            yield one.number, one.cell_before, one.cell_after, *who, *(self._called(each, lang) for each in who)

    def _sheets(self, lang: Lang) -> Iterator[tuple[Any, ...]]:
        for code in self.comparison.sheets:
            yield code, self.villages[code].name_in(lang) if code in self.villages else code

    def _households(self, _lang: Lang) -> Iterator[tuple[Any, ...]]:
        for move in self.comparison.moves:
            yield from ((id, move.before, move.after, move.worker_before, move.worker_after) for id in move.ids)

    def _called(self, worker: str | None, lang: Lang) -> str | None:
        known = self.workers.get(worker or "")
        return worker if known is None else known.name_en if lang == "en" and known.name_en else known.name


_COLUMNS = {
    "cells": ("code", "fate", "fate_text", "households_before", "households_after", "before", "after", "reshaped"),
    "moves": ("before", "after", "worker_before", "worker_after", "name_before", "name_after", "households", "moved"),
    "workers": (
        "worker", "name", "cells_before", "cells_after", "households_before", "households_after", "gained", "lost",
        "incidents_before", "incidents_after",
    ),
    "incidents": ("number", "cell_before", "cell_after", "worker_before", "worker_after", "name_before", "name_after"),
    "sheets": ("village", "name"),
    "households": ("household", "before", "after", "worker_before", "worker_after"),
}  # fmt: skip


def rehearse(store: Store, draft: str, *, against: int | None = None, now: datetime, actor: Actor) -> Rehearsal:
    """Hold the draft against the edition in force, or that of the number `against`. Who holds which post is as of now, and as the draft
    would have it.

    Households are told of villages in the actor's jurisdiction alone, incidents as far as the actor sees them. DraftMissing,
    EditionMissing, DraftUnsound where codes, parents or shapes are not whole.
    """
    with store.read(allowed(actor, Action.DRAFT_READ)) as tx:
        areas, newest = drafts.areas(tx, draft), max((head.number for head in editions.heads(tx)), default=0)
        number = editions.number_in_force(tx, now) if against is None else against
        edition = store.edition(tx, number) if number is not None else None
        posts, workers = people.posts(tx, at=now), {worker.id: worker for worker in people.workers(tx)}
        wanted = posts_planned(tx, draft, posts, now)
    _need_sound(draft, areas)
    planned = Edition(newest + 1, now, now, areas)
    scope = allowed(actor, Action.HOUSEHOLD_READ)
    with store.read(scope) as tx:
        households = land.households(tx)
    sides = (_side(scope, edition, posts), _side(scope, planned, wanted))
    since = now - YEAR
    received, changing_hands = _incidents(store, planned, wanted, since=since, actor=actor) if edition else (None, None)
    villages = {area.code: area for each in filter(None, (edition, planned)) for area in each.at(Level.VILLAGE)}
    return Rehearsal(
        draft=draft, against=number, since=since,
        comparison=compare(*sides, _within(sides, households) if not scope.everywhere else households, received),
        left_out=sum(not scope.covers((code, village.parent)) for code, village in villages.items()),
        received=None if received is None else len(received[0]),
        changing_hands=changing_hands, workers=workers, villages=villages,
    )  # fmt: skip


def at_stake(store: Store, draft: str, areas: tuple[Area, ...], *, policy: str, now: datetime, actor: Actor) -> Iterator[Finding]:
    """A note of the open incidents that would change hands if the draft (these are its areas) were in force, at the first of them, with
    the county's rule of what becomes of them; nothing where nothing is in force, or the actor sees none."""
    with store.read(allowed(actor, Action.DRAFT_READ)) as tx:
        heads = editions.heads(tx)
        if editions.number_in_force(tx, now) is None:
            return
        wanted = posts_planned(tx, draft, people.posts(tx, at=now), now)
    planned = Edition(max(head.number for head in heads) + 1, now, now, areas)
    _, found = _incidents(store, planned, wanted, since=now, actor=actor)
    if found:
        who = [f"{one.number} {one.worker_before or '-'}→{one.worker_after or '-'}" for one in found]
        facts = {"count": len(found), "incidents": ", ".join(who[:TOLD]), "policy": Sentence(f"rehome.{policy}")}
        yield Finding("incidents_change_hands", Severity.NOTE, found[0].cell_before or "", found[0].lon, found[0].lat, facts)


def _need_sound(draft: str, areas: tuple[Area, ...]) -> None:
    candidate = Candidate(areas)
    rules = (codes_are_there_and_once, parents_are_of_the_level_above, shapes_are_sound)
    faults = [finding for rule in rules for finding in rule(candidate) if finding.severity is Severity.ERROR]
    if faults:
        raise DraftUnsound(draft=draft, count=len(faults), first=faults[0])


def _side(scope: Scope, edition: Edition | None, posts: Iterable[Post]) -> Side:
    """The cells of the edition that the scope covers, each with the longest standing holder of its worker's post, away or not."""
    cells = [cell for cell in edition.at(Level.CELL) if scope.covers(area.code for area in edition.path(cell.code))] if edition else []
    holders: dict[str, str] = {}
    for post in sorted(posts, key=lambda post: (post.since, post.worker)):
        if post.duty is Duty.WORKER:
            holders.setdefault(post.area, post.worker)
    return Side(cells, holders)


def _within(sides: Sequence[Side], households: Households) -> Households:
    """The households of these cells, on either side: others' are not told, nor counted."""
    cells = [cell for side in sides for cell in side.cells]
    mine = owners_of(cells, households.lon, households.lat) >= 0
    return Households(households.ids[mine], households.lon[mine], households.lat[mine], households.counts[mine])


def _incidents(
    store: Store, planned: Edition, posts: Sequence[Post], *, since: datetime, actor: Actor
) -> tuple[Points | None, tuple[ChangingHands, ...] | None]:
    """The points of what was received, and the open ones that would change hands; nothing where the actor sees no incidents."""
    if not may(actor, Action.INCIDENT_READ):
        return None, None
    with store.read(allowed(actor, Action.INCIDENT_READ)) as tx:
        now = planned.in_force_from
        there = read_situation(store, tx, now)
        roster = Roster(posts, there.roster.workers, people.leaves(tx, at=now))
        situation = replace(there, edition=planned, index=index_of(planned), roster=roster)
        candidates = [incidents.get(tx, id) for id in _likely(tx, situation)]
        anew = found_anew(tx, situation, list(zip(candidates, reports_of(tx, situation, candidates), strict=True)))
        moving = [(one, what) for one, what in zip(candidates, anew, strict=True) if is_elsewhere(one, what)]
        return points.received(tx, since=since), tuple(_hands(one, what.place) for one, what in moving)


def _likely(tx: Tx, situation: Situation) -> list[str]:
    """The open incidents whose point lies in other areas than they were given to, or has another worker."""
    placed = points.open_ones(tx)
    if not placed:
        return []
    paths = [match.path for match in find_many(situation.index, [one.lon for one in placed], [one.lat for one in placed])]
    on_duty = {path: situation.roster.on_duty(path, situation.at).worker if path else None for path in set(paths)}
    now = [(*path, *[None] * (len(LEVELS) - len(path)), on_duty[path]) for path in paths]
    return [one.id for one, here in zip(placed, now, strict=True) if one.place != here]


def _hands(one: Incident, place: Mapping[str, Any]) -> ChangingHands:
    return ChangingHands(one.number, one.cell, place["cell"], one.worker, place["worker"], one.lon, one.lat)
