"""What routing decided for what was received, in the order of receipt."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Text, case, cast, func, or_, select

from gridmap.incidents.life import Step
from gridmap.routing.backstop import Fallen
from gridmap.store.incidents import RECEIVE
from gridmap.store.lives import PREFIX
from gridmap.store.schema import history, incident
from gridmap.store.scoping import within

BACKSTOP = ("reason.route.backstop", "reason.route.backstop.county")
"""What the reasons of an incident say when it fell to the backstop."""
RULING = f"{PREFIX}{Step.RULE}"
"""What the log calls it when somebody rules whose an incident is."""


@dataclass(frozen=True, slots=True)
class Routed:
    """An incident as routing saw it: its type, edition and path (codes, widest first), the office that it named, and today's."""

    serial: int
    number: str
    received_at: datetime
    issue: str
    edition: int | None
    path: tuple[str, ...]
    first: str | None
    office: str | None


@dataclass(frozen=True, slots=True)
class Ruled:
    """That somebody ruled whose an incident is, with the type and path that the incident has."""

    number: str
    at: datetime
    reason: str
    office: str
    issue: str
    path: tuple[str, ...]
    received_at: datetime


_COLUMNS = [
    incident.c[name] for name in ("id", "serial", "number", "recorded_at", "issue", "edition", "township", "village", "cell", "office")
]


def page(tx: Connection, *, since: datetime, until: datetime, after: int, limit: int) -> tuple[Routed, ...]:
    """The next incidents received in [since, until) behind the serial `after`."""
    span = (incident.c.recorded_at >= since, incident.c.recorded_at < until)
    wanted = select(*_COLUMNS).where(within(tx, incident), *span, incident.c.serial > after)
    rows = tx.execute(wanted.order_by(incident.c.serial).limit(limit)).all()
    first = _first(tx, [row.id for row in rows])
    return tuple(
        Routed(
            row.serial, row.number, row.recorded_at, row.issue, row.edition,
            tuple(code for code in (row.township, row.village, row.cell) if code), first.get(row.id, row.office), row.office,
        )
        for row in rows
    )  # fmt: skip


def ruled(tx: Connection) -> tuple[Ruled, ...]:
    """Every ruling, the last first."""
    named = (incident.c[name] for name in ("number", "issue", "township", "village", "cell", "recorded_at"))
    wanted = select(history.c.at, history.c.facts, *named).join(incident, incident.c.id == history.c.incident)
    wanted = wanted.where(within(tx, history), within(tx, incident), history.c.what == RULING).order_by(history.c.id.desc())
    return tuple(
        Ruled(
            row.number, row.at, row.facts["reason"], row.facts["office"], row.issue,
            tuple(code for code in (row.township, row.village, row.cell) if code), row.recorded_at,
        )
        for row in tx.execute(wanted)
    )  # fmt: skip


def _first(tx: Connection, ids: list[str]) -> dict[str, str | None]:
    """The office that each was sent to when it came, or goes to from the window, where its log has it: older rows do not."""
    wanted = select(history.c.incident, history.c.facts).where(within(tx, history), history.c.incident.in_(ids), history.c.what == RECEIVE)
    return {which: facts.get("onward") or facts["office"] for which, facts in tx.execute(wanted) if "office" in facts}


def fallen(tx: Connection, *, since: datetime, until: datetime) -> dict[str | None, Fallen]:
    """What was routed in [since, until), by township (None: nowhere known), and how much of it fell to the backstop."""
    said = cast(incident.c.reasons, Text)
    fell = or_(*(said.contains(f'"{key}"', autoescape=True) for key in BACKSTOP))
    span = (incident.c.recorded_at >= since, incident.c.recorded_at < until)
    wanted = select(incident.c.township, func.count(), func.sum(case((fell, 1), else_=0))).where(
        within(tx, incident), *span, said.contains('"reason.route.', autoescape=True)
    )
    return {township: Fallen(routed, backstop) for township, routed, backstop in tx.execute(wanted.group_by(incident.c.township))}
