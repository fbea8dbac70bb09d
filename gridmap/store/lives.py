"""An incident's steps: each taken within its scope on the state that the taker knew, and kept in the log by the same transaction."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select, update

from gridmap.catalogue import Grade
from gridmap.incidents import Incident, State
from gridmap.incidents.contact import KEPT_FROM_CLOSING
from gridmap.incidents.deadlines import Timed, event_of, first_event, pressed
from gridmap.incidents.incident import IN_ROW, OF_CLOCKS
from gridmap.incidents.life import ENDED, Life, Step, Taken, Template, replay
from gridmap.incidents.life import take as life_after
from gridmap.incidents.notices import told_of_step
from gridmap.incidents.public import PublicState
from gridmap.limits import Event
from gridmap.store import clocks, contacts, incidents, notices, public, tasks
from gridmap.store import history as history_store
from gridmap.store.faults import IncidentChanged
from gridmap.store.incidents import OF_BIRTH, LogRow
from gridmap.store.schema import history, incident
from gridmap.store.scoping import within

PREFIX = "incident."
"""What the log calls a step begins so; its name follows."""
FROM_OFFICE = "from_office"
"""The fact of a step by which it left an office."""
HAND_OVER = f"{PREFIX}hand_over"
"""What the log calls it when other workers take it over: no step, and yet another revision."""
OLD_CLOSE = "close"
"""What closing was called before there were steps."""


def take(tx: Connection, id_or_number: str, taken: Taken, *, at: datetime, expected_revision: int | None) -> Incident:
    """Take the step and record it; the incident as it is now. Nobody else writes one before this transaction ends.

    IncidentMissing; IncidentChanged where its revision is not the expected one (None: whatever it is); what `life.take` refuses.
    """
    history_store.hold(tx)
    before = incidents.get(tx, id_or_number)
    _check_revision(before, expected_revision)
    after = before.living(life_after(before.life, taken))
    runs = _clocks(tx, before, taken, at)
    if runs is not None:
        due_at, clock = pressed(runs)
        after = replace(after, due_at=due_at, clock=clock)
    _write(tx, before, after)
    clocks.put(tx, after.id, runs or ())
    facts = taken.facts() | {"revision": after.revision}
    if after.office != before.office:
        facts[FROM_OFFICE] = before.office
    history_store.append(tx, [incidents.entry(after, at=at, what=f"{PREFIX}{taken.step}", before=before.state, facts=facts)])
    _follow(tx, before, after, at)
    notices.add(tx, [(after.id, told_of_step(after, taken))], at=at)
    return after


def _clocks(tx: Connection, one: Incident, taken: Taken, at: datetime) -> tuple[Timed, ...] | None:
    """The runs of the incident's clocks once the step is taken, by its whole log; None where it touches no clock."""
    event = event_of(taken)
    if event is None:
        return None
    return clocks.after(tx, one, [*_events(tx, one), (at, event)], at)


def clocked(tx: Connection, one: Incident, at: datetime) -> tuple[Timed, ...]:
    """The runs of the incident's clocks made anew from its log, by the calendar of this day in the zone of `at`."""
    return clocks.after(tx, one, _events(tx, one), at)


def _events(tx: Connection, one: Incident) -> list[tuple[datetime, Event]]:
    return [(row.at, each) for row in incidents.history(tx, one.id) if (each := _event(row)) is not None]


def _event(row: LogRow) -> Event | None:
    """What a row of the log was to the clocks."""
    if row.to_state is None:
        return None
    if row.from_state is None:
        return first_event(row.to_state)
    step = Step.CLOSE if row.what == OLD_CLOSE else Step(row.what.removeprefix(PREFIX))
    return event_of(Taken.read(step, row.actor, row.facts))


def _check_revision(found: Incident, expected: int | None) -> None:
    if expected is not None and found.revision != expected:
        raise IncidentChanged(incident=found.number, state=found.state, revision=found.revision)


def _write(tx: Connection, before: Incident, after: Incident) -> None:
    """The row as it is after the step; IncidentChanged where another was quicker, whatever let it."""
    row = update(incident).where(within(tx, incident), incident.c.id == before.id, incident.c.revision == before.revision)
    kept = {name: getattr(after, name) for name in (*IN_ROW, *OF_CLOCKS)} | {"asked": tasks.listed(after.asked)}
    if not tx.execute(row.values(kept)).rowcount:
        found = incidents.get(tx, before.id)
        raise IncidentChanged(incident=found.number, state=found.state, revision=found.revision)
    tasks.put(tx, after.id, after.tasks)


def _follow(tx: Connection, before: Incident, after: Incident, at: datetime) -> None:
    """What the end of an incident, or its being opened again, means for the reporters' contacts and for what the public sees."""
    if (before.state in ENDED) == (after.state in ENDED):
        return
    if after.state in ENDED:
        contacts.shorten(tx, after.id, until=at + KEPT_FROM_CLOSING)
    else:
        contacts.keep_on(tx, after.id, at=at)
    public.put_state(tx, after.id, PublicState.CLOSED if after.state in ENDED else PublicState.OPEN)


def offices_left(tx: Connection, cursor: int) -> dict[str, frozenset[str]]:
    """The offices that incidents (by id) left after history id `cursor`: who saw them there sees them no more."""
    moving = [f"{PREFIX}{step}" for step in (Step.DISPATCH, Step.TRANSFER, Step.RULE)]
    wanted = select(history.c.incident, history.c.facts).where(within(tx, history), history.c.id > cursor, history.c.what.in_(moving))
    left: defaultdict[str, set[str]] = defaultdict(set)
    for which, facts in tx.execute(wanted):
        left[which] |= {office} if (office := facts.get(FROM_OFFICE)) else set()
    return {which: frozenset(offices) for which, offices in left.items()}


def _born(one: Incident, first: LogRow) -> Life:
    """The life as the log's first row has it; what older rows do not say was never changed since."""
    said = {name: first.facts.get(name, getattr(one, name)) for name in OF_BIRTH}
    return Life(
        incident=one.number,
        state=first.to_state or State.TRIAGE,
        office=said["office"],
        keeper=said["keeper"],
        contact_left=bool(said["contact_left"]),
        grade=Grade(said["grade"]),
        template=Template(said["template"]),
    )


def replayed(tx: Connection, one: Incident) -> Life:
    """The incident's life made anew from its log alone: the same as the row's, or somebody changed one of the two."""
    born, *rows = (row for row in incidents.history(tx, one.id) if row.to_state is not None)
    life = _born(one, born)
    for row in rows:
        if row.what == HAND_OVER:
            life = replace(life, revision=life.revision + 1)
        elif row.what == OLD_CLOSE:
            life = replace(life, state=State.CLOSED, revision=life.revision + 1)
        else:
            life = replay(life, [Taken.read(Step(row.what.removeprefix(PREFIX)), row.actor, row.facts)])
    return life
