"""What everybody may see of a matter: its type, its day, whether it is settled, and the square of a coarse raster in which it lies.

Never its text, its place in words, its number, its minute or its point. The raster is fixed to the globe: asked a thousand times, it
tells no more than once. The village that is named is the square's, so that square and border together tell no more than the square.
"""

import math
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gridmap.catalogue import Kind

# Things and events in public space. Quarrels and services are about people; of an unknown type nobody knows what it is about.
PUBLIC_KINDS = frozenset({Kind.COMPONENT, Kind.EVENT})

STEP = 0.0045  # degrees of latitude: about 500 m
ROWS = 40_000  # of STEP, from pole to pole
SQUARE_M = 500
_DIGITS = 6


class PublicState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Square:
    """A square of the raster by its centre, in degrees, and half its sides."""

    lon: float
    lat: float
    half_lon: float
    half_lat: float

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north)."""
        return (
            round(self.lon - self.half_lon, _DIGITS),
            round(self.lat - self.half_lat, _DIGITS),
            round(self.lon + self.half_lon, _DIGITS),
            round(self.lat + self.half_lat, _DIGITS),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicMatter:
    """An incident as the public sees it: `lon`, `lat` are the centre of its square, `day` is the county's, ISO."""

    issue: str
    state: PublicState
    day: str
    edition: int
    village: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicCount:
    """How many matters of one type and state lie in one square, and on which days the first and the last were reported."""

    issue: str
    state: PublicState
    edition: int
    village: str
    lon: float
    lat: float
    count: int
    first: date
    last: date


def square_of(lon: float, lat: float) -> Square:
    """The square that holds a point in degrees; the same for every point in it. Rows are STEP high, squares about as wide as high."""
    row = min(max(math.floor((lat + 90) / STEP), 0), ROWS - 1)
    middle = (row + 0.5) * STEP - 90
    columns = max(math.floor(360 * math.cos(math.radians(middle)) / STEP), 1)
    wide = 360 / columns
    column = min(max(math.floor((lon + 180) / wide), 0), columns - 1)
    return Square(round((column + 0.5) * wide - 180, _DIGITS), round(middle, _DIGITS), wide / 2, STEP / 2)
