"""Offices: whoever can be made responsible."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, select

from gridmap.duty import Office, OfficeKind
from gridmap.store.dialect import upsert
from gridmap.store.schema import office

_COLUMNS = tuple(office.c[field.name] for field in fields(Office))


def put(tx: Connection, given: Iterable[Office]) -> None:
    """Add offices, or bring those of the same code up to date."""
    upsert(tx, office, (asdict(each) | {"kind": str(each.kind)} for each in given), on=["code"])


def all_(tx: Connection) -> tuple[Office, ...]:
    """All offices, by code."""
    return tuple(_office(row) for row in tx.execute(select(*_COLUMNS).order_by(office.c.code)))


def get(tx: Connection, code: str) -> Office | None:
    """The office of this code, or None."""
    row = tx.execute(select(*_COLUMNS).where(office.c.code == code)).one_or_none()
    return _office(row) if row else None


def _office(row: Row[Any]) -> Office:
    facts = dict(row._mapping)
    return Office(**facts | {"kind": OfficeKind(facts["kind"])})
