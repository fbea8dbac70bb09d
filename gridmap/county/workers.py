"""Made-up grid workers: a letter and a number for a name, and a phone that cannot be anyone's."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from gridmap.county.offices import phone
from gridmap.duty import Duty, Post, Worker
from gridmap.grid import Area

STEMS = "甲乙丙丁戊己庚辛壬癸"
HOUSEHOLDS_EACH = 66
"""About a cell's worth: there are nearly as many workers as cells, and a few stand in two."""


def workers(count: int) -> tuple[Worker, ...]:
    """`count` workers called 网格员甲001 (Worker A001) to 甲100, then 乙101 (B101) and so on; at most a thousand."""
    return tuple(_worker(number) for number in range(1, count + 1))


def _worker(number: int) -> Worker:
    series = (number - 1) // 100
    letter = chr(ord("A") + series)
    return Worker(f"W{number:04d}", f"网格员{STEMS[series]}{number:03d}", phone(2, number), f"Worker {letter}{number:03d}")


def workers_for(villages: Sequence[Area]) -> tuple[Worker, ...]:
    """As many workers as these villages' households ask for, before any cell is cut."""
    return workers(sum(max(round((village.households or 0) / HOUSEHOLDS_EACH), 1) for village in villages))


def village_posts(villages: Sequence[Area], staff: Sequence[Worker], *, since: datetime) -> Iterator[Post]:
    """Three posts per village, for counties whose cells are not drawn yet: a worker, a backup (the next village's worker) and a leader."""
    for at, village in enumerate(villages):
        following = staff[(at + 1) % len(villages)]
        leader = staff[len(villages) + at % (len(staff) - len(villages))]
        for duty, worker in ((Duty.WORKER, staff[at]), (Duty.BACKUP, following), (Duty.LEADER, leader)):
            yield Post(worker.id, village.code, duty, since)
