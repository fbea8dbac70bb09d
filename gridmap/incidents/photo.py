"""A photo of a matter: named by the SHA-256 of the bytes that its sender has, brought when there is a connection, shown drawn anew.

A report counts without its photos. A photo is known by its name only to who sends it and to who works with the incident; it is never
public, and it ends.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.errors import BadInput

MOST_NAMED = 20  # by one report
# What was named and never came, and what came in part, is forgotten: a phone that finds its way back after that begins anew.
NAMED_FOR = timedelta(days=30)
IN_PARTS_FOR = timedelta(days=3)
STILL_FOR = timedelta(minutes=10)  # where there is no room for more: after that long without a part, what came of a file makes room
_NAME = re.compile("[0-9a-f]{64}")


class PhotoNameUnusable(BadInput):
    """A photo is named by its SHA-256, 64 of 0-9 and a-f; facts: none."""


class PhotosNamedTwice(BadInput):
    """One photo is named twice; facts: none."""


class PhotosNamedMany(BadInput):
    """More photos are named than a report may have; facts: most."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as far as it is here: `have` bytes of what its sender has; from `arrived_at` on the picture, of this size in pixels.

    `holder` is the report, or for what came with the work the incident, to which it was given.
    """

    holder: str
    sha256: str
    have: int
    arrived_at: datetime | None
    kept_until: datetime
    width: int | None
    height: int | None

    @property
    def is_awaited(self) -> bool:
        """Whether there is no more of it than its name."""
        return self.have == 0 and self.arrived_at is None


def is_photo_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def short_name(sha256: str) -> str:
    """As much of a photo's name as people read."""
    return sha256[:8]


def check_photo_name(sha256: str) -> None:
    """PhotoNameUnusable for what is no SHA-256 in small letters."""
    if not is_photo_name(sha256):
        raise PhotoNameUnusable


def check_photo_names(named: Sequence[str]) -> None:
    """PhotoNameUnusable, PhotosNamedTwice, PhotosNamedMany."""
    if len(named) > MOST_NAMED:
        raise PhotosNamedMany(most=MOST_NAMED)
    for sha256 in named:
        check_photo_name(sha256)
    if len(set(named)) < len(named):
        raise PhotosNamedTwice
