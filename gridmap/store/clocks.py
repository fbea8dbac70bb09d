"""The clocks of incidents: each run as it was and is, what it owes its ladder, and the steps of ladders that were done."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from gridmap.catalogue import Limit
from gridmap.incidents import Incident
from gridmap.incidents.deadlines import Done, Timed, asked, events, pressed, timed
from gridmap.limits import Clock, Due, allowances
from gridmap.store import calendars, catalogues, notices
from gridmap.store.clock_tables import clock, escalation
from gridmap.store.dialect import insert_once, upsert
from gridmap.store.schema import incident as incident_table
from gridmap.store.scoping import within

KEY = ("incident", "name", "run")
_RUN = (*(clock.c[name] for name in KEY), clock.c.issue, clock.c.given, clock.c.extended, clock.c.started, clock.c.ran, clock.c.since,
        clock.c.stopped, clock.c.due, clock.c.next_at)  # fmt: skip


def rows(given: Mapping[str, Iterable[Timed]]) -> list[dict[str, Any]]:
    """The first clocks of new incidents, by the incident's id, as they are kept."""
    return [_kept(id, one) for id, runs in given.items() for one in runs]


def put(tx: Connection, incident: str, runs: Iterable[Timed]) -> None:
    """The incident's runs as they are now; none is ever removed."""
    upsert(tx, clock, (_kept(incident, one) for one in runs), on=KEY)


def of_incident(tx: Connection, id: str) -> tuple[Timed, ...]:
    """Each run of each of the incident's clocks, by name, then in the order that they ran."""
    rows = tx.execute(select(*_RUN).where(within(tx, clock), clock.c.incident == id).order_by(clock.c.name, clock.c.run))
    return tuple(_timed(row) for row in rows)


def fired(tx: Connection, incident: str) -> frozenset[str]:
    """The keys of the ladders' steps that were done for the incident."""
    return frozenset(tx.scalars(select(escalation.c.key).where(within(tx, escalation), escalation.c.incident == incident)))


@dataclass(frozen=True, slots=True)
class Ripe:
    """A run of an incident's clock that owes its ladder a step, and the keys of those that were done for the incident."""

    incident: str
    number: str
    run: Timed
    fired: frozenset[str]


def is_any_ripe(tx: Connection, now: datetime) -> bool:
    """Whether any clock owes its ladder a step."""
    return tx.scalar(select(clock.c.run).where(within(tx, clock), clock.c.next_at <= now).limit(1)) is not None


def ripe(tx: Connection, now: datetime, limit: int) -> tuple[Ripe, ...]:
    """The runs that owe a step, the earliest first."""
    columns: tuple[Any, ...] = (*_RUN, incident_table.c.number)
    wanted = select(*columns).join(incident_table, incident_table.c.id == clock.c.incident)
    wanted = wanted.where(within(tx, clock), within(tx, incident_table), clock.c.next_at <= now)
    rows = tx.execute(wanted.order_by(clock.c.next_at, clock.c.incident, clock.c.name, clock.c.run).limit(limit)).all()
    keys: defaultdict[str, set[str]] = defaultdict(set)
    done = select(escalation.c.incident, escalation.c.key).where(within(tx, escalation))
    for id, key in tx.execute(done.where(escalation.c.incident.in_({row.incident for row in rows}))):
        keys[id].add(key)
    return tuple(Ripe(row.incident, row.number, _timed(row), frozenset(keys[row.incident])) for row in rows)


def ripen(tx: Connection, at: datetime) -> None:
    """Every clock that runs is looked at, and counted anew, by the next sweep: the calendar is another."""
    tx.execute(update(clock).where(within(tx, clock), clock.c.since.is_not(None)).values(next_at=at))


def wait(tx: Connection, incident: str, run: Clock, until: datetime | None) -> None:
    """What is due by this run now, and when it owes its ladder the next step."""
    which = (clock.c.incident == incident, clock.c.name == run.name, clock.c.run == run.run)
    tx.execute(update(clock).where(within(tx, clock), *which).values(due=run.due, next_at=until))


def press(tx: Connection, incident: str) -> None:
    """Have the incident tell what presses now, by its runs as they are kept."""
    due_at, name = pressed(of_incident(tx, incident))
    tx.execute(update(incident_table).where(within(tx, incident_table), incident_table.c.id == incident).values(due_at=due_at, clock=name))


def fire(tx: Connection, incident: str, due: Due, *, at: datetime) -> bool:
    """Keep that a step of a ladder is done, and have its level told; False where it was done before."""
    row = {"incident": incident, "key": due.key, "due": due.at, "fired_at": at}
    new = bool(tx.execute(insert_once(tx, escalation, on=["incident", "key"]).values(row)).rowcount)
    if new:
        notices.escalate(tx, incident, due, at=at)
    return new


def after(tx: Connection, one: Incident, log: Sequence[Done], at: datetime) -> tuple[Timed, ...]:
    """The incident's runs as this whole log left them, by the calendar in the zone of `at`, by name and run. What was stopped stays as it
    was kept: neither another type nor another calendar makes late what was in time."""
    kept, done, times = of_incident(tx, one.id), fired(tx, one.id), calendars.working_time(tx, at)
    over = {run.clock.key: run for run in kept if run.clock.stopped}
    runs = (*timed(times, _limits(tx, one, kept), one.issue, events(log), done), *asked(times, one.issue, log, done))
    return tuple(over.get(run.clock.key, run) for run in sorted(runs, key=lambda run: (run.clock.name, run.clock.run)))


def _limits(tx: Connection, one: Incident, kept: Iterable[Timed]) -> Mapping[str, Limit]:
    """A clock keeps the limit that it began with, unless the incident's type is another now."""
    issue = catalogues.issue_type(tx, one.issue)
    return {**allowances(issue.limit if issue else None), **{run.clock.name: run.given for run in kept if run.issue == one.issue}}


def _kept(incident: str, run: Timed) -> dict[str, Any]:
    one = run.clock
    return {
        "incident": incident,
        "name": one.name,
        "run": one.run,
        "issue": run.issue,
        "given": str(run.given),
        "extended": None if one.limit == run.given else str(one.limit),
        "started": one.started,
        "ran": [[begin.isoformat(), end.isoformat()] for begin, end in one.ran],
        "since": one.since,
        "stopped": one.stopped,
        "due": one.due,
        "next_at": run.next_at,
    }


def _timed(row: Row[Any]) -> Timed:
    given = Limit.exact(row.given)
    found = Clock(
        row.name, row.run, Limit.exact(row.extended) if row.extended else given, row.started,
        tuple((datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in row.ran),
        row.since, row.stopped, row.due,
    )  # fmt: skip
    return Timed(clock=found, issue=row.issue, given=given, next_at=row.next_at)
