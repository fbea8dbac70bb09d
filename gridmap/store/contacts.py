"""How reporters can be reached: apart from their reports, masked for most, in full for a purpose, and gone after a term.

What is past its term is never shown, also before it is purged.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from gridmap.incidents.contact import KEPT_FROM_RECEIPT, Contact, MaskedContact, masked
from gridmap.store.schema import contact, report
from gridmap.store.scoping import within


def rows(given: Mapping[str, str], *, at: datetime) -> list[dict[str, Any]]:
    """The contacts of reports (id: contact) that are received at the instant, as they are kept."""
    until = at + KEPT_FROM_RECEIPT
    return [{"report": id, "contact": text, "masked": masked(text), "kept_until": until} for id, text in given.items()]


def of_incident(tx: Connection, incident_id: str, *, at: datetime) -> tuple[MaskedContact, ...]:
    """The masked contacts of the reports that became this incident, the first first."""
    columns = (contact.c.report, contact.c.masked, contact.c.kept_until)
    rows = tx.execute(select(*columns).where(*_kept(tx, incident_id, at)).order_by(contact.c.report))
    return tuple(MaskedContact(*row) for row in rows)


def in_full(tx: Connection, incident_id: str, *, at: datetime) -> tuple[Contact, ...]:
    """The same in full: only within a scope of CONTACT_READ, and only by the flow that records the purpose."""
    columns = (contact.c.report, contact.c.contact, contact.c.kept_until)
    rows = tx.execute(select(*columns).where(*_kept(tx, incident_id, at)).order_by(contact.c.report))
    return tuple(Contact(*row) for row in rows)


def shorten(tx: Connection, incident_id: str, *, until: datetime) -> None:
    """Keep the incident's contacts no longer than that; those that end sooner anyway stay as they are."""
    longer = within(tx, contact), _its_reports(tx, incident_id), contact.c.kept_until > until
    tx.execute(update(contact).where(*longer).values(kept_until=until))


def keep_on(tx: Connection, incident_id: str, *, at: datetime) -> None:
    """Keep the incident's contacts as long as if it had never ended, because it is open again; what is past its term stays so."""
    received = select(report.c.received_at).where(within(tx, report), report.c.id == contact.c.report).scalar_subquery()
    rows = tx.execute(select(contact.c.report, received).where(*_kept(tx, incident_id, at))).all()
    for id, received_at in rows:
        one = within(tx, contact), contact.c.report == id
        tx.execute(update(contact).where(*one).values(kept_until=received_at + KEPT_FROM_RECEIPT))


def is_any_left(tx: Connection, incident_id: str) -> bool:
    """Whether any of the incident's reports has one, as long as it was not purged."""
    return tx.scalar(select(contact.c.report).where(within(tx, contact), _its_reports(tx, incident_id)).limit(1)) is not None


def overdue(tx: Connection, *, at: datetime) -> int:
    """How many are past their term."""
    return tx.scalar(select(func.count(contact.c.report)).where(within(tx, contact), contact.c.kept_until <= at)) or 0


def purge(tx: Connection, *, at: datetime, most: int) -> int:
    """Delete what is past its term, the longest overdue first, at most so many; how many that were."""
    past = select(contact.c.report).where(within(tx, contact), contact.c.kept_until <= at).order_by(contact.c.kept_until).limit(most)
    return tx.execute(delete(contact).where(within(tx, contact), contact.c.report.in_(past))).rowcount


def _kept(tx: Connection, incident_id: str, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return within(tx, contact), _its_reports(tx, incident_id), contact.c.kept_until > at


def _its_reports(tx: Connection, incident_id: str) -> ColumnElement[bool]:
    return contact.c.report.in_(select(report.c.id).where(within(tx, report), report.c.incident == incident_id))
