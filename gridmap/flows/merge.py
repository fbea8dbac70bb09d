"""Two incidents are one matter: the reports of the one become the other's, so that all who sent them are answered when that one closes.

It can be taken back as long as the other is open: then those reports are the one's again, and it is open itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.access import Action, Actor, allowed
from gridmap.errors import BadInput, Conflict
from gridmap.flows.nearby import is_beside, metres_apart
from gridmap.incidents import Incident
from gridmap.incidents.life import ENDED, Step, Taken, take
from gridmap.store import Store, Tx, catalogues, contacts, history, incidents, lives, merging
from gridmap.words import Sentence

TOGETHER = frozenset({Step.MERGE, Step.SPLIT})
"""The steps that two incidents take together, and their reports with them: one half alone would leave a reporter without an answer."""


class MergedIntoItself(BadInput):
    """An incident cannot be a part of itself; facts: incident."""


class MergeUnexplained(BadInput):
    """What nobody would take for one matter is merged with a reason; facts: incident, issue, into, into_issue, apart."""


class IntoMerged(Conflict):
    """What is itself a part of another takes no part in; facts: incident, into."""


class IntoEnded(Conflict):
    """What has ended takes no part in, and gives none back; facts: incident, state."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Both incidents as they are now, and how many reports went from the one to the other, or back."""

    incident: Incident
    into: Incident
    reports: int


@dataclass(frozen=True, slots=True)
class Known:
    """The revisions of both that whoever decided knew (None: whatever they are), and when it is done."""

    revision: int | None
    into: int | None
    now: datetime


def merge(
    store: Store,
    incident: str,
    into: str,
    *,
    revision: int | None,
    into_revision: int | None,
    reason: str = "",
    now: datetime,
    actor: Actor,
) -> Merged:
    """Merge the incident of the first id or number into that of the second: the first is voided, its reports and their contacts, and who
    follows them, are the second's.

    The revisions are those that the actor knew (None: whatever they are). Forbidden, IncidentMissing (also where one of them is not the
    actor's to close), IncidentChanged, MergedIntoItself, IntoMerged, IntoEnded, EvidenceTooLong, MergeUnexplained where `nearby` would not
    suggest it and there is no reason, and what `gridmap.incidents.life.take` refuses.
    """
    taken = Taken(step=Step.MERGE, actor=actor.name, into=into, reason=reason.strip())
    return _alone(store, incident, taken, Known(revision, into_revision, now), actor)


def split(
    store: Store, incident: str, *, revision: int | None, into_revision: int | None, reason: str, now: datetime, actor: Actor
) -> Merged:
    """Take back that the incident was merged: it is filed again, with the reports that it had; the other keeps its own.

    StepImpossible where it is no part of another, IntoEnded where the other has ended (it may be reopened before), and as `merge`.
    """
    taken = Taken(step=Step.SPLIT, actor=actor.name, reason=reason.strip())
    return _alone(store, incident, taken, Known(revision, into_revision, now), actor)


def _alone(store: Store, incident: str, taken: Taken, known: Known, actor: Actor) -> Merged:
    """In a transaction of its own: both incidents, or neither."""
    scope = allowed(actor, Action.INCIDENT_CLOSE)
    taken.check_length()
    with store.begin(scope) as tx:
        history.hold(tx)
        return _both(tx, incident, taken, known)


def with_other(tx: Tx, incident: str, taken: Taken, *, now: datetime, revision: int | None) -> Incident:
    """The incident after it was merged, or taken out again, as one of its steps; the other one goes along, whatever its revision is."""
    history.hold(tx)
    return _both(tx, incident, taken, Known(revision, None, now)).incident


def _both(tx: Tx, incident: str, taken: Taken, known: Known) -> Merged:
    return _merge(tx, incident, taken, known) if taken.step is Step.MERGE else _split(tx, incident, taken, known)


def _merge(tx: Tx, incident: str, taken: Taken, known: Known) -> Merged:
    one, other = incidents.get(tx, incident), incidents.get(tx, taken.into)
    _check(one, other)
    if not taken.reason and not is_beside(one, other):
        raise MergeUnexplained(
            incident=one.number, issue=_type(tx, one), into=other.number, into_issue=_type(tx, other), apart=_apart(one, other)
        )
    joins = Taken(step=Step.JOIN, actor=taken.actor, other=one.number, contact_left=one.contact_left)
    joined = lives.take(tx, other.id, joins, at=known.now, expected_revision=known.into)
    reports = merging.reports_of(tx, one)
    merging.move(tx, one, other, reports, at=known.now)  # before it ends: contacts end with what they belong to
    parts = Taken(step=Step.MERGE, actor=taken.actor, into=other.number, reason=taken.reason)
    return Merged(lives.take(tx, one.id, parts, at=known.now, expected_revision=known.revision), joined, len(reports))


def _split(tx: Tx, incident: str, taken: Taken, known: Known) -> Merged:
    one = incidents.get(tx, incident)
    take(one.life, taken)  # refuses what is no part of another, before anything is moved
    assert one.merged_into is not None
    other = incidents.get(tx, one.merged_into)
    _check(one, other)
    reports = merging.moved_from(tx, one, other)
    merging.move(tx, other, one, reports, at=known.now)
    sheds = Taken(step=Step.SHED, actor=taken.actor, other=one.number, contact_left=contacts.is_any_left(tx, other.id))
    shed = lives.take(tx, other.id, sheds, at=known.now, expected_revision=known.into)
    return Merged(lives.take(tx, one.id, taken, at=known.now, expected_revision=known.revision), shed, len(reports))


def _type(tx: Tx, one: Incident) -> Sentence:
    issue = catalogues.issue_type(tx, one.issue)
    return Sentence("merge.type", {"code": one.issue, "name": issue.name if issue else "", "name_en": issue.name_in("en") if issue else ""})


def _apart(one: Incident, other: Incident) -> Sentence:
    hours, metres = abs(one.at - other.at) / timedelta(hours=1), metres_apart(one, other)
    return Sentence("merge.unplaced" if metres is None else "merge.apart", {"metres": f"{metres or 0:,.0f}", "hours": f"{hours:,.1f}"})


def _check(one: Incident, other: Incident) -> None:
    if one.id == other.id:
        raise MergedIntoItself(incident=one.number)
    if other.merged_into is not None:
        raise IntoMerged(incident=other.number, into=other.merged_into)
    if other.state in ENDED:
        raise IntoEnded(incident=other.number, state=other.state)
