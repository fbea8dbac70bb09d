"""Who stands where, and who can be made responsible. Staff appear with name, post and service phone only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Worker:
    """A grid worker (网格员): id, name and service phone, nothing else about the person."""

    id: str
    name: str
    phone: str = ""
    name_en: str = ""


class Duty(StrEnum):
    """As what somebody stands at an area."""

    WORKER = "worker"
    BACKUP = "backup"
    LEADER = "leader"
    POLICE = "police"
    MEDIATOR = "mediator"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class Post:
    """A dated row: who stands at which area code as what, from `since` (inclusive) until `until` (exclusive; None is open)."""

    worker: str
    area: str
    duty: Duty
    since: datetime
    until: datetime | None = None

    def held_at(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Leave:
    """A dated row: who is away from `since` (inclusive) until the instant they are back (exclusive; None: nobody knows yet).

    Why is nobody's business here. A leave that was called off ends when it begins.
    """

    worker: str
    since: datetime
    until: datetime | None = None

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class Weekday(StrEnum):
    """The days of a week, Monday first."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    @classmethod
    def of(cls, at: datetime) -> "Weekday":
        """The day that it is where `at` was read: doors hand the county's clock."""
        return tuple(cls)[at.weekday()]


@dataclass(frozen=True, slots=True)
class OnCall:
    """A row of the rota: the office that takes, on this day of each week, what nobody else is responsible for (值班)."""

    weekday: Weekday
    office: str


class OfficeKind(StrEnum):
    CENTRE = "centre"  # 综治中心: the service centre of one area
    DEPARTMENT = "department"  # 职能部门
    OWNER = "owner"  # 权属单位: the owner of components


@dataclass(frozen=True, slots=True)
class Office:
    """Whoever can be made responsible. A centre names its `area`; a department without one works for the whole county."""

    code: str
    name: str
    kind: OfficeKind
    area: str | None = None
    phone: str = ""
    name_en: str = ""
