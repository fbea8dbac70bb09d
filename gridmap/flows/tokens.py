"""Sessions, devices and keys: what stands for an account instead of its password. Each is told once, and kept as its SHA-256 alone."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime

from gridmap.access import Action, Actor, SignInNeeded, allowed
from gridmap.account import LASTS, Account, AccountKind, Token, TokenKind
from gridmap.errors import Conflict, NotFound
from gridmap.flows.act import AccountMissing
from gridmap.store import Store, Tx, accounts, history, ids

PREFIX = {
    TokenKind.SESSION: "gms_",
    TokenKind.BROWSER: "gmb_",
    TokenKind.PHONE: "gmp_",
    TokenKind.KEY: "gmk_",
    TokenKind.INVITATION: "gmi_",
}
"""How a token begins, so that whoever finds one in a log knows what it opens."""
LABEL = 100  # characters


class TokenMissing(NotFound):
    """No session, device or key of this id, or it has ended; facts: token."""


class AccountSystem(Conflict):
    """This is for persons, and the account is a system's; facts: account."""


class AccountPerson(Conflict):
    """This is for systems, and the account is a person's; facts: account."""


class AccountDisabled(Conflict):
    """The account is disabled; facts: account."""


def hash_of(raw: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(raw.encode("utf-8", "replace")).hexdigest()


def subject_of(account: Account) -> str:
    """How history names an account."""
    return f"account:{account.name}"


def find(tx: Tx, name: str) -> Account:
    """The account of this name; AccountMissing."""
    found = accounts.by_name(tx, name)
    if found is None:
        raise AccountMissing(account=name)
    return found


def mint(tx: Tx, account: Account, kind: TokenKind, label: str, now: datetime) -> str:
    """A new token of this account, which nobody will ever be told again."""
    raw = PREFIX[kind] + secrets.token_urlsafe(32)
    shown = " ".join(label.split())[:LABEL]
    made = Token(id=ids.new(now), account=account.id, kind=kind, label=shown, made_at=now, seen_at=now, until=now + LASTS[kind])
    accounts.add_token(tx, made, hash_of(raw))
    return raw


def end(tx: Tx, account: Account, which: Iterable[Token], now: datetime) -> None:
    """End these tokens of the account, and record each."""
    ended = tuple(which)
    accounts.end_tokens(tx, ended, now)
    facts = ({"kind": str(each.kind), "label": each.label, "token": each.id} for each in ended)
    history.append(tx, [history.Entry(at=now, what="token.end", subject=subject_of(account), facts=each) for each in facts])


def end_invitations(tx: Tx, account: Account, now: datetime) -> None:
    """End the invitations that the account was given and that nobody used."""
    end(tx, account, (each for each in accounts.tokens(tx, account_id=account.id) if each.kind is TokenKind.INVITATION), now)


def can_sign_in(tx: Tx, account: Account) -> bool:
    """Whether the account has a way to sign in already: a password, or somebody who is proven elsewhere."""
    return account.subject is not None or accounts.password(tx, account.id) is not None


def own_tokens(store: Store, *, actor: Actor) -> tuple[Token, ...]:
    """The actor's own tokens of every kind that were not ended, the one shown last first; `holds_at` says which still hold."""
    with store.read(allowed(actor, Action.SELF_READ)) as tx:
        return accounts.tokens(tx, account_id=actor.account) if actor.account else ()


def add_phone(store: Store, label: str, *, actor: Actor, now: datetime) -> str:
    """A token for a device of the actor's own; told once. AccountSystem: a key cannot make tokens that outlive it."""
    with store.begin(allowed(actor, Action.SELF_CHANGE)) as tx:
        history.hold(tx)
        account = own_account(tx, actor)
        if account.kind is AccountKind.SYSTEM:
            raise AccountSystem(account=account.name)
        return _add(tx, account, TokenKind.PHONE, label, now)


def add_key(store: Store, account_name: str, label: str, *, actor: Actor, now: datetime) -> str:
    """A key for a system's account; told once. AccountMissing, AccountPerson, AccountDisabled."""
    with store.begin(allowed(actor, Action.ACCOUNT_CHANGE)) as tx:
        history.hold(tx)
        account = find(tx, account_name)
        if account.kind is not AccountKind.SYSTEM:
            raise AccountPerson(account=account.name)
        if account.disabled_at is not None:
            raise AccountDisabled(account=account.name)
        return _add(tx, account, TokenKind.KEY, label, now)


def end_own(store: Store, token_id: str, *, actor: Actor, now: datetime) -> None:
    """End a token of the actor's own. TokenMissing, also where it is somebody else's."""
    with store.begin(allowed(actor, Action.SELF_CHANGE)) as tx:
        history.hold(tx)
        found = accounts.tokens(tx, account_id=actor.account, id=token_id) if actor.account else ()
        if not found:
            raise TokenMissing(token=token_id)
        end(tx, own_account(tx, actor), found, now)


def end_token(store: Store, token_id: str, *, actor: Actor, now: datetime) -> None:
    """End anybody's token. TokenMissing."""
    with store.begin(allowed(actor, Action.ACCOUNT_CHANGE)) as tx:
        history.hold(tx)
        found = accounts.tokens(tx, id=token_id)
        owner = accounts.by_id(tx, found[0].account) if found else None
        if owner is None:
            raise TokenMissing(token=token_id)
        end(tx, owner, found, now)


def end_all(store: Store, account_name: str, *, actor: Actor, now: datetime) -> int:
    """End every session, device, key and invitation of an account; answers how many. AccountMissing."""
    with store.begin(allowed(actor, Action.ACCOUNT_CHANGE)) as tx:
        history.hold(tx)
        account = find(tx, account_name)
        found = accounts.tokens(tx, account_id=account.id)
        end(tx, account, found, now)
        return len(found)


def own_account(tx: Tx, actor: Actor) -> Account:
    """The account of whoever acts; SignInNeeded where that is nobody's (the operator of the machine has none)."""
    found = accounts.by_id(tx, actor.account) if actor.account else None
    if found is None:
        raise SignInNeeded(action=Action.SELF_CHANGE)
    return found


def _add(tx: Tx, account: Account, kind: TokenKind, label: str, now: datetime) -> str:
    raw = mint(tx, account, kind, label, now)
    history.record(tx, now, "token.add", subject_of(account), kind=str(kind), label=label)
    return raw
