"""PostGIS is the independent witness: its ST_Covers and our index agree, about a million points where everything is proved."""

import io

import numpy as np
import psycopg2
import pytest
import shapely
from numpy.typing import NDArray

from gridmap import AreaIndex
from tests.builders import Shapes, awkward_points, bent_coverage, exact_owner, moved

CHECKED_IN_FRACTIONS = 500


def land_with_islands() -> Shapes:
    """400 areas in degrees; some have a hole, which is a second part of another area."""
    shapes = moved(bent_coverage(20, 3, seed=11), scale=0.2, east=113.0, north=28.0)
    for holder, owner in ((21, 200), (22, 200), (150, 3), (390, 150)):
        island = shapely.buffer(shapely.point_on_surface(shapes[holder]), 0.0005, quad_segs=3)
        assert shapes[holder].contains_properly(island)
        shapes[holder] = shapely.Polygon(shapes[holder].exterior, [island.exterior])
        shapes[owner] = shapely.MultiPolygon([*shapely.get_parts(shapes[owner]), island])
    assert shapely.is_valid(shapes).all()
    return shapes


def questions(shapes: Shapes, points: int, awkward: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """On corners and borders, beside them (`awkward` of each kind), and anywhere within and about the land."""
    hard_x, hard_y = awkward_points(shapes, awkward, seed=12)
    west, south, east, north = shapely.total_bounds(shapes)
    rng = np.random.default_rng(13)
    easy = points - len(hard_x)
    x, y = rng.uniform(west - 0.005, east + 0.005, easy), rng.uniform(south - 0.005, north + 0.005, easy)
    return np.r_[hard_x, x], np.r_[hard_y, y]


def covers(url: str, shapes: Shapes, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every pair (point, area) for which PostGIS says ST_Covers."""
    areas = "".join(f"{at}\t{wkb}\n" for at, wkb in enumerate(shapely.to_wkb(shapes, hex=True)))
    points = "".join(f"{at}\t{lon!r}\t{lat!r}\n" for at, (lon, lat) in enumerate(zip(x.tolist(), y.tolist(), strict=True)))
    answer = io.BytesIO()
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("create temp table land (id int, shape geometry); create temp table asked (id int, x float8, y float8)")
            cursor.copy_expert("copy land from stdin", io.StringIO(areas))
            cursor.copy_expert("copy asked from stdin", io.StringIO(points))
            cursor.execute("create index on land using gist (shape); analyze land; analyze asked")
            pairs = "select asked.id, land.id from asked join land on ST_Covers(land.shape, ST_MakePoint(asked.x, asked.y))"
            cursor.copy_expert(f"copy ({pairs}) to stdout", answer)
    finally:
        connection.close()
    point, area = np.array(answer.getvalue().split(), dtype=np.int64).reshape(-1, 2).T
    return point, area


@pytest.mark.parametrize(("points", "awkward"), [(200_000, 2_400), pytest.param(1_000_000, 12_000, marks=pytest.mark.proof)])
def test_every_point_has_the_owner_that_postgis_finds(fresh_postgres: str, points: int, awkward: int) -> None:
    shapes = land_with_islands()
    x, y = questions(shapes, points, awkward)
    owner = AreaIndex(shapes).locate(x, y)
    point, area = covers(fresh_postgres, shapes, x, y)
    covering = np.bincount(point, minlength=points)
    assert len(x) == points
    assert (covering > 1).sum() > points // 100, "hardly any point lies on a border: this proves little"

    named = np.bincount(point[area == owner[point]], minlength=points) > 0
    assert named[owner >= 0].all(), "an owner that PostGIS does not see"
    unowned = np.flatnonzero((owner < 0) & (covering > 0))
    rim = shapely.boundary(shapely.coverage_union_all(shapes))
    assert (shapely.distance(shapely.points(x[unowned], y[unowned]), rim) < 1e-12).all(), "a point inside that nobody owns"

    border = np.flatnonzero(covering != (owner >= 0))
    for at in np.random.default_rng(14).choice(border, CHECKED_IN_FRACTIONS, replace=False).tolist():
        assert owner[at] == exact_owner(shapes, x[at], y[at])
