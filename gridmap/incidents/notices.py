"""Who is told of what is done to an incident, and what: a number and codes, never a name, a contact or what somebody wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from gridmap.incidents.incident import Incident
from gridmap.incidents.life import ENDED, State, Step, Taken


class Audience(StrEnum):
    """Which office is told of a step."""

    OFFICE = "office"  # that is responsible after it
    ASKED = "asked"  # that the step itself names, for a task of its own


TOLD: Mapping[Step, Audience] = MappingProxyType(
    {
        Step.DISPATCH: Audience.OFFICE,
        Step.TRANSFER: Audience.OFFICE,
        Step.RULE: Audience.OFFICE,
        Step.ELEVATE: Audience.OFFICE,
        Step.RETYPE: Audience.OFFICE,
        Step.RELOCATE: Audience.OFFICE,
        Step.REHOME: Audience.OFFICE,
        Step.REWORK: Audience.OFFICE,
        Step.REOPEN: Audience.OFFICE,
        Step.CALL_BACK: Audience.OFFICE,
        Step.MERGE: Audience.OFFICE,
        Step.SPLIT: Audience.OFFICE,
        Step.ASSIST: Audience.ASKED,
        Step.INFORM: Audience.ASKED,
        Step.WHISTLE: Audience.ASKED,
        Step.UPWARD: Audience.ASKED,
    }
)
"""Of what is not here nobody is told, nor where there is no such office; of a call only if it opened the incident again."""
NEWS = timedelta(days=1)
"""A report that was seen longer ago is brought up, as by an import of old ones: its office finds it in the list."""
RECEIVED = "incident.receive"
ESCALATED = "incident.escalate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told, of what kind, to which office (None: whoever listens), since when. Its id is the same however often it is sent."""

    id: str
    at: datetime
    kind: str
    incident: str | None
    audience: str | None
    body: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As it is sent: https://www.standardwebhooks.com names `type`, `timestamp` and `data`."""
        return {"type": self.kind, "timestamp": self.at.isoformat(), "data": {"audience": self.audience, **self.body}}


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be told, and to whom, before it has an id."""

    kind: str
    audience: str | None
    body: Mapping[str, Any]


def told_of_step(after: Incident, taken: Taken) -> Told | None:
    """What the step has somebody told, None for nothing."""
    audience = TOLD.get(taken.step)
    if audience is None or (taken.step is Step.CALL_BACK and after.state in ENDED):
        return None
    kind, body = f"incident.{taken.step}", _body(after)
    if audience is Audience.ASKED:
        task = after.tasks[-1]
        return Told(kind, task.office, body | {"task": task.number, "until": task.until and task.until.isoformat()})
    return Told(kind, after.office, body) if after.office else None


def told_of_receipt(one: Incident) -> Told | None:
    """What its office is told of an incident that came to it at once."""
    old = one.recorded_at - one.at > NEWS
    return Told(RECEIVED, one.office, _body(one)) if one.office and one.state is State.DISPATCHED and not old else None


def _body(one: Incident) -> dict[str, Any]:
    facts: dict[str, Any] = {name: getattr(one, name) for name in ("number", "revision", "issue")}
    facts |= {name: str(getattr(one, name)) for name in ("state", "urgency", "grade")}
    return facts | {"due_at": one.due_at and one.due_at.isoformat(), "clock": one.clock}
