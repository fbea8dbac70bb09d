"""Every refusal that Gridmap can make: a named error with the facts it carries; its sentence lives in words/ under `error.<key>`.

The six families say what a door answers (the service turns each into one HTTP status, the commands into an exit code).
A new refusal is a subclass here and a line in each language: nothing else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Protocol

from gridmap.words import Lang, Sayable, say

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?[+-]\d\d:\d\d", re.ASCII)


class Refusal(Exception):
    """Something asked for was refused, for a reason that the asker can understand and mend."""

    def __init__(self, **facts: object) -> None:
        super().__init__(facts)
        self.facts = facts

    def __reduce__(self) -> tuple[Any, ...]:
        """A refusal may come from another process."""
        return partial(type(self), **self.facts), ()

    @property
    def key(self) -> str:
        """The class name in snake case: stable, for programs; `error.<key>` is its sentence."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).lower()

    def text(self, lang: Lang = "en", zone: tzinfo | None = None) -> str:
        """Its sentence; an instant among its facts is told to the minute, in `zone` where one is given."""
        return say(f"error.{self.key}", lang, **{name: _as_read(fact, zone) for name, fact in self.facts.items()})

    def as_dict(self, lang: Lang = "en") -> dict[str, Any]:
        """JSON-ready, as commands tell it: the key for programs, the sentence for people."""
        return {"refused": True, "key": self.key, "error": self.text(lang)}

    def __str__(self) -> str:
        return self.text()


def _as_read(fact: object, zone: tzinfo | None) -> object:
    """A fact as people read it: an instant of ours (ISO with its offset) to the minute; anything else as it is."""
    if not (isinstance(fact, str) and _INSTANT.fullmatch(fact)):
        return fact
    try:
        instant = datetime.fromisoformat(fact)
        return (instant.astimezone(zone) if zone else instant).isoformat(sep=" ", timespec="minutes")
    except (ValueError, OverflowError):  # no day at all, or in that zone one after the last
        return fact


class BadInput(Refusal):
    """What was sent cannot be used as it is."""


class NotFound(Refusal):
    """What was named does not exist."""


class Conflict(Refusal):
    """What was asked for contradicts what is already recorded."""


class Precondition(Refusal):
    """What was asked for was thought of on a state that is no longer so."""


class Unavailable(Refusal):
    """Something that Gridmap needs is not there now."""


class Throttled(Refusal):
    """Tried too often; facts: seconds until it may be tried again."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Several sentences, a line each."""

    sentences: tuple[Sayable, ...]

    def text(self, lang: Lang = "en") -> str:
        return "".join(f"\n  • {each.text(lang)}" for each in self.sentences)


class BadSettings(BadInput):
    """The environment holds settings that cannot be used: `faults` has a sentence for each, what and where it is and what to do."""

    def __init__(self, faults: Sequence[Sayable]) -> None:
        super().__init__(faults=Listed(tuple(faults)))
        self.faults = tuple(faults)

    def as_dict(self, lang: Lang = "en") -> dict[str, Any]:
        return {**super().as_dict(lang), "faults": [each.text(lang) for each in self.faults]}


class FileMissing(NotFound):
    """No file at this path; facts: path."""


class FolderMissing(NotFound):
    """No folder in which the file could lie, or be made; facts: path (the folder's)."""


class FileUnreadable(BadInput):
    """The file is not what it should be; facts: path, reason."""


class TableEmpty(BadInput):
    """A table without any row below its header; facts: path."""


class ColumnMissing(BadInput):
    """A named column is not in the file; facts: column, path, columns."""


class DraftMissing(NotFound):
    """No draft of this name; facts: draft, drafts."""


class EditionMissing(NotFound):
    """No edition of this number or at this instant; facts: edition."""


class NoEditionInForce(NotFound):
    """Nothing is published yet, or nothing was in force at the instant; facts: at."""


class AreaMissing(NotFound):
    """No area of this code in the edition; facts: code, edition."""


class IncidentMissing(NotFound):
    """No incident of this id or number; facts: incident."""


class OfficeMissing(NotFound):
    """No office of this code; facts: office."""


class Told(Protocol):
    """A finding, as far as a refusal knows it."""

    def as_dict(self, lang: Lang) -> dict[str, Any]: ...


class FindingsRefuse(BadInput):
    """Something was refused for what was found in it; `findings` carries every reason and place."""

    def __init__(self, findings: Sequence[Told], **facts: object) -> None:
        super().__init__(**facts)
        self.findings = findings

    def as_dict(self, lang: Lang = "en") -> dict[str, Any]:
        return {**super().as_dict(lang), "findings": [finding.as_dict(lang) for finding in self.findings]}


class PublishRefused(FindingsRefuse):
    """The publish gate refused the draft; facts: draft, count, first."""


class ImportRefused(FindingsRefuse):
    """A file was not imported; facts: path, count, first."""


class ComputerRefused(Unavailable):
    """The operating system refused; facts: path ("-" where it names none), reason. The four below are what it refuses most often."""


class FolderNamed(ComputerRefused):
    """A folder was named where a file is needed."""


class AccessDenied(ComputerRefused):
    """This user may not read or write there."""


class DiskReadOnly(ComputerRefused):
    """Nothing can be written there."""


class DiskFull(ComputerRefused):
    """No room is left."""


class FrameColumnMissing(BadInput):
    """A frame to print lacks a column; facts: column, frame, columns."""


class InstantPast(BadInput):
    """An edition cannot take effect before now; facts: at, now."""


class InstantUnreadable(BadInput):
    """A date or time could not be read; facts: text."""


class DatumUnknown(BadInput):
    """A point needs a datum that we know; facts: datum, known."""


class PointUnusable(BadInput):
    """A point that cannot be one; facts: lon, lat, why."""


class KeyReused(Conflict):
    """The same key came with another body; facts: none (another sender's report is never hinted at)."""


class ReportUnusable(BadInput):
    """A report lacks what a report needs; facts: why."""


class StoreUnreachable(Unavailable):
    """The database does not answer; facts: url (without password), reason."""


class SchemaOutdated(Unavailable):
    """The database was made by another version; facts: found, wanted."""
