"""Contacts are deleted when their term is over, whether anybody thinks of it or not."""

from dataclasses import dataclass
from datetime import datetime

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.store import Store, contacts, history

# A batch is a transaction: whoever is killed in the middle has done whole batches, and writers need not wait for all.
BATCH = 100


@dataclass(frozen=True, slots=True)
class Purged:
    """How many contacts were past their term; `dry_run`: they still are."""

    contacts: int
    dry_run: bool = False


def purge_contacts(store: Store, *, now: datetime, actor: Actor, dry_run: bool = False) -> Purged:
    """Delete every contact whose term is over at `now`, and none before; history keeps how many. Forbidden for all but the operator."""
    scope = allowed(actor, Action.OPERATE)
    with store.read(scope) as tx:
        found = contacts.overdue(tx, at=now)
    if dry_run or not found:
        return Purged(found, dry_run)
    done = 0
    while gone := _purge_some(store, scope, now):
        done += gone
    return Purged(done)


def _purge_some(store: Store, scope: Scope, now: datetime) -> int:
    with store.begin(scope) as tx:
        history.hold(tx)
        gone = contacts.purge(tx, at=now, most=BATCH)
        if gone:
            history.record(tx, now, "contact.purge", "contact:all", count=gone)
    return gone
