"""Cells that nobody answers for get a worker, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
import shapely

from gridmap.duty import Duty, Post, Worker
from gridmap.errors import NoEditionInForce
from gridmap.flows.post_workers import WorkersNone, post_workers
from gridmap.grid import Area, Level
from gridmap.store import Store, editions, people
from tests.builders import ALL, OPERATOR

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)


def publish(store: Store, cells: int, at: datetime) -> None:
    """A village of cells side by side."""
    village = Area("v", Level.VILLAGE, "village", "t", shapely.box(0, 0, 10, 1))
    made = [Area(f"v{n:03}", Level.CELL, f"cell {n}", "v", shapely.box(n, 0, n + 1, 1)) for n in range(cells)]
    with store.begin(ALL) as tx:
        township = Area("t", Level.TOWNSHIP, "township", None, shapely.box(0, 0, 10, 1))
        editions.add(tx, [township, village, *made], in_force_from=at, recorded_at=at)


def register(store: Store, count: int) -> None:
    with store.begin(ALL) as tx:
        people.put_workers(tx, [Worker(f"w{n}", f"Worker {n}") for n in range(count)])


def standing(store: Store, duty: Duty, at: datetime) -> dict[str, str]:
    with store.read(ALL) as tx:
        return {post.area: post.worker for post in people.posts(tx, at=at) if post.duty is duty}


def test_every_cell_gets_a_worker_and_another_as_backup(store: Store) -> None:
    publish(store, 3, NOW)
    register(store, 3)
    assert post_workers(store, now=NOW, actor=OPERATOR).posted == 3
    workers, backups = standing(store, Duty.WORKER, NOW), standing(store, Duty.BACKUP, NOW)
    assert sorted(workers.values()) == ["w0", "w1", "w2"]
    assert all(backups[cell] != workers[cell] for cell in workers)


def test_who_stands_somewhere_stays_and_new_cells_get_those_without_a_post(store: Store) -> None:
    publish(store, 2, NOW)
    register(store, 4)
    with store.begin(ALL) as tx:
        people.put_posts(tx, [Post("w3", "v000", Duty.WORKER, NOW), Post("w2", "v000", Duty.BACKUP, NOW)])
    assert post_workers(store, now=NOW, actor=OPERATOR).posted == 1
    assert standing(store, Duty.WORKER, NOW) == {"v000": "w3", "v001": "w0"}
    later = NOW + timedelta(days=30)
    publish(store, 4, later)
    assert post_workers(store, now=later, actor=OPERATOR).posted == 2
    assert set(standing(store, Duty.WORKER, later)) == {"v000", "v001", "v002", "v003"}
    assert standing(store, Duty.BACKUP, later)["v000"] == "w2"


def test_asked_again_it_changes_nothing(store: Store) -> None:
    publish(store, 3, NOW)
    register(store, 2)
    post_workers(store, now=NOW, actor=OPERATOR)
    before = standing(store, Duty.WORKER, NOW)
    assert post_workers(store, now=NOW + timedelta(hours=1), actor=OPERATOR).posted == 0
    assert standing(store, Duty.WORKER, NOW + timedelta(hours=1)) == before


def test_without_an_edition_or_workers_it_says_what_to_do_first(store: Store) -> None:
    with pytest.raises(NoEditionInForce):
        post_workers(store, now=NOW, actor=OPERATOR)
    publish(store, 1, NOW)
    with pytest.raises(WorkersNone, match="gridmap import workers"):
        post_workers(store, now=NOW, actor=OPERATOR)
