"""An incident brought to its end by the shortest way that its life allows, for tests that are about something else."""

from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.flows.step import step
from gridmap.incidents import Incident, State
from gridmap.incidents.life import Step, Taken, Template
from gridmap.store import Store, Tx, incidents, lives
from gridmap.store.scoping import scope_of


def steps_to_close(one: Incident, reason: str, actor: str) -> list[Taken]:
    """What is on the desk alone is declined, a dispute voided, all else settled on the spot; whoever left a contact is answered."""
    declined = one.state in {State.TRIAGE, State.VERIFYING, State.FILED}
    first = Taken(step=Step.DECLINE if declined else Step.SETTLE, actor=actor, photo="p", reason=reason)
    answer = [Taken(step=Step.REPLY, actor=actor, reason="answered")] if one.contact_left else []
    if not declined and one.template is Template.DISPUTE:
        return [*answer, Taken(step=Step.VOID, actor=actor, reason=reason)]
    return [first, *answer, Taken(step=Step.CLOSE, actor=actor)]


def close(store: Store, incident: str, reason: str, *, now: datetime, actor: Actor) -> Incident:
    """Close the incident of this id or number, whatever its state."""
    with store.read(allowed(actor, Action.INCIDENT_READ)) as tx:
        one = incidents.get(tx, incident)
    for taken in steps_to_close(one, reason, actor.name):
        one = step(store, incident, taken, revision=one.revision, now=now, actor=actor, draw=lambda: False)
    return one


def close_within(tx: Tx, incident: str, *, at: datetime, reason: str = "done") -> Incident:
    """The same within a transaction."""
    one = incidents.get(tx, incident)
    for taken in steps_to_close(one, reason, scope_of(tx).actor.name):
        one = lives.take(tx, incident, taken, at=at, expected_revision=None)
    return one
