"""What tables hold, to be compared with what the history says of it."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from gridmap.account import Account, GrantRow
from gridmap.store import accounts, editions, history
from gridmap.store.schema import history as history_table
from gridmap.store.schema import incident
from gridmap.store.scoping import within


class Holdings(NamedTuple):
    """Accounts with their grants, and edition numbers, when row `id` was the history's last."""

    id: int
    accounts: tuple[tuple[Account, tuple[GrantRow, ...]], ...]
    editions: tuple[int, ...]


class Stood(NamedTuple):
    """An incident as its table has it, and as its history ends: the last state, and how many times a state was recorded."""

    serial: int
    number: str
    state: str
    revision: int
    last_state: str | None
    recorded: int


def holdings(tx: Connection) -> Holdings:
    """All of it, of one moment. The scope must be for accounts."""
    id, _ = history.head(tx)
    owned = tuple((account, accounts.grants(tx, account.id)) for account in accounts.all_(tx))
    return Holdings(id, owned, tuple(head.number for head in editions.heads(tx)))


def incidents_page(tx: Connection, *, after: int, limit: int) -> tuple[Stood, ...]:
    """Incidents by their serial, each with how its history ends."""
    its_own = (within(tx, history_table), history_table.c.incident == incident.c.id, history_table.c.to_state.is_not(None))
    last = select(history_table.c.to_state).where(*its_own).order_by(history_table.c.id.desc()).limit(1).scalar_subquery()
    recorded = select(func.count()).where(*its_own).scalar_subquery()
    columns = (incident.c.serial, incident.c.number, incident.c.state, incident.c.revision, last, recorded)
    found = select(*columns).where(within(tx, incident), incident.c.serial > after).order_by(incident.c.serial).limit(limit)
    return tuple(Stood(*row) for row in tx.execute(found))


def lost_incident(tx: Connection) -> tuple[int, str] | None:
    """The first row of the history whose incident is no more, and that row's subject; None where all are there."""
    there = select(incident.c.id).where(within(tx, incident), incident.c.id == history_table.c.incident).exists()
    found = select(history_table.c.id, history_table.c.subject).where(
        within(tx, history_table), history_table.c.incident.is_not(None), ~there
    )
    row = tx.execute(found.order_by(history_table.c.id).limit(1)).one_or_none()
    return (row.id, row.subject) if row else None
