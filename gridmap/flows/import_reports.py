"""A file of reports comes in: each row is received on its own, and every row is counted once."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridmap.access import Actor
from gridmap.errors import Refusal
from gridmap.flows.intake import Outcome, receive_many
from gridmap.incidents import Answer, Channel, State
from gridmap.store import Store
from gridmap.tables.rejects import rejects_file, write_rejects
from gridmap.tables.reports import Defaults, read_reports
from gridmap.tables.rows import Rejected
from gridmap.words import Lang, Sentence

# Why a report waits for a person, the nearest cause first: without an issue type no desk could even be asked.
CAUSES = (
    "issue.unknown", "point.none", "point.zero", "point.exchanged", "point.off_globe", "point.coarse", "match.outside",
    "duty.nobody", "route.nobody",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportImport:
    """What became of a file: every row read is matched, triaged, repeated or rejected, once. `answers` are in the file's order."""

    path: Path
    answers: tuple[Answer, ...]
    rejected: tuple[Rejected, ...]
    ignored: tuple[str, ...]
    rejects: Path | None

    @property
    def read(self) -> int:
        return len(self.answers) + len(self.rejected)

    @property
    def matched(self) -> int:
        """New incidents with cell or village, worker and office."""
        return sum(not answer.repeated and answer.state is not State.TRIAGE for answer in self.answers)

    @property
    def triaged(self) -> int:
        """New incidents that wait for a person."""
        return sum(not answer.repeated and answer.state == State.TRIAGE for answer in self.answers)

    @property
    def causes(self) -> dict[str, int]:
        """Of the new incidents that wait for a person, how many for each of CAUSES, the most first."""
        waiting = [answer for answer in self.answers if not answer.repeated and answer.state == State.TRIAGE]
        found = Counter(_cause({reason.key for reason in answer.reasons}) for answer in waiting)
        return dict(found.most_common())

    @property
    def repeated(self) -> int:
        """Rows that were here before, or twice in the file."""
        return sum(answer.repeated for answer in self.answers)

    def as_dict(self, lang: Lang = "en") -> dict[str, Any]:
        """JSON-ready: the counts, and each rejected row with its number and reasons."""
        rows = [one.as_dict(lang) for one in self.rejected]
        return {
            "path": str(self.path), "read": self.read, "matched": self.matched, "triaged": self.triaged, "repeated": self.repeated,
            "causes": self.causes, "rejected": len(rows), "rows": rows, "rejects": self.rejects and str(self.rejects),
            "ignored_columns": list(self.ignored),
        }  # fmt: skip


def import_reports(
    store: Store,
    path: Path,
    *,
    now: datetime,
    zone: ZoneInfo,
    actor: Actor,
    defaults: Defaults | None = None,
    verify: Collection[Channel] = (),
    lang: Lang = "en",
    rejects: Path | None = None,
    advance: Callable[[int], object] = lambda steps: None,
) -> ReportImport:
    """Receive every row of the file, 500 to a transaction; the same file again is repeated as a whole and doubles nothing.

    Rows that cannot be taken are written to `rejects` (beside the file, NAME.rejected.xlsx) in `lang`. NoEditionInForce takes none.
    """
    parsed = read_reports(path, zone, defaults or Defaults())
    if rejects:
        rejects_file(path, rejects)
    outcomes = receive_many(store, [report for _, report in parsed.good], verify=verify, now=now, actor=actor, advance=advance)
    refused = [
        Rejected(row, (Sentence(f"error.{outcome.key}", outcome.facts),))
        for (row, _), outcome in zip(parsed.good, outcomes, strict=True)
        if isinstance(outcome, Refusal)
    ]
    rejected = tuple(sorted((*parsed.rejected, *refused), key=lambda one: one.row.number))
    file = rejects_file(path, rejects) if rejected else None
    if file:
        write_rejects(file, parsed.header, rejected, lang)
    return ReportImport(path=path, answers=_answers(outcomes), rejected=rejected, ignored=parsed.ignored, rejects=file)


def _cause(keys: Collection[str]) -> str:
    return next(cause for cause in CAUSES if f"reason.{cause}" in keys)


def _answers(outcomes: Sequence[Outcome]) -> tuple[Answer, ...]:
    return tuple(outcome for outcome in outcomes if isinstance(outcome, Answer))
