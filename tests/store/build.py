"""Small nouns for the tests of the store: a land of squares, staff plainly made up, reports."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from shapely import box

from gridmap.catalogue import Grade, Urgency
from gridmap.duty import Duty, Office, OfficeKind, Post, Worker
from gridmap.grid import Area, Level
from gridmap.incidents import Channel, Incident, Report, State
from gridmap.store import Store, Tx, editions, ids, incidents, offices, people
from gridmap.store.incidents import Received
from gridmap.words import Sentence
from tests.builders import ALL

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def land(shift: float = 0.0) -> tuple[Area, ...]:
    """One township of one village of two cells, side by side; `shift` moves the border between the cells east."""
    middle = 1 / 3 + shift
    return (
        Area("330100001", Level.TOWNSHIP, "甲镇", None, box(0, 0, 1, 1), "Township A"),
        Area("330100001001", Level.VILLAGE, "乙村", "330100001", box(0, 0, 1, 1), "Village B", 130),
        Area("330100001001001", Level.CELL, "第一网格", "330100001001", box(0, 0, middle, 1), "Cell 1", 70),
        Area("330100001001002", Level.CELL, "第二网格", "330100001001", box(middle, 0, 1, 1), "Cell 2", 60),
    )


WORKERS = (Worker("w1", "网格员甲01", "0571-0001", "Worker A01"), Worker("w2", "网格员甲02", "0571-0002", "Worker A02"))
OFFICES = (
    Office("c1", "甲镇综治中心", OfficeKind.CENTRE, "330100001", "0571-1000", "Centre A"),
    Office("d1", "城管局", OfficeKind.DEPARTMENT, None, "", "City management"),
)


def settle(store: Store) -> None:
    """Land, workers, posts and offices, so that incidents have something to name."""
    with store.begin(ALL) as tx:
        editions.add(tx, land(), in_force_from=NOON, recorded_at=NOON)
        people.put_workers(tx, WORKERS)
        people.put_posts(tx, [Post("w1", "330100001001001", Duty.WORKER, NOON)])
        offices.put(tx, OFFICES)


class Undone(Exception):
    """Raised to have a transaction rolled back."""


@contextmanager
def undone(store: Store) -> Iterator[Tx]:
    """A write transaction that is rolled back at its end."""
    with suppress(Undone), store.begin(ALL) as tx:
        yield tx
        raise Undone


def report(key: str = "", sender: str = "hotline") -> Report:
    return Report(
        issue="pothole", channel=Channel.HOTLINE, at=NOON, text="路面坑洼 <b>", place="一号路",
        lon=120.1234567890123, lat=30.1, datum="gcj02", accuracy_m=12.5, sender=sender, sender_number="H-1", key=key,
    )  # fmt: skip


def incident(number: str, *, at: datetime = NOON, lon: float | None = 0.1, cell: str | None = "330100001001001") -> Incident:
    placed = cell is not None
    return Incident(
        id=ids.new(at), number=number, state=State.DISPATCHED if placed else State.TRIAGE, issue="pothole", channel=Channel.HOTLINE,
        at=at, recorded_at=at, grade=Grade.GENERAL, urgency=Urgency.TODAY, text="路面坑洼 <b>", lon=lon, lat=None if lon is None else 0.5,
        edition=1 if placed else None, township="330100001" if placed else None, village="330100001001" if placed else None, cell=cell,
        worker="w1" if placed else None, office="c1" if placed else None, how="inside" if placed else None,
        distance_m=0.0 if placed else None, border_m=12.25 if placed else None,
        candidates=({"code": "330100001001002", "share": 0.25},), reasons=(Sentence("reason.example", {"name": "甲", "metres": 1.5}),),
    )  # fmt: skip


def received(one: Incident, *, key: str = "", sender: str = "hotline", answer: str = "first") -> Received:
    return Received(
        report_id=ids.new(one.recorded_at), report=report(key, sender), incident=one, body_hash="0" * 64,
        by="tester", answer={"z": answer, "a": one.number}, raw={"text": "路面坑洼"},
    )  # fmt: skip


def keep(tx: Tx, count: int = 1, *, lon: float | None = 0.1, cell: str | None = "330100001001001") -> list[Incident]:
    """`count` new incidents, kept."""
    made = [incident(number, lon=lon, cell=cell) for number in incidents.numbers(tx, count, year=2026)]
    incidents.add_many(tx, [received(one) for one in made])
    return made


def counted(states: dict[State, int]) -> dict[State, int]:
    """The states that there is anything in."""
    return {state: count for state, count in states.items() if count}
