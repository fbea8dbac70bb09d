"""Work on all cores: compiled code runs without the interpreter's lock, so plain threads do."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Made = TypeVar("Made")
Given = TypeVar("Given")


@cache
def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def on_all_cores(count: int, least: int, work: Callable[[int, int], Made]) -> list[Made]:
    """work(begin, end) over parts of range(count), each of at least `least`, in order; several parts a core, since parts differ in cost."""
    parts = min(4 * cores(), count // least)
    if parts <= 1 or cores() == 1:
        return [work(0, count)] if count else []
    ends = [count * part // parts for part in range(parts + 1)]
    with ThreadPoolExecutor(cores()) as threads:
        return list(threads.map(work, ends[:-1], ends[1:]))


def in_order(items: Iterable[Given], work: Callable[[Given], Made]) -> Iterator[Made]:
    """work(item) for each, in their order, on all cores; however many there are, two a core at most are under way or wait to be taken."""
    under_way: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(cores()) as threads:
        try:
            for item in items:
                under_way.append(threads.submit(work, item))
                if len(under_way) > 2 * cores():
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            threads.shutdown(wait=True, cancel_futures=True)
