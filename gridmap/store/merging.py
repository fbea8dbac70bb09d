"""Reports that pass from one incident to another: their contacts, their photos, and whoever follows them, go with them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select, update

from gridmap.incidents import Incident
from gridmap.store import history as history_store
from gridmap.store import incidents, photos
from gridmap.store.history import Entry
from gridmap.store.schema import report
from gridmap.store.scoping import within

MOVED = "report.move"
"""What the log calls it; its facts say which and whereto."""


def reports_of(tx: Connection, one: Incident) -> tuple[str, ...]:
    """The ids of the reports that are the incident's now, the first first."""
    wanted = select(report.c.id).where(within(tx, report), report.c.incident == one.id)
    return tuple(tx.scalars(wanted.order_by(report.c.received_at, report.c.id)))


def move(tx: Connection, one: Incident, to: Incident, reports: Collection[str], *, at: datetime) -> None:
    """Have these of the incident's reports be the other's from now on, and record it with both; the history is held before."""
    for id in reports:
        its_own = within(tx, report), report.c.id == id, report.c.incident == one.id
        tx.execute(update(report).where(*its_own).values(incident=to.id))
        photos.move(tx, id, to.id)
    facts = {"reports": list(reports), "from": one.number, "to": to.number}
    rows = [Entry(at=at, what=MOVED, subject=f"incident:{each.number}", incident=each.id, facts=facts) for each in (one, to)]
    history_store.append(tx, rows)


def moved_from(tx: Connection, one: Incident, to: Incident) -> tuple[str, ...]:
    """The reports that left this incident for the other when it was last merged into it."""
    rows = [row.facts for row in incidents.history(tx, one.id) if row.what == MOVED]
    return next((tuple(facts["reports"]) for facts in reversed(rows) if (facts["from"], facts["to"]) == (one.number, to.number)), ())
