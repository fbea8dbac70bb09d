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
