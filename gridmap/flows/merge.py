"""Two incidents are one matter: the reports of the one become the other's, so that all who sent them are answered when that one closes.

It can be taken back as long as the other is open: then those reports are the one's again, and it is open itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.errors import BadInput, Conflict
from gridmap.flows.step import LONGEST, EvidenceTooLong
from gridmap.incidents import Incident
from gridmap.incidents.life import ENDED, Evidence, Step, Taken, take
from gridmap.store import Store, Tx, contacts, history, incidents, lives, merging


class MergedIntoItself(BadInput):
    """An incident cannot be a part of itself; facts: incident."""


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
    actor's to close), IncidentChanged, MergedIntoItself, IntoMerged, IntoEnded, EvidenceTooLong, and what `gridmap.incidents.life.take`
    refuses.
    """

    def act(tx: Tx) -> Merged:
        one, other = incidents.get(tx, incident), incidents.get(tx, into)
        _check(one, other)
        joins = Taken(step=Step.JOIN, actor=actor.name, other=one.number, contact_left=one.contact_left)
        joined = lives.take(tx, other.id, joins, at=now, expected_revision=into_revision)
        reports = merging.reports_of(tx, one)
        merging.move(tx, one, other, reports, at=now)  # before it ends: contacts end with what they belong to
        parts = Taken(step=Step.MERGE, actor=actor.name, into=other.number, reason=reason.strip())
        return Merged(lives.take(tx, one.id, parts, at=now, expected_revision=revision), joined, len(reports))

    return _together(store, act, reason, actor)


def split(
    store: Store, incident: str, *, revision: int | None, into_revision: int | None, reason: str, now: datetime, actor: Actor
) -> Merged:
    """Take back that the incident was merged: it is filed again, with the reports that it had; the other keeps its own.

    StepImpossible where it is no part of another, IntoEnded where the other has ended (it may be reopened before), and as `merge`.
    """

    def act(tx: Tx) -> Merged:
        one, apart = incidents.get(tx, incident), Taken(step=Step.SPLIT, actor=actor.name, reason=reason.strip())
        take(one.life, apart)  # refuses what is no part of another, before anything is moved
        assert one.merged_into is not None
        other = incidents.get(tx, one.merged_into)
        _check(one, other)
        reports = merging.moved_from(tx, one, other)
        merging.move(tx, other, one, reports, at=now)
        sheds = Taken(step=Step.SHED, actor=actor.name, other=one.number, contact_left=contacts.is_any_left(tx, other.id))
        shed = lives.take(tx, other.id, sheds, at=now, expected_revision=into_revision)
        return Merged(lives.take(tx, one.id, apart, at=now, expected_revision=revision), shed, len(reports))

    return _together(store, act, reason, actor)


def _check(one: Incident, other: Incident) -> None:
    if one.id == other.id:
        raise MergedIntoItself(incident=one.number)
    if other.merged_into is not None:
        raise IntoMerged(incident=other.number, into=other.merged_into)
    if other.state in ENDED:
        raise IntoEnded(incident=other.number, state=other.state)


def _together(store: Store, act: Callable[[Tx], Merged], reason: str, actor: Actor) -> Merged:
    """Both in one transaction, or neither; the history is held, so that nobody else writes either of them."""
    scope = allowed(actor, Action.INCIDENT_CLOSE)
    if len(reason.strip()) > LONGEST:
        raise EvidenceTooLong(evidence=Evidence.REASON, most=LONGEST)
    with store.begin(scope) as tx:
        history.hold(tx)
        return act(tx)
