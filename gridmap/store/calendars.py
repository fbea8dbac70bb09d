"""When offices work: the rows of the calendar, and the working time that they make."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, select

from gridmap.limits import Calendar, CalendarRow, DayKind, Timetable, read_hours, timetable
from gridmap.store.clock_tables import calendar
from gridmap.store.dialect import insert_all

_ROW = (calendar.c.kind, calendar.c.since, calendar.c.until, calendar.c.hours)


def put(tx: Connection, given: Iterable[CalendarRow]) -> None:
    """These are the rows now; the ones before are gone."""
    tx.execute(delete(calendar))
    insert_all(tx, calendar, map(_kept, given))


def rows(tx: Connection) -> tuple[CalendarRow, ...]:
    """All rows, in the order that they were put."""
    found = tx.execute(select(*_ROW).order_by(calendar.c.id))
    return tuple(CalendarRow(DayKind(kind), since, until, read_hours(hours)) for kind, since, until, hours in found)


def working_time(tx: Connection, at: datetime) -> Timetable:
    """Working time by the rows that are kept, in the zone of `at`, which is the county's."""
    return timetable_of(rows(tx), at)


def timetable_of(given: tuple[CalendarRow, ...], at: datetime) -> Timetable:
    """Working time by these rows in the zone of `at`; Monday to Friday 08-12 and 14-18 where there is no row."""
    return timetable(Calendar(_zone(at.tzinfo), given))


def _kept(row: CalendarRow) -> dict[str, Any]:
    hours = " ".join(str(shift) for shift in row.hours)
    return {"kind": str(row.kind), "since": row.since, "until": row.until, "hours": hours}


def _zone(zone: tzinfo | None) -> ZoneInfo:
    """A zone without a name has no summers; its hours are read in UTC."""
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo("UTC")
