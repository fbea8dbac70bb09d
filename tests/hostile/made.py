"""What a hostile file is, and the names by which they are kept."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.photographs import CANARY

TEXT = CANARY.encode()
LARGEST = 20 * 2**20  # bytes: a larger one is refused before anything is done with it


class Hostile(NamedTuple):
    """How its bytes are made, and whether no picture may come of them."""

    make: Callable[[], bytes]
    refused: bool = False


Made = Iterator[tuple[str, Hostile]]


def ready(data: bytes, *, refused: bool = False) -> Hostile:
    """One that is small enough to be made at once."""
    return Hostile(lambda: data, refused)
