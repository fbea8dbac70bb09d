"""Incidents that pass from one worker to another, each in its log."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from gridmap.incidents import Incident
from gridmap.store import history as history_store
from gridmap.store import incidents
from gridmap.store.faults import IncidentChanged
from gridmap.store.lives import HAND_OVER
from gridmap.store.schema import IS_OPEN, incident
from gridmap.store.scoping import within


def open_of(tx: Connection, worker: str) -> tuple[Incident, ...]:
    """The open incidents whose worker or backup this is, the oldest first."""
    mine = or_(incident.c.worker == worker, incident.c.backup == worker)
    wanted = select(incident.c.id).where(within(tx, incident), mine, IS_OPEN)
    return tuple(incidents.get(tx, id) for id in tx.scalars(wanted.order_by(incident.c.serial)).all())


def give(tx: Connection, one: Incident, *, worker: str | None, backup: str | None, reason: str, at: datetime) -> Incident:
    """Write and record its new worker and backup; the history is held before. IncidentChanged where another was quicker."""
    after = replace(one, worker=worker, backup=backup, revision=one.revision + 1)
    row = update(incident).where(within(tx, incident), incident.c.id == one.id, incident.c.revision == one.revision)
    if not tx.execute(row.values(worker=worker, backup=backup, revision=after.revision)).rowcount:
        raise IncidentChanged(incident=one.number, state=one.state, revision=one.revision)
    changed = {
        f"{way}_{who}": getattr(each, who)
        for way, each in (("from", one), ("to", after))
        for who in ("worker", "backup")
        if getattr(one, who) != getattr(after, who)
    }
    facts = {**changed, "reason": reason, "revision": after.revision}
    history_store.append(tx, [incidents.entry(after, at=at, what=HAND_OVER, before=one.state, facts=facts)])
    return after
