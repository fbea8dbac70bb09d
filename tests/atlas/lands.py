"""Lands to print: made up, like everything that this repository shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import geopandas as gpd
import numpy as np
import shapely

from gridmap.atlas.choices import Choices
from gridmap.atlas.paper import Paper
from gridmap.atlas.subject import Ground, Person, Place, Plot, Stamp, Subject, ground_of
from gridmap.county import make_county
from gridmap.grid import Area
from gridmap.planning.cutting import cut_villages
from tests.builders import bent_coverage, moved

TOWN = "990121001"
VILLAGE = f"{TOWN}001"
STAMP = Stamp(3, datetime(2026, 9, 1, tzinfo=timezone(timedelta(hours=8))))
AT = datetime(2026, 9, 2, 8, 30, tzinfo=UTC)
URL = "https://grid.example"


def choices(**more: object) -> Choices:
    return replace(Choices(paper=Paper.A3, lang="zh", url=URL, printed=AT), **more)  # type: ignore[arg-type]


def worker(nth: int) -> Person:
    return Person(f"网格员甲{nth:03}", f"Worker A{nth:03}", f"W{nth:04}", f"000-0002-{nth:04}")


def town() -> Subject:
    """A subdistrict of the made-up county beside a river: nine villages cut into cells, a worker for each."""
    county = make_county(0)
    villages = [village for village in county.villages if village.parent == TOWN]
    cut = cut_villages(villages, county.households, [each.shape for each in county.barriers], [each.shape for each in county.bridges])
    cells = sorted(cut.cells, key=lambda cell: cell.code)
    plots = tuple(
        Plot(cell.name, cell.name_en, cell.code, cell.parent or "", cell.shape, worker(nth), worker(nth + 1), cell.households)
        for nth, cell in enumerate(cells)
    )
    townships = [area for area in county.townships if area.code == TOWN]
    ground: dict[Ground, tuple[tuple[str, shapely.Geometry], ...]] = {Ground.STREET: tuple((s.name, s.shape) for s in county.streets)}
    for each in county.barriers:
        kind = ground_of(each.name, each.shape)
        ground[kind] = (*ground.get(kind, ()), (each.name, each.shape))
    centre = {office.area: office for office in county.offices if office.area}

    def place(area: Area) -> Place:
        office = centre[area.code]
        return Place(area.name, area.name_en, area.code, area.parent or "", area.shape, office.name, office.name_en, office.phone)

    return Subject(plots, tuple(map(place, villages)), tuple(map(place, townships)), ground, STAMP)


def squares(side: int, *, workers: int = 0, metres: float = 2000.0) -> Subject:
    """side × side cells with bent borders in one village, so many `metres` wide; each with its own worker, or `workers` in turn."""
    degrees = metres / 95_000
    shapes = moved(bent_coverage(side, 4, 0), scale=degrees, east=105.2, north=31.0)
    count = len(shapes)
    plots = tuple(
        Plot(f"第{nth + 1}网格", f"Cell {nth + 1}", f"{VILLAGE}{nth + 1:04}", VILLAGE, shape, worker(nth % (workers or count)), None, 60)
        for nth, shape in enumerate(shapes)
    )
    whole = shapely.coverage_union_all(shapes)
    village = Place("葛湾社区", "Gewan Community", VILLAGE, TOWN, whole, "葛湾社区综治中心", "Gewan Centre", "000-0001-0013")
    return Subject(plots, (village,), (Place("云津街道", "Yunjin", TOWN, "", whole, "街道综治中心", "Centre", "000-0001-0002"),), {}, STAMP)


def frame(subject: Subject) -> gpd.GeoDataFrame:
    """The plots as a GeoDataFrame, as somebody would hand them in."""
    rows = [
        {
            "code": plot.code, "name": plot.name, "village": plot.village, "worker": plot.worker.id if plot.worker else None,
            "worker_name": plot.worker.name if plot.worker else None, "phone": plot.worker.phone if plot.worker else None,
            "households": plot.households if plot.households is not None else np.nan,
        }
        for plot in subject.plots
    ]  # fmt: skip
    return gpd.GeoDataFrame(rows, geometry=[plot.shape for plot in subject.plots], crs="EPSG:4326")
