"""One managed matter. Its full life (transitions, deadlines) grows here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gridmap.catalogue import Grade, Urgency
from gridmap.incidents.report import Channel
from gridmap.words import Sentence


class State(StrEnum):
    """Where an incident stands. Triage is a person's queue: nothing that was accepted is ever lost."""

    TRIAGE = "triage"
    DISPATCHED = "dispatched"
    CLOSED = "closed"


OPEN_STATES = (State.TRIAGE, State.DISPATCHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One managed matter. It keeps the edition and path that it was matched in, for ever; codes of township, village, cell or None.

    `lon`, `lat` are WGS84 degrees, None where the report had no usable point. `reasons` say how each answer was found.
    """

    id: str
    number: str
    state: State
    issue: str
    channel: Channel
    at: datetime
    recorded_at: datetime
    grade: Grade
    urgency: Urgency
    text: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    edition: int | None = None
    township: str | None = None
    village: str | None = None
    cell: str | None = None
    worker: str | None = None
    backup: str | None = None
    office: str | None = None
    how: str | None = None
    distance_m: float | None = None
    border_m: float | None = None
    candidates: tuple[Mapping[str, Any], ...] = ()
    reasons: tuple[Sentence, ...] = field(default=())
    revision: int = 1
