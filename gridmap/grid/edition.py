"""One whole, numbered, immutable set of areas, in force from an instant."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import shapely

from gridmap.errors import AreaMissing
from gridmap.grid.area import LEVELS, Area, Level


@dataclass(frozen=True, slots=True)
class EditionHead:
    """An edition without its areas: what a list of editions shows. Instants are aware UTC."""

    number: int
    in_force_from: datetime
    recorded_at: datetime
    note: str
    areas: int
    actor: str = ""


@dataclass(frozen=True)
class Edition:
    """Every area of the county as it holds from `in_force_from` until the next edition's."""

    number: int
    in_force_from: datetime
    recorded_at: datetime
    areas: tuple[Area, ...]
    note: str = ""
    actor: str = ""

    @cached_property
    def by_code(self) -> Mapping[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def finest(self) -> Level:
        """The lowest level that this edition has areas of; editions without cells are legal."""
        return max((area.level for area in self.areas), key=LEVELS.index, default=Level.TOWNSHIP)

    @cached_property
    def digest(self) -> str:
        """A hash of codes, levels, parents and shapes: equal land has an equal digest, whatever its number."""
        seal = hashlib.sha256()
        for area in sorted(self.areas, key=lambda a: a.code):
            seal.update(f"{area.code}\n{area.level}\n{area.parent}\n".encode())
            seal.update(shapely.to_wkb(area.shape))
        return seal.hexdigest()

    def area(self, code: str) -> Area:
        """The area of this code, or AreaMissing."""
        if code not in self.by_code:
            raise AreaMissing(code=code, edition=self.number)
        return self.by_code[code]

    def at(self, level: Level) -> tuple[Area, ...]:
        return tuple(area for area in self.areas if area.level == level)

    def children(self, code: str) -> tuple[Area, ...]:
        return tuple(area for area in self.areas if area.parent == code)

    def path(self, code: str) -> tuple[Area, ...]:
        """The area and all that hold it, the widest first: township, village, cell."""
        found: list[Area] = []
        step: str | None = code
        while step is not None:
            found.append(self.area(step))
            step = found[-1].parent
        return tuple(reversed(found))

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """(west, south, east, north) of everything, in degrees."""
        west, south, east, north = shapely.total_bounds(np.array([a.shape for a in self.areas], dtype=object)).tolist()
        return west, south, east, north
