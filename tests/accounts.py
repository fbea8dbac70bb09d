"""Accounts with grants and sessions, made through the flows; a session comes by a link, because choosing passwords takes its time."""

from datetime import UTC, datetime

from gridmap.access import Role
from gridmap.account import Account, AccountKind
from gridmap.flows import accounts, grants, sign_in, tokens
from gridmap.store import Store
from tests.builders import OPERATOR

ISSUER = "https://issuer.example"


def now() -> datetime:
    return datetime.now(UTC)


def person(store: Store, name: str, *roles: tuple[Role, str | None], worker: str | None = None) -> Account:
    """An account that holds these roles in these areas."""
    made = accounts.add_account(store, name, worker=worker, actor=OPERATOR, now=now())
    accounts.link_account(store, name, ISSUER, name, actor=OPERATOR, now=now())
    for role, area in roles:
        grants.propose_grant(store, name, role, area=area, actor=OPERATOR, now=now())
    return made


def session(store: Store, name: str) -> str:
    """The token of a new session."""
    return sign_in.sign_in_as(store, ISSUER, name, label="test", now=now()).session


def key(store: Store, name: str, *roles: tuple[Role, str | None]) -> str:
    """The key of a system that holds these roles."""
    accounts.add_account(store, name, kind=AccountKind.SYSTEM, actor=OPERATOR, now=now())
    for role, area in roles:
        grants.propose_grant(store, name, role, area=area, actor=OPERATOR, now=now())
    return tokens.add_key(store, name, "test", actor=OPERATOR, now=now())
