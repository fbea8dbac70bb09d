"""Which areas own a point, and how sure that is."""

from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """How a point found its area; the words of `gridmap match`."""

    INSIDE = "inside"
    BORDER = "border"  # owned, but nearer to a border than the accuracy
    NEAREST = "nearest"  # owned by none; the nearest area within the snap distance
    OUTSIDE = "outside"
    INVALID = "invalid"  # no usable coordinates


@dataclass(frozen=True, slots=True)
class Candidate:
    """An area that the accuracy circle touches, with its share of the circle (0 to 1)."""

    code: str
    share: float


@dataclass(frozen=True, slots=True)
class Match:
    """The answer to "whose point is this": `path` holds codes, the widest first, empty when no area was found.

    `distance_m` is to the nearest area (0 where one owns the point), `border_m` to the owner's border; metres.
    """

    edition: int
    how: How
    path: tuple[str, ...] = ()
    distance_m: float | None = None
    border_m: float | None = None
    candidates: tuple[Candidate, ...] = ()

    @property
    def code(self) -> str | None:
        """The finest area found."""
        return self.path[-1] if self.path else None
