"""Where a report lies, who is on duty there and which office must act: all that is found out before it is stored.

Everything is asked as of the instant of receipt, not of the report: who must act is today's worker and today's office, in the land as it
is drawn today. Counts of the past re-match an incident's own point instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.catalogue import Grade, IssueType, Urgency
from gridmap.duty import Office, Weekday, Worker
from gridmap.errors import NoEditionInForce
from gridmap.flows.locate import Located, locate
from gridmap.grid import Area, Edition
from gridmap.incidents import Named, Report, State
from gridmap.limits import Timetable
from gridmap.matching import EditionIndex, index_of
from gridmap.roster import OnDuty, Roster
from gridmap.routing import Desks, Route
from gridmap.store import Store, Tx
from gridmap.store.calendars import timetable_of
from gridmap.words import Sentence


@dataclass(frozen=True, slots=True)
class Situation:
    """What holds at one instant: the edition in force, the catalogue, who is competent, who is on duty, when offices work."""

    at: datetime
    edition: Edition
    index: EditionIndex
    types: Mapping[str, IssueType]
    desks: Desks
    roster: Roster
    times: Timetable


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What was found out about one report. DISPATCHED has a place, a worker and an office; all else is TRIAGE, with the reason.

    `route` is None where nobody could be asked for: no place, or an unknown type. `centre` is the territory's own; `onward` is whose it is
    when it moves on from the window, at `until`.
    """

    state: State
    edition: int
    located: Located
    issue: IssueType | None
    route: Route | None
    path: tuple[Area, ...]
    worker: Named | None
    backup: Named | None
    office: Named | None
    reasons: tuple[Sentence, ...]
    centre: Named | None = None
    onward: Named | None = None
    until: datetime | None = None

    @property
    def grade(self) -> Grade:
        return self.issue.grade if self.issue else Grade.GENERAL

    @property
    def urgency(self) -> Urgency:
        """From the type's limit; an unknown type is looked at today, because nobody knows what it hides."""
        return self.issue.limit.urgency if self.issue else Urgency.TODAY


def read_situation(store: Store, tx: Tx, at: datetime) -> Situation:
    """What holds at the instant. NoEditionInForce: a county that published nothing cannot take reports, and acknowledges none."""
    found = store.registers(tx)
    edition = store.edition_of(tx, found.edition_in_force(at))
    return Situation(at, edition, index_of(edition), found.types, found.desks, found.roster, timetable_of(found.calendar, at))


def have_at_hand(store: Store, *, now: datetime, actor: Actor) -> bool:
    """Read what holds now into memory, so that the first report after a start, or after another edition took effect, need not wait for
    it; False while nothing is in force. Forbidden for all but the operator."""
    with store.read(allowed(actor, Action.OPERATE)) as tx:
        try:
            read_situation(store, tx, now)
        except NoEditionInForce:
            return False
    return True


def dispatch(situation: Situation, reports: Sequence[Report]) -> list[Dispatch]:
    """The answer for each report, in their order."""
    return dispatch_located(situation, reports, locate(situation.index, situation.edition, reports))


def dispatch_located(situation: Situation, reports: Sequence[Report], placed: Sequence[Located]) -> list[Dispatch]:
    """The answer for each report whose place was found already."""
    since = _in_edition(situation)
    return [_one(situation, since, report, located) for report, located in zip(reports, placed, strict=True)]


def _one(situation: Situation, since: Sentence, report: Report, located: Located) -> Dispatch:
    issue, roster = situation.types.get(report.issue), situation.roster
    duty = roster.on_duty(located.path, situation.at) if located.path else None
    route = situation.desks.route(issue, located.path, Weekday.of(situation.at)) if located.path and issue else None
    complete = duty and duty.worker and route and route.office
    office = situation.desks.by_code[route.office] if route and route.office else None
    return Dispatch(
        state=State.DISPATCHED if complete else State.TRIAGE,
        edition=situation.edition.number,
        located=located,
        issue=issue,
        route=route,
        path=tuple(situation.edition.area(code) for code in located.path),
        worker=_person(roster, duty.worker if duty else None),
        backup=_person(roster, duty.backup if duty else None),
        office=_told(office),
        centre=_told(situation.desks.centre(located.path)),
        reasons=(since, *located.reasons, *(named(situation.edition, one) for one in _why(report, issue, duty, route))),
    )


def _told(office: Office | None) -> Named | None:
    return Named(office.code, office.name, office.name_en, office.phone) if office else None


def _why(report: Report, issue: IssueType | None, duty: OnDuty | None, route: Route | None) -> Iterable[Sentence]:
    if duty:
        yield from duty.reasons
    if route:
        yield from route.reasons
    if issue is None:
        yield Sentence("reason.issue.unknown", {"issue": report.issue})


def _in_edition(situation: Situation) -> Sentence:
    since = situation.edition.in_force_from.astimezone(situation.at.tzinfo)
    return Sentence("reason.edition", {"edition": situation.edition.number, "since": since.isoformat(timespec="minutes")})


def named(edition: Edition, reason: Sentence) -> Sentence:
    """The reason with the name of its area, which roster and routing do not know."""
    if reason.facts.get("area") is None:
        return reason
    area = edition.area(reason.facts["area"])
    return Sentence(reason.key, {**reason.facts, "place": area.name, "place_en": area.name_in("en")})


def _person(roster: Roster, id: str | None) -> Named | None:
    if id is None:
        return None
    worker = roster.by_id.get(id, Worker(id, id))
    return Named(worker.id, worker.name, worker.name_en, worker.phone)
