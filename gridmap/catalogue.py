"""What reports are about, how soon it must be settled, and which office is competent: rows, never code."""

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from gridmap.errors import BadInput


class Kind(StrEnum):
    """The four kinds of issue; the kind decides who is tried first (先属主后属地, 先属地后属事)."""

    COMPONENT = "component"  # 部件
    EVENT = "event"  # 事件
    DISPUTE = "dispute"  # 矛盾纠纷
    SERVICE = "service"  # 便民服务


class Grade(StrEnum):
    """How hard to settle (三色管理)."""

    GENERAL = "general"  # 一般, blue
    COMPLEX = "complex"  # 复杂, orange
    DIFFICULT = "difficult"  # 疑难, red


class Urgency(StrEnum):
    """How soon, from the limit; never mixed with the grade."""

    AT_ONCE = "at_once"
    TODAY = "today"
    SOON = "soon"
    ROUTINE = "routine"


class LimitUnit(StrEnum):
    URGENT_HOUR = "UH"  # 紧急工作时: the clock never stops
    WORK_HOUR = "WH"  # 工作时
    WORK_DAY = "WD"  # 工作日


class LimitUnreadable(BadInput):
    """A time limit is a whole number and UH, WH or WD; facts: text."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit such as 2 UH, 4 WH or 5 WD. Tables hold whole amounts; a clock may be given a part, such as 1/2 UH."""

    amount: int | Fraction
    unit: LimitUnit

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """Read "2 UH"; anything else is refused, never guessed (irregular texts are common in published tables)."""
        found = re.fullmatch(r"\s*([1-9]\d{0,3})\s*(UH|WH|WD)\s*", text)
        if not found:
            raise LimitUnreadable(text=text)
        return cls(int(found[1]), LimitUnit(found[2]))

    @classmethod
    def exact(cls, text: str) -> "Limit":
        """Read back what `str` wrote, of whatever amount."""
        amount, _, unit = text.partition(" ")
        return cls(Fraction(amount), LimitUnit(unit))

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"

    @property
    def urgency(self) -> Urgency:
        """Urgent hours are at once, work hours today, up to three work days soon, else routine (our rule)."""
        if self.unit == LimitUnit.URGENT_HOUR:
            return Urgency.AT_ONCE
        if self.unit == LimitUnit.WORK_HOUR:
            return Urgency.TODAY
        return Urgency.SOON if self.amount <= 3 else Urgency.ROUTINE


@dataclass(frozen=True, slots=True)
class IssueType:
    """A row of the versioned catalogue. `subject_first` overrides the order that the kind gives."""

    code: str
    group: str
    kind: Kind
    name: str
    limit: Limit
    name_en: str = ""
    group_en: str = ""
    grade: Grade = Grade.GENERAL
    subject_first: bool = False

    def name_in(self, lang: str) -> str:
        return self.name_en if lang == "en" and self.name_en else self.name


class By(StrEnum):
    """On what ground an office is competent."""

    OWNER = "owner"  # 属主: it owns the component
    SUBJECT = "subject"  # 属事
    TERRITORY = "territory"  # 属地


ANY = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """This office is competent for this issue type (a code, a group, or "*" for all) on this ground; lower `rank` is tried first.

    `level` is where it is tried, the lowest level first (None: the level of its area, else the county). `area`, or the office's own area,
    limits it to that area and all below. An office "*" is the centre of the area at `level`, so that one row speaks for all villages.
    A territory rule needs no row for the centre as the last resort: that is the backstop.
    """

    office: str
    issue: str
    by: By
    level: str | None = None
    area: str | None = None
    rank: int = 100
