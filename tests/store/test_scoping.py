"""The first wall: no statement reaches a table that is not for everybody without saying whose rows it wants."""

import ast
from pathlib import Path

import pytest
from sqlalchemy import delete, exists, func, insert, literal_column, select, union, update
from sqlalchemy.dialects import postgresql, sqlite

import gridmap.store
from gridmap.access import ANONYMOUS, Action, allowed
from gridmap.store import Store, schema
from gridmap.store.schema import contact, history, incident, report
from gridmap.store.scoping import SCOPED, Unscoped, within
from tests.builders import ALL

PUBLIC = allowed(ANONYMOUS, Action.PUBLIC_READ)
OPEN = {"area", "calendar", "draft", "draft_area", "draft_move", "edition", "history_head", "household", "issue_type", "land", "lease",
        "leave", "office", "post", "public_incident", "register_mark", "rota", "rule", "throttle", "worker"}  # fmt: skip
"""Tables without anybody's rows: who may read them at all is the action's matter, and on PostgreSQL the second wall's."""

SMUGGLED = {
    "a select": select(incident.c.id),
    "a count": select(func.count()).select_from(report),
    "a condition": select(literal_column("1")).where(incident.c.id == "x"),
    "an order": select(schema.area.c.code).order_by(incident.c.id),
    "a join": select(schema.office.c.code).join(incident, incident.c.office == schema.office.c.code),
    "an alias": select(contact.alias("other").c.contact),
    "an aliased column": select(literal_column("1")).where(contact.alias("other").c.contact == "x"),
    "a common table": select(select(contact.c.contact).cte("other").c.contact),
    "a sub-select": select(schema.area.c.code).where(exists(select(history.c.id))),
    "a scalar": select(select(contact.c.contact).limit(1).scalar_subquery()),
    "a union": union(select(schema.area.c.code), select(report.c.id)),
    "a sample": select(incident.tablesample(10).c.id),
    "an update": update(incident).values(text="x"),
    "an update from": update(schema.land).values(name=report.c.id).where(schema.land.c.name == report.c.key),
    "a delete": delete(contact),
    "a delete by another's": delete(schema.draft).where(schema.draft.c.name == select(report.c.id).limit(1).scalar_subquery()),
    "an insert of a select": insert(schema.draft).from_select(["name"], select(contact.c.contact)),
    "an insert of a value": insert(schema.draft).values(name=select(contact.c.contact).limit(1).scalar_subquery()),
    "what an insert answers": insert(schema.draft).values(name="x").returning(select(contact.c.contact).limit(1).scalar_subquery()),
    "an upsert": sqlite.insert(schema.draft).values(name="x").on_conflict_do_update(
        index_elements=["name"], set_={"name": select(contact.c.contact).limit(1).scalar_subquery()}
    ),
    "another's upsert": postgresql.insert(schema.draft).values(name="x").on_conflict_do_update(
        index_elements=["name"], set_={"name": select(contact.c.contact).limit(1).scalar_subquery()}
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", SMUGGLED)
def test_a_statement_without_a_scope_is_not_run(store: Store, how: str) -> None:
    statement = SMUGGLED[how]
    if (how == "an upsert" and store.dialect != "sqlite") or (how == "another's upsert" and store.dialect == "sqlite"):
        pytest.skip("the other database's words")
    for _ in range(2):  # and not the second time either, when it is compiled already
        with pytest.raises(Unscoped), store.begin(ALL) as tx:
            tx.execute(statement)


def test_one_tables_scope_does_not_serve_another(store: Store) -> None:
    with store.read(ALL) as tx, pytest.raises(Unscoped, match=r"of incident$"):
        tx.execute(select(incident.c.id).where(incident.c.id == report.c.incident, within(tx, report)))


def test_what_ran_for_one_actor_is_looked_through_for_the_next_too(store: Store) -> None:
    """The same statement, with and without its scope, never passes for the other."""
    for _ in range(2):
        with store.read(ALL) as tx:
            assert tx.execute(select(incident.c.id).where(within(tx, incident))).all() == []
            with pytest.raises(Unscoped):
                tx.execute(select(incident.c.id))


def test_each_table_is_scoped_or_said_to_be_nobodys() -> None:
    assert {table.name for table in SCOPED} | OPEN == set(schema.metadata.tables)
    assert not {table.name for table in SCOPED} & OPEN


def test_no_transaction_opens_without_a_scope(store: Store) -> None:
    for opening in (store.read, store.begin):
        with pytest.raises(TypeError):
            opening()  # type: ignore[call-arg]
        with pytest.raises(Unscoped), opening(None):  # type: ignore[arg-type]
            pass


def test_only_migrations_walls_and_backups_write_plain_sql() -> None:
    """What is not built of tables cannot be looked through. Nor can what copies whole tables, as the operator alone may."""
    folder = Path(gridmap.store.__file__).parent
    found = {
        path.name
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in {"text", "exec_driver_sql", "DDL"}
        and not (isinstance(node.func, ast.Attribute) and node.func.attr == "text")
    }  # fmt: skip
    assert found <= {"backups.py", "chain.py", "connect.py", "copying.py", "dialect.py", "migrate.py", "readiness.py", "walls.py"}
