"""Who did what, when and why: one append-only table, each row chained to the one before it.

The ids have no gaps and appear in the order of commits: whoever appends updates the one row of `history_head`, and so holds it until the
commit. That makes it the live stream's source, too: a reader that has seen id 7 will never look for id 5 again. On PostgreSQL two writers
could wait for each other, so a write that appends calls `hold` before it touches anything else. SQLite's writers are alone anyway.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, cast, func, select, type_coerce, update

from gridmap.store.chain import CHAINED, ChainRow, as_kept, link
from gridmap.store.dialect import POSTGRESQL, Ready, insert_ready, ready
from gridmap.store.faults import HistoryHeadGone
from gridmap.store.schema import history, history_head
from gridmap.store.scoping import scope_of, within

COLUMNS = (*CHAINED, "hash")
_ROW = tuple(history.c[name] for name in COLUMNS)
# The instant as the driver has it, the facts as the text that is kept.
_RAW = tuple(
    {"at": type_coerce(each, Text), "facts": cast(each, Text)}[each.name].label(each.name) if each.name in {"at", "facts"} else each
    for each in _ROW
)
NEVER = datetime.min.replace(tzinfo=UTC)
"""When something was done whose instant cannot be read any more."""
BEFORE_ALL = -(2**63)
"""Below every id that a database could hold, also one that we never gave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done, to be recorded: `what` as noun.verb or an incident's verb, `subject` as kind:id. `facts` hold no contact.

    The actor is the transaction's, unless it is done for several together: then `by` names whose each is.
    """

    at: datetime
    what: str
    subject: str
    incident: str | None = None
    from_state: str | None = None
    to_state: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One row of the history: what was done, by whom, and the hash that chains it."""

    id: int
    at: datetime
    actor: str
    what: str
    subject: str
    incident: str | None
    from_state: str | None
    to_state: str | None
    facts: Mapping[str, Any]
    hash: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, under COLUMNS."""
        return {**{name: getattr(self, name) for name in COLUMNS}, "at": self.at.isoformat(), "facts": dict(self.facts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows: of this actor, this `what` (or a noun: `grant.`), this subject (`kind:id`, or a `kind:`), in [since, until)."""

    actor: str | None = None
    what: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = Wanted()


def hold(tx: Connection) -> None:
    """Let nobody else append until this transaction ends. SQLite's write transaction is alone already."""
    if tx.dialect.name == POSTGRESQL:
        _last(tx)


NOTHING = Ready()
_HELD = "held"
"""Where a connection keeps, of the transaction that holds the history, what its last row is: nobody else can change it."""


def _last(tx: Connection) -> tuple[int, str]:
    """The id and hash of the last row, held until this transaction ends. HistoryHeadGone: what could not be recorded is not done."""
    whole, found = tx.info.get(_HELD, (None, None))
    if found is None or whole is not tx.get_transaction() or tx.in_nested_transaction():
        found = tx.execute(select(history_head.c.id, history_head.c.hash).with_for_update()).one_or_none()
        if found is None:
            raise HistoryHeadGone
        _remember(tx, *found)
    return tuple(found)


def _remember(tx: Connection, id: int, hash: str) -> None:
    """Remember the last row for as long as the transaction holds it; not within a part of it that may be undone alone (a savepoint)."""
    if tx.in_nested_transaction():
        tx.info.pop(_HELD, None)
    else:
        tx.info[_HELD] = tx.get_transaction(), (id, hash)


def append(tx: Connection, entries: Sequence[Entry], also: Ready = NOTHING) -> int:
    """Record what was done, in order; answers the id of the last row. `also` are rows of other tables, inserted together with it."""
    first, before = _last(tx)
    last = first
    actor = scope_of(tx).actor.name
    rows = []
    for last, entry in enumerate(entries, start=first + 1):
        row = {
            "id": last,
            "at": entry.at,
            "actor": actor if entry.by is None else entry.by,
            "what": entry.what,
            "subject": entry.subject,
            "incident": entry.incident,
            "from_state": entry.from_state,
            "to_state": entry.to_state,
            "facts": as_kept(entry.facts),
        }
        before = link(before, row)
        rows.append({**row, "hash": before})
    insert_ready(tx, also | ready(tx, [(history, rows)]))
    if rows:
        tx.execute(update(history_head).values(id=last, hash=before))
        _remember(tx, last, before)
    return last


def record(tx: Connection, at: datetime, what: str, subject: str, **facts: Any) -> int:
    """Record one thing that was done, not to an incident."""
    return append(tx, [Entry(at=at, what=what, subject=subject, facts=facts)])


def head(tx: Connection) -> tuple[int, str]:
    """The id and hash of the last row, held for nobody; (0, "") while there is none, also where the head itself was taken away."""
    row = tx.execute(select(history_head.c.id, history_head.c.hash)).one_or_none()
    return (row.id, row.hash) if row and isinstance(row.id, int) else (0, "")


def rows(tx: Connection, *, after: int | None = None, limit: int, wanted: Wanted = EVERYTHING, newest: bool = False) -> tuple[Done, ...]:
    """The rows within the scope that are wanted, the first first; the next page is what comes `after` the id of the last one.

    With `newest` the last first, and `after` goes backwards.
    """
    found = _among(tx, wanted)
    if after is not None:
        found = found.where(history.c.id < after if newest else history.c.id > after)
    found = found.order_by(history.c.id.desc() if newest else history.c.id).limit(limit)
    return tuple(Done(**row) for row in tx.execute(found).mappings())


def page(tx: Connection, *, after: int, limit: int) -> Sequence[ChainRow]:
    """Rows as the chain has them, by id: what is verified. Every row must be within the scope.

    They are read as they lie there, and taken apart here: a value that is no instant or no JSON any more shall be told, not stumbled over.
    """
    found = select(*_RAW).where(within(tx, history), history.c.id > after).order_by(history.c.id).limit(limit)
    return [_read(dict(row)) for row in tx.execute(found).mappings()]


def _read(row: dict[str, Any]) -> ChainRow:
    at = row["at"]
    try:
        instant = at if isinstance(at, datetime) else datetime.fromisoformat(at)
        facts = json.loads(row["facts"])
    except (ValueError, TypeError, RecursionError):
        return {**row, "at": NEVER, "facts": {"unreadable": str(row["facts"])}}
    return {**row, "at": instant if instant.tzinfo else instant.replace(tzinfo=UTC), "facts": facts}


def hash_of(tx: Connection, id: int) -> str | None:
    """The hash of one row within the scope, None where there is no such row."""
    return tx.scalar(select(history.c.hash).where(within(tx, history), history.c.id == id))


def moved(tx: Connection, after: int, *, but: str) -> bool:
    """Whether anything but `but` was recorded after this id."""
    found = select(history.c.id).where(within(tx, history), history.c.id > after, history.c.what != but)
    return tx.scalar(found.limit(1)) is not None


def last_at(tx: Connection, what: str, *, after: int) -> datetime | None:
    """When this was last done, as far as it was recorded after this id."""
    found = select(func.max(history.c.at)).where(within(tx, history), history.c.id > after, history.c.what == what)
    return tx.scalar(found)


def _among(tx: Connection, wanted: Wanted) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [within(tx, history)]
    if wanted.actor is not None:
        conditions.append(history.c.actor == wanted.actor)
    if wanted.what is not None:
        conditions.append(_named(history.c.what, wanted.what, "."))
    if wanted.subject is not None:
        conditions.append(_named(history.c.subject, wanted.subject, ":"))
    if wanted.since is not None:
        conditions.append(history.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(history.c.at < wanted.until)
    return select(*_ROW).where(*conditions)


def _named(column: ColumnElement[str], name: str, end: str) -> ColumnElement[bool]:
    return column.startswith(name, autoescape=True) if name.endswith(end) else column == name
