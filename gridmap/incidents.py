"""What was sent in, and the incident that is managed. Its full life (transitions, deadlines) grows here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gridmap.catalogue import Grade, Urgency
from gridmap.words import Sentence


class Channel(StrEnum):
    """By which way a report came in."""

    WORKER = "worker"
    RESIDENT = "resident"
    HOTLINE = "hotline"
    WINDOW = "window"
    PATROL = "patrol"
    UPPER_LEVEL = "upper_level"
    SYSTEM = "system"


class State(StrEnum):
    """Where an incident stands. Triage is a person's queue: nothing that was accepted is ever lost."""

    TRIAGE = "triage"
    DISPATCHED = "dispatched"
    CLOSED = "closed"


OPEN_STATES = (State.TRIAGE, State.DISPATCHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a reporter sent: a point with its datum, or a place in words, or both. `lon`, `lat` are raw, in `datum`.

    `sender` names who vouches for `key` and `sender_number` (a system, a hotline desk); empty is anonymous, whose keys must be UUIDs.
    """

    issue: str
    channel: Channel
    at: datetime
    text: str = ""
    place: str = ""
    lon: float | None = None
    lat: float | None = None
    datum: str = ""
    accuracy_m: float | None = None
    sender: str = ""
    sender_number: str = ""
    key: str = ""


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
