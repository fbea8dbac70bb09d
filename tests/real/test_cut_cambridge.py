"""Cambridge, cut by the command and judged from the written file alone."""

import subprocess
import sys
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pytest
import shapely

pytestmark = pytest.mark.real

BARRIERS = ("TRANS_Rail.geojson", "HYDRO_WaterBodies.geojson")


class Judged:
    """What was given and what was written, in metres (the points' own coordinate system)."""

    def __init__(self, data: Path, out: Path) -> None:
        self.points = geopandas.read_file(data / "cambridge_household_points.gpkg")
        self.villages = geopandas.read_file(data / "DEMOGRAPHICS_AdjustedBlockGroups2020.geojson").to_crs(self.points.crs)
        walls = [geopandas.read_file(data / name).to_crs(self.points.crs).geometry for name in BARRIERS]
        self.wall = pandas.concat(walls).buffer(0.5).union_all()
        self.cells, self.homes, self.told = (
            geopandas.read_file(out, layer=layer).to_crs(self.points.crs) for layer in ("cells", "households", "exceptions")
        )


@pytest.fixture(scope="module")
def cut(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    data, out = real_data / "cambridge", tmp_path_factory.mktemp("cut") / "cells.gpkg"
    barriers = [part for name in BARRIERS for part in ("--barriers", data / name)]
    line = ["--villages", data / "DEMOGRAPHICS_AdjustedBlockGroups2020.geojson", "--village-code", "GEOID20"]
    line += ["--households", data / "cambridge_household_points.gpkg", "--count", "households", *barriers, "--out", out]
    subprocess.run([Path(sys.executable).with_name("gridmap"), "plan", "cut", *line], check=True, capture_output=True)
    return Judged(data, out)


def test_no_household_is_lost_or_invented(cut: Judged) -> None:
    assert cut.homes.households.sum() == cut.points.households.sum() == 43248
    counted = cut.homes.groupby("cell").households.sum().reindex(cut.cells.code).fillna(0)
    assert (counted.to_numpy() == cut.cells.households.to_numpy()).all()
    outside = cut.homes[cut.homes.cell.isna()]
    assert geopandas.sjoin(outside, cut.villages).empty
    assert len(outside) == cut.told.code.isna().sum()


def test_cells_are_valid_in_one_part_and_tile_their_villages_exactly(cut: Judged) -> None:
    shapes = cut.cells.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert (shapely.get_num_geometries(shapes) == 1).all()
    assert shapely.coverage_is_valid(shapes, gap_width=0.1)
    villages = cut.villages.set_index("GEOID20").geometry
    whole = cut.cells.dissolve("village").geometry
    assert whole.symmetric_difference(villages.reindex(whole.index)).area.sum() < 0.01


def test_every_household_stands_in_its_cell(cut: Judged) -> None:
    placed = cut.homes.dropna(subset="cell")
    own = geopandas.GeoSeries(cut.cells.set_index("code").geometry.reindex(placed.cell).to_numpy(), index=placed.index, crs=placed.crs)
    assert placed.distance(own).max() < 0.01


def test_no_cell_has_households_on_two_sides_of_a_barrier(cut: Judged) -> None:
    parts = cut.villages.set_geometry(cut.villages.difference(cut.wall)).explode(ignore_index=True)[["geometry"]]
    found = geopandas.sjoin(cut.homes.dropna(subset="cell"), parts, predicate="within")
    assert found.groupby("cell").index_right.nunique().max() == 1


def test_nine_of_ten_cells_that_can_are_in_the_band_and_all_others_say_why(cut: Judged) -> None:
    fit = cut.cells.households.between(50, 80)
    assert set(cut.cells.code[~fit]) == set(cut.told.code.dropna())
    assert (cut.told.reason.str.len() > 10).all()
    largest = cut.homes.groupby("cell").households.max()
    forced = cut.cells.code.map(largest).fillna(0).gt(80) | cut.cells.households.eq(0)
    assert fit[~forced].mean() > 0.98


def test_cells_are_round_enough(cut: Judged) -> None:
    placed = cut.homes.dropna(subset="cell")
    weight = placed.households.to_numpy()
    frame = pandas.DataFrame({"x": placed.geometry.x * weight, "y": placed.geometry.y * weight, "w": weight})
    total = frame.groupby(placed.cell)[["x", "y", "w"]].transform("sum")
    away = (placed.geometry.x - total.x / total.w) ** 2 + (placed.geometry.y - total.y / total.w) ** 2
    assert np.sqrt((away * weight).sum() / weight.sum()) < 50
