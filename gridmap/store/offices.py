"""Offices: whoever can be made responsible, and which of them is on duty when."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from gridmap.duty import Office, OfficeKind, OnCall, Weekday
from gridmap.store.dialect import insert_all, upsert
from gridmap.store.schema import office
from gridmap.store.schema import rota as rota_table

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


def put_rota(tx: Connection, given: Iterable[OnCall]) -> None:
    """This is the rota now; the one before is gone. Its offices must be there."""
    tx.execute(delete(rota_table))
    insert_all(tx, rota_table, ({"weekday": str(each.weekday), "office": each.office} for each in given))


def rota(tx: Connection) -> tuple[OnCall, ...]:
    """Which office is on duty on which day of the week, Monday first."""
    rows = tx.execute(select(rota_table.c.weekday, rota_table.c.office))
    found = {Weekday(weekday): code for weekday, code in rows}
    return tuple(OnCall(weekday, found[weekday]) for weekday in Weekday if weekday in found)


def _office(row: Row[Any]) -> Office:
    facts = dict(row._mapping)
    return Office(**facts | {"kind": OfficeKind(facts["kind"])})
