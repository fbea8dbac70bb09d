"""Which open incidents lie beside a point."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from gridmap.store.dialect import lies_in
from gridmap.store.schema import IS_OPEN, incident
from gridmap.store.scoping import within

Bounds = tuple[float, float, float, float]


class Lying(NamedTuple):
    """Where an incident lies, and when it was seen."""

    id: str
    lon: float
    lat: float
    at: datetime


def open_in(tx: Connection, bounds: Bounds, *, issue: str, since: datetime, until: datetime, most: int) -> tuple[Lying, ...]:
    """Open incidents of the type in (west, south, east, north) that were seen in [since, until], the newest first, at most so many."""
    wanted = select(incident.c.id, incident.c.lon, incident.c.lat, incident.c.at).where(
        within(tx, incident),
        lies_in(tx, incident, bounds),
        incident.c.issue == issue,
        incident.c.at.between(since, until),
        IS_OPEN,
    )
    return tuple(Lying(*row) for row in tx.execute(wanted.order_by(incident.c.serial.desc()).limit(most)))
