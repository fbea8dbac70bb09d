"""Everything that routing and rosters stand on, read at once: a process keeps it as long as the mark is the same.

Whatever changes a register changes the mark in the same transaction (a trigger of the database does it, whoever writes): so what is kept
is never older than the transaction that asks for the mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, select

from gridmap.catalogue import IssueType, Rule
from gridmap.duty import Leave, Office, OnCall, Post, Worker
from gridmap.errors import NoEditionInForce
from gridmap.grid import EditionHead
from gridmap.limits import CalendarRow
from gridmap.roster import Roster
from gridmap.routing import Desks
from gridmap.store import calendars, catalogues, editions, offices, people
from gridmap.store.register_tables import register_mark


@dataclass(frozen=True)
class Registers:
    """The rows of the registers, and the heads and digests of all editions, as one transaction saw them."""

    editions: tuple[tuple[EditionHead, str], ...]
    issue_types: tuple[IssueType, ...]
    rules: tuple[Rule, ...]
    offices: tuple[Office, ...]
    rota: tuple[OnCall, ...]
    calendar: tuple[CalendarRow, ...]
    workers: tuple[Worker, ...]
    posts: tuple[Post, ...]
    leaves: tuple[Leave, ...]

    @cached_property
    def types(self) -> Mapping[str, IssueType]:
        """The issue types by code."""
        return {issue.code: issue for issue in self.issue_types}

    @cached_property
    def desks(self) -> Desks:
        return Desks(self.rules, self.offices, self.rota)

    @cached_property
    def roster(self) -> Roster:
        return Roster(self.posts, self.workers, self.leaves)

    def edition_in_force(self, at: datetime) -> tuple[EditionHead, str]:
        """Which edition holds at the instant (`editions.number_in_force`), or NoEditionInForce."""
        found = next((each for each in self.editions if each[0].in_force_from <= at), None)
        if found is None:
            raise NoEditionInForce(at=at.isoformat())
        return found


def mark(tx: Connection) -> str:
    """What is another as soon as any register is."""
    found: str = tx.execute(select(register_mark.c.mark)).scalar_one()
    return found


def read(tx: Connection) -> Registers:
    """All of it, as it is now."""
    return Registers(
        editions=editions.identities(tx),
        issue_types=catalogues.issue_types(tx),
        rules=catalogues.rules(tx),
        offices=offices.all_(tx),
        rota=offices.rota(tx),
        calendar=calendars.rows(tx),
        workers=people.workers(tx),
        posts=people.posts(tx),
        leaves=people.leaves(tx),
    )
