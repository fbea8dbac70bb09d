"""An incident's steps: each taken within its scope on the state that the taker knew, and kept in the log by the same transaction."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from gridmap.catalogue import Grade
from gridmap.grid import LEVELS
from gridmap.incidents import Incident, State
from gridmap.incidents.anew import Anew
from gridmap.incidents.contact import KEPT_FROM_CLOSING
from gridmap.incidents.deadlines import ANEW, Done, Timed, pressed, touches
from gridmap.incidents.incident import IN_ROW, OF_CLOCKS, OF_PLACE
from gridmap.incidents.life import ENDED, Life, Step, Taken, Template, replay
from gridmap.incidents.life import take as life_after
from gridmap.incidents.notices import told_of_step
from gridmap.incidents.public import PublicState
from gridmap.store import clocks, contacts, incidents, notices, public, tasks
from gridmap.store import history as history_store
from gridmap.store.faults import IncidentChanged, TaskOfAnother
from gridmap.store.incidents import OF_BIRTH, UNTIL, LogRow
from gridmap.store.schema import history, incident
from gridmap.store.scoping import pass_on, scope_of, within

PREFIX = "incident."
"""What the log calls a step begins so; its name follows."""
FROM_OFFICE, FROM_ISSUE = "from_office", "from_issue"
"""The facts of a step that say which office it left, and which type it was."""
FROM_ASKED = "from_asked"
"""The fact of a step by which offices are asked no longer, and so see it no more."""
HAND_OVER = f"{PREFIX}hand_over"
"""What the log calls it when other workers take it over: no step, and yet another revision."""
OLD_CLOSE = "close"
"""What closing was called before there were steps."""
_LEAVING = ("office", "issue", "worker", "backup", *LEVELS)
_MOVING = [HAND_OVER, *(f"{PREFIX}{step}" for step in (Step.DISPATCH, Step.TRANSFER, Step.RULE, Step.ELEVATE, Step.WITHDRAW, *ANEW))]
"""What is said of it by the steps after which it may be another's."""


def take(
    tx: Connection,
    id_or_number: str,
    taken: Taken,
    *,
    at: datetime,
    expected_revision: int | None,
    anew: Callable[[Incident], Anew] | None = None,
    fits: Callable[[Incident], None] | None = None,
) -> Incident:
    """Take the step and record it; the incident as it is now. Nobody else writes one before this transaction ends.

    Once the step is known to be possible, `fits` may refuse what comes along, and `anew` finds what another type, pin or land makes of
    the incident as it was. IncidentMissing; IncidentChanged where its revision is not the expected one (None: whatever it is); what
    `life.take` refuses; TaskOfAnother.
    """
    history_store.hold(tx)
    before = incidents.get(tx, id_or_number)
    _check_revision(before, expected_revision)
    after = before.living(life_after(before.life, taken))
    _check_task(tx, before, taken)
    if fits:
        fits(before)
    if taken.step is Step.ELEVATE:  # an office's own step, by which it gives the matter away
        pass_on(tx, taken.office)
    found = anew(before) if anew else None
    if found:
        taken = replace(taken, office=found.office or "", template=str(found.template))
        after = replace(before.living(life_after(before.life, taken)), **found.place)
    runs = _clocks(tx, before, after, taken, at)
    if runs is not None:
        due_at, clock = pressed(runs)
        after = replace(after, due_at=due_at, clock=clock)
    _write(tx, before, after)
    clocks.put(tx, after.id, runs or ())
    facts = taken.facts() | {"revision": after.revision} | _left(before, after)
    if gone := sorted({*before.asked} - {*after.asked}):
        facts[FROM_ASKED] = gone
    history_store.append(tx, [incidents.entry(after, at=at, what=f"{PREFIX}{taken.step}", before=before.state, facts=facts)])
    if found:
        public.put(tx, after.id, found.public)
    _follow(tx, before, after, at)
    notices.add(tx, [(after.id, told_of_step(after, taken))], at=at)
    return after


def note(tx: Connection, one: Incident, *, what: str, facts: Mapping[str, Any], at: datetime) -> Incident:
    """Record something about the incident that is no step, and yet a revision of its own: who looked at it before looks again."""
    after = replace(one, revision=one.revision + 1)
    _write(tx, one, after)
    facts = {**facts, "revision": after.revision}
    history_store.append(tx, [incidents.entry(after, at=at, what=what, before=one.state, facts=facts)])
    return after


def _left(before: Incident, after: Incident) -> dict[str, Any]:
    """What it was before, of what it no longer is: who saw it there sees it no more."""
    left = {f"from_{name}": getattr(before, name) for name in _LEAVING if getattr(before, name) != getattr(after, name)}
    moved = (before.lon, before.lat) != (after.lon, after.lat)
    return left | ({"from_place": None if before.lon is None else f"{before.lon},{before.lat}"} if moved else {})


def _clocks(tx: Connection, before: Incident, after: Incident, taken: Taken, at: datetime) -> tuple[Timed, ...] | None:
    """The runs of the incident's clocks once the step is taken, by its whole log; None where it touches no clock."""
    done = Done(
        at=at, taken=taken, before=before.state, after=after.state,
        moved=before.office != after.office, retyped=before.issue != after.issue,
    )  # fmt: skip
    return clocks.after(tx, after, [*_log(tx, after), done], at) if touches(done) else None


def clocked(tx: Connection, one: Incident, at: datetime) -> tuple[Timed, ...]:
    """The runs of the incident's clocks made anew from its log, by the calendar of this day in the zone of `at`."""
    return clocks.after(tx, one, _log(tx, one), at)


def _log(tx: Connection, one: Incident) -> list[Done]:
    """What was done to it, as its clocks see it."""
    return [
        Done(
            at=row.at, taken=taken, before=row.from_state, after=row.to_state,
            moved=FROM_OFFICE in row.facts, retyped=FROM_ISSUE in row.facts, until=_until(row),
        )
        for row in incidents.history(tx, one.id)
        for taken in [_taken(row)]
        if row.to_state is not None and (taken is not None or row.from_state is None)
    ]  # fmt: skip


def _until(row: LogRow) -> datetime | None:
    until = row.facts.get(UNTIL) if row.from_state is None else None
    return datetime.fromisoformat(until) if until else None


def _taken(row: LogRow) -> Taken | None:
    """The step that a row of the log tells of; None where it tells of something else."""
    if row.from_state is None or row.to_state is None:
        return None
    name = str(Step.CLOSE) if row.what == OLD_CLOSE else row.what.removeprefix(PREFIX)
    return Taken.read(Step(name), row.actor, row.facts) if name in set(Step) else None


def _check_revision(found: Incident, expected: int | None) -> None:
    if expected is not None and found.revision != expected:
        raise IncidentChanged(incident=found.number, state=found.state, revision=found.revision)


def _check_task(tx: Connection, one: Incident, taken: Taken) -> None:
    """Who answers for an office answers its own tasks: that one sees the others' is no right to them."""
    scope = scope_of(tx)
    if taken.step not in {Step.ARRIVE, Step.ANSWER} or scope.everywhere:
        return
    task = next(each for each in one.tasks if str(each.number) == taken.task.strip())
    if task.office not in scope.asked:
        raise TaskOfAnother(incident=one.number, task=task.number, office=task.office)


def _write(tx: Connection, before: Incident, after: Incident) -> None:
    """The row as it is after the step; IncidentChanged where another was quicker, whatever let it."""
    row = update(incident).where(within(tx, incident), incident.c.id == before.id, incident.c.revision == before.revision)
    whole, was = incidents.row_of(after), incidents.row_of(before)
    kept = {name: whole[name] for name in (*IN_ROW, *OF_CLOCKS, "asked")}
    kept |= {name: whole[name] for name in OF_PLACE if whole[name] != was[name]}
    if not tx.execute(row.values(kept)).rowcount:
        found = incidents.get(tx, before.id)
        raise IncidentChanged(incident=found.number, state=found.state, revision=found.revision)
    tasks.put(tx, after.id, [each for each in after.tasks if each not in before.tasks])


def _follow(tx: Connection, before: Incident, after: Incident, at: datetime) -> None:
    """What the end of an incident, or its being opened again, means for the reporters' contacts and for what the public sees."""
    if (before.state in ENDED) == (after.state in ENDED):
        return
    if after.state in ENDED:
        contacts.shorten(tx, after.id, until=at + KEPT_FROM_CLOSING)
    else:
        contacts.keep_on(tx, after.id, at=at)
    public.put_state(tx, after.id, PublicState.CLOSED if after.state in ENDED else PublicState.OPEN)


@dataclass(frozen=True, slots=True)
class Left:
    """Whose an incident was, and is no more, as far as its log says: offices, workers and areas, by code and id."""

    offices: frozenset[str] = frozenset()
    workers: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()


def left(tx: Connection, cursor: int) -> dict[str, Left]:
    """What incidents (by id) left after history id `cursor`: who saw them there sees them no more."""
    wanted = select(history.c.incident, history.c.facts).where(within(tx, history), history.c.id > cursor, history.c.what.in_(_MOVING))
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for which, facts in tx.execute(wanted):
        found[which] |= {(name, code) for name in _LEAVING if (code := facts.get(f"from_{name}"))}
        found[which] |= {("office", office) for office in facts.get(FROM_ASKED, ())}

    def of(which: str, *names: str) -> frozenset[str]:
        return frozenset(code for name, code in found[which] if name in names)

    return {which: Left(of(which, "office"), of(which, "worker", "backup"), of(which, *LEVELS)) for which in found}


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
        if row.what == OLD_CLOSE:
            life = replace(life, state=State.CLOSED, revision=life.revision + 1)
        elif taken := _taken(row):
            life = replay(life, [taken])
        else:  # what is no step changes nothing else
            life = replace(life, revision=life.revision + 1)
    return life
