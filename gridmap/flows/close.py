"""An incident is closed, with a reason that its log keeps."""

from datetime import datetime

from gridmap.duty import Actor
from gridmap.errors import BadInput
from gridmap.incidents import Incident
from gridmap.store import Store, incidents


class ReasonMissing(BadInput):
    """Closing needs a reason; facts: none."""


def close(store: Store, incident: str, reason: str, *, now: datetime, actor: Actor) -> Incident:
    """Close the incident of this id or number; answers it as it is now. ReasonMissing, IncidentMissing, IncidentClosed."""
    if not reason.strip():
        raise ReasonMissing
    with store.begin() as tx:
        return incidents.close(tx, incident, at=now, actor=actor.name, note=reason.strip())
