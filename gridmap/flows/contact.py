"""The reporter's contact is read in full: for a purpose, and never unseen."""

from datetime import datetime, timedelta

from gridmap.access import Action, Actor, allowed
from gridmap.errors import BadInput
from gridmap.flows.slow import slow
from gridmap.incidents.contact import Contact
from gridmap.store import Store, contacts, history, incidents
from gridmap.store.history import Entry

LONGEST_PURPOSE = 200
# Sixty in the first hour, forty in each one after it: enough for a desk, too few to copy the table.
BURST = 20
EVERY = timedelta(seconds=90)


class PurposeMissing(BadInput):
    """A contact is read for a purpose; facts: none."""


class PurposeTooLong(BadInput):
    """The purpose is longer than we keep; facts: length, most."""


class PurposeNamesContact(BadInput):
    """History is for ever, and a contact is not: the purpose may not repeat it; facts: none."""


def read_contacts(store: Store, incident: str, purpose: str, *, now: datetime, actor: Actor) -> tuple[Contact, ...]:
    """The contacts that are kept of the incident of this id or number, in full; history says who read them and what for.

    PurposeMissing, PurposeTooLong, PurposeNamesContact, Forbidden, Throttled; IncidentMissing also where it is not the actor's to read.
    """
    reason = purpose.strip()
    if not reason:
        raise PurposeMissing
    if len(reason) > LONGEST_PURPOSE:
        raise PurposeTooLong(length=len(reason), most=LONGEST_PURPOSE)
    scope = allowed(actor, Action.CONTACT_READ)
    if actor.account:
        slow(store, "contact.read", actor.account, burst=BURST, every=EVERY, now=now)
    with store.begin(scope) as tx:
        history.hold(tx)
        found = incidents.identity(tx, incident)
        read = contacts.in_full(tx, found.id, at=now)
        if any(one.contact in reason for one in read):
            raise PurposeNamesContact
        history.append(tx, [_entry(found, one, reason, now) for one in read])
    return read


def _entry(found: incidents.Identity, read: Contact, purpose: str, now: datetime) -> Entry:
    facts = {"report": read.report, "purpose": purpose}
    return Entry(at=now, what="contact.read", subject=f"incident:{found.number}", incident=found.id, facts=facts)
