"""What is put in comes out again, to the last bit, on both databases."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import shapely
from shapely import LineString, MultiPolygon, Polygon, box
from sqlalchemy.exc import StatementError

from gridmap.duty import Duty, Post, Worker
from gridmap.errors import IncidentMissing
from gridmap.store import Store, incidents, land, people
from gridmap.store.faults import TextUnusable
from tests.builders import ALL
from tests.store import build


def _nasty_polygons(count: int) -> list[Polygon | MultiPolygon]:
    """Rings with coordinates that no short text can hold, some with holes, some of several parts."""
    rng = np.random.default_rng(7)
    made: list[Polygon | MultiPolygon] = []
    for n in range(count):
        centre = rng.uniform((-180, -90), (180, 90)) / (1 if n % 3 else 1e-300)
        angles = np.sort(rng.uniform(0, 2 * np.pi, 12))
        ring = np.nextafter(rng.uniform(-180, 180) + np.column_stack([np.cos(angles), np.sin(angles)]) / 3, np.inf)
        polygon = Polygon(ring, [box(*np.sort(rng.uniform(0, 1, 4)).tolist()).exterior.coords] if n % 2 else [])
        made.append(MultiPolygon([polygon, box(-0.0, 5e-324, 1 / 3, 0.1 + 0.2)]) if n % 4 == 0 else polygon)
        made.append(LineString([centre.tolist() if n % 3 else [1 / 3, 2 / 3], [float(np.pi), float(np.e)]]))
    return made


def test_every_bit_of_a_shape_comes_back(store):
    shapes = _nasty_polygons(60)
    with store.begin(ALL) as tx:
        land.put_lines(tx, "barrier", shapes, [""] * len(shapes))
    with store.read(ALL) as tx:
        found = [shape for _, shape in land.shapes(tx, "barrier")]
    assert [shapely.to_wkb(shape) for shape in found] == [shapely.to_wkb(shape) for shape in shapes]


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
        datetime(2026, 11, 1, 1, 30, tzinfo=timezone(timedelta(hours=8))),
        datetime(1, 1, 1, 0, 0, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    ],
)
def test_an_instant_comes_back_in_utc_to_the_microsecond(store, instant):
    with store.begin(ALL) as tx:
        people.put_workers(tx, build.WORKERS)
        people.put_posts(tx, [Post("w1", "x", Duty.WORKER, instant)])
    with store.read(ALL) as tx:
        (post,) = people.posts(tx)
    assert post.since == instant
    assert post.since.tzinfo is UTC


@pytest.mark.parametrize(("last", "hours"), [(datetime.min.replace(tzinfo=UTC), 14), (datetime.max.replace(tzinfo=UTC), -14)])
def test_an_instant_before_the_first_or_after_the_last_is_as_far_as_there_is(store, last, hours):
    with store.begin(ALL) as tx:
        people.put_workers(tx, build.WORKERS)
        people.put_posts(tx, [Post("w1", "x", Duty.WORKER, last.replace(tzinfo=timezone(timedelta(hours=hours))))])
    with store.read(ALL) as tx:
        (post,) = people.posts(tx)
    assert post.since == last


def test_a_naive_instant_is_refused(store):
    naive = datetime(2026, 3, 1)  # noqa: DTZ001
    with store.begin(ALL) as tx:
        people.put_workers(tx, build.WORKERS)
    with pytest.raises(StatementError, match="naive"), store.begin(ALL) as tx:
        people.put_posts(tx, [Post("w1", "x", Duty.WORKER, naive)])


def test_codes_are_in_the_same_order_on_every_database(store):
    mixed = ["b", "A", "a", "B", "é", "10", "9", "甲", "_", "-"]
    with store.begin(ALL) as tx:
        people.put_workers(tx, [Worker(code, code) for code in mixed])
    with store.read(ALL) as tx:
        assert [worker.id for worker in people.workers(tx)] == sorted(mixed)


def test_text_of_any_language_and_shape_comes_back(store):
    text = "路面\U0001f6a7 <img src=x> '; DROP TABLE worker; -- \\ %s :name \n\t"
    with store.begin(ALL) as tx:
        people.put_workers(tx, [Worker("w", text, text, text)])
    with store.read(ALL) as tx:
        found = people.worker(tx, "w")
    assert found is not None
    assert found.name == found.phone == found.name_en == text


def test_text_that_no_database_can_hold_is_told(store):
    with pytest.raises(TextUnusable), store.begin(ALL) as tx:
        people.put_workers(tx, [Worker("w", "half a pair \ud83d")])
    with pytest.raises(IncidentMissing if store.dialect == "sqlite" else TextUnusable), store.read(ALL) as tx:
        incidents.get(tx, "2026-\x00")


def test_sqlite_is_kept_safe_against_power_loss_and_against_its_own_wal_fault(tmp_path):
    with closing(sqlite3.connect(tmp_path / "a.db")) as other:
        other.execute("PRAGMA journal_mode=WAL")
    with Store.open(f"sqlite:///{tmp_path}/a.db") as store, store.read(ALL) as tx:
        settings = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "delete", "synchronous": 3, "foreign_keys": 1, "busy_timeout": 5000}
