"""Accounts to try every role with, on the demonstration's own database: plainly made up, each with a password that is new each time."""

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gridmap.access import Action, Actor, Role, allowed
from gridmap.duty import Duty
from gridmap.flows.accounts import add_account, invite
from gridmap.flows.grants import propose_grant
from gridmap.flows.sign_in import accept_invitation
from gridmap.grid import Level
from gridmap.store import Store, Tx, incidents, people


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One account to sign in with. `role` is held in `area` (None: the whole county) or for `office`; a worker's comes with the post."""

    name: str
    role: Role
    password: str
    area: str | None = None
    office: str | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    role: Role
    area: str | None = None
    office: str | None = None
    worker: str | None = None


def make_demo_accounts(store: Store, *, actor: Actor, now: datetime) -> tuple[DemoAccount, ...]:
    """One account for each role; the second administrator's grant waits for the first one to confirm it."""
    with store.read(allowed(actor, Action.OPERATE)) as tx:
        wanted = tuple(_wanted(store, tx, now))
    return tuple(_make(store, each, actor, now) for each in wanted)


def _wanted(store: Store, tx: Tx, now: datetime) -> Iterator[_Wanted]:
    edition = store.edition_in_force(tx, now)
    town = edition.at(Level.TOWNSHIP)[0].code
    for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.DISPATCHER, Role.PLANNER, Role.SUPERVISOR):
        yield _Wanted(str(role), role)
    yield _Wanted("administrator-2", Role.ADMINISTRATOR)
    yield _Wanted("dispatcher-town", Role.DISPATCHER, area=town)
    busy = Counter(each.office for each in incidents.list_(tx, limit=500) if each.office).most_common(1)
    for office, _ in busy:
        yield _Wanted("handler", Role.HANDLER, office=office)
    for duty, role in ((Duty.WORKER, Role.WORKER), (Duty.LEADER, Role.LEADER)):
        post = next((post for post in people.posts(tx, at=now) if post.duty is duty), None)
        if post:
            yield _Wanted(str(role), role, area=post.area, worker=post.worker)


def _make(store: Store, wanted: _Wanted, actor: Actor, now: datetime) -> DemoAccount:
    password = secrets.token_urlsafe(9)
    account = add_account(store, wanted.name, worker=wanted.worker, actor=actor, now=now)
    accept_invitation(store, invite(store, account.name, actor=actor, now=now), password, now=now)
    waits = False
    if not wanted.worker:
        given = propose_grant(store, account.name, wanted.role, area=wanted.area, office=wanted.office, actor=actor, now=now)
        waits = given.role is Role.ADMINISTRATOR and given.confirmed_by is None
    return DemoAccount(account.name, wanted.role, password, wanted.area, wanted.office, waits)
