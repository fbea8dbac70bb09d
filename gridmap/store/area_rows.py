"""Areas as rows and back, for editions and drafts alike."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from gridmap.grid import LEVELS, Area, Level

COLUMNS = ("code", "level", "parent", "name", "name_en", "households", "shape")


def in_order(areas: Iterable[Area]) -> tuple[Area, ...]:
    """The widest level first, then by code: the same order on every database, on which "the earlier area owns" rests."""
    return tuple(sorted(areas, key=lambda area: (LEVELS.index(area.level), area.code)))


def as_row(area: Area) -> dict[str, Any]:
    return {column: getattr(area, column) for column in COLUMNS} | {"level": str(area.level)}


def as_area(row: Row[Any]) -> Area:
    facts = {column: row._mapping[column] for column in COLUMNS}
    return Area(**facts | {"level": Level(facts["level"])})
