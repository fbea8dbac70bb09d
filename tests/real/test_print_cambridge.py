"""Sheets of a real city: Cambridge's neighbourhoods as villages, block groups as cells, streets and water on. Workers are made up."""

from pathlib import Path

import geopandas as gpd
import pytest

from gridmap.atlas.book import make_set, village_book
from gridmap.atlas.choices import Choices
from gridmap.atlas.fonts import find_fonts
from gridmap.atlas.paper import Paper
from gridmap.atlas.subject import Subject, subject_of
from tests.atlas.reading import opened, overlapping, text_of, type_in

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def city(real_data: Path) -> Subject:
    def read(name: str, **names: str) -> gpd.GeoDataFrame:
        return gpd.read_file(real_data / "cambridge" / f"{name}.geojson").rename(columns=names)

    groups, hoods = (
        read("DEMOGRAPHICS_AdjustedBlockGroups2020", GEOID20="code"),
        read("BOUNDARY_CDDNeighborhoods", N_HOOD="code", NAME="name"),
    )
    middles = gpd.GeoDataFrame(groups[["code"]], geometry=groups.geometry.representative_point())
    groups["village"] = gpd.sjoin(
        middles, hoods[["code", "geometry"]].rename(columns={"code": "hood"}).to_crs(groups.crs), how="left"
    ).hood.values
    groups["worker"] = [f"Worker A{nth // 2:03}" for nth in range(len(groups))]
    groups["phone"] = [f"000-0002-{nth // 2:04}" for nth in range(len(groups))]
    return subject_of(
        groups[["code", "village", "worker", "phone", "geometry"]].dropna(subset="village"),
        villages=hoods[["code", "name", "geometry"]],
        streets=read("TRANS_Centerlines", Label="name"),
        water=read("HYDRO_WaterBodies", NAME="name"),
        railways=read("TRANS_Rail"),
    )


def test_every_neighbourhood_has_a_sheet_on_which_all_is_found_and_nothing_overlaps(city: Subject) -> None:
    made = make_set(city, Choices(paper=Paper.A3, lang="en"), find_fonts())
    for village in city.villages:
        pages = village_book(made, village.code)
        plots = city.plots_of.get(village.code, ())
        page, layout = opened(pages, made.choices, made.fonts)[0], pages[0].layout
        assert layout
        text = text_of(page)
        assert [plot.code for plot in plots if plot.code not in text] == []
        assert overlapping(type_in(page, layout.map)) == [], village.name
