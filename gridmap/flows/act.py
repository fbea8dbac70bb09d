"""Who acts: an account with the grants that it holds at this moment, asked anew each time."""

from datetime import datetime

from gridmap.access import ANONYMOUS, Action, Actor, Grant, Role, allowed, operator
from gridmap.account import Account
from gridmap.duty import Duty
from gridmap.errors import NotFound
from gridmap.store import Store, Tx, accounts, people

BY_DUTY = {Duty.WORKER: Role.WORKER, Duty.BACKUP: Role.WORKER, Duty.LEADER: Role.LEADER}


class AccountMissing(NotFound):
    """No account of this name that may act; facts: account."""


def open_to_all(store: Store) -> bool:
    """Whether nobody signs in yet, because no account was ever made: then whoever reaches this machine is its operator."""
    with store.read(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        return not accounts.any_(tx)


def administered(store: Store, now: datetime) -> bool:
    """Whether somebody administers at `now`, who can sign in."""
    with store.read(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        able = {each.id for each in accounts.all_(tx) if each.disabled_at is None}
        return any(each.role is Role.ADMINISTRATOR and each.account in able for each in accounts.grants(tx, at=now))


def act_at_machine(login: str) -> Actor:
    """Whoever works at the machine, where no database can be asked for accounts."""
    return operator(f"operator:{login}")


def act_as(store: Store, name: str, *, login: str, now: datetime) -> Actor:
    """The actor of a command. AccountMissing where accounts exist and `name` is none of them, or one that was disabled.

    Without a name it is the operator, whom `login` names in history; with one it is that account with its rights and no others, and
    history says who used it. Before the first account a name is believed.
    """
    if not name:
        return act_at_machine(login)
    with store.read(allowed(ANONYMOUS, Action.SIGN_IN)) as tx:
        if not accounts.any_(tx):
            return operator(name)
        account = accounts.by_name(tx, name)
        if account is None or account.disabled_at is not None:
            raise AccountMissing(account=name)
        return actor_of(tx, account, now, by=f"operator:{login}")


def actor_of(tx: Tx, account: Account, now: datetime, *, by: str = "") -> Actor:
    """The account with the grants that it holds at `now`: those it was given, and those of its worker's posts. Disabled it has none."""
    if account.disabled_at is not None:
        return ANONYMOUS
    given = [Grant(row.role, row.area, row.office, row.since, row.until) for row in accounts.grants(tx, account.id, at=now)]
    posts = people.posts(tx, at=now, worker=account.worker) if account.worker else ()
    held = [Grant(BY_DUTY[post.duty], post.area, None, post.since, post.until) for post in posts if post.duty in BY_DUTY]
    name = f"{account.name} ({by})" if by else account.name
    return Actor(name, account.id, account.worker, (*given, *held))
