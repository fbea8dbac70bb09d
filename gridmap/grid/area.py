"""The polygon of one level, and the three levels."""

from dataclasses import dataclass
from enum import StrEnum

from shapely import MultiPolygon, Polygon


class Level(StrEnum):
    """The three levels of the grid, the widest first (一级/二级/三级网格)."""

    TOWNSHIP = "township"
    VILLAGE = "village"
    CELL = "cell"

    @property
    def above(self) -> "Level | None":
        """The level that holds this one; None for townships."""
        return {Level.VILLAGE: Level.TOWNSHIP, Level.CELL: Level.VILLAGE}.get(self)


LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Area:
    """One polygon of any level, in EPSG:4326 (lon, lat).

    Codes are text: county codes have 9, 12 and 15 digits (parent + 3), other lands number as they like.
    `households` is a count, known once households were imported or the cell was cut.
    """

    code: str
    level: Level
    name: str
    parent: str | None
    shape: Polygon | MultiPolygon
    name_en: str = ""
    households: int | None = None

    def name_in(self, lang: str) -> str:
        """The name for readers of `lang`: the English one where there is one."""
        return self.name_en if lang == "en" and self.name_en else self.name
