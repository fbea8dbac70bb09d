"""The first wall, the same on both databases: every query of a table that is not for everybody is narrowed to the transaction's scope.

A query function narrows with `within(tx, table)`. That it did is not left to care: `guard` refuses to run a statement that reads or
changes such a table without it.
"""

from typing import Any
from weakref import WeakSet

from sqlalchemy import (
    BindParameter,
    ColumnClause,
    ColumnElement,
    Compiled,
    Connection,
    Engine,
    Insert,
    Integer,
    Select,
    String,
    Table,
    bindparam,
    event,
    func,
    or_,
    select,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import AliasedReturnsRows

from gridmap.access import Action, Scope
from gridmap.store.account_tables import access_grant, account, token
from gridmap.store.clock_tables import clock, escalation
from gridmap.store.dialect import POSTGRESQL, SEPARATOR, lists_any
from gridmap.store.notice_tables import notice
from gridmap.store.photo_tables import photo, photo_part
from gridmap.store.schema import contact, history, incident, report, task
from gridmap.store.walls import SETTINGS, settings_of

SCOPED = frozenset({incident, report, task, contact, photo, photo_part, clock, escalation, history, notice, account, access_grant, token})
MARK = "scope_"
# What is one report's, for whoever shows its id.
_OF_REPORT = {report: report.c.id, photo: photo.c.holder, photo_part: photo_part.c.holder}
# What is done about accounts in general, rather than about one's own.
MANAGING = frozenset({Action.ACCOUNT_READ, Action.ACCOUNT_CHANGE, Action.GRANT_CHANGE, Action.SIGN_IN, Action.OPERATE})
NOTICES = frozenset({Action.NOTICE_READ, Action.OPERATE})
WHOLE_HISTORY = frozenset({Action.AUDIT_READ, Action.OPERATE})


# Made once: to make it anew took as long as what a short transaction asks.
_ENTER = select(*(func.set_config(name, bindparam(name, type_=String), True) for name in SETTINGS))


class Unscoped(AssertionError):
    """A fault of ours: a statement that would have seen more than the actor may."""


def scope_of(tx: Connection) -> Scope:
    found: Scope = tx.get_execution_options()["scope"]
    return found


def enter(tx: Connection, scope: Scope) -> None:
    """Step behind the second wall: PostgreSQL's role and settings, until this transaction ends."""
    if not isinstance(scope, Scope):
        raise Unscoped("a transaction without a scope")
    if tx.dialect.name == POSTGRESQL:
        tx.execute(_ENTER, settings_of(scope))


def pass_on(tx: Connection, office: str) -> None:
    """Let the second wall leave behind, until this transaction ends, what its actor rightly gives to the office and sees no more.

    PostgreSQL asks of a changed row that whoever changed it sees it still. The first wall stays as it is.
    """
    if tx.dialect.name == POSTGRESQL:
        offices = SEPARATOR.join(sorted({*scope_of(tx).offices, office}))
        tx.execute(select(func.set_config("gridmap.offices", offices, True)))


def within(tx: Connection, table: Table) -> ColumnElement[bool]:
    """Whether a row of `table` lies within the transaction's scope: a part of every WHERE that names the table."""
    return _marked(table, _rows(table, scope_of(tx)))


def _rows(table: Table, scope: Scope) -> ColumnElement[bool] | bool:
    """The condition of this table's rows, or all, or none."""
    if table in {account, access_grant, token}:
        return scope.action in MANAGING or table.c["id" if table is account else "account"] == scope.actor.account
    if table is notice or scope.everywhere:
        return _whole(table, scope)
    if scope.report and table in _OF_REPORT:
        return _OF_REPORT[table] == scope.report
    return _incidents(scope) if table is incident else _through(table, scope)


def _through(table: Table, scope: Scope) -> ColumnElement[bool]:
    """The rows of what belongs to incidents, by what it belongs to."""
    if table is contact:
        return contact.c.report.in_(select(report.c.id).where(_marked(report, _rows(report, scope))))
    if table is photo_part:
        return photo_part.c.holder.in_(select(photo.c.holder).where(_marked(photo, _rows(photo, scope))))
    if table is task:  # a page of incidents asks for theirs: each looks up its own incident, rather than all that there are
        return _visible(scope).where(incident.c.id == task.c.incident).correlate(task).exists()
    return table.c.incident.in_(_visible(scope))


def _whole(table: Table, scope: Scope) -> ColumnElement[bool] | bool:
    """Of notices all or none; of what else is seen everywhere, all, but for what in the history is about no incident."""
    if table is notice:
        return scope.everywhere and scope.action in NOTICES
    return table is not history or scope.action in WHOLE_HISTORY or history.c.incident.is_not(None)


def _incidents(scope: Scope) -> ColumnElement[bool] | bool:
    if scope.report:
        return incident.c.id.in_(select(report.c.incident).where(_marked(report, report.c.id == scope.report)))
    areas, offices, asked, workers = map(sorted, (scope.areas, scope.offices, scope.asked, scope.workers))
    ways: list[ColumnElement[bool]] = []
    if areas:
        ways += [incident.c[level].in_(areas) for level in ("township", "village", "cell")]
    if offices:
        ways.append(incident.c.office.in_(offices))
    if workers:
        ways += [incident.c.worker.in_(workers), incident.c.backup.in_(workers)]
    if asked:  # that there are any is said so that both databases find them by the index of those few
        ways.append((incident.c.asked > "") & lists_any(incident.c.asked, asked))
    return or_(*ways) if ways else False


def _visible(scope: Scope) -> Select[Any]:
    return select(incident.c.id).where(_marked(incident, _incidents(scope)))


def _marked(table: Table, rows: ColumnElement[bool] | bool) -> ColumnElement[bool]:
    """The condition, bearing a parameter by which `guard` knows that it is there."""
    mark: ColumnElement[bool] = bindparam(f"{MARK}{table.name}", 0 if rows is False else 1, Integer) == 1
    return mark if isinstance(rows, bool) else mark & rows


def guard(engine: Engine) -> None:
    """Let no statement through that reads or changes a scoped table without its mark."""
    passed: WeakSet[Compiled] = WeakSet()  # SQLAlchemy compiles like statements once: so each is looked through once

    def refuse_unmarked(tx: Connection, *told: Any) -> None:
        """Stop a statement before it is run; told are cursor, SQL, parameters, context, and whether it is for many rows."""
        compiled: Compiled | None = told[3].compiled
        if compiled is None or compiled in passed or "scope" not in tx.get_execution_options():
            return
        if unmarked := _unmarked(compiled.statement):
            raise Unscoped(f"no scope in a query of {', '.join(sorted(unmarked))}")
        passed.add(compiled)

    event.listen(engine, "before_cursor_execute", refuse_unmarked)


def _unmarked(statement: Any) -> set[str]:
    """The scoped tables that a statement names and does not narrow. The rows that an INSERT brings itself are the second wall's matter."""
    parts = list(visitors.iterate(statement))
    if isinstance(statement, Insert):
        parts = [inner for part in parts if isinstance(part, Select) for inner in visitors.iterate(part)]
    marked = {part.key.removeprefix(MARK) for part in parts if isinstance(part, BindParameter) and part.key.startswith(MARK)}
    return {table.name for part in parts if (table := _table_of(part)) in SCOPED} - marked


def _table_of(part: Any) -> Any:
    """The table that a part of a statement is, or is a column of; under whatever alias."""
    found = part.table if isinstance(part, ColumnClause) else part
    while isinstance(found, AliasedReturnsRows):
        found = found.element
    return found if isinstance(found, Table) else None
