"""Reports, the incidents that they became, and what was done to each.

Whoever writes an incident holds the history first (its `hold`), so that its ids, which the live stream follows, are in the order of
commits, and two writers never wait for each other.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, func, literal, or_, select, tuple_

from gridmap.catalogue import Grade, Urgency
from gridmap.errors import IncidentMissing
from gridmap.incidents import OPEN_STATES, Channel, Incident, Report, State
from gridmap.incidents.deadlines import Timed
from gridmap.incidents.life import ENDED, Satisfied, Task, Template
from gridmap.incidents.notices import told_of_receipt
from gridmap.incidents.public import PublicMatter
from gridmap.store import clocks, contacts, notices, photos, public, tasks
from gridmap.store import history as history_store
from gridmap.store.clock_tables import clock
from gridmap.store.dialect import Instant, Parts, Ready, lies_in, pairs_among, ready, reserve
from gridmap.store.history import Entry
from gridmap.store.notice_tables import notice
from gridmap.store.photo_tables import photo
from gridmap.store.schema import IS_OPEN, contact, incident, public_incident, report
from gridmap.store.schema import history as history_table
from gridmap.store.scoping import within
from gridmap.words import Sentence


class Place(NamedTuple):
    """What a page of the list goes on from."""

    serial: int
    due_at: datetime | None


class Order(StrEnum):
    """In which order incidents are listed."""

    NEWEST = "newest"
    DUE = "due"  # what is due first, also what is overdue; then what no clock runs for, the newest first


Bounds = tuple[float, float, float, float]
SenderKey = tuple[str, str]
RECEIVE = "receive"
"""What the first row of an incident's log is called."""

UNTIL = "until"
"""The fact of that row that says until when it stays at the window."""
OF_BIRTH = ("office", "keeper", "contact_left", "grade", "template")
"""What of its life the first row of its log says, beside the state."""
_COLUMNS = tuple(each.name for each in fields(Incident) if each.name != "tasks")  # which have their own table
_of_incident = attrgetter(*_COLUMNS)
_INCIDENT = (*(incident.c[name] for name in _COLUMNS), incident.c.asked)
_ALL = select(*_INCIDENT)
_KINDS: Mapping[str, type[StrEnum]] = {
    "state": State, "channel": Channel, "grade": Grade, "urgency": Urgency, "template": Template, "satisfied": Satisfied,
}  # fmt: skip
_REPORT = tuple(each.name for each in fields(Report) if each.name not in {"contact", "photos"})  # which have tables of their own
_of_report = attrgetter(*_REPORT)


class FirstAnswer(NamedTuple):
    """What was answered when a sender's key first came."""

    body_hash: str
    answer: dict[str, Any]
    report_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A report and the incident that it became, ready to be kept with the answer that is given. `raw` is what was sent, as JSON; `by` is
    who sent it, as history names them.

    `public` is what everybody may see of it, None for nothing; `clocks` are those that run from now on; `until` is when it moves on from
    the window where it was received.
    """

    report_id: str
    report: Report
    by: str
    incident: Incident
    body_hash: str
    answer: Mapping[str, Any]
    raw: Mapping[str, Any] = field(default_factory=dict)
    public: PublicMatter | None = None
    clocks: tuple[Timed, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """An incident, and nothing told of it."""

    id: str
    number: str


@dataclass(frozen=True, slots=True)
class LogRow:
    """One thing that was done to an incident."""

    id: int
    incident: str
    at: datetime
    actor: str
    what: str
    from_state: State | None
    to_state: State | None  # None: it was done about the incident and changed nothing of it
    facts: Mapping[str, Any]


def first_answers(tx: Connection, keys: Collection[SenderKey]) -> dict[SenderKey, FirstAnswer]:
    """Those of the (sender, key) pairs that came before, with what they were answered. Asked while the history is held, no other comes
    before the transaction ends: who keeps a report holds it."""
    columns = (report.c.sender, report.c.key, report.c.body_hash, report.c.answer, report.c.id)
    rows = tx.execute(select(*columns).where(within(tx, report), pairs_among(tx, (report.c.sender, report.c.key), keys)))
    return {(sender, key): FirstAnswer(*answer) for sender, key, *answer in rows}


def numbers(tx: Connection, count: int, *, year: int) -> list[str]:
    """Readable numbers YYYY-NNNNNN for the next `count` incidents; `year` is the one that the county's calendar shows."""
    return [f"{year}-{serial:06d}" for serial in reserve(tx, incident.c.serial, count, among=within(tx, incident))]


def ready_many(tx: Connection, received: Sequence[Received]) -> Ready:
    """Reports and their incidents, received at one instant, with all that belongs to them, ready to be kept."""
    if not received:
        return history_store.NOTHING
    at = received[0].incident.recorded_at
    parts: Parts = [
        (report, [_report_row(each) for each in received]),
        (incident, [row_of(each.incident) for each in received]),
        (contact, contacts.rows({each.report_id: each.report.contact for each in received if each.report.contact}, at=at)),
        (photo, photos.rows({each.report_id: (each.incident.id, each.report.photos) for each in received if each.report.photos}, at=at)),
        (clock, clocks.rows({each.incident.id: each.clocks for each in received})),
        (public_incident, public.rows({each.incident.id: each.public for each in received if each.public})),
        (notice, notices.rows(((each.incident.id, told_of_receipt(each.incident)) for each in received), at=at)),
    ]
    return ready(tx, parts)


def add_many(tx: Connection, received: Sequence[Received], made: Ready | None = None) -> None:
    """Keep reports and their incidents; `made` is what `ready_many` made of these. Each (sender, key) is new: whoever holds the history and
    asks for `first_answers` knows so until the transaction ends."""
    if received:
        history_store.append(tx, [_received(each) for each in received], made or ready_many(tx, received))


def get(tx: Connection, id_or_number: str) -> Incident:
    """The incident of this id or readable number, or IncidentMissing."""
    return _with_tasks(tx, [_row(tx, id_or_number, _INCIDENT)])[0]


def identity(tx: Connection, id_or_number: str) -> Identity:
    """The id and number of the incident of this id or number, or IncidentMissing; for a scope that shows no more of it."""
    found = _row(tx, id_or_number, (incident.c.id, incident.c.number))
    return Identity(found.id, found.number)


def list_(
    tx: Connection,
    *,
    states: Collection[State] = OPEN_STATES,
    bbox: Bounds | None = None,
    area: str | None = None,
    supervised: bool = False,
    owed: bool = False,
    order: Order = Order.NEWEST,
    after: str | None = None,
    limit: int,
) -> tuple[Incident, ...]:
    """Incidents in this order; `bbox` is (west, south, east, north) in degrees, `area` a code of any level. Only those that are
    `supervised`, or about which another office owes an answer (`owed`).

    The next page is what comes `after` the number of the last one (IncidentMissing if there is none such); new ones move nothing.
    """
    wanted = _among(tx, select(incident.c.serial), area, supervised=supervised, owed=owed)
    if bbox is not None:
        wanted = wanted.where(lies_in(tx, incident, bbox))
    last = None if after is None else _place(tx, after)
    if order is Order.DUE:
        return _due_first(tx, wanted, states, last, limit)
    return _newest(tx, wanted.where(*_in_states(states)), last, limit)


def count(
    tx: Connection, *, states: Collection[State] = tuple(State), area: str | None = None, supervised: bool = False, owed: bool = False
) -> dict[State, int]:
    """How many incidents are in each of the states, also where none is."""
    wanted = _among(tx, select(incident.c.state, func.count()), area, supervised=supervised, owed=owed).where(*_in_states(states))
    found: dict[str, int] = dict(tx.execute(wanted.group_by(incident.c.state)).all())
    return {state: found.get(state, 0) for state in states}


def reports(tx: Connection, incident_id: str) -> tuple[Report, ...]:
    """The reports that became this incident, in the order that they came; without their contacts and photos."""
    columns = (report.c[name] for name in _REPORT)
    wanted = select(*columns).where(within(tx, report), report.c.incident == incident_id)
    rows = tx.execute(wanted.order_by(report.c.received_at, report.c.id))
    return tuple(Report(**dict(row._mapping) | {"channel": Channel(row.channel), "key": row.key or ""}) for row in rows)


def history(tx: Connection, id: str) -> tuple[LogRow, ...]:
    """What was done to the incident, the first first; empty for an unknown id."""
    columns = (history_table.c[each.name] for each in fields(LogRow))
    rows = tx.execute(select(*columns).where(within(tx, history_table), history_table.c.incident == id).order_by(history_table.c.id))
    return tuple(_log(row) for row in rows)


def latest_change(tx: Connection) -> int:
    """Where a stream starts that wants only what is new: the id of the last row of the history, 0 where there is none.

    It is the same for everybody: to find the last one within a narrow scope takes a look at all of them, and is left for where the head
    of the history was taken away.
    """
    last, _ = history_store.head(tx)
    return last or tx.scalar(select(func.max(history_table.c.id)).where(within(tx, history_table))) or 0


def changes_after(tx: Connection, cursor: int, limit: int) -> tuple[tuple[int, str], ...]:
    """(history id, incident id) of what changed after history id `cursor`, ascending. Nothing is ever added before an id once seen.

    A reading transaction is one snapshot: open a new one for each look.
    """
    wanted = select(history_table.c.id, history_table.c.incident).where(
        within(tx, history_table), history_table.c.id > cursor, history_table.c.to_state.is_not(None)
    )
    return tuple((id, which) for id, which in tx.execute(wanted.order_by(history_table.c.id).limit(limit)))


def _among(tx: Connection, wanted: Select[Any], area: str | None, *, supervised: bool, owed: bool) -> Select[Any]:
    if supervised:
        wanted = wanted.where(incident.c.supervised_by.is_not(None))
    if owed:
        wanted = wanted.where(tasks.is_owed(tx))
    wanted = wanted.where(within(tx, incident))
    return wanted if area is None else wanted.where(_lies_within(area))


def _in_states(states: Iterable[State]) -> Iterator[ColumnElement[bool]]:
    """What is open is known as such, to be found by the indexes of what is open."""
    wanted = set(states)
    if wanted.isdisjoint(ENDED):
        yield IS_OPEN
    if wanted != set(OPEN_STATES):
        yield incident.c.state.in_(sorted(wanted))


def _lies_within(area: str) -> ColumnElement[bool]:
    return or_(incident.c.township == area, incident.c.village == area, incident.c.cell == area)


def _row(tx: Connection, id_or_number: str, columns: tuple[Column[Any], ...]) -> Row[Any]:
    column = incident.c.id if len(id_or_number) == 36 else incident.c.number
    row = tx.execute(select(*columns).where(within(tx, incident), column == id_or_number)).one_or_none()
    if row is None:
        raise IncidentMissing(incident=id_or_number)
    return row


def _place(tx: Connection, number: str) -> Place:
    """Where an incident stands in every order."""
    found = tx.execute(select(incident.c.serial, incident.c.due_at).where(within(tx, incident), incident.c.number == number)).one_or_none()
    if found is None:
        raise IncidentMissing(incident=number)
    return Place(*found)


def _newest(tx: Connection, wanted: Select[Any], last: Place | None, limit: int) -> tuple[Incident, ...]:
    if last:
        wanted = wanted.where(incident.c.serial < last.serial)
    return _first(tx, wanted, (incident.c.serial.desc(),), limit)


def _due_first(tx: Connection, wanted: Select[Any], states: Collection[State], last: Place | None, limit: int) -> tuple[Incident, ...]:
    """What is due, by the index of due instants; then, if there is room, what no clock runs for.

    The clocks of what has ended stand, so what is due is open. That is not asked again: PostgreSQL would take the two for independent,
    expect one row where there are fifty, and read and sort them all.
    """
    found: tuple[Incident, ...] = ()
    if last is None or last.due_at is not None:
        due = wanted.where(incident.c.due_at.is_not(None), *(() if set(states) >= set(OPEN_STATES) else _in_states(states)))
        if last:
            due = due.where(tuple_(incident.c.due_at, incident.c.serial) > tuple_(literal(last.due_at, Instant), last.serial))
            last = None
        found = _first(tx, due, (incident.c.due_at, incident.c.serial), limit)
    rest = limit - len(found)
    return (*found, *_newest(tx, wanted.where(incident.c.due_at.is_(None), *_in_states(states)), last, rest)) if rest else found


def _first(tx: Connection, wanted: Select[Any], order: tuple[ColumnElement[Any], ...], limit: int) -> tuple[Incident, ...]:
    """The first of those in this order. Their serials first: what is sorted to find them is then a number or two each, not whole rows."""
    serials = tx.scalars(wanted.order_by(*order).limit(limit)).all()
    if not serials:
        return ()
    rows = _ALL.where(within(tx, incident), incident.c.serial.in_(serials))
    return _with_tasks(tx, tx.execute(rows.order_by(*order)).all())


def _report_row(one: Received) -> dict[str, Any]:
    return dict(zip(_REPORT, _of_report(one.report), strict=True)) | {
        "id": one.report_id,
        "incident": one.incident.id,
        "channel": str(one.report.channel),
        "key": one.report.key or None,  # without a key every report is new: NULLs never collide
        "body_hash": one.body_hash,
        "answer": dict(one.answer),
        "raw": dict(one.raw),
        "received_at": one.incident.recorded_at,
    }


def row_of(one: Incident) -> dict[str, Any]:
    """The incident as its row has it."""
    return dict(zip(_COLUMNS, _of_incident(one), strict=True)) | {
        "asked": tasks.listed(one),
        "serial": int(one.number.partition("-")[2]),
        "candidates": [dict(each) for each in one.candidates],
        "reasons": [each.as_dict() for each in one.reasons],
    }


def _with_tasks(tx: Connection, rows: Sequence[Row[Any]]) -> tuple[Incident, ...]:
    asked = tasks.of_incidents(tx, [row.id for row in rows if row.asked is not None])
    return tuple(_incident(row, asked.get(row.id, ())) for row in rows)


def _incident(row: Row[Any], asked: tuple[Task, ...]) -> Incident:
    facts: dict[str, Any] = dict(zip(_COLUMNS, row[:-1], strict=True))  # `asked` only says whether there are tasks
    for name, kind in _KINDS.items():
        facts[name] = facts[name] and kind(facts[name])
    facts["candidates"] = tuple(facts["candidates"])
    facts["reasons"] = tuple(Sentence(**each) for each in facts["reasons"])
    return Incident(**facts, tasks=asked)


def _received(one: Received) -> Entry:
    facts = {"report": one.report_id} | {name: getattr(one.incident, name) for name in OF_BIRTH}
    if one.until:
        facts |= {"onward": one.incident.onward, UNTIL: one.until.isoformat()}
    return replace(entry(one.incident, at=one.incident.recorded_at, what=RECEIVE, before=None, facts=facts), by=one.by)


def entry(after: Incident, *, at: datetime, what: str, before: State | None, facts: Mapping[str, Any]) -> Entry:
    """What history keeps of a change that made the incident what it is."""
    states = {"from_state": before and str(before), "to_state": str(after.state)}
    return Entry(at=at, what=what, subject=f"incident:{after.number}", incident=after.id, facts=facts, **states)


def _log(row: Row[Any]) -> LogRow:
    facts = dict(row._mapping)
    from_state = State(facts["from_state"]) if facts["from_state"] else None
    to_state = State(facts["to_state"]) if facts["to_state"] else None
    return LogRow(**facts | {"from_state": from_state, "to_state": to_state})
