"""One step as it was taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.errors import BadInput
from gridmap.incidents.life.states import Evidence, Step

LONGEST = 500


class EvidenceTooLong(BadInput):
    """More was written than we keep; facts: evidence, most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One step as it was taken, and is kept: who took it, and what came along. `drawn` says that another looks at it once more.

    What a step asks for is text as its evidence says; `office` and `template` are also what was found anew from another type or place.
    `other` is the number of the incident whose reports join or leave, `contact_left` whether those that join, or those that stay, left a
    contact.
    """

    step: Step
    actor: str
    reason: str = ""
    photo: str = ""
    office: str = ""
    until: str = ""
    task: str = ""
    grade: str = ""
    issue: str = ""
    place: str = ""
    into: str = ""
    agreement: str = ""
    satisfied: str = ""
    template: str = ""
    other: str = ""
    drawn: bool = False
    contact_left: bool = False

    @property
    def evidence(self) -> frozenset[Evidence]:
        return frozenset(each for each in Evidence if getattr(self, each).strip())

    def check_length(self) -> None:
        """EvidenceTooLong where it would not be kept whole."""
        for each in Evidence:
            if len(getattr(self, each)) > LONGEST:
                raise EvidenceTooLong(evidence=each, most=LONGEST)

    def facts(self) -> dict[str, Any]:
        """What the log keeps of it beside its step and actor; `Taken.read` reads it back."""
        given: dict[str, Any] = {name: getattr(self, name) for name in _TEXTS if getattr(self, name).strip()}
        return given | {name: True for name in _FLAGS if getattr(self, name)}

    @classmethod
    def read(cls, step: Step, actor: str, facts: Mapping[str, Any]) -> "Taken":
        """The step that was kept with these facts; others among them are of no matter."""
        texts: dict[str, Any] = {name: str(facts.get(name, "")) for name in _TEXTS}
        flags: dict[str, Any] = {name: bool(facts.get(name)) for name in _FLAGS}
        return cls(step=step, actor=actor, **texts, **flags)


_TEXTS = (*(str(each) for each in Evidence), "template", "other")
_FLAGS = ("drawn", "contact_left")
