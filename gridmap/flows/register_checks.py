"""What a row of a register must agree on with the other rows and with what is kept. Pure: the store is handed in as `Known`."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from gridmap.catalogue import ANY, IssueType, Rule
from gridmap.duty import Leave, Office, OfficeKind, OnCall, Post, Worker
from gridmap.errors import Refusal
from gridmap.limits import Calendar, CalendarRow
from gridmap.roster import ANSWERABLE
from gridmap.routing import grounds
from gridmap.tables.registers import said
from gridmap.tables.rows import Rejected, Row
from gridmap.words import Sentence

UTC = ZoneInfo("UTC")
"""Rows fit or not in every zone alike."""

T = TypeVar("T")
Rows = Sequence[tuple[Row, T]]
Fault = Sentence | None


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept already. `areas` is asked only where a register names areas: their shapes are heavy."""

    now: datetime
    areas: Callable[[], frozenset[str]]
    workers: frozenset[str]
    offices: Sequence[Office]
    types: Sequence[IssueType]
    posts: Sequence[Post]


@dataclass(frozen=True, slots=True)
class Checked(Generic[T]):
    """The rows to keep, those rejected, what is said besides, and kept posts that the new ones end."""

    good: tuple[T, ...]
    rejected: tuple[Rejected, ...]
    notes: tuple[Sentence, ...] = ()
    ended: tuple[T, ...] = ()


def check_workers(rows: Rows[Worker], known: Known) -> Checked[Worker]:
    """Each id once."""
    return _sorted_out(rows, _once(rows, lambda worker: worker.id))


def check_issue_types(rows: Rows[IssueType], known: Known) -> Checked[IssueType]:
    """Each code once."""
    return _sorted_out(rows, _once(rows, lambda issue: issue.code))


def check_offices(rows: Rows[Office], known: Known) -> Checked[Office]:
    """Each code once; a second centre of one area is noted, because only one of them will ever be asked."""
    checked = _sorted_out(rows, _once(rows, lambda office: office.code))
    new = {office.code: office for office in checked.good}
    everyone = {**{office.code: office for office in known.offices}, **new}
    centres: dict[str | None, list[str]] = defaultdict(list)
    for code in sorted(everyone):
        if everyone[code].kind == OfficeKind.CENTRE:
            centres[everyone[code].area].append(code)
    shared = [
        Sentence("reason.register.centres", {"codes": ", ".join(codes), "first": codes[0]}) for codes in centres.values() if codes[1:]
    ]
    areas = [(row, office.area) for row, office in rows if office.code in new and office.area]
    return replace(checked, notes=(*_unknown_areas(areas, known), *shared))


def check_rules(rows: Rows[Rule], known: Known) -> Checked[Rule]:
    """Offices and issues are known, no row comes twice; a ground on which an issue type is never asked is noted."""
    offices = {ANY, *(office.code for office in known.offices)}
    types = {issue.code: issue for issue in known.types}
    issues = {ANY, *types, *(issue.group for issue in known.types)}

    def fault(_: Row, rule: Rule) -> Fault:
        if rule.office not in offices:
            return Sentence("reason.register.office_unknown", {"office": rule.office})
        return None if rule.issue in issues else Sentence("reason.register.issue_unknown", {"issue": rule.issue})

    checked = _sorted_out(rows, _once(rows, lambda rule: rule), fault)
    never = [
        Sentence(
            "reason.register.never_asked", {"row": row.number, "issue": rule.issue, "kind": str(types[rule.issue].kind), "by": str(rule.by)}
        )
        for row, rule in rows
        if rule.issue in types and rule.by not in grounds(types[rule.issue])
    ]
    return replace(checked, notes=(*_unknown_areas([(row, rule.area) for row, rule in rows if rule.area], known), *never))


def check_calendar(rows: Rows[CalendarRow], known: Known) -> Checked[CalendarRow]:
    """Each row fits to those before it: no day twice, no holiday worked, no year without work."""
    good: list[CalendarRow] = []
    rejected: list[Rejected] = []
    for row, one in rows if _misfit([one for _, one in rows]) else ():  # what fits as a whole needs no search for the row that does not
        if misfit := _misfit([*good, one]):
            rejected.append(Rejected(row, (said(misfit),)))
        else:
            good.append(one)
    return Checked(tuple(good) if rejected else tuple(one for _, one in rows), tuple(rejected))


def _misfit(rows: Sequence[CalendarRow]) -> Refusal | None:
    try:
        Calendar(UTC, tuple(rows))
    except Refusal as refusal:
        return refusal
    return None


def check_leave(rows: Rows[Leave], known: Known) -> Checked[Leave]:
    """Workers are known, and no row comes twice; leaves that overlap are one longer leave."""

    def fault(_: Row, leave: Leave) -> Fault:
        return None if leave.worker in known.workers else Sentence("reason.register.worker_unknown", {"worker": leave.worker})

    return _sorted_out(rows, _once(rows, lambda leave: (leave.worker, leave.since)), fault)


def check_rota(rows: Rows[OnCall], known: Known) -> Checked[OnCall]:
    """Each day once, its office known."""
    offices = {office.code for office in known.offices}

    def fault(_: Row, on_call: OnCall) -> Fault:
        return None if on_call.office in offices else Sentence("reason.register.office_unknown", {"office": on_call.office})

    return _sorted_out(rows, _once(rows, lambda on_call: on_call.weekday), fault)


def check_posts(rows: Rows[Post], known: Known) -> Checked[Post]:
    """Workers are known, and at one area at most one worker, one backup and one leader stand at any instant.

    A kept post without end ends where a new one begins: that is how a register is brought up to date each year. A row without a first
    day changes nothing for who stands there already.
    """
    held = {_place(old): old.since for old in known.posts if old.held_at(known.now)}
    rows = [(row, replace(post, since=held.get(_place(post), post.since)) if post.since == known.now else post) for row, post in rows]
    renewed = {_identity(post) for _, post in rows}
    while True:
        stands = _Stands(known, renewed)
        checked = _sorted_out(rows, _once(rows, _identity), stands.admit)
        standing = (renewed & stands.old.keys()) - {_identity(post) for post in checked.good}
        if not standing:
            break
        renewed -= standing  # rejected renewals leave the kept post as it was, which the others must then respect
    closings = [Sentence("reason.register.ended", _naming(post, known.now)) for post in stands.ended.values()]
    areas = _unknown_areas([(row, post.area) for row, post in rows], known)
    return replace(checked, notes=(*areas, *closings), ended=tuple(stands.ended.values()))


class _Stands:
    """Who stands where while the new posts come in one after another: `old` are kept, `ended` those that a new one ends."""

    def __init__(self, known: Known, renewed: Set[Hashable]) -> None:
        self.now = known.now
        self.workers = known.workers
        self.old = {_identity(post): post for post in known.posts}
        self.ended: dict[Hashable, Post] = {}
        self._new: dict[Hashable, list[tuple[Row, Post]]] = defaultdict(list)
        self._kept: dict[Hashable, list[Post]] = defaultdict(list)
        for post in known.posts:
            if _identity(post) not in renewed:
                self._kept[post.area, post.duty].append(post)

    def admit(self, row: Row, post: Post) -> Fault:
        """Why this post cannot be held, or None, and it is."""
        fault = self._fault(post)
        if fault is None:
            self._new[post.area, post.duty].append((row, post))
            for old in self._crossed(post):
                before = self.ended.get(_identity(old), old)
                self.ended[_identity(old)] = replace(old, until=min(post.since, before.until or post.since))
        return fault

    def _crossed(self, post: Post) -> list[Post]:
        alone = post.duty in ANSWERABLE
        return [old for old in self._kept[post.area, post.duty] if alone and _overlap(old, post) and _identity(old) != _identity(post)]

    def _fault(self, post: Post) -> Fault:
        if post.worker not in self.workers:
            return Sentence("reason.register.worker_unknown", {"worker": post.worker})
        for row, other in self._new[post.area, post.duty]:
            if post.duty in ANSWERABLE and _overlap(other, post):
                return Sentence("reason.register.overlap", {**_naming(other, self.now), "row": row.number})
        for old in self._crossed(post):
            if old.until is not None or old.since >= post.since:
                return Sentence("reason.register.overlap_kept", _naming(old, self.now))
        return None


def _sorted_out(rows: Rows[T], *faults: Callable[[Row, T], Fault]) -> Checked[T]:
    """Each row kept or rejected with the first reason that one of `faults` has against it."""
    good: list[T] = []
    rejected: list[Rejected] = []
    for row, one in rows:
        reason = next((reason for fault in faults if (reason := fault(row, one))), None)
        if reason:
            rejected.append(Rejected(row, (reason,)))
        else:
            good.append(one)
    return Checked(tuple(good), tuple(rejected))


def _once(rows: Rows[T], identity: Callable[[T], Hashable]) -> Callable[[Row, T], Fault]:
    """Tells a row whose identity an earlier row of the file has."""
    first: dict[Hashable, int] = {}
    for row, one in rows:
        first.setdefault(identity(one), row.number)

    def twice(row: Row, one: T) -> Fault:
        number = first[identity(one)]
        return Sentence("reason.register.twice", {"row": number}) if number != row.number else None

    return twice


def _unknown_areas(named: Sequence[tuple[Row, str]], known: Known) -> Iterator[Sentence]:
    """Areas that no edition and no draft has: said, not refused, because registers often come before boundaries."""
    if not named:
        return
    areas = known.areas()
    missing = {area: row.number for row, area in reversed(named) if area not in areas}
    if missing and not areas:
        yield Sentence("reason.register.no_areas", {"count": len(missing)})
    elif missing:
        listed = [f"{area} ({row})" for area, row in sorted(missing.items(), key=lambda item: item[1])]
        more = " …" if listed[10:] else ""
        yield Sentence("reason.register.areas_unknown", {"count": len(missing), "areas": ", ".join(listed[:10]) + more})


def _place(post: Post) -> Hashable:
    return post.worker, post.area, post.duty


def _identity(post: Post) -> Hashable:
    return post.worker, post.area, post.duty, post.since


def _overlap(one: Post, other: Post) -> bool:
    return (one.until is None or other.since < one.until) and (other.until is None or one.since < other.until)


def _naming(post: Post, now: datetime) -> dict[str, str]:
    """The facts of a post, its instants in the zone of `now`, which is the county's."""
    since, until = (one.astimezone(now.tzinfo).isoformat(timespec="minutes") if one else "…" for one in (post.since, post.until))
    return {"worker": post.worker, "area": post.area, "since": since, "until": until}
