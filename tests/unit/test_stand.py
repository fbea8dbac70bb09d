"""The first roster: who stands where when nobody has said so yet."""

from collections import Counter
from datetime import UTC, datetime

import shapely

from gridmap.duty import Duty, Worker
from gridmap.grid import Area, Level
from gridmap.roster import stand

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def cells(*sizes: int) -> list[Area]:
    """A village of each size, cells numbered within it."""
    return [
        Area(f"v{village}{number:03}", Level.CELL, f"cell {number}", f"v{village}", shapely.box(number, village, number + 1, village + 1))
        for village, size in enumerate(sizes)
        for number in range(size)
    ]


def workers(count: int) -> list[Worker]:
    return [Worker(f"w{number:03}", f"Worker {number}") for number in range(count)]


def test_every_cell_gets_one_worker_and_another_as_backup() -> None:
    posts = stand(cells(3, 1, 4), workers(8), since=SINCE)
    by_cell = {(post.area, post.duty): post.worker for post in posts}
    for cell in cells(3, 1, 4):
        assert by_cell[cell.code, Duty.WORKER] != by_cell[cell.code, Duty.BACKUP]
    assert len(posts) == 16


def test_the_backup_comes_from_the_same_village_where_it_has_another_worker() -> None:
    posts = stand(cells(3, 4), workers(7), since=SINCE)
    village_of = {post.worker: post.area[:2] for post in posts if post.duty is Duty.WORKER}
    assert all(village_of[post.worker] == post.area[:2] for post in posts if post.duty is Duty.BACKUP)


def test_fewer_workers_than_cells_share_them_evenly() -> None:
    posts = stand(cells(5, 5), workers(4), since=SINCE)
    load = Counter(post.worker for post in posts if post.duty is Duty.WORKER)
    assert set(load.values()) == {2, 3}


def test_one_worker_alone_has_no_backup_and_no_worker_stands_nowhere() -> None:
    assert {post.duty for post in stand(cells(2), workers(1), since=SINCE)} == {Duty.WORKER}
    assert stand(cells(2), [], since=SINCE) == ()
