"""A report comes in: found, routed and kept in one transaction. Acknowledged means durable; sent twenty times, kept once.

Many share a transaction, whoever sent them: each is checked by who sent it, and recorded as done by them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import uuid4

from gridmap.access import ANONYMOUS, Action, Actor, Forbidden, allowed, may
from gridmap.catalogue import Limit
from gridmap.errors import KeyReused, Refusal
from gridmap.flows.dispatch import Dispatch, Situation, dispatch, read_situation
from gridmap.flows.publicise import publicised
from gridmap.flows.reception import received_as
from gridmap.flows.rematch import template_of
from gridmap.grid import Level
from gridmap.incidents import Answer, Channel, Incident, Named, Report, State, body_hash, check_report
from gridmap.incidents.deadlines import Done, Timed, events, pressed, timed
from gridmap.incidents.public import PublicMatter
from gridmap.incidents.report import body_of, key_of
from gridmap.limits import allowances
from gridmap.store import Store, Tx, history, ids, incidents
from gridmap.store.incidents import FirstAnswer, Received

PER_TRANSACTION = 500


class SenderForeign(Forbidden):
    """A report in the name of a sender for whom this actor does not speak; facts: action, sender."""


Outcome = Answer | Refusal
SenderKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A report, and who sends it."""

    report: Report
    actor: Actor


@dataclass(frozen=True, slots=True)
class Sent:
    """A report that can be taken, under the key that it is kept by, and the name of whoever sends it."""

    report: Report
    body_hash: str
    by: str

    @property
    def who(self) -> SenderKey:
        return self.report.sender, self.report.key


@dataclass(frozen=True, slots=True)
class Found:
    """A report, and all that is found out about it before it is kept."""

    sent: Sent
    dispatch: Dispatch
    public: PublicMatter | None
    clocks: tuple[Timed, ...]


class Made(NamedTuple):
    """A report as it will be kept under its sender and key, and what is answered then."""

    who: SenderKey
    received: Received
    answer: Answer


class Running:
    """The clocks that begin to run with a transaction's reports; those with one limit run alike and are counted once."""

    def __init__(self, situation: Situation) -> None:
        self.since = situation.at
        self._times = situation.times
        self._of: dict[tuple[Limit, State, datetime | None], tuple[Timed, ...]] = {}
        self._named: dict[tuple[str, Limit, State, datetime | None], tuple[Timed, ...]] = {}

    def of(self, found: Dispatch) -> tuple[Timed, ...]:
        """Those of an incident that was found out about so."""
        if found.issue is None:
            return ()
        code, key = found.issue.code, (found.issue.limit, found.state, found.until)
        if key not in self._of:
            born = Done(at=self.since, taken=None, before=None, after=found.state, until=found.until)
            self._of[key] = timed(self._times, allowances(found.issue.limit), code, events([born]))
        if (code, *key) not in self._named:
            self._named[code, *key] = tuple(replace(one, issue=code) for one in self._of[key])
        return self._named[code, *key]


class Doors:
    """What those who share a transaction may send: asked once of each, however many reports come from them."""

    def __init__(self) -> None:
        self.check_sends = cache(_check_sends)
        self.check_sender = cache(_check_sender)


def receive(store: Store, report: Report, *, verify: Collection[Channel] = (), now: datetime, actor: Actor) -> Answer:
    """Take one report; when this returns, report, incident, answer and log row are on disk.

    A repeated (sender, key) gets the first answer again, with `repeated`; KeyReused where the body differs (another contact is no other
    body, and is not kept). ReportUnusable, PointUnusable and DatumUnknown refuse what only the sender can mend (`check_report`),
    NoEditionInForce a county that published nothing.
    What comes by a channel of `verify` is looked into before it is filed. The incident's number bears the year of `now` in its own zone:
    doors pass the county's.
    """
    [outcome] = receive_many(store, [report], verify=verify, now=now, actor=actor)
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def receive_many(
    store: Store,
    reports: Sequence[Report],
    *,
    verify: Collection[Channel] = (),
    now: datetime,
    actor: Actor,
    advance: Callable[[int], object] = lambda steps: None,
) -> list[Outcome]:
    """Take many, an Answer or the Refusal for each in their order; one transaction per 500. NoEditionInForce refuses all."""
    outcomes: list[Outcome] = []
    for start in range(0, len(reports), PER_TRANSACTION):
        arrivals = [Arrival(report, actor) for report in reports[start : start + PER_TRANSACTION]]
        outcomes += receive_together(store, arrivals, verify=verify, now=now)
        advance(len(arrivals))
    return outcomes


def receive_together(store: Store, arrivals: Sequence[Arrival], *, verify: Collection[Channel] = (), now: datetime) -> list[Outcome]:
    """Take what different people sent, in one transaction: an Answer or the Refusal for each in their order. NoEditionInForce refuses all.

    Who shares the transaction with whom changes nothing for anybody. When this raises, nothing was kept.
    """
    doors = Doors()
    prepared = [_prepared(each.report, now, each.actor, doors) for each in arrivals]
    sent = [each for each in prepared if isinstance(each, Sent)]
    answers = _take(store, sent, verify, now) if sent else iter(())  # what cannot be taken never waits for the database
    return [next(answers) if isinstance(each, Sent) else each for each in prepared]


def _take(store: Store, sent: Sequence[Sent], verify: Collection[Channel], now: datetime) -> Iterator[Outcome]:
    """The outcomes of one transaction, in order, once it is committed. Everybody may send reports: the scope is anybody's.

    What can be done before is not done while others wait to write; so it is asked twice whether a key is new, and the second time counts.
    """
    first = {each.who: each for each in reversed(sent)}
    with store.begin(allowed(ANONYMOUS, Action.REPORT_SEND)) as tx:
        known = incidents.first_answers(tx, first)
        new = [each for each in reversed(first.values()) if each.who not in known]
        made = _made(tx, _find_out(read_situation(store, tx, now), new, verify), now) if new else []
        written = incidents.ready_many(tx, [each.received for each in made])
        if made:
            history.hold(tx)
            late = incidents.first_answers(tx, [each.who for each in new])  # another transaction was first with a key
            kept = [each for each in made if each.who not in late]
            incidents.add_many(tx, [each.received for each in kept], None if late else written)
            known |= late
    answers = {each.who: each.answer for each in made}
    return iter([_outcome(each, known, first, answers) for each in sent])


def _outcome(
    sent: Sent, known: Mapping[SenderKey, FirstAnswer], new: Mapping[SenderKey, Sent], kept: Mapping[SenderKey, Answer]
) -> Outcome:
    """The answer of a report that was just kept, or the first answer to its key, if that came with the same body."""
    if sent.who in known:
        first = known[sent.who]
        return Answer.read(first.answer, repeated=True) if first.body_hash == sent.body_hash else KeyReused()
    if new[sent.who].body_hash != sent.body_hash:
        return KeyReused()
    return kept[sent.who] if new[sent.who] is sent else replace(kept[sent.who], repeated=True)


def _prepared(report: Report, now: datetime, actor: Actor, doors: Doors) -> Sent | Refusal:
    """The report as it is kept: with a key (ours where none was sent) and an instant. Its hash is of what was sent."""
    try:
        doors.check_sends(actor)
        check_report(report, now)
        doors.check_sender(report.sender, actor)
    except Refusal as refusal:
        return refusal
    key = key_of(report) or str(uuid4())
    kept = replace(report, issue=report.issue.strip(), contact=report.contact.strip(), key=key, at=report.at or now)
    return Sent(kept, body_hash(report), actor.name)


def _check_sends(actor: Actor) -> None:
    allowed(actor, Action.REPORT_SEND)


def _check_sender(sender: str, actor: Actor) -> None:
    """Whoever sends in another's name could learn by its keys what that one sent, and keep it from sending."""
    mine = actor.account is not None and sender == actor.name
    if sender and not mine and not may(actor, Action.REPORT_VOUCH):
        raise SenderForeign(action=str(Action.REPORT_VOUCH), sender=sender)


def _find_out(situation: Situation, new: Sequence[Sent], verify: Collection[Channel]) -> list[Found]:
    """Whose each report is, which clocks run for it and what everybody may see of it."""
    reports = [each.report for each in new]
    found = [received_as(situation, *each, verify) for each in zip(reports, dispatch(situation, reports), strict=True)]
    running, shown = Running(situation), publicised(situation.index, found, now=situation.at)
    return [Found(*each, running.of(each[1])) for each in zip(new, found, shown, strict=True)]


def _made(tx: Tx, found: Sequence[Found], now: datetime) -> list[Made]:
    """Each report under the next number, with its answer, as it will be kept."""
    numbers = incidents.numbers(tx, len(found), year=now.year)
    return [_received(each, number, now) for each, number in zip(found, numbers, strict=True)]


def _received(found: Found, number: str, now: datetime) -> Made:
    sent, report_id = found.sent, ids.new(now)
    answer = _answer(found.dispatch, report_id, ids.new(now), number)
    received = Received(
        report_id=report_id,
        report=sent.report,
        by=sent.by,
        incident=_incident(sent.report, found.dispatch, answer, now, found.clocks),
        body_hash=sent.body_hash,
        answer=answer.kept(),
        raw=body_of(sent.report),
        clocks=found.clocks,
        public=found.public,
        until=found.dispatch.until,
    )
    return Made(sent.who, received, answer)


def _answer(found: Dispatch, report_id: str, incident_id: str, number: str) -> Answer:
    areas = {area.level: Named(area.code, area.name, area.name_en) for area in found.path}
    match = found.located.match
    return Answer(
        report=report_id,
        incident=incident_id,
        number=number,
        state=found.state,
        edition=found.edition,
        township=areas.get(Level.TOWNSHIP),
        village=areas.get(Level.VILLAGE),
        cell=areas.get(Level.CELL),
        worker=found.worker,
        backup=found.backup,
        office=found.office,
        how=str(match.how) if match else None,
        distance_m=match.distance_m if match else None,
        border_m=match.border_m if match else None,
        candidates=tuple({"code": one.code, "share": round(one.share, 4)} for one in match.candidates) if match else (),
        reasons=found.reasons,
    )


def _incident(report: Report, found: Dispatch, answer: Answer, now: datetime, clocks: tuple[Timed, ...]) -> Incident:
    due_at, clock = pressed(clocks)
    return Incident(
        id=answer.incident,
        number=answer.number,
        state=answer.state,
        issue=report.issue,
        channel=report.channel,
        at=report.at or now,
        recorded_at=now,
        grade=found.grade,
        urgency=found.urgency,
        text=report.text,
        place=report.place,
        lon=found.located.lon,
        lat=found.located.lat,
        edition=answer.edition,
        township=_code(answer.township),
        village=_code(answer.village),
        cell=_code(answer.cell),
        worker=_code(answer.worker),
        backup=_code(answer.backup),
        office=_code(answer.office),
        how=answer.how,
        distance_m=answer.distance_m,
        border_m=answer.border_m,
        candidates=answer.candidates,
        reasons=answer.reasons,
        template=template_of(found),
        keeper=_code(found.centre) or _code(found.office),
        onward=_code(found.onward),
        homed_in=answer.edition,
        contact_left=bool(report.contact),
        due_at=due_at,
        clock=clock,
    )


def _code(named: Named | None) -> str | None:
    return named.code if named else None
