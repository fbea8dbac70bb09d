"""One township of the county in every format that can be imported: the files of `data/boundaries/`."""

import zipfile
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyogrio
import shapely
from geopandas import GeoDataFrame

from gridmap.county.county import County, Feature
from gridmap.county.files import area_frame, feature_frame, household_frame, write_frame
from gridmap.county.plan import CODE, ZONE
from gridmap.county.reports import make_reports
from gridmap.county.tables import write_csv, write_register
from gridmap.county.topojson import write_topojson
from gridmap.county.workers import village_posts, workers_for
from gridmap.duty import OfficeKind
from gridmap.grid import Area, Households
from gridmap.limits import CalendarRow, DayKind, read_hours

TOWNSHIP = f"{CODE}400"
REPORTS = 120
NAMES = (
    *("townships.geojson", "villages.gpkg", "villages.geojson", "villages.parquet", "villages.topojson", "villages-gb18030.zip"),
    *("villages.shp", "villages.shx", "villages.dbf", "villages.prj", "villages.cpg"),
    *("households.parquet", "households.csv", "barriers.geojson", "bridges.geojson", "streets.geojson"),
    *("offices.csv", "calendar.csv", "workers.csv", "posts.csv", "reports.csv"),
)
SINCE = datetime(2026, 1, 1, tzinfo=ZONE)
# A year's shape, and nobody's announcement: a county writes the State Council's own each autumn.
CALENDAR = (
    CalendarRow(DayKind.HOURS, hours=read_hours("08:00-12:00 14:00-18:00")),
    CalendarRow(DayKind.HOURS, date(2026, 7, 1), date(2026, 9, 30), read_hours("08:00-12:00 15:00-18:00")),
    CalendarRow(DayKind.HOLIDAY, date(2026, 10, 1), date(2026, 10, 7)),
    CalendarRow(DayKind.WORKDAY, date(2026, 10, 10)),
)
DAY = (2026, 1, 1)
"""What a Shapefile's and a zip's header give as their day, instead of today."""


def write_examples(county: County, folder: Path) -> tuple[Path, ...]:
    """Write one township of the county in every format, in place of files of the same names; the paths. The same content at every run."""
    folder.mkdir(parents=True, exist_ok=True)
    small = township_of(county, TOWNSHIP)
    write_frame(folder / "townships.geojson", area_frame(small.townships))
    _write_villages(folder, small.villages)
    _write_land(folder, small)
    _write_registers(folder, small)
    return tuple(sorted(folder / name for name in NAMES))


def township_of(county: County, code: str) -> County:
    """One township as a county of its own: what lies in it of everything, barriers a little beyond."""
    township = next(area for area in county.townships if area.code == code)
    house = county.households
    inside = np.array([one.startswith(code) for one in house.ids])
    villages = tuple(village for village in county.villages if village.parent == code)
    centres = {f"centre-{area}" for area in (CODE, code, *(village.code for village in villages))}
    reach = shapely.buffer(township.shape, 0.004)
    return replace(
        county,
        townships=(township,),
        villages=villages,
        households=Households(house.ids[inside], house.lon[inside], house.lat[inside], house.counts[inside]),
        barriers=_within(county.barriers, reach),
        bridges=_within(county.bridges, township.shape),
        streets=_within(county.streets, township.shape),
        offices=tuple(office for office in county.offices if office.kind != OfficeKind.CENTRE or office.code in centres),
    )


def _within(features: tuple[Feature, ...], land: shapely.Geometry) -> tuple[Feature, ...]:
    """The parts of features that lie in the land."""
    cut = ((feature, shapely.intersection(feature.shape, land, grid_size=1e-6)) for feature in features if feature.shape.intersects(land))
    return tuple(replace(feature, shape=shape) for feature, shape in cut if not shape.is_empty)


def _write_villages(folder: Path, villages: tuple[Area, ...]) -> None:
    """The same villages six times."""
    frame = area_frame(villages)
    for suffix in (".geojson", ".parquet"):
        write_frame(folder / f"villages{suffix}", frame)
    _write_small_geopackage(folder / "villages.gpkg", frame)
    write_topojson(folder / "villages.topojson", villages, layer="villages")
    day = "-".join(f"{part:02d}" for part in DAY)
    frame.to_file(folder / "villages.shp", encoding="UTF-8", DBF_DATE_LAST_UPDATE=day)
    with TemporaryDirectory() as place:
        frame.to_file(Path(place) / "villages.shp", encoding="GB18030", DBF_DATE_LAST_UPDATE=day)
        with zipfile.ZipFile(folder / "villages-gb18030.zip", "w", zipfile.ZIP_DEFLATED) as packed:
            for name in ("villages.shp", "villages.shx", "villages.dbf", "villages.prj"):  # and no .cpg
                packed.writestr(zipfile.ZipInfo(name, (*DAY, 0, 0, 0)), (Path(place) / name).read_bytes())


def _write_small_geopackage(path: Path, frame: GeoDataFrame) -> None:
    """Without index and in small pages, which is a third of the usual hundred thousand bytes."""
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_SQLITE_PRAGMA": "page_size=1024"})
    try:
        frame.to_file(path, driver="GPKG", layer="villages", SPATIAL_INDEX="NO")
    finally:
        pyogrio.set_gdal_config_options({"OGR_SQLITE_PRAGMA": None})


def _write_land(folder: Path, county: County) -> None:
    write_frame(folder / "households.parquet", household_frame(county.households))
    house = county.households
    rows = zip(house.ids.tolist(), house.lon.tolist(), house.lat.tolist(), house.counts.tolist(), strict=True)
    write_csv(folder / "households.csv", ("id", "lon", "lat", "households"), rows)
    for name, features in (("barriers", county.barriers), ("bridges", county.bridges), ("streets", county.streets)):
        write_frame(folder / f"{name}.geojson", feature_frame(features))


def _write_registers(folder: Path, county: County) -> None:
    staff = workers_for(county.villages)
    write_register(folder / "workers.csv", staff)
    write_register(folder / "posts.csv", village_posts(county.villages, staff, since=SINCE))
    write_register(folder / "offices.csv", county.offices)
    write_register(folder / "calendar.csv", CALENDAR)
    write_register(folder / "reports.csv", make_reports(county, count=REPORTS))
