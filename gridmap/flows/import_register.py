"""A register comes in again: good rows are kept, rejected ones go back with the reason; nothing is guessed, nobody is removed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridmap.access import Action, Actor, allowed
from gridmap.errors import BadInput, TableEmpty
from gridmap.flows.register_checks import (
    Checked,
    Known,
    check_calendar,
    check_issue_types,
    check_leave,
    check_offices,
    check_posts,
    check_rota,
    check_rules,
    check_workers,
)
from gridmap.store import Store, Tx, calendars, catalogues, clocks, drafts, editions, history, offices, people
from gridmap.tables import Register
from gridmap.tables.registers import read_register
from gridmap.tables.rejects import rejects_file, write_rejects
from gridmap.tables.rows import Rejected
from gridmap.words import Lang, Sentence


class RegisterRefused(BadInput):
    """No row was taken, because some were rejected; facts: path, count, first, rejects. `rejected` carries every row and reason."""

    def __init__(self, rejected: Sequence[Rejected], **facts: object) -> None:
        super().__init__(**facts)
        self.rejected = rejected

    def as_dict(self, lang: Lang = "en") -> dict[str, Any]:
        rows = [one.as_dict(lang) for one in self.rejected]
        return {**super().as_dict(lang), "rows": rows, "rejects": self.facts["rejects"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterImport:
    """What became of a file: `read` rows are `imported` and `rejected`. `notes` are said besides: doubts, and posts that ended."""

    register: Register
    path: Path
    imported: int
    rejected: tuple[Rejected, ...]
    notes: tuple[Sentence, ...]
    ignored: tuple[str, ...]
    rejects: Path | None

    @property
    def read(self) -> int:
        return self.imported + len(self.rejected)

    def as_dict(self, lang: Lang = "en") -> dict[str, Any]:
        """JSON-ready: counts, each rejected row with its number and reasons, notes and ignored columns."""
        rows = [one.as_dict(lang) for one in self.rejected]
        return {
            "register": str(self.register), "path": str(self.path), "read": self.read, "imported": self.imported,
            "rejected": len(rows), "rows": rows, "rejects": self.rejects and str(self.rejects),
            "notes": [note.text(lang) for note in self.notes], "ignored_columns": list(self.ignored),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Import:
    """How one register is checked and kept."""

    check: Callable[[Sequence[tuple[Any, Any]], Known], Checked[Any]]
    put: Callable[[Tx, Iterable[Any]], None]


IMPORTS = {
    Register.WORKERS: Import(check_workers, people.put_workers),
    Register.POSTS: Import(check_posts, people.put_posts),
    Register.OFFICES: Import(check_offices, offices.put),
    Register.ISSUE_TYPES: Import(check_issue_types, catalogues.put_issue_types),
    Register.RULES: Import(check_rules, catalogues.put_rules),
    Register.CALENDAR: Import(check_calendar, calendars.put),
    Register.LEAVE: Import(check_leave, people.put_leaves),
    Register.ROTA: Import(check_rota, offices.put_rota),
}
WHOLE = frozenset({Register.RULES, Register.CALENDAR, Register.ROTA})
"""Whose rows mean something only together: the file takes the place of all before, or is refused."""


def import_register(
    store: Store,
    register: Register,
    path: Path,
    *,
    now: datetime,
    zone: ZoneInfo,
    actor: Actor,
    lang: Lang = "en",
    all_or_nothing: bool = False,
    rejects: Path | None = None,
) -> RegisterImport:
    """Bring a register in, in one transaction; rows that are there already are brought up to date.

    Rejected rows are written to `rejects` (beside the file, NAME.rejected.xlsx) in `lang`. Rules, calendar and rota replace their
    tables as a whole, so one bad row refuses all of them (RegisterRefused), as `all_or_nothing` does for the others; and so does a file
    without a good row.
    """
    scope = allowed(actor, Action.REGISTER_CHANGE)
    parsed = read_register(register, path, zone, now)
    if not parsed.read:  # else an empty file would clear the table of rules
        raise TableEmpty(path=str(path))
    if rejects:
        rejects_file(path, rejects)
    how = IMPORTS[register]
    with store.begin(scope) as tx:
        checked = how.check(parsed.good, read_known(store, tx, now))
        rejected = tuple(sorted((*parsed.rejected, *checked.rejected), key=lambda one: one.row.number))
        file = _write_back(path, rejects, parsed.header, rejected, lang)
        if rejected and (all_or_nothing or register in WHOLE or not checked.good):
            raise RegisterRefused(rejected, path=str(path), count=len(rejected), first=rejected[0].reasons[0], rejects=str(file))
        how.put(tx, (*checked.ended, *checked.good))
        if register == Register.CALENDAR:
            clocks.ripen(tx, now)
        history.record(tx, now, "register.import", f"register:{register}", rows=len(checked.good), rejected=len(rejected))
    return RegisterImport(
        register=register,
        path=path,
        imported=len(checked.good),
        rejected=rejected,
        notes=checked.notes,
        ignored=parsed.ignored,
        rejects=file,
    )


def _write_back(path: Path, rejects: Path | None, header: Sequence[str], rejected: Sequence[Rejected], lang: Lang) -> Path | None:
    """Before anything is kept, so that a full disk leaves nothing half done."""
    if not rejected:
        return None
    file = rejects_file(path, rejects)
    write_rejects(file, header, rejected, lang)
    return file


def read_known(store: Store, tx: Tx, now: datetime) -> Known:
    """What the rows of a register are checked against."""
    return Known(
        now=now,
        areas=lambda: _area_codes(store, tx, now),
        workers=frozenset(worker.id for worker in people.workers(tx)),
        offices=offices.all_(tx),
        types=catalogues.issue_types(tx),
        posts=people.posts(tx),
    )


def _area_codes(store: Store, tx: Tx, now: datetime) -> frozenset[str]:
    """The codes of the edition in force, of the newest one, and of all drafts."""
    numbers = {editions.number_in_force(tx, now), *(head.number for head in editions.heads(tx)[:1])} - {None}
    published = {area.code for number in numbers if number for area in store.edition(tx, number).areas}
    return frozenset(published.union(*({area.code for area in drafts.areas(tx, head.name)} for head in drafts.heads(tx))))
