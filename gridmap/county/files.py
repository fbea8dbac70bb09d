"""The whole county as files, in the formats and with the columns that the importers read."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import geopandas
import shapely

from gridmap.boundaries.write import writing
from gridmap.county.county import County, Feature
from gridmap.county.reports import UNTIL, make_reports
from gridmap.county.tables import Noun, write_register
from gridmap.county.workers import workers_for
from gridmap.grid import Area, Households, Level

LONLAT = "EPSG:4326"


def write_county(county: County, folder: Path, *, until: date = UNTIL, reports: int = 3000) -> tuple[Path, ...]:
    """Write everything that `gridmap demo --data FOLDER` reads, with a month of reports, in place of files of the same names. The paths."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = {
        "townships.geojson": area_frame(county.townships),
        "villages.gpkg": area_frame(county.villages),
        "households.parquet": household_frame(county.households),
        "barriers.geojson": feature_frame(county.barriers),
        "bridges.geojson": feature_frame(county.bridges),
        "streets.geojson": feature_frame(county.streets),
    }
    for name, frame in frames.items():
        write_frame(folder / name, frame)
    registers: dict[str, Sequence[Noun]] = {
        "offices.csv": county.offices,
        "issue-types.csv": county.issue_types,
        "rules.csv": county.rules,
        "workers.csv": workers_for(county.villages),
        "reports.csv": make_reports(county, until=until, count=reports),
    }
    for name, nouns in registers.items():
        write_register(folder / name, nouns)
    return tuple(folder / name for name in (*frames, *registers))


def write_frame(path: Path, frame: geopandas.GeoDataFrame) -> None:
    """One layer in the format of the path's suffix, in place of what was there; FileUnwritten."""
    path.unlink(missing_ok=True)
    with writing(path):
        if path.suffix == ".parquet":
            frame.to_parquet(path, index=False)
        elif path.suffix == ".geojson":
            frame.to_file(path, driver="GeoJSON", COORDINATE_PRECISION=6)
        else:
            frame.to_file(path, driver="GPKG", layer=path.stem)


def area_frame(areas: Sequence[Area]) -> geopandas.GeoDataFrame:
    """Areas of one level with code, name, name_en, parent (not for townships: their county is no area) and households."""
    columns: dict[str, list[object]] = {
        "code": [area.code for area in areas],
        "name": [area.name for area in areas],
        "name_en": [area.name_en for area in areas],
        "parent": [area.parent for area in areas],
        "households": [area.households for area in areas],
    }
    if areas[0].level is Level.TOWNSHIP:
        del columns["parent"]
    return geopandas.GeoDataFrame(columns, geometry=[area.shape for area in areas], crs=LONLAT)


def household_frame(households: Households) -> geopandas.GeoDataFrame:
    """Buildings as points with id and households."""
    columns = {"id": households.ids.astype(object), "households": households.counts}
    return geopandas.GeoDataFrame(columns, geometry=shapely.points(households.lon, households.lat), crs=LONLAT)


def feature_frame(features: Sequence[Feature]) -> geopandas.GeoDataFrame:
    """Lines and surfaces of the land with both names."""
    columns = {"name": [feature.name for feature in features], "name_en": [feature.name_en for feature in features]}
    return geopandas.GeoDataFrame(columns, geometry=[feature.shape for feature in features], crs=LONLAT)
