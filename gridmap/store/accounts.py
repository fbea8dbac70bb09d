"""Accounts, their grants and their tokens. A token is kept as its SHA-256 alone."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select

from gridmap.access import Role
from gridmap.account import Account, AccountKind, GrantRow, Token, TokenKind
from gridmap.store.schema import access_grant, account, token
from gridmap.store.scoping import within

_ACCOUNT = tuple(account.c[each.name] for each in fields(Account))
_GRANT = tuple(access_grant.c[each.name] for each in fields(GrantRow))
_TOKEN = tuple(token.c[each.name] for each in fields(Token))


def any_(tx: Connection) -> bool:
    """Whether an account was ever made: from then on everybody signs in. None is ever deleted."""
    return tx.scalar(select(account.c.id).where(within(tx, account)).limit(1)) is not None


def by_name(tx: Connection, name: str) -> Account | None:
    """The account of this name, or None."""
    return _one(tx, account.c.name == name)


def by_id(tx: Connection, id: str) -> Account | None:
    """The account of this id, or None."""
    return _one(tx, account.c.id == id)


def by_token(tx: Connection, hash: str) -> tuple[Token, Account] | None:
    """The token of this hash, whatever its kind and whether it still holds, and its account; or None."""
    row = tx.execute(select(*_TOKEN).where(within(tx, token), token.c.hash == hash)).one_or_none()
    if row is None:
        return None
    found = _token(row)
    owner = by_id(tx, found.account)
    return (found, owner) if owner else None


def grants(tx: Connection, account_id: str, *, at: datetime | None = None) -> tuple[GrantRow, ...]:
    """The account's grants, the oldest first; with `at` only those that are held then and need no confirmation any more."""
    wanted = select(*_GRANT).where(within(tx, access_grant), access_grant.c.account == account_id)
    if at is not None:
        held = (access_grant.c.since <= at) & or_(access_grant.c.until.is_(None), access_grant.c.until > at)
        confirmed = or_(access_grant.c.role != str(Role.ADMINISTRATOR), access_grant.c.confirmed_by.is_not(None))
        wanted = wanted.where(held, confirmed)
    rows = tx.execute(wanted.order_by(access_grant.c.since, access_grant.c.id))
    return tuple(GrantRow(**dict(row._mapping) | {"role": Role(row.role)}) for row in rows)


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


def _one(tx: Connection, which: Any) -> Account | None:
    row = tx.execute(select(*_ACCOUNT).where(within(tx, account), which)).one_or_none()
    return Account(**dict(row._mapping) | {"kind": AccountKind(row.kind)}) if row else None


def _token(row: Row[Any]) -> Token:
    return Token(**dict(row._mapping) | {"kind": TokenKind(row.kind)})
