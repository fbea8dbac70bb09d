"""What may be the same matter: open incidents of the same type beside it, seen at about the same time (相似案卷: ≤ 50 m, ≤ 24 h)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.access import Action, Actor, allowed
from gridmap.errors import BadInput
from gridmap.geometry.crs import distance_km
from gridmap.geometry.metres import box_around
from gridmap.incidents import Incident
from gridmap.store import Store, Tx, incidents
from gridmap.store.nearby import open_in

WITHIN_M = 50.0
WITHIN = timedelta(hours=24)
FARTHEST_M = 1000.0
LONGEST = timedelta(days=31)
MOST = 20
LOOKED_AT = 500
"""Of one type in one box: more than a person would compare."""


class NearbyTooWide(BadInput):
    """A suggestion is about what lies beside it; facts: metres, hours (the most that may be asked)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Something of this type at this place (WGS84 degrees), seen at this instant."""

    issue: str
    lon: float
    lat: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Near:
    """An open incident beside a spot, and how much earlier it was seen (less than nothing: later)."""

    incident: Incident
    distance_m: float
    age: timedelta


def nearby_point(store: Store, spot: Spot, *, within_m: float = WITHIN_M, within: timedelta = WITHIN, actor: Actor) -> tuple[Near, ...]:
    """The open incidents beside the spot that the actor may read, the nearest first, at most MOST. Forbidden, NearbyTooWide."""
    _check(within_m, within)
    with store.read(allowed(actor, Action.INCIDENT_READ)) as tx:
        return _beside(tx, spot, within_m, within)


def nearby(store: Store, incident: str, *, within_m: float = WITHIN_M, within: timedelta = WITHIN, actor: Actor) -> tuple[Near, ...]:
    """The others beside the incident of this id or number; none where it has no point. Forbidden, NearbyTooWide, IncidentMissing."""
    _check(within_m, within)
    with store.read(allowed(actor, Action.INCIDENT_READ)) as tx:
        one = incidents.get(tx, incident)
        if one.lon is None or one.lat is None:
            return ()
        return _beside(tx, Spot(issue=one.issue, lon=one.lon, lat=one.lat, at=one.at), within_m, within, but=one.id)


def is_beside(one: Incident, other: Incident) -> bool:
    """Whether the one is suggested beside the other where nobody asks for a wider circle."""
    metres = metres_apart(one, other)
    return one.issue == other.issue and metres is not None and metres <= WITHIN_M and abs(one.at - other.at) <= WITHIN


def metres_apart(one: Incident, other: Incident) -> float | None:
    """Along the ellipsoid; None where one of them has no point."""
    if one.lon is None or one.lat is None or other.lon is None or other.lat is None:
        return None
    return distance_km((one.lon, one.lat), (other.lon, other.lat)) * 1000


def _check(within_m: float, within: timedelta) -> None:
    if not (0 <= within_m <= FARTHEST_M and timedelta(0) <= within <= LONGEST):
        raise NearbyTooWide(metres=round(FARTHEST_M), hours=round(LONGEST / timedelta(hours=1)))


def _beside(tx: Tx, spot: Spot, within_m: float, within: timedelta, *, but: str = "") -> tuple[Near, ...]:
    """By the index of points first, then by the distance along the ellipsoid."""
    bounds = box_around(spot.lon, spot.lat, within_m)
    lying = open_in(tx, bounds, issue=spot.issue, since=spot.at - within, until=spot.at + within, most=LOOKED_AT)
    far = sorted((distance_km((spot.lon, spot.lat), (one.lon, one.lat)) * 1000, one.id, one.at) for one in lying if one.id != but)
    near = [each for each in far if each[0] <= within_m][:MOST]
    return tuple(Near(incidents.get(tx, id), distance_m, spot.at - at) for distance_m, id, at in near)
