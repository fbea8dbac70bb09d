"""Accounts, and the tokens that stand for them. An account is a name for signing in and nothing else about the person."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gridmap.access import Role


class AccountKind(StrEnum):
    PERSON = "person"  # signs in
    SYSTEM = "system"  # has API keys only


class TokenKind(StrEnum):
    """What a client shows instead of a password. The database keeps a SHA-256 of it, never the token."""

    SESSION = "session"  # a browser's, in a cookie
    BROWSER = "browser"  # a browser that signed in before: guessing elsewhere cannot lock it out
    PHONE = "phone"  # a device's, as a bearer
    KEY = "key"  # a system's, as a bearer
    INVITATION = "invitation"  # once, to choose a password


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who can sign in: a unique name, the worker behind it if there is one, or a system. Roles that come with a post come with `worker`."""

    id: str
    name: str
    kind: AccountKind = AccountKind.PERSON
    worker: str | None = None
    issuer: str | None = None
    subject: str | None = None
    made_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRow:
    """A grant as it is kept: who proposed it and, for an administrator's, who confirmed it. Unconfirmed it gives nothing."""

    id: str
    account: str
    role: Role
    area: str | None = None
    office: str | None = None
    since: datetime
    until: datetime | None = None
    proposed_by: str
    confirmed_by: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One session, device or key as it is listed: never the token itself."""

    id: str
    account: str
    kind: TokenKind
    label: str
    made_at: datetime
    seen_at: datetime
    until: datetime
    ended_at: datetime | None = None

    def holds_at(self, at: datetime) -> bool:
        return self.ended_at is None and at < self.until
