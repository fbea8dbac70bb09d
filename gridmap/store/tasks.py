"""What other offices were asked for beside the one that is responsible."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, fields

from sqlalchemy import ColumnElement, Connection, select

from gridmap.incidents import Incident
from gridmap.incidents.life import Task, TaskKind
from gridmap.store.dialect import SEPARATOR, upsert
from gridmap.store.schema import incident, task
from gridmap.store.scoping import within

_TASK = tuple(task.c[each.name] for each in fields(Task))


def put(tx: Connection, id: str, tasks: Iterable[Task]) -> None:
    """Keep these of the incident's tasks as they are now; none is ever removed."""
    upsert(tx, task, (asdict(one) | {"incident": id} for one in tasks), on=("incident", "number"))


def is_owed(tx: Connection) -> ColumnElement[bool]:
    """Whether an incident's row is one about which another office still owes an answer."""
    open_ = (task.c.kind != str(TaskKind.INFORM)) & ~task.c.answered & ~task.c.withdrawn
    owing = select(task.c.incident).where(within(tx, task), task.c.incident == incident.c.id, open_)
    return (incident.c.asked > "") & owing.correlate(incident).exists()


def listed(one: Incident) -> str | None:
    """The offices that it was asked of, as the incident's own row has them: "" where every task was withdrawn, None where there is none."""
    return (SEPARATOR.join(("", *one.asked, "")) if one.asked else "") if one.tasks else None


def of_incidents(tx: Connection, ids: Collection[str]) -> Mapping[str, tuple[Task, ...]]:
    """The tasks of these incidents (by id), the first first; those without any are left out."""
    if not ids:
        return {}
    wanted = select(task.c.incident, *_TASK).where(within(tx, task), task.c.incident.in_(ids))
    found: defaultdict[str, list[Task]] = defaultdict(list)
    for row in tx.execute(wanted.order_by(task.c.incident, task.c.number)).mappings():
        found[row["incident"]].append(Task(**{each.name: row[each.name] for each in fields(Task)} | {"kind": TaskKind(row["kind"])}))
    return {id: tuple(tasks) for id, tasks in found.items()}
