"""Cells on plain GeoDataFrames, without a database or a service: cut and redrawn in the coordinate system that they came in."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.errors import BadInput, FrameColumnMissing
from gridmap.geometry.crs import LONLAT
from gridmap.grid import Area, Households, Level
from gridmap.grid.crosswalk import owners_of
from gridmap.planning.cutting import CutException, cut_villages
from gridmap.planning.redrawing import redraw as redraw_villages
from gridmap.planning.seams import sew, union_of
from gridmap.planning.targets import Targets
from gridmap.words import Lang

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

Watch = Callable[[int], object]


class FrameCountUnusable(BadInput):
    """A number of households is no whole number of 0 or more; facts: column, row, value."""


class FrameShapeMissing(BadInput):
    """A row of a frame has no shape; facts: frame, row."""


class FrameCellsOverlap(BadInput):
    """Cells that are to be redrawn overlap, or do not carry each other's corners; facts: village."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What a cut or a redraw ends with, in the coordinate system that cells or villages came in.

    `cells`: code, name, name_en, village, households; `households`: the rows as they were given, with the code of their `cell` (None
    outside of all); `exceptions`: a point for each cell out of the bounds and each household outside: code, village, households, reason.
    """

    cells: "GeoDataFrame"
    households: "GeoDataFrame"
    exceptions: "GeoDataFrame"


@dataclass(frozen=True, slots=True, eq=False)
class Redrawn(Drawn):
    """Beside: `offers`, what each reach would have given (households moved, cells touched, cells out of the bounds), and the least that
    anybody had to move (`fewest` households) and to change (`fewest_touched` cells)."""

    offers: "DataFrame"
    fewest: int
    fewest_touched: int


def cut(
    villages: "GeoDataFrame",
    households: "GeoDataFrame",
    *,
    barriers: "GeoDataFrame | None" = None,
    bridges: "GeoDataFrame | None" = None,
    streets: "GeoDataFrame | None" = None,
    code: str = "code",
    count: str | None = "households",
    low: int = 50,
    high: int = 80,
    seed: int = 0,
    town: int = 0,
    rural: int = 0,
    retired: Collection[str] = (),
    processes: int = 1,
    lang: Lang = "en",
    advance: Watch = lambda steps: None,
) -> Drawn:
    """Cut villages into cells of `low` to `high` households, as `cut_villages` does.

    Frames may be in any coordinate system; one that names none is in degrees (lon, lat). Villages are polygons with a `code`; households
    are points (of other shapes a point within counts) with how many live there in the column `count`, one each where that is None.
    Barriers (rivers, railways) are lines or areas that no cell crosses but at `bridges`; at `streets` cells would rather end.
    `town` and `rural` are about how many households a cell of either kind of village should have (0: any number within).
    FrameColumnMissing, FrameShapeMissing, FrameCountUnusable, and what `cut_villages` refuses.
    """
    land, people = _villages(villages, code), _people(households, count)
    made = cut_villages(
        land, people, _shapes(barriers), _shapes(bridges), streets=_shapes(streets), low=low, high=high, seed=seed,
        targets=Targets(town, rural), retired=retired, processes=processes, advance=advance,
    )  # fmt: skip
    crs = _crs(villages)
    told = exception_frame(made.exceptions, lang).to_crs(crs)
    return Drawn(cell_frame(made.cells, land, crs), _with_cell(households, made.cell_of), told)


def redraw(
    cells: "GeoDataFrame",
    households: "GeoDataFrame",
    *,
    barriers: "GeoDataFrame | None" = None,
    bridges: "GeoDataFrame | None" = None,
    streets: "GeoDataFrame | None" = None,
    code: str = "code",
    village: str = "village",
    count: str | None = "households",
    low: int = 50,
    high: int = 80,
    seed: int = 0,
    locked: Collection[str] = (),
    retired: Collection[str] = (),
    lang: Lang = "en",
    advance: Watch = lambda steps: None,
) -> Redrawn:
    """Bring cells that tile their villages into the bounds for the households that there are now, moving few of them.

    Frames are as in `cut`; `cells` have a `code` and the code of their `village`, and keep name and name_en where they have them. Cells
    in `locked` stay as they are. FrameCellsOverlap, and what `cut` refuses.
    """
    own = _cells(cells, code, village)
    land = [_village_of(code, own) for code in dict.fromkeys(cell.parent for cell in own if cell.parent)]
    people = _people(households, count)
    made = redraw_villages(
        land, own, people, _shapes(barriers), _shapes(bridges), streets=_shapes(streets), low=low, high=high, seed=seed,
        locked=locked, retired=retired, advance=advance,
    )  # fmt: skip
    crs, owner = _crs(cells), owners_of(made.cells, people.lon, people.lat)
    of = np.array([*(cell.code for cell in made.cells), ""], dtype=object)[owner]
    drawn = cell_frame(made.cells, land, crs), _with_cell(households, of), exception_frame(made.exceptions, lang).to_crs(crs)
    return Redrawn(*drawn, _offers([asdict(offer) for offer in made.offers]), made.fewest, made.fewest_touched)


def cell_frame(cells: Sequence[Area], villages: Sequence[Area], crs: Any) -> "GeoDataFrame":
    """Cells in `crs`, where they tile their villages exactly, too.

    A straight border is straight in one coordinate system only: corners that cells set upon it are put upon it again.
    """
    columns = {
        "code": [cell.code for cell in cells],
        "name": [cell.name for cell in cells],
        "name_en": [cell.name_en for cell in cells],
        "village": [cell.parent for cell in cells],
        "households": [cell.households for cell in cells],
    }
    found = _frame(columns, [cell.shape for cell in cells]).to_crs(crs)
    land = _frame({"code": [village.code for village in villages]}, [village.shape for village in villages]).to_crs(crs)
    groups = [list(found.geometry[found.village == code]) for code in land.code]
    sewn: GeoDataFrame = found.set_geometry([cell for group in sew(list(land.geometry), groups) for cell in group], crs=found.crs)
    # A building within millimetres of a long border can come to lie beyond it: then the border stays bent by as much.
    return sewn if sewn.is_valid.all() else found


def exception_frame(told: Sequence[CutException], lang: Lang) -> "GeoDataFrame":
    """Each exception at its place, in degrees."""
    columns = {
        "code": [one.code or None for one in told],
        "village": [one.village or None for one in told],
        "households": [one.households for one in told],
        "reason": [one.reason.text(lang) for one in told],
    }
    return _frame(columns, [shapely.Point(one.lon, one.lat) for one in told])


def _frame(columns: dict[str, Any], shapes: Sequence[BaseGeometry]) -> "GeoDataFrame":
    from geopandas import GeoDataFrame  # noqa: PLC0415 (who has no frames does not wait for it)

    return GeoDataFrame(columns, geometry=list(shapes), crs=LONLAT)


def _offers(rows: list[dict[str, Any]]) -> "DataFrame":
    from pandas import DataFrame  # noqa: PLC0415 (as above)

    return DataFrame([row | {"reach": str(row["reach"])} for row in rows])


def _crs(frame: "GeoDataFrame") -> Any:
    return frame.crs or LONLAT


def _column(frame: "GeoDataFrame", column: str, called: str) -> list[Any]:
    if column not in frame.columns:
        raise FrameColumnMissing(column=column, frame=called, columns=", ".join(map(str, frame.columns)))
    values: list[Any] = frame[column].tolist()
    return values


def _shapes(frame: "GeoDataFrame | None", called: str = "") -> list[BaseGeometry]:
    """In degrees; with a name of the frame each row must have one. FrameShapeMissing."""
    if frame is None:
        return []
    found = list((frame.to_crs(LONLAT) if frame.crs else frame).geometry)
    empty = [row for row, shape in zip(frame.index, found, strict=True) if shape is None or shape.is_empty]
    if called and empty:
        raise FrameShapeMissing(frame=called, row=empty[0])
    return [shape for shape in found if shape is not None]


def _villages(frame: "GeoDataFrame", code: str) -> list[Area]:
    rows = zip(map(str, _column(frame, code, "villages")), _shapes(frame, "villages"), strict=True)
    return [Area(one, Level.VILLAGE, one, None, shape) for one, shape in rows]


def _village_of(code: str, cells: Sequence[Area]) -> Area:
    """The village as the land of its cells. FrameCellsOverlap."""
    land: Any = union_of([cell.shape for cell in cells if cell.parent == code])
    if not land.is_valid:
        raise FrameCellsOverlap(village=code)
    return Area(code, Level.VILLAGE, code, None, land)


def _cells(frame: "GeoDataFrame", code: str, village: str) -> list[Area]:
    codes, parents = _column(frame, code, "cells"), _column(frame, village, "cells")
    names, english = (frame[each].tolist() if each in frame.columns else codes for each in ("name", "name_en"))
    rows = zip(codes, names, parents, _shapes(frame, "cells"), english, strict=True)
    return [Area(str(one), Level.CELL, str(name), str(parent), shape, str(name_en)) for one, name, parent, shape, name_en in rows]


def _people(frame: "GeoDataFrame", count: str | None) -> Households:
    spots = shapely.get_coordinates(shapely.point_on_surface(np.array(_shapes(frame, "households"), dtype=object)))
    counts = np.ones(len(frame), dtype=np.int64) if count is None else _counts(frame, count)
    return Households(frame.index.to_numpy().astype(np.str_), spots[:, 0], spots[:, 1], counts)


def _counts(frame: "GeoDataFrame", column: str) -> NDArray[np.int64]:
    for row, value in zip(frame.index, _column(frame, column, "households"), strict=True):
        if not (isinstance(value, (int, float)) and value >= 0 and float(value).is_integer()):
            raise FrameCountUnusable(column=column, row=row, value=value)
    return frame[column].to_numpy().astype(np.int64)


def _with_cell(households: "GeoDataFrame", cell_of: NDArray[np.object_]) -> "GeoDataFrame":
    return households.assign(cell=[code or None for code in cell_of])
