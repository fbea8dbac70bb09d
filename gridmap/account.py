"""Accounts, and the tokens that stand for them. An account is a name for signing in and nothing else about the person."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
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


NAME = re.compile(r"[\w.@+-]{1,64}")
JUDGED = 64 * 4 + 1  # characters of a name as it was typed: a letter is written with four at most, so no more can be a name
OURS = frozenset({"anonymous", "operator", "gridmap", "all", "service", "demo"})
"""Names that history uses for nobody's account."""

LASTS = {
    TokenKind.SESSION: timedelta(hours=12),
    TokenKind.BROWSER: timedelta(days=366),
    TokenKind.PHONE: timedelta(days=3660),
    TokenKind.KEY: timedelta(days=366),
    TokenKind.INVITATION: timedelta(hours=72),
}
"""For how long a token holds at most."""
UNUSED = {TokenKind.SESSION: timedelta(hours=2), TokenKind.PHONE: timedelta(days=90)}
"""For how long it holds while nobody shows it."""


def plain_name(name: str) -> str:
    """A name as it is kept and looked up: two keyboards, two spellings, one account. What no database holds becomes what no name has.

    What is too long is cut: putting accents in order takes the square of their number, and holds every thread meanwhile.
    """
    typed = name.strip()[:JUDGED]
    return unicodedata.normalize("NFKC", typed.encode("utf-8", "replace").decode().replace("\0", "?")).strip().casefold()


def is_usable(name: str) -> bool:
    """Whether a (plain) name can be an account's: letters of any script, digits and . _ - + @, at most 64, and not one of ours."""
    return bool(NAME.fullmatch(name)) and name not in OURS


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

    @property
    def waits(self) -> bool:
        """Whether another administrator has yet to confirm it."""
        return self.role is Role.ADMINISTRATOR and self.confirmed_by is None

    def holds_at(self, at: datetime) -> bool:
        """Whether it gives its role at this instant."""
        return self.since <= at and (self.until is None or at < self.until) and not self.waits


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
        """Whether it still stands for its account: not ended, not past its term, not unused for too long."""
        unused = UNUSED.get(self.kind)
        return self.ended_at is None and at < self.until and (unused is None or at < self.seen_at + unused)
