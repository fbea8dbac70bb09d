"""What sheets show: cells with who stands there, the villages and townships around them, streets, water and railways.

All of it can come from an edition or from GeoDataFrames alone; shapes are in EPSG:4326 (lon, lat).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gridmap.errors import FrameColumnMissing, NotFound
from gridmap.geometry.crs import LONLAT, Bounds
from gridmap.words import Lang


class SheetAreaMissing(NotFound):
    """What should be printed is not among what was given; facts: code."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name, and the one for English readers where there is one."""

    name: str
    name_en: str = ""

    def name_in(self, lang: Lang) -> str:
        return self.name_en if lang == "en" and self.name_en else self.name


@dataclass(frozen=True, slots=True)
class Person(Named):
    """Who stands somewhere: name and service phone, nothing else."""

    id: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Plot(Named):
    """A cell as a sheet shows it."""

    code: str = ""
    village: str = ""
    shape: BaseGeometry | None = None
    worker: Person | None = None
    backup: Person | None = None
    households: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Place(Named):
    """A village or township; `phone` is its service centre's, called `centre`."""

    code: str = ""
    parent: str = ""
    shape: BaseGeometry | None = None
    centre: str = ""
    centre_en: str = ""
    phone: str = ""

    def centre_in(self, lang: Lang) -> str:
        return self.centre_en if lang == "en" and self.centre_en else self.centre


class Ground(StrEnum):
    """What lies on the land besides areas."""

    STREET = "street"
    WATER = "water"
    RAILWAY = "railway"
    BARRIER = "barrier"


KINDS = (
    (Ground.RAILWAY, re.compile(r"铁路|轨道|地铁|\brail|subway", re.IGNORECASE)),
    (Ground.WATER, re.compile(r"[河江溪渠湖库]|\briver|canal|creek|stream|lake", re.IGNORECASE)),
)


def ground_of(name: str, shape: BaseGeometry) -> Ground:
    """What a barrier is, by its name; a surface is water."""
    if shapely.get_dimensions(shape) == 2:
        return Ground.WATER
    return next((kind for kind, words in KINDS if words.search(name)), Ground.BARRIER)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which edition a sheet is of, and since when that holds (an aware instant in the county's zone)."""

    number: int
    in_force_from: datetime


@dataclass(frozen=True, eq=False)
class Subject:
    """Everything that sheets may show, of one edition."""

    plots: tuple[Plot, ...]
    villages: tuple[Place, ...] = ()
    townships: tuple[Place, ...] = ()
    ground: Mapping[Ground, tuple[tuple[str, BaseGeometry], ...]] = field(default_factory=dict)
    stamp: Stamp | None = None
    county: Place | None = None

    @cached_property
    def village_of(self) -> Mapping[str, Place]:
        return {village.code: village for village in self.villages}

    @cached_property
    def township_of(self) -> Mapping[str, Place]:
        return {township.code: township for township in self.townships}

    @cached_property
    def plots_of(self) -> Mapping[str, tuple[Plot, ...]]:
        found: dict[str, list[Plot]] = {}
        for plot in sorted(self.plots, key=lambda plot: plot.code):
            found.setdefault(plot.village, []).append(plot)
        return {code: tuple(plots) for code, plots in found.items()}

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        """The shapes of `plots`, in their order."""
        return np.array([plot.shape for plot in self.plots], dtype=object)

    @cached_property
    def bounds(self) -> Bounds:
        """Around everything (west, south, east, north)."""
        areas: tuple[Plot | Place, ...] = (*self.plots, *self.villages, *self.townships)
        every = [each.shape for each in areas if each.shape is not None]
        west, south, east, north = shapely.total_bounds(np.array(every, dtype=object)).tolist()
        return west, south, east, north

    def village(self, code: str) -> Place:
        """The village of this code; SheetAreaMissing."""
        if code not in self.village_of:
            raise SheetAreaMissing(code=code)
        return self.village_of[code]

    def township(self, code: str) -> Place:
        """The township of this code; SheetAreaMissing."""
        if code not in self.township_of:
            raise SheetAreaMissing(code=code)
        return self.township_of[code]

    def villages_in(self, township: str) -> tuple[Place, ...]:
        return tuple(village for village in sorted(self.villages, key=lambda each: each.code) if village.parent == township)

    def of_worker(self, id: str) -> tuple[Plot, ...]:
        """The cells whose worker this is, by code."""
        return tuple(sorted((plot for plot in self.plots if plot.worker and plot.worker.id == id), key=lambda plot: plot.code))


def subject_of(
    cells: Any,
    *,
    villages: Any = None,
    townships: Any = None,
    streets: Any = None,
    water: Any = None,
    railways: Any = None,
    stamp: Stamp | None = None,
) -> Subject:
    """What sheets show, from GeoDataFrames in any coordinate system.

    `cells` needs `code`; `name`, `name_en`, `village`, `worker` (who, as printed), `phone`, `backup`, `backup_phone` and `households` are
    read where they are there. `villages` and `townships` need `code`; `name`, `name_en`, `parent`, `centre` and `phone` are read. Without
    villages all cells are one, whose code is theirs in `village` or "". Streets, water and railways may have a `name`.
    FrameColumnMissing.
    """
    plots = tuple(_plot(row) for row in _rows(cells, "cells"))
    places = tuple(_place(row) for row in _rows(villages, "villages"))
    if not places:
        codes = sorted({plot.village for plot in plots})
        places = tuple(Place(code, code=code) for code in codes)
    ground = {kind: _lines(frame) for kind, frame in ((Ground.STREET, streets), (Ground.WATER, water), (Ground.RAILWAY, railways))}
    return Subject(plots, places, tuple(_place(row) for row in _rows(townships, "townships")), ground, stamp)


def _rows(frame: Any, called: str) -> Iterable[dict[str, Any]]:
    if frame is None:
        return
    if "code" not in frame.columns:
        raise FrameColumnMissing(column="code", frame=called, columns=", ".join(map(str, frame.columns)))
    lonlat = frame.to_crs(LONLAT) if frame.crs else frame
    names = [column for column in lonlat.columns if column != lonlat.geometry.name]
    for shape, row in zip(lonlat.geometry, lonlat[names].to_dict("records"), strict=True):
        yield {"shape": shape, **row}


def _text(row: Mapping[str, Any], *names: str) -> str:
    """The first of these that says anything; None and NaN say nothing."""
    found = (row.get(name) for name in names)
    return next((str(value).strip() for value in found if value is not None and str(value).strip() not in {"", "nan", "NaT", "<NA>"}), "")


def _person(row: Mapping[str, Any], duty: str, phone: str) -> Person | None:
    name = _text(row, f"{duty}_name", duty)
    return Person(name, _text(row, f"{duty}_name_en"), _text(row, duty) or name, _text(row, phone)) if name else None


def _plot(row: Mapping[str, Any]) -> Plot:
    households = _text(row, "households")
    return Plot(
        name=_text(row, "name", "code"),
        name_en=_text(row, "name_en"),
        code=_text(row, "code"),
        village=_text(row, "village", "parent"),
        shape=row["shape"],
        worker=_person(row, "worker", "phone"),
        backup=_person(row, "backup", "backup_phone"),
        households=round(float(households)) if households else None,
    )


def _place(row: Mapping[str, Any]) -> Place:
    return Place(
        name=_text(row, "name", "code"),
        name_en=_text(row, "name_en"),
        code=_text(row, "code"),
        parent=_text(row, "parent", "township"),
        shape=row["shape"],
        centre=_text(row, "centre"),
        centre_en=_text(row, "centre_en"),
        phone=_text(row, "phone"),
    )


def _lines(frame: Any) -> tuple[tuple[str, BaseGeometry], ...]:
    if frame is None:
        return ()
    lonlat = frame.to_crs(LONLAT) if frame.crs else frame
    names = lonlat["name"] if "name" in lonlat.columns else [""] * len(lonlat)
    return tuple((_text({"name": name}, "name"), shape) for name, shape in zip(names, lonlat.geometry, strict=True) if shape is not None)
