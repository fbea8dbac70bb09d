"""What everybody may see: matters by squares of the coarse raster; and to whoever shows a report's id, where that report stands.

Nothing here reads what it does not tell: the database's public role could not read more either.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select, tuple_, update

from gridmap.incidents import Named, State
from gridmap.incidents.public import PublicCount, PublicMatter, PublicState
from gridmap.store.dialect import lies_in, upsert
from gridmap.store.schema import incident, office, public_incident, report
from gridmap.store.scoping import within

Bounds = tuple[float, float, float, float]
_SHOWN = tuple(each.name for each in fields(PublicMatter))


class After(NamedTuple):
    """The last count of a page: the next page goes on behind it."""

    lat: float
    lon: float
    issue: str
    state: str
    village: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Where a report stands: told to whoever shows its id."""

    number: str
    state: State
    issue: str
    received_at: datetime
    edition: int | None
    village: str | None
    office: Named | None


def rows(given: Mapping[str, PublicMatter]) -> list[dict[str, Any]]:
    """Matters that are shown from now on (incident id: what is shown of it), as they are kept."""
    return [_row(id, one) for id, one in given.items()]


def _row(incident_id: str, shown: PublicMatter) -> dict[str, Any]:
    return {"incident": incident_id, **{name: getattr(shown, name) for name in _SHOWN}, "state": str(shown.state)}


def put(tx: Connection, incident_id: str, shown: PublicMatter | None) -> None:
    """Show this of it instead of what was shown; None: nothing."""
    if shown is None:
        tx.execute(delete(public_incident).where(public_incident.c.incident == incident_id))
    else:
        upsert(tx, public_incident, [_row(incident_id, shown)], on=("incident",))


def put_state(tx: Connection, incident_id: str, state: PublicState) -> None:
    """Show that it is settled, or open again, if it is shown at all."""
    tx.execute(update(public_incident).where(public_incident.c.incident == incident_id).values(state=str(state)))


def counts(
    tx: Connection,
    *,
    states: Collection[PublicState],
    issue: str | None = None,
    bbox: Bounds | None = None,
    after: After | None = None,
    limit: int,
) -> tuple[PublicCount, ...]:
    """How many matters of each type and state lie in each square, from south to north; `bbox` holds the squares' centres.

    The next page is what comes `after` the last count of this one: new matters move nothing.
    """
    c = public_incident.c
    group = (c.lat, c.lon, c.issue, c.state, c.village)
    days = func.min(c.day), func.max(c.day)
    wanted = select(*group, func.max(c.edition), func.count(c.issue), *days).where(c.state.in_([str(state) for state in states]))
    if issue is not None:
        wanted = wanted.where(c.issue == issue)
    if bbox is not None:
        wanted = wanted.where(lies_in(tx, public_incident, bbox))
    if after is not None:
        wanted = wanted.where(tuple_(*group) > tuple_(*after))
    rows = tx.execute(wanted.group_by(*group).order_by(*group).limit(limit))
    return tuple(
        PublicCount(
            issue=issue, state=PublicState(state), edition=edition, village=village, lon=lon, lat=lat,
            count=count, first=date.fromisoformat(first), last=date.fromisoformat(last),
        )
        for lat, lon, issue, state, village, edition, count, first, last in rows
    )  # fmt: skip


def followed(tx: Connection, report_id: str) -> Followed | None:
    """Where the report of this id stands, or None; the scope must show the same id."""
    i = incident.c
    columns = (i.number, i.state, i.issue, report.c.received_at, i.edition, i.village)
    names = (office.c.code, office.c.name, office.c.name_en, office.c.phone)
    joined = report.join(incident, i.id == report.c.incident).outerjoin(office, office.c.code == i.office)
    wanted = select(*columns, *names).select_from(joined).where(within(tx, report), within(tx, incident), report.c.id == report_id)
    row = tx.execute(wanted).one_or_none()
    if row is None:
        return None
    number, state, issue, received_at, edition, village, *named = row
    return Followed(
        number=number, state=State(state), issue=issue, received_at=received_at, edition=edition, village=village,
        office=Named(*named) if named[0] else None,
    )  # fmt: skip
