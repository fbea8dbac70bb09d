"""What backups must bear: files that go bad (a bit flips, an end is missing, a piece is zeros or doubled), and writers meanwhile."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from gridmap.store import Store, history
from tests.builders import ALL
from tests.small_land import NOW


def damaged(whole: bytes, seed: int) -> bytes:
    """The file with one thing wrong; never as it was."""
    chance = random.Random(seed)
    place = chance.choice((chance.randrange(len(whole)), chance.randrange(200), len(whole) - 1 - chance.randrange(200))) % len(whole)
    match chance.randrange(5):
        case 0:
            return whole[:place]
        case 1:
            return whole[:place] + bytes(4096) + whole[place + 4096 :] + (b"" if any(whole[place : place + 4096]) else b"x")
        case 2:
            return whole[:place] + whole[place : place + 512] + whole[place:]
        case _:
            return whole[:place] + bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :]


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@contextmanager
def writers(store: Store) -> Iterator[list[int]]:
    """Two who write history all the while; how many rows each of them has committed."""
    stop, written = Event(), [0, 0]

    def write(number: int) -> None:
        while not stop.is_set():
            with store.begin(ALL) as tx:
                history.hold(tx)
                history.record(tx, NOW, "draft.cut", f"draft:{number}")
            written[number] += 1

    threads = [Thread(target=write, args=(number,)) for number in (0, 1)]
    for each in threads:
        each.start()
    try:
        yield written
    finally:
        stop.set()
        for each in threads:
            each.join()
