"""Contacts and photos are deleted when their term is over, whether anybody thinks of it or not."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.incidents.photo import IN_PARTS_FOR
from gridmap.store import Store, contacts, history, photos
from gridmap.store.photos import Past

# A batch is a transaction: whoever is killed in the middle has done whole batches, and writers need not wait for all.
BATCH = 100


@dataclass(frozen=True, slots=True)
class Purged:
    """How many contacts were past their term; `dry_run`: they still are."""

    contacts: int
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class PurgedPhotos:
    """How many pictures were past their term, and how many photos had been begun or named too long ago; `dry_run`: they still are."""

    photos: int
    unfinished: int
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


def purge_photos(
    store: Store, *, days: int, now: datetime, actor: Actor, dry_run: bool = False, in_parts_for: timedelta = IN_PARTS_FOR
) -> PurgedPhotos:
    """Delete the pictures whose term is over at `now`, or that are older than `days`, which may have been more when they came; what came in
    part three days ago (`in_parts_for`), and names whose photo did not come in a month. History keeps how many. Forbidden for all but the
    operator."""
    scope = allowed(actor, Action.OPERATE)
    due = photos.Due(now, now - timedelta(days=days), now - in_parts_for)
    with store.read(scope) as tx:
        found = photos.past(tx, due)
    if dry_run:
        return PurgedPhotos(found.pictures, found.unfinished, dry_run)
    pictures = unfinished = 0
    while (gone := _purge_photos(store, scope, due)) != Past(0, 0):
        pictures, unfinished = pictures + gone.pictures, unfinished + gone.unfinished
    return PurgedPhotos(pictures, unfinished)


def _purge_photos(store: Store, scope: Scope, due: photos.Due) -> Past:
    with store.begin(scope) as tx:
        history.hold(tx)
        gone = photos.purge(tx, due, most=BATCH)
        if gone != Past(0, 0):
            history.record(tx, due.at, "photo.purge", "photo:all", count=gone.pictures, unfinished=gone.unfinished)
    return gone
