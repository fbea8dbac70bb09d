"""The land besides areas: households, barriers, bridges, streets."""

from collections.abc import Sequence

import numpy as np
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, delete, select

from gridmap.grid import Households
from gridmap.store.dialect import insert_all
from gridmap.store.schema import LandKind, household, land


def put_households(tx: Connection, given: Households) -> None:
    """These are the households now; the ones before are gone."""
    tx.execute(delete(household))
    columns = (given.ids.tolist(), given.lon.tolist(), given.lat.tolist(), given.counts.tolist())
    insert_all(tx, household, ({"id": i, "lon": x, "lat": y, "count": n} for i, x, y, n in zip(*columns, strict=True)))


def households(tx: Connection, within: tuple[float, float, float, float] | None = None) -> Households:
    """All households, or those `within` (west, south, east, north), by id; empty arrays where there are none."""
    columns = select(household.c.id, household.c.lon, household.c.lat, household.c.count).order_by(household.c.id)
    if within is not None:
        west, south, east, north = within
        columns = columns.where(household.c.lon.between(west, east), household.c.lat.between(south, north))
    rows = tx.execute(columns).all()
    ids, lon, lat, counts = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Households(
        np.array(ids, dtype=np.str_), np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64), np.array(counts, dtype=np.int64)
    )


def put_lines(tx: Connection, kind: LandKind | str, shapes: Sequence[BaseGeometry], names: Sequence[str]) -> None:
    """These are the barriers (or bridges, or streets) now; the ones before are gone. Shapes are lines or polygons in degrees."""
    word = str(LandKind(kind))
    tx.execute(delete(land).where(land.c.kind == word))
    insert_all(tx, land, ({"kind": word, "name": name, "shape": shape} for shape, name in zip(shapes, names, strict=True)))


def shapes(tx: Connection, kind: LandKind | str) -> list[tuple[str, BaseGeometry]]:
    """Name and shape of every barrier (or bridge, or street), in the order that they were put."""
    rows = tx.execute(select(land.c.name, land.c.shape).where(land.c.kind == str(LandKind(kind))).order_by(land.c.id))
    return [(name, shape) for name, shape in rows]
