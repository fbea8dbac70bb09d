"""Accounts, their grants and their tokens. A token is kept as its SHA-256 alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from gridmap.access import Role
from gridmap.account import Account, AccountKind, GrantRow, Token, TokenKind, plain_name
from gridmap.store.account_tables import access_grant, account, token
from gridmap.store.scoping import within

_ACCOUNT = tuple(account.c[each.name] for each in fields(Account))
_GRANT = tuple(access_grant.c[each.name] for each in fields(GrantRow))
_TOKEN = tuple(token.c[each.name] for each in fields(Token))


def any_(tx: Connection) -> bool:
    """Whether an account was ever made: from then on everybody signs in. None is ever deleted."""
    return tx.scalar(select(account.c.id).where(within(tx, account)).limit(1)) is not None


def by_name(tx: Connection, name: str) -> Account | None:
    """The account of this name, however it is spelled, or None."""
    return _one(tx, account.c.name == plain_name(name))


def by_id(tx: Connection, id: str) -> Account | None:
    """The account of this id, or None."""
    return _one(tx, account.c.id == id)


def by_subject(tx: Connection, issuer: str, subject: str) -> Account | None:
    """The account that is linked to this subject of this issuer, or None."""
    return _one(tx, (account.c.issuer == issuer) & (account.c.subject == subject))


def all_(tx: Connection) -> tuple[Account, ...]:
    """Every account, by name."""
    rows = tx.execute(select(*_ACCOUNT).where(within(tx, account)).order_by(account.c.name))
    return tuple(_account(row._mapping) for row in rows)


def password(tx: Connection, id: str) -> str | None:
    """The Argon2 hash of the account's password; None where it has none, or where there is no such account."""
    found: str | None = tx.scalar(select(account.c.password).where(within(tx, account), account.c.id == id))
    return found


def by_token(tx: Connection, hash: str) -> tuple[Token, Account] | None:
    """The token of this hash, whatever its kind and whether it still holds, and its account; or None. One query."""
    wanted = select(*(each.label(f"token_{each.name}") for each in _TOKEN), *_ACCOUNT).join(account, account.c.id == token.c.account)
    row = tx.execute(wanted.where(within(tx, token), within(tx, account), token.c.hash == hash)).one_or_none()
    if row is None:
        return None
    facts = row._mapping
    return _token({each.name: facts[f"token_{each.name}"] for each in _TOKEN}), _account({each.name: facts[each.name] for each in _ACCOUNT})


def tokens(tx: Connection, *, account_id: str | None = None, id: str | None = None) -> tuple[Token, ...]:
    """Tokens that were not ended (they may be past their term), the one shown last first; of one account, or the one of this id."""
    wanted = select(*_TOKEN).where(within(tx, token), token.c.ended_at.is_(None))
    if account_id is not None:
        wanted = wanted.where(token.c.account == account_id)
    if id is not None:
        wanted = wanted.where(token.c.id == id)
    return tuple(_token(row._mapping) for row in tx.execute(wanted.order_by(token.c.seen_at.desc(), token.c.id)))


def grant(tx: Connection, id: str) -> GrantRow | None:
    """The grant of this id, or None."""
    row = tx.execute(select(*_GRANT).where(within(tx, access_grant), access_grant.c.id == id)).one_or_none()
    return _grant(row) if row else None


def grants(tx: Connection, account_id: str | None = None, *, at: datetime | None = None) -> tuple[GrantRow, ...]:
    """Grants of one account or of all, the oldest first; with `at` only those that hold then."""
    wanted = select(*_GRANT).where(within(tx, access_grant))
    if account_id is not None:
        wanted = wanted.where(access_grant.c.account == account_id)
    rows = map(_grant, tx.execute(wanted.order_by(access_grant.c.since, access_grant.c.id)))
    return tuple(row for row in rows if at is None or row.holds_at(at))


def add(tx: Connection, made: Account, *, password: str | None = None) -> None:
    """Keep a new account; `password` is its Argon2 hash."""
    tx.execute(insert(account), {**asdict(made), "kind": str(made.kind), "password": password})


def add_grants(tx: Connection, made: Sequence[GrantRow]) -> None:
    """Keep new grants."""
    if made:
        tx.execute(insert(access_grant), [{**asdict(each), "role": str(each.role)} for each in made])


def add_token(tx: Connection, made: Token, hash: str) -> None:
    """Keep a new token under its hash."""
    tx.execute(insert(token), {**asdict(made), "kind": str(made.kind), "hash": hash})


def put_grant(tx: Connection, changed: GrantRow) -> None:
    """Keep a grant's term and its confirmation as they are now; nothing else of it ever changes."""
    facts = {"since": changed.since, "until": changed.until, "confirmed_by": changed.confirmed_by}
    tx.execute(update(access_grant).where(within(tx, access_grant), access_grant.c.id == changed.id).values(facts))


def put_password(tx: Connection, id: str, hash: str) -> None:
    """Keep another password, as its Argon2 hash."""
    _change(tx, id, password=hash)


def put_subject(tx: Connection, id: str, issuer: str | None, subject: str | None) -> None:
    """Link the account to a subject of an issuer, or to none."""
    _change(tx, id, issuer=issuer, subject=subject)


def put_disabled(tx: Connection, id: str, at: datetime | None) -> None:
    """Disable the account from this instant on, or enable it."""
    _change(tx, id, disabled_at=at)


def touch(tx: Connection, id: str, at: datetime) -> None:
    """Note that the token was shown at this instant."""
    tx.execute(update(token).where(within(tx, token), token.c.id == id, token.c.seen_at < at).values(seen_at=at))


def end_tokens(tx: Connection, which: Sequence[Token], at: datetime) -> None:
    """End these tokens."""
    these = token.c.id.in_([each.id for each in which])
    tx.execute(update(token).where(within(tx, token), these, token.c.ended_at.is_(None)).values(ended_at=at))


def _change(tx: Connection, id: str, **facts: Any) -> None:
    tx.execute(update(account).where(within(tx, account), account.c.id == id).values(facts))


def _one(tx: Connection, which: ColumnElement[bool]) -> Account | None:
    row = tx.execute(select(*_ACCOUNT).where(within(tx, account), which)).one_or_none()
    return _account(row._mapping) if row else None


def _account(facts: Mapping[Any, Any]) -> Account:
    return Account(**dict(facts) | {"kind": AccountKind(facts["kind"])})


def _grant(row: Row[Any]) -> GrantRow:
    return GrantRow(**dict(row._mapping) | {"role": Role(row.role)})


def _token(facts: Mapping[Any, Any]) -> Token:
    return Token(**dict(facts) | {"kind": TokenKind(facts["kind"])})
