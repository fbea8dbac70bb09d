"""A fault found in areas or rows: what, how bad, where to look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gridmap.words import Lang, say


class Severity(StrEnum):
    ERROR = "error"  # refuses the import or the publishing
    WARNING = "warning"  # is told, and passes
    NOTE = "note"  # something was mended or chosen, and is told


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault; its sentence is `finding.<code>` in words/, filled from `facts`. `lon`, `lat` are a place to look at, in degrees."""

    code: str
    severity: Severity
    area: str = ""
    lon: float | None = None
    lat: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: Lang = "en") -> str:
        return say(f"finding.{self.code}", lang, area=self.area, **self.facts)

    def as_dict(self, lang: Lang = "en") -> dict[str, Any]:
        return {
            "code": self.code, "severity": str(self.severity), "area": self.area,
            "lon": self.lon, "lat": self.lat, "text": self.text(lang),
        }  # fmt: skip
