"""The usual engines on the question "which area is each point in", in their best form; a missing one is told, never counted as beaten."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from tests.builders import Shapes

Floats = NDArray[np.float64]
Owners = NDArray[np.integer]
Answer = Callable[[Floats, Floats], Owners]


def owners_of(count: int, point: NDArray[np.integer], area: NDArray[np.integer]) -> Owners:
    """Pairs of (point, area) as one owner for each point, -1 for none."""
    owner = np.full(count, -1)
    owner[point] = area
    return owner


def sjoin(shapes: Shapes) -> Answer:
    """`geopandas.sjoin`, as its documentation shows it."""
    areas = geopandas.GeoDataFrame(geometry=shapes)

    def answer(x: Floats, y: Floats) -> Owners:
        joined = geopandas.sjoin(geopandas.GeoDataFrame(geometry=shapely.points(x, y)), areas, predicate="within")
        return owners_of(len(x), joined.index.to_numpy(), joined.index_right.to_numpy())

    return answer


def strtree(shapes: Shapes) -> Answer:
    """Shapely's tree of boxes, then prepared shapes."""
    tree = shapely.STRtree(shapes)
    shapely.prepare(shapes)

    def answer(x: Floats, y: Floats) -> Owners:
        return owners_of(len(x), *tree.query(shapely.points(x, y), predicate="intersects"))

    return answer


def duckdb(condition: str) -> Callable[[Shapes], Answer]:
    """DuckDB's spatial join on a condition over area.g and p.g."""

    def build(shapes: Shapes) -> Answer:
        database = duckdb_database()
        areas = pd.DataFrame({"id": np.arange(len(shapes)), "wkb": shapely.to_wkb(shapes)})
        database.execute("create table area as select id, ST_GeomFromWKB(wkb) g from areas")
        del areas

        def answer(x: Floats, y: Floats) -> Owners:
            points = pd.DataFrame({"id": np.arange(len(x)), "x": x, "y": y})  # noqa: F841 (DuckDB finds it by its name)
            query = f"select p.id, area.id from (select id, ST_Point(x, y) g from points) p join area on {condition}"
            return owners_of(len(x), *(np.asarray(column) for column in database.execute(query).fetchnumpy().values()))

        return answer

    return build


def duckdb_database():  # type: ignore[no-untyped-def] (the package is there in `make bench` only)
    """An empty database in memory, with the spatial functions."""
    import duckdb  # noqa: PLC0415
    import duckdb_extension_spatial  # noqa: PLC0415

    database = duckdb.connect()
    extension = next(Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension"))
    database.execute(f"load '{extension}'")
    return database


def sedonadb(shapes: Shapes) -> Answer:
    """SedonaDB's spatial join."""
    import sedonadb  # noqa: PLC0415

    context = sedonadb.connect()
    context.create_data_frame(geopandas.GeoDataFrame({"area": np.arange(len(shapes))}, geometry=shapes, crs=4326)).to_view("areas")

    def answer(x: Floats, y: Floats) -> Owners:
        points = geopandas.GeoDataFrame({"point": np.arange(len(x))}, geometry=shapely.points(x, y), crs=4326)
        context.create_data_frame(points).to_view("points", overwrite=True)
        pairs = context.sql("select point, area from points join areas on ST_Intersects(areas.geometry, points.geometry)").to_pandas()
        return owners_of(len(x), pairs.point.to_numpy(), pairs.area.to_numpy())

    return answer


PEERS: dict[str, tuple[str, Callable[[Shapes], Answer]]] = {
    "geopandas.sjoin": ("geopandas", sjoin),
    "Shapely STRtree": ("shapely", strtree),
    "DuckDB ST_Intersects": ("duckdb", duckdb("ST_Intersects(area.g, p.g)")),
    "DuckDB ST_DWithin 0": ("duckdb", duckdb("ST_DWithin(area.g, p.g, 0)")),
    "SedonaDB": ("sedonadb", sedonadb),
}


def is_here(package: str) -> bool:
    return find_spec(package) is not None
