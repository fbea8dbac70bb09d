"""Who did what, when and why: one append-only table, each row chained to the one before it.

The ids have no gaps and appear in the order of commits: whoever appends updates the one row of `history_head`, and so holds it until the
commit. That makes it the live stream's source, too: a reader that has seen id 7 will never look for id 5 again. On PostgreSQL two writers
could wait for each other, so a write that appends calls `hold` before it touches anything else. SQLite's writers are alone anyway.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gridmap.store.chain import link
from gridmap.store.schema import history, history_head
from gridmap.store.scoping import scope_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done, to be recorded: `what` as noun.verb or an incident's verb, `subject` as kind:id. `facts` hold no contact.

    The actor is the transaction's.
    """

    at: datetime
    what: str
    subject: str
    incident: str | None = None
    from_state: str | None = None
    to_state: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def hold(tx: Connection) -> tuple[int, str]:
    """Let nobody else append until this transaction ends; the id and hash of the last row."""
    id, hash = tx.execute(select(history_head.c.id, history_head.c.hash).with_for_update()).one()
    return id, hash


def append(tx: Connection, entries: Sequence[Entry]) -> int:
    """Record what was done, in order; answers the id of the last row."""
    first, before = hold(tx)
    last = first
    actor = scope_of(tx).actor.name
    rows = []
    for last, entry in enumerate(entries, start=first + 1):
        row = {
            "id": last,
            "at": entry.at,
            "actor": actor,
            "what": entry.what,
            "subject": entry.subject,
            "incident": entry.incident,
            "from_state": entry.from_state,
            "to_state": entry.to_state,
            "facts": dict(entry.facts),
        }
        before = link(before, row)
        rows.append({**row, "hash": before})
    if rows:
        tx.execute(insert(history), rows)
        tx.execute(update(history_head).values(id=last, hash=before))
    return last


def record(tx: Connection, at: datetime, what: str, subject: str, **facts: Any) -> int:
    """Record one thing that was done, not to an incident."""
    return append(tx, [Entry(at=at, what=what, subject=subject, facts=facts)])
