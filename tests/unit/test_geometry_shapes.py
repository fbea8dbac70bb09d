"""Shapes in and out, and their repair."""

import itertools
import json
import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import wkt

from gridmap.geometry.shapes import from_wkb, repair, to_geojson, to_wkb

corner = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda xy: (float(xy[0]), float(xy[1])))
rings = st.lists(corner, min_size=3, max_size=8)


def winding(ring: list[tuple[float, float]], x: float, y: float) -> int:
    """How often the ring goes round the point, counter-clockwise."""
    turns = 0
    for (x1, y1), (x2, y2) in itertools.pairwise(ring):
        if (y1 > y) != (y2 > y):
            left = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
            turns += (y2 > y1 and left > 0) - (y2 < y1 and left < 0)
    return turns


@settings(max_examples=80, deadline=None)
@given(rings)
def test_a_repaired_ring_holds_what_its_border_winds_around(corners: list[tuple[float, float]]) -> None:
    ring = [*corners, corners[0]]
    border = shapely.unary_union(shapely.LineString(ring))
    assume(math.isclose(border.length, shapely.LineString(ring).length, rel_tol=1e-12))  # no stretch is gone twice
    mended, _ = repair(shapely.Polygon(ring))
    faces = shapely.get_parts(shapely.polygonize([border])).tolist()
    inside = [face.area for face in faces if winding(ring, face.point_on_surface().x, face.point_on_surface().y) != 0]
    assert math.isclose(0 if mended is None else mended.area, sum(inside), rel_tol=1e-9)
    assert mended is None or mended.is_valid


def test_a_valid_polygon_stays_as_it_is() -> None:
    shape = wkt.loads("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 1))")
    assert repair(shape) == (shape, None)


@pytest.mark.parametrize(
    ("text", "fault", "area"),
    [
        ("POLYGON ((0 0, 2 2, 2 0, 0 2, 0 0))", "reason.shape_self_intersection", 2),
        ("POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0), (2 2, 4 2, 4 12, 2 12, 2 2))", "reason.shape_self_intersection", 81 - 14),
        ("POLYGON ((0 0, 4 0, 2 2, 4 4, 0 4, 2 2, 0 0))", "reason.shape_ring_self_intersection", 8),
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (6 6, 7 6, 7 7, 6 6))", "reason.shape_hole_outside", 16.5),  # an exclave, mislabelled
        ("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)), ((2 0, 6 0, 6 4, 2 4, 2 0)))", "reason.shape_self_intersection", 24),
        ("GEOMETRYCOLLECTION (POLYGON ((0 0, 2 0, 2 2, 0 0)), POINT (9 9))", "reason.shape_parts_dropped", 2),
    ],
)
def test_a_repair_keeps_the_land_and_says_what_was_wrong(text: str, fault: str, area: float) -> None:
    mended, why = repair(wkt.loads(text))
    assert mended is not None
    assert why is not None
    assert (why.key, mended.area, mended.is_valid) == (fault, area, True)
    assert mended.geom_type in ("Polygon", "MultiPolygon")
    assert "." in why.text("en")
    assert "。" in why.text("zh")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("POLYGON EMPTY", "shape_empty"),
        ("POINT (1 1)", "shape_not_polygon"),
        ("LINESTRING (0 0, 1 1)", "shape_not_polygon"),
        ("POLYGON ((0 0, 1 1, 2 2, 0 0))", "shape_too_few_points"),
    ],
)
def test_what_holds_no_land_is_refused_with_a_reason(text: str, fault: str) -> None:
    mended, why = repair(wkt.loads(text))
    assert mended is None
    assert why is not None
    assert why.key in (f"reason.{fault}", "reason.shape_self_intersection")


def test_numbers_that_are_none_are_refused() -> None:
    for bad in (np.nan, np.inf):
        with np.errstate(invalid="ignore"):
            shape = shapely.Polygon([(0, 0), (1, 0), (1, bad), (0, 0)])
        mended, why = repair(shape)
        assert mended is None
        assert why is not None
        assert why.key == "reason.shape_not_finite"


def test_polygons_are_found_however_deep_in_collections() -> None:
    land, why = repair(
        wkt.loads("GEOMETRYCOLLECTION (GEOMETRYCOLLECTION (POLYGON ((0 0, 4 0, 4 4, 0 0))), POLYGON ((9 9, 10 9, 9 10, 9 9)))")
    )
    assert land is not None
    assert (land.geom_type, land.area, why) == ("MultiPolygon", 8.5, None)


def test_rings_without_corners_are_dropped_and_this_changes_nothing() -> None:
    square = "(0 0, 4 0, 4 4, 0 4, 0 0)"
    for text in (f"POLYGON ({square}, EMPTY)", f"MULTIPOLYGON (({square}), EMPTY)", f"MULTIPOLYGON (({square}, EMPTY))"):
        mended, why = repair(wkt.loads(text))
        assert mended is not None
        assert why is None
        assert mended.area == 16
        assert all(len(shapely.get_coordinates(ring)) for ring in shapely.get_rings(shapely.get_parts(mended)))


def test_heights_are_dropped() -> None:
    mended, why = repair(wkt.loads("POLYGON Z ((0 0 5, 2 0 5, 2 2 5, 0 0 5))"))
    assert mended is not None
    assert not mended.has_z
    assert why is None


@given(rings)
@settings(max_examples=40, deadline=None)
def test_shapes_go_out_and_come_back_bit_for_bit(corners: list[tuple[float, float]]) -> None:
    shape = shapely.Polygon([(x / 3 + 108, y / 7 + 33) for x, y in corners])
    assert shapely.equals_identical(from_wkb(to_wkb(shape)), shape)
    assert shapely.equals_identical(shapely.geometry.shape(json.loads(json.dumps(to_geojson(shape)))), shape)
