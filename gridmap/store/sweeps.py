"""What a sweep looks for among open incidents: what is at a window whose day is over, and what another edition may have given to others."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select, update

from gridmap.incidents import Incident, State
from gridmap.incidents.deadlines import AT_WINDOW
from gridmap.limits import CLOCKS
from gridmap.store import incidents
from gridmap.store.clock_tables import clock
from gridmap.store.schema import IS_OPEN, incident
from gridmap.store.scoping import within

WINDOW = next(rule.clock for rule in CLOCKS if AT_WINDOW in rule.start)


def moving_on(tx: Connection, now: datetime, limit: int) -> tuple[Incident, ...]:
    """Those whose day at the window is over, the oldest first."""
    wanted = select(incident.c.id).join(clock, clock.c.incident == incident.c.id)
    wanted = wanted.where(within(tx, incident), within(tx, clock), incident.c.state == State.FILED, incident.c.onward.is_not(None))
    wanted = wanted.where(clock.c.name == WINDOW, clock.c.since.is_not(None), clock.c.due <= now)
    return _found(tx, wanted, limit)


def homed_before(tx: Connection, edition: int, limit: int) -> tuple[Incident, ...]:
    """Open ones that were last held against an earlier edition, the oldest first."""
    return _found(tx, select(incident.c.id).where(within(tx, incident), IS_OPEN, incident.c.homed_in < edition), limit)


def put_homed(tx: Connection, ids: Collection[str], edition: int) -> None:
    """Note that they were held against this edition."""
    tx.execute(update(incident).where(within(tx, incident), incident.c.id.in_(ids)).values(homed_in=edition))


def _found(tx: Connection, wanted: Select[Any], limit: int) -> tuple[Incident, ...]:
    return tuple(incidents.get(tx, id) for id in tx.scalars(wanted.order_by(incident.c.serial).limit(limit)).all())
