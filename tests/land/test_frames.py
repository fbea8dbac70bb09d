"""Cut and redrawn from plain GeoDataFrames: what comes back is what the rest of Gridmap makes, in the coordinate system that came in."""

from functools import cache

import geopandas
import numpy as np
import pytest
import shapely
from shapely import LineString, box

from gridmap.errors import FrameColumnMissing
from gridmap.grid import Households
from gridmap.planning import cut, cut_villages, redraw
from gridmap.planning.frames import FrameCellsOverlap, FrameCountUnusable, FrameShapeMissing
from tests.land.test_cut import homes, lattice, put, village

CITY = 4547  # a Gauss-Krüger zone in metres


@cache
def people() -> Households:
    spots = lattice(20, 20)
    return homes(spots, np.random.default_rng(4).integers(1, 3, len(spots)).tolist())


def frames(crs: int = 4326) -> tuple[geopandas.GeoDataFrame, geopandas.GeoDataFrame]:
    lands = [village(box(0, 0, 100, 200), "420100100201"), village(box(100, 0, 200, 200), "420100100202")]
    made = geopandas.GeoDataFrame({"code": [land.code for land in lands]}, geometry=[land.shape for land in lands], crs=4326)
    own = people()
    spots = geopandas.GeoDataFrame({"households": own.counts}, geometry=shapely.points(own.lon, own.lat), index=own.ids, crs=4326)
    return made.to_crs(crs), spots.to_crs(crs)


def test_frames_are_cut_as_villages_are() -> None:
    villages, spots = frames()
    lands = [village(box(0, 0, 100, 200), "420100100201"), village(box(100, 0, 200, 200), "420100100202")]
    made, told = cut(villages, spots), cut_villages(lands, people())
    assert made.cells.code.tolist() == [cell.code for cell in told.cells]
    assert made.cells.households.tolist() == [cell.households for cell in told.cells]
    assert made.households.cell.tolist() == told.cell_of.tolist()
    assert made.households.drop(columns="cell").equals(spots)
    for shape, cell in zip(made.cells.geometry, told.cells, strict=True):
        assert shapely.hausdorff_distance(shape, cell.shape) < 1e-12


def test_in_metres_cells_tile_and_count_as_in_degrees() -> None:
    villages, spots = frames(CITY)
    made = cut(villages, spots)
    assert made.cells.crs == villages.crs
    assert made.exceptions.crs == villages.crs
    assert shapely.coverage_is_valid(made.cells.geometry.to_numpy())
    for code, land in zip(villages.code, villages.geometry, strict=True):
        own = made.cells[made.cells.village == code].geometry.union_all()
        assert own.symmetric_difference(land).area < 1e-6 * land.length
    counted = made.households.groupby("cell").households.sum()
    assert counted.to_dict() == dict(zip(made.cells.code, made.cells.households, strict=True))
    inside = geopandas.sjoin(made.households, made.cells[["code", "geometry"]], predicate="within")
    assert (inside.cell == inside.code).all()


def test_streets_barriers_and_targets_come_as_frames_and_numbers() -> None:
    villages, spots = frames()
    line = put(LineString([(-5, 110), (205, 110)]))
    lines = geopandas.GeoDataFrame(geometry=[line], crs=4326).to_crs(CITY)
    plain, soft, parted = cut(villages, spots), cut(villages, spots, streets=lines), cut(villages, spots, barriers=lines)
    within = [
        shapely.length(shapely.intersection(shapely.buffer(made.cells.geometry.to_numpy(), -1e-8), line)).sum()
        for made in (plain, soft, parted)
    ]
    assert within[2] == 0 < within[1] < within[0]
    assert len(cut(villages, spots, town=80, rural=50).cells) > len(cut(villages, spots, rural=80).cells)


def test_who_moves_in_changes_few_cells_and_the_offers_are_a_table() -> None:
    villages, spots = frames()
    cells = cut(villages, spots).cells
    now = spots.copy()
    crowded = cut(villages, spots).households.cell == cells.code[0]
    now.loc[crowded, "households"] += 1
    made = redraw(cells, now)
    assert made.cells.households.sum() == now.households.sum()
    assert made.offers.reach.tolist()[0] == "nothing"
    assert made.fewest <= made.offers.moved.max()
    assert made.households.groupby("cell").households.sum().to_dict() == dict(zip(made.cells.code, made.cells.households, strict=True))
    assert made.cells.households.le(80).all()
    assert redraw(cells, spots).cells.geometry.geom_equals(cells.geometry).all()
    locked = redraw(cells, now, locked=[cells.code[0]])
    assert locked.cells[locked.cells.code == cells.code[0]].households.item() > 80
    assert [code for code in locked.exceptions.code if code == cells.code[0]]


def test_frames_that_cannot_be_used_are_refused_with_frame_column_and_row() -> None:
    villages, spots = frames()
    with pytest.raises(FrameColumnMissing, match=r"villages.*kod"):
        cut(villages, spots, code="kod")
    with pytest.raises(FrameColumnMissing, match=r"households.*people"):
        cut(villages, spots, count="people")
    for wrong in (-1, 1.5, np.nan, "two"):
        bad = spots.astype({"households": object})
        bad.loc["h7", "households"] = wrong
        with pytest.raises(FrameCountUnusable, match=f"h7.*{wrong}"):
            cut(villages, bad)
    empty = spots.copy()
    empty.loc["h9", "geometry"] = None
    with pytest.raises(FrameShapeMissing, match=r"h9.*households"):
        cut(villages, empty)


def test_cells_that_overlap_are_refused_with_their_village() -> None:
    villages, spots = frames()
    cells = cut(villages, spots).cells
    cells.loc[0, "geometry"] = shapely.buffer(cells.geometry[0], 3e-5)
    with pytest.raises(FrameCellsOverlap, match="420100100201 overlap"):
        redraw(cells, spots)


def test_one_household_each_and_points_within_areas() -> None:
    villages, spots = frames(CITY)
    roofs = spots.set_geometry(spots.buffer(2, cap_style="square"))
    assert cut(villages, roofs, count=None).cells.households.sum() == len(spots)
