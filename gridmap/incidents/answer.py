"""What the sender of a report is told: whose it is now, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from gridmap.incidents.life import State
from gridmap.words import Lang, Sentence


@dataclass(frozen=True, slots=True)
class Named:
    """An area, worker or office as it is told: its code (a worker's id), its names and its service phone."""

    code: str
    name: str
    name_en: str = ""
    phone: str = ""

    def as_dict(self, lang: Lang) -> dict[str, str]:
        return {"code": self.code, "name": self.name_en if lang == "en" and self.name_en else self.name}

    def kept(self) -> dict[str, str]:
        """All of it, JSON-ready."""
        return {"code": self.code, "name": self.name, "name_en": self.name_en, "phone": self.phone}


AREAS = ("township", "village", "cell")
WORKERS = ("worker", "backup")
NAMED = (*AREAS, *WORKERS, "office")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one report. `repeated` says that this key was answered before, and that this is the first answer again."""

    report: str
    incident: str
    number: str
    state: State
    edition: int | None = None
    township: Named | None = None
    village: Named | None = None
    cell: Named | None = None
    worker: Named | None = None
    backup: Named | None = None
    office: Named | None = None
    how: str | None = None
    distance_m: float | None = None
    border_m: float | None = None
    candidates: tuple[Mapping[str, Any], ...] = ()
    reasons: tuple[Sentence, ...] = ()
    repeated: bool = False

    def as_dict(self, lang: Lang = "en") -> dict[str, Any]:
        """JSON-ready, for people and programs: codes as they are, names and reasons in `lang`."""
        told = self._plain()
        for name in NAMED:
            named: Named | None = getattr(self, name)
            told[name] = named and named.as_dict(lang)
            if named and name not in AREAS:
                told[name]["phone"] = named.phone
            if named and name in WORKERS:
                told[name]["id"] = told[name].pop("code")
        told["reasons"] = [reason.text(lang) for reason in self.reasons]
        return told

    def kept(self) -> dict[str, Any]:
        """JSON-ready without words, as it is kept beside the key; `Answer.read` reads it back."""
        named = {name: one and one.kept() for name in NAMED for one in [getattr(self, name)]}
        return {**self._plain(), **named, "reasons": [reason.as_dict() for reason in self.reasons], "repeated": False}

    def _plain(self) -> dict[str, Any]:
        """Every field by name, codes and mappings as JSON has them."""
        plain = zip(_FIELDS, _values(self), strict=True)
        return {**dict(plain), "state": str(self.state), "candidates": [dict(candidate) for candidate in self.candidates]}

    @classmethod
    def read(cls, kept: Mapping[str, Any], *, repeated: bool) -> "Answer":
        """The answer that was kept."""
        named = {name: Named(**kept[name]) if kept.get(name) else None for name in NAMED}
        reasons = tuple(Sentence(**reason) for reason in kept["reasons"])
        facts = {"state": State(kept["state"]), "candidates": tuple(kept["candidates"]), "reasons": reasons, "repeated": repeated}
        return cls(**{**kept, **named, **facts})


_FIELDS = tuple(field.name for field in fields(Answer))
_values = attrgetter(*_FIELDS)
