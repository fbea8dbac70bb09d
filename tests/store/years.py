"""The incidents of years: those of a month in the made-up county, as they were really received and closed, many times over."""

import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import Table, text

from gridmap.access import operator
from gridmap.county import make_county, write_county
from gridmap.flows.main_job import run_main_job
from gridmap.flows.notify import notify
from gridmap.incidents import OPEN_STATES
from gridmap.store import Store, incidents
from gridmap.store.clock_tables import clock
from gridmap.store.schema import history, incident, public_incident
from tests.builders import ALL
from tests.closing import close

OPEN = 400  # of the month's three thousand; the rest is closed
MINUTES_APART = 11
_OPEN = ", ".join(f"'{state}'" for state in OPEN_STATES)
_ID = "substr({}, 6) || (10000 + k)"  # without the years of its instant, which all have: as long as an id is, and nobody else's


def settle(store: Store, *, now: datetime) -> None:
    """The made-up county with the reports of a month, most of them closed by the steps that close one."""
    actor = operator("years")
    with tempfile.TemporaryDirectory() as folder:
        write_county(make_county(), Path(folder))
        run_main_job(store, Path(folder), now=now, zone=now.tzinfo, actor=actor)  # type: ignore[arg-type]
    with store.read(ALL) as tx:
        found = incidents.list_(tx, limit=10_000)
    for one in found[OPEN:]:
        close(store, one.id, "done", now=now, actor=actor)
    notify(store, lambda _notice, _now: None, clock=lambda: now, actor=actor)


def repeat(store: Store, count: int, *, open_share: float = 0.02) -> None:
    """Until there are some `count` incidents, that share of them open; each copy lies a little beside its model."""
    with store.read(ALL) as tx:
        each = incidents.count(tx)
        most = incidents.latest_change(tx)
    are_open = sum(each[state] for state in OPEN_STATES)
    ended = sum(each.values()) - are_open
    copies = {f"NOT IN ({_OPEN})": round(count * (1 - open_share) / ended), f"IN ({_OPEN})": round(count * open_share / are_open)}
    first = 0
    with store._engine.connect() as tx, tx.execution_options(writes=True).begin():
        serials = tx.scalar(text("SELECT max(serial) FROM incident"))
        for states, times in copies.items():
            models = f"incident IN (SELECT id FROM incident WHERE state {states} AND serial <= {serials})"
            tx.execute(text(_copy(incident, times, f"state {states} AND serial <= {serials}", {
                "serial": f"serial + (k + {first}) * {serials}", "id": _ID.format("id"),
                "number": f"'2026-' || (serial + (k + {first}) * {serials})",
                "due_at": _later(store, "due_at"), "lon": "lon + (k % 97 - 48) * 0.00003", "lat": "lat + (k % 89 - 44) * 0.00003",
            })))  # fmt: skip
            mine = {"incident": _ID.format("incident")}
            times_of = {name: _later(store, name) for name in ("started", "since", "due", "next_at")}
            tx.execute(text(_copy(history, times, f"{models} AND id <= {most}", mine | {"id": f"id + (k + {first}) * {most}"})))
            tx.execute(text(_copy(clock, times, models, mine | times_of)))
            tx.execute(text(_copy(public_incident, times, models, mine)))
            first += times  # what is open is newer than what is closed
        tx.execute(text("UPDATE history_head SET (id, hash) = (SELECT id, hash FROM history ORDER BY id DESC LIMIT 1)"))
    with store._engine.connect() as tx, tx.execution_options(writes=True).begin():
        tx.execute(text("ANALYZE"))


def _later(store: Store, instant: str) -> str:
    """The instant of a copy: else all copies of one would be due in the same minute."""
    if store.dialect == "sqlite":
        return f"strftime('%Y-%m-%d %H:%M:%S', {instant}, '+' || (k * {MINUTES_APART}) || ' minutes') || substr({instant}, 20)"
    return f"{instant} + k * interval '{MINUTES_APART} minutes'"


def _copy(table: Table, times: int, models: str, other: dict[str, str]) -> str:
    names = [f'"{column.name}"' for column in table.columns]
    values = ", ".join(other.get(name.strip('"'), name) for name in names)
    return (
        f"WITH RECURSIVE copy(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM copy WHERE k < {times - 1}) "
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM {table.name}, copy WHERE {models}"
    )
