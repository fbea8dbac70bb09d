"""Where incidents lie, and no more of them: for counts on land that is not in force."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from gridmap.incidents import State
from gridmap.store.schema import IS_OPEN, incident
from gridmap.store.scoping import within

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Placed:
    """An open incident with its point (degrees), the areas that it was given to and its worker."""

    id: str
    lon: float
    lat: float
    place: tuple[str | None, str | None, str | None, str | None]


def received(tx: Connection, *, since: datetime) -> Points:
    """lon and lat of what was received since and has a point; what was voided (no matter, merged) does not count."""
    wanted = select(incident.c.lon, incident.c.lat).where(
        within(tx, incident), incident.c.recorded_at >= since,
        incident.c.lon.is_not(None), incident.c.state != State.VOIDED,
    )  # fmt: skip
    found = np.array(tx.execute(wanted).all(), dtype=np.float64).reshape(-1, 2)
    return found[:, 0].copy(), found[:, 1].copy()


def open_ones(tx: Connection) -> tuple[Placed, ...]:
    """Every open incident that has a point, the oldest first."""
    place = (incident.c[name] for name in ("township", "village", "cell", "worker"))
    wanted = select(incident.c.id, incident.c.lon, incident.c.lat, *place).where(within(tx, incident), IS_OPEN, incident.c.lon.is_not(None))
    rows = tx.execute(wanted.order_by(incident.c.serial))
    return tuple(Placed(row[0], row[1], row[2], tuple(row[3:])) for row in rows)
