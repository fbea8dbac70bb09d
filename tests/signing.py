"""People who sign in, for tests: accounts with a password, sessions, and how often a password was really looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import argon2
import pytest
from sqlalchemy import event

from gridmap.access import Role
from gridmap.account import Account
from gridmap.flows.accounts import add_account, invite
from gridmap.flows.grants import propose_grant
from gridmap.flows.sign_in import SignedIn, SignInRefused, Throttled, Who, accept_invitation, sign_in, who
from gridmap.passwords import COST, Cost, set_cost
from gridmap.store import Store
from tests.builders import OPERATOR
from tests.small_land import NOW

PASSWORD = "five kites over nine bridges"
LIGHT = Cost(8, 1, 1)
"""The real Argon2, as cheap as it gets."""


@contextmanager
def light_passwords() -> Iterator[None]:
    set_cost(LIGHT)
    try:
        yield
    finally:
        set_cost(COST)


def person(store: Store, name: str, *roles: Role, at: datetime = NOW, worker: str | None = None, area: str | None = None) -> Account:
    """An account with PASSWORD and these roles."""
    made = add_account(store, name, worker=worker, actor=OPERATOR, now=at)
    for role in roles:
        propose_grant(store, name, role, area=area, actor=OPERATOR, now=at)
    assert made.name == name
    return accept_invitation(store, invite(store, name, actor=OPERATOR, now=at), PASSWORD, now=at)


def enter(
    store: Store, name: str, password: str = PASSWORD, *, browser: str | None = None, network: str = "198.51.100.0/24", at: datetime = NOW
) -> SignedIn:
    return sign_in(store, name, password, browser=browser, network=network, label="Firefox", now=at)


def outcome(store: Store, name: str, password: str = "wrong", **facts: Any) -> str:
    """How an attempt ended: in, refused or throttled."""
    try:
        enter(store, name, password, **facts)
    except SignInRefused:
        return "refused"
    except Throttled:
        return "throttled"
    return "in"


def session(store: Store, name: str, *, at: datetime = NOW) -> Who:
    """Who has just signed in, as the next request finds them."""
    found = who(store, enter(store, name, at=at, network=f"of {name} {at}").session, now=at)
    assert found is not None
    return found


@dataclass
class Work:
    """What was done: passwords that Argon2 looked at, statements that the database got."""

    looked: int = 0
    statements: int = 0


@contextmanager
def counted(store: Store, patch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Count the real work of the block; nothing is replaced."""
    work, verify = Work(), argon2.PasswordHasher.verify

    def looking(self: argon2.PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:
        work.looked += 1
        return verify(self, hash, password)

    def asking(*_: object) -> None:
        work.statements += 1

    event.listen(store._engine, "before_cursor_execute", asking)
    with patch.context() as patched:
        patched.setattr(argon2.PasswordHasher, "verify", looking)
        yield work
    event.remove(store._engine, "before_cursor_execute", asking)
