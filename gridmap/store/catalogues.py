"""The catalogue of issue types, and the rules of who is competent for them."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from gridmap.catalogue import By, Grade, IssueType, Kind, Limit, Rule
from gridmap.store.dialect import insert_all, upsert
from gridmap.store.schema import issue_type as type_table
from gridmap.store.schema import rule

_TYPE = tuple(type_table.c[field.name] for field in fields(IssueType))
_RULE = tuple(rule.c[field.name] for field in fields(Rule))


def put_issue_types(tx: Connection, given: Iterable[IssueType]) -> None:
    """Add issue types, or bring those of the same code up to date; none is removed, because incidents name them."""
    upsert(tx, type_table, (_type_row(each) for each in given), on=["code"])


def issue_types(tx: Connection, codes: Collection[str] | None = None) -> tuple[IssueType, ...]:
    """The whole catalogue, or what of these codes it has, by code."""
    wanted = select(*_TYPE) if codes is None else select(*_TYPE).where(type_table.c.code.in_(codes))
    return tuple(_issue_type(row) for row in tx.execute(wanted.order_by(type_table.c.code)))


def issue_type(tx: Connection, code: str) -> IssueType | None:
    """The issue type of this code, or None."""
    row = tx.execute(select(*_TYPE).where(type_table.c.code == code)).one_or_none()
    return _issue_type(row) if row else None


def put_rules(tx: Connection, given: Iterable[Rule]) -> None:
    """These are the rules now; the ones before are gone. Their offices must be there."""
    tx.execute(delete(rule))
    insert_all(tx, rule, (asdict(each) | {"by": str(each.by)} for each in given))


def rules(tx: Connection) -> tuple[Rule, ...]:
    """All rules, by rank, then in the order that they were put."""
    rows = tx.execute(select(*_RULE).order_by(rule.c.rank, rule.c.id))
    return tuple(Rule(**dict(row._mapping) | {"by": By(row._mapping["by"])}) for row in rows)


def _type_row(one: IssueType) -> dict[str, Any]:
    facts = {field.name: getattr(one, field.name) for field in fields(IssueType)}
    return facts | {"kind": str(one.kind), "grade": str(one.grade), "limit": str(one.limit)}


def _issue_type(row: Row[Any]) -> IssueType:
    facts = dict(row._mapping)
    words = {"kind": Kind(facts["kind"]), "grade": Grade(facts["grade"]), "limit": Limit.parse(facts["limit"])}
    return IssueType(**facts | words)
