"""A photo comes in parts, in whatever order its sender's connection allows, and becomes a picture drawn anew, or nothing.

A photo goes to a place (`Place`): to a report, for whoever shows the report's id, or to an incident, for whoever works with it. Its name
is its SHA-256, so sending it twice is sending it once, and what arrived is what was meant. What is refused leaves no byte behind; what a
process that died left half done is asked for again.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.errors import BadInput, Conflict, NotFound, Unavailable
from gridmap.flows.follow import ReportMissing
from gridmap.flows.purge import purge_photos
from gridmap.flows.slow import slow
from gridmap.incidents.photo import STILL_FOR, Photo, check_photo_name
from gridmap.photos import Drawn, Workshop
from gridmap.settings import PhotoSettings
from gridmap.store import Store, Tx, history, incidents, photos
from gridmap.store.history import Entry

PART_BYTES = 2**18  # bytes that are put down at once: what a cut connection can lose
# Of whoever has not signed in, for a network, in parts: some sixty photos in one go, then one in four seconds.
BURST = 1200
EVERY = timedelta(milliseconds=250)
_ID = re.compile(r"[0-9a-f-]{36}")


class PhotoTooLarge(BadInput):
    """The file is larger than a photo may be; facts: most (MiB)."""


class PhotoEmpty(BadInput):
    """A file without a byte; facts: none."""


class PhotosTooMany(Conflict):
    """There are as many photos as there may be; facts: most."""


class PhotosUnfinishedFull(Unavailable):
    """All that came in part takes as much room together as it may; what came of this one is kept; facts: most (MiB)."""


class PhotoGap(Conflict):
    """The part begins behind what is here: go on at `offset`; facts: offset (bytes that are here)."""


class PhotoOther(Conflict):
    """The bytes that came are not those that the name is of, and are gone: send the photo anew, or by its right name; facts: none."""


class PhotoMissing(NotFound):
    """No picture of this name, or not yet; facts: none."""


class Part(NamedTuple):
    """Bytes of a file, from its byte `start` on."""

    start: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a photo goes: to what (a report's or an incident's id), of which incident, and how far who brings it may go."""

    scope: Scope
    holder: str
    incident: str


def of_report(store: Store, report: str, *, actor: Actor) -> Place:
    """The place of this report's photos, for whoever shows its id. ReportMissing."""
    scope = allowed(actor, Action.REPORT_PHOTO, shown=report)
    if not _ID.fullmatch(report):
        raise ReportMissing
    with store.read(scope) as tx:
        incident = photos.incident_of(tx, report)
    if incident is None:
        raise ReportMissing
    return Place(scope, report, incident)


def of_incident(store: Store, incident: str, *, actor: Actor) -> Place:
    """The place of what is shown by who works with the incident of this id or number. Forbidden, IncidentMissing."""
    scope = allowed(actor, Action.PHOTO_ADD)
    with store.read(scope) as tx:
        found = incidents.identity(tx, incident)
    return Place(scope, found.id, found.id)


def stand(store: Store, place: Place, sha256: str) -> Photo | None:
    """How far the photo is here, None where it is not even expected. PhotoNameUnusable."""
    check_photo_name(sha256)
    with store.read(place.scope) as tx:
        return photos.get(tx, (place.holder, sha256))


def begin(store: Store, place: Place, sha256: str, bounds: PhotoSettings, *, total: int | None) -> Photo | None:
    """How far the photo is here, of which somebody brings more; `total` is how many bytes it has (None: that is not said).

    PhotoNameUnusable, PhotoEmpty, PhotoTooLarge, PhotosTooMany.
    """
    check_photo_name(sha256)
    if total == 0:
        raise PhotoEmpty
    if total is not None and total > bounds.bytes:
        raise PhotoTooLarge(most=bounds.mib)
    with store.read(place.scope) as tx:
        found = photos.get(tx, (place.holder, sha256))
        if found is None or found.is_awaited:
            _check_room(tx, place, bounds)
    return found


def add_part(store: Store, place: Place, sha256: str, part: Part, bounds: PhotoSettings, *, now: datetime) -> int:
    """Put down a part; how many bytes are here then. What is here already is left as it is.

    PhotoGap where bytes before it are missing; PhotosTooMany; PhotoTooLarge, and nothing is left of it.
    """
    with store.begin(place.scope) as tx:
        one = photos.get(tx, (place.holder, sha256), hold=True)
        have = one.have if one else 0
        fresh = part.data[have - part.start :] if part.start <= have else b""
        if (one and one.arrived_at) or (part.start <= have and not fresh):
            return have
        if part.start > have:
            raise PhotoGap(offset=have)
        if have + len(fresh) <= bounds.bytes:
            if have == 0:
                _check_room(tx, place, bounds)
                photos.expect(tx, (place.holder, sha256), place.incident, at=now)
            return photos.add_part(tx, (place.holder, sha256), have, fresh, at=now)
        photos.forget(tx, (place.holder, sha256))
    raise PhotoTooLarge(most=bounds.mib)


def _check_room(tx: Tx, place: Place, bounds: PhotoSettings) -> None:
    if photos.count(tx, place.holder) >= bounds.most:
        raise PhotosTooMany(most=bounds.most)


def make_room(store: Store, size: int, bounds: PhotoSettings, *, keeper: Actor, now: datetime) -> None:
    """See that so many bytes more may come, of whatever photo: who sends one sees that one alone, the keeper sees them all.

    Where all that came in part takes its whole room, what nobody went on with for a while is forgotten, as it would be later: a phone that
    comes back to it begins anew. PhotosUnfinishedFull where that is not enough. Those who ask at one moment are not told of each other: it
    may be passed by a part for each of them.
    """
    scope = allowed(keeper, Action.OPERATE)
    if _fits(store, scope, size, bounds):
        return
    purge_photos(store, days=bounds.days, now=now, actor=keeper, in_parts_for=STILL_FOR)
    if not _fits(store, scope, size, bounds):
        raise PhotosUnfinishedFull(most=bounds.unfinished)


def _fits(store: Store, scope: Scope, size: int, bounds: PhotoSettings) -> bool:
    with store.read(scope) as tx:
        return photos.unfinished(tx) + size <= bounds.unfinished * 2**20


def finish(store: Store, workshop: Workshop, place: Place, sha256: str, bounds: PhotoSettings, *, now: datetime) -> Photo:
    """Make of the bytes that are here the picture that is shown, and record that it came.

    PhotoOther, and what `Workshop.draw` refuses: then no byte is left. PhotosCrowded and PhotosOff leave them: it may be asked again.
    """
    with store.read(place.scope) as tx:
        one = photos.get(tx, (place.holder, sha256))
        data = photos.whole(tx, (place.holder, sha256)) if one and not one.arrived_at else b""
    if one is None or one.is_awaited:
        raise PhotoGap(offset=0)
    if one.arrived_at:
        return one
    drawn = _drawn(store, workshop, place, sha256, data)
    width, height = drawn.size
    arrived = replace(one, arrived_at=now, kept_until=now + timedelta(days=bounds.days), width=width, height=height)
    with store.begin(place.scope) as tx:
        history.hold(tx)
        there = photos.get(tx, (place.holder, sha256), hold=True)
        if there and there.arrived_at:  # another sender's copy was first
            return there
        if there is None:  # and another's was refused
            raise PhotoGap(offset=0)
        photos.keep(tx, arrived, picture=drawn.picture, small=drawn.small)
        history.append(tx, [_entry(tx, place, sha256, now)])
    return arrived


def _drawn(store: Store, workshop: Workshop, place: Place, sha256: str, data: bytes) -> Drawn:
    """The picture; where there will be none, nothing is left of the file, and where it never can be, not its name either."""
    if hashlib.sha256(data).hexdigest() != sha256:
        _clear(store, place, sha256, photos.drop)
        raise PhotoOther
    try:
        return workshop.draw(data)
    except BadInput:
        _clear(store, place, sha256, photos.forget)
        raise


def _clear(store: Store, place: Place, sha256: str, clear: Callable[[Tx, tuple[str, str]], None]) -> None:
    """Unless another sender's copy became a picture meanwhile."""
    with store.begin(place.scope) as tx:
        there = photos.get(tx, (place.holder, sha256), hold=True)
        if there and not there.arrived_at:
            clear(tx, (place.holder, sha256))


def _entry(tx: Tx, place: Place, sha256: str, now: datetime) -> Entry:
    """Of the incident that its report is part of now."""
    facts = {} if place.holder == place.incident else {"report": place.holder}
    incident = photos.incident_of(tx, place.holder) if facts else None
    return Entry(at=now, what="photo.add", subject=f"photo:{sha256}", incident=incident or place.incident, facts={"photo": sha256, **facts})


def slow_down(store: Store, network: str, *, now: datetime) -> None:
    """Count a part that a stranger of this network sends. Throttled."""
    slow(store, "report.photo", network, burst=BURST, every=EVERY, now=now)
