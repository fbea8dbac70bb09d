"""The whole made-up county: areas, households, land, offices and catalogue, from one seed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from gridmap import catalogue_default
from gridmap.catalogue import IssueType, Rule
from gridmap.county import land as drawing
from gridmap.county import names as naming
from gridmap.county.land import Land
from gridmap.county.names import Name, between, called, deal
from gridmap.county.offices import county_offices
from gridmap.county.plan import LAT, LON, TOWNSHIPS, Floats
from gridmap.county.streets import Manner, Street
from gridmap.duty import Office
from gridmap.geometry.metres import Metres
from gridmap.grid import Area, Households, Level

DECIMALS = 6
"""Of a degree: about a decimetre. Every corner is rounded once, so neighbours share it to the bit."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A named line or surface of the land, in degrees (lon, lat)."""

    name: str
    name_en: str
    shape: BaseGeometry


@dataclass(frozen=True, slots=True, eq=False)
class County:
    """One made-up county. Villages tile their township and townships the county exactly; every building lies inside one village.

    Areas come in the order of their codes, shapes in EPSG:4326 (lon, lat); `barriers` are the river (a polygon) and the railway (a line),
    `bridges` the lines along which roads cross them.
    """

    seed: int
    townships: tuple[Area, ...]
    villages: tuple[Area, ...]
    households: Households
    barriers: tuple[Feature, ...]
    bridges: tuple[Feature, ...]
    streets: tuple[Feature, ...]
    offices: tuple[Office, ...]
    issue_types: tuple[IssueType, ...]
    rules: tuple[Rule, ...]

    @property
    def outline(self) -> Polygon:
        """The county's own border."""
        return shapely.coverage_union_all([area.shape for area in self.townships])

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north in degrees."""
        west, south, east, north = self.outline.bounds
        return west, south, east, north


def make_county(seed: int = 0) -> County:
    """The made-up county of this seed: the same on every machine. 11 townships, 80 villages, about 25,000 households."""
    rng = np.random.default_rng(seed)
    frame = _Frame(float(rng.random()) * 2 * np.pi, Metres(LON, LAT))
    land = drawing.draw(rng)
    names = list(deal(rng))
    villages = _villages(land, frame, names)
    townships = _townships(villages)
    return County(
        seed=seed,
        townships=townships,
        villages=villages,
        households=_households(land, frame, villages),
        barriers=(
            Feature(*naming.RIVER, frame.place(land.ways.barriers.river)),
            Feature(*naming.RAILWAY, frame.place(land.ways.barriers.railway)),
        ),
        bridges=tuple(_bridges(land, frame, names[300:])),
        streets=tuple(_streets(land, frame, names)),
        offices=county_offices((*townships, *villages)),
        issue_types=catalogue_default.issue_types(),
        rules=catalogue_default.rules(),
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """How the drawing lies on the earth: turned by `turn` about the county town."""

    turn: float
    metres: Metres

    def place(self, shape: BaseGeometry) -> BaseGeometry:
        return shapely.transform(shape, self.lonlat)

    def lonlat(self, xy: Floats) -> Floats:
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        x, y = xy[:, 0] * cos - xy[:, 1] * sin, xy[:, 0] * sin + xy[:, 1] * cos
        lonlat: Floats = np.column_stack(self.metres.lonlat(x, y))
        return lonlat.round(DECIMALS)


def _villages(land: Land, frame: _Frame, names: list[Name]) -> tuple[Area, ...]:
    total = np.bincount(land.village, land.counts, len(land.sites))
    found = []
    for row, site in enumerate(land.sites):
        plan = TOWNSHIPS[site.township]
        nth = sum(1 for other in land.sites[:row] if other == site)
        name = called(names[row], naming.COMMUNITY if site.community else naming.VILLAGE)
        code = f"{plan.code}{(1 if site.community else 200) + nth:03d}"
        found.append(Area(code, Level.VILLAGE, name[0], plan.code, frame.place(land.shapes[row]), name[1], int(total[row])))
    return tuple(found)


def _townships(villages: tuple[Area, ...]) -> tuple[Area, ...]:
    found = []
    for plan in TOWNSHIPS:
        within = [village for village in villages if village.parent == plan.code]
        shape = shapely.coverage_union_all([village.shape for village in within])
        households = sum(village.households or 0 for village in within)
        found.append(Area(plan.code, Level.TOWNSHIP, plan.name, None, shape, plan.name_en, households))
    return tuple(found)


def _households(land: Land, frame: _Frame, villages: tuple[Area, ...]) -> Households:
    """Buildings, named by their village and a number that runs from west to east."""
    points = frame.lonlat(land.spots)
    order = np.lexsort((-points[:, 1], points[:, 0], land.village))
    village = land.village[order]
    number = np.arange(len(order)) - np.searchsorted(village, village) + 1
    ids = [f"{villages[of].code}-{nth:04d}" for of, nth in zip(village, number, strict=True)]
    return Households(np.array(ids), points[order, 0], points[order, 1], land.counts[order])


def _bridges(land: Land, frame: _Frame, names: list[Name]) -> Iterator[Feature]:
    for span, name in zip(land.bridges, names, strict=False):
        yield Feature(*called(name, naming.BRIDGE if span.intersects(land.ways.barriers.river) else naming.CROSSING), frame.place(span))


def _streets(land: Land, frame: _Frame, names: list[Name]) -> Iterator[Feature]:
    """Every street with its name: roads from the villages that they join, lanes from theirs, a town's streets from what is left."""
    rows = dict(zip(sorted({street.row for street in land.streets if street.row}), names[400:], strict=False))
    for street in land.streets:
        yield Feature(*_street_name(street, rows, names), frame.place(street.shape))


def _street_name(street: Street, rows: dict[str, Name], names: list[Name]) -> Name:
    if street.manner == Manner.TOWN:
        return called(rows[street.row], naming.ROAD if "x" in street.row else naming.STREET)
    if street.manner == Manner.ROAD:
        return between(names[street.villages[0]], names[street.villages[-1]])
    return called(names[street.villages[0]], naming.LANE)
