"""An incident is closed, with a reason that its log keeps."""

from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.errors import BadInput
from gridmap.incidents import Incident
from gridmap.store import Store, incidents


class ReasonMissing(BadInput):
    """Closing needs a reason; facts: none."""


def close(store: Store, incident: str, reason: str, *, now: datetime, actor: Actor) -> Incident:
    """Close the incident of this id or number; answers it as it is now. ReasonMissing, Forbidden, IncidentMissing, IncidentClosed."""
    if not reason.strip():
        raise ReasonMissing
    with store.begin(allowed(actor, Action.INCIDENT_CLOSE)) as tx:
        return incidents.close(tx, incident, at=now, note=reason.strip())
