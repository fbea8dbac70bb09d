"""The map for notebooks: one piece, without any host, in which a name stays a name."""

from pathlib import Path

import geopandas as gpd
import pytest
from playwright.sync_api import Browser
from shapely import box

from gridmap.atlas import explore
from gridmap.grid import Area, Level
from tests.small_land import AREAS
from tests.web.conftest import watched
from tests.web.test_command_centre import NASTY

NAMED_BADLY = Area("430102009", Level.TOWNSHIP, NASTY, None, box(113.05, 28.0, 113.07, 28.02))


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    shapes = gpd.GeoDataFrame(
        {"name": [NASTY, "b"]}, geometry=[box(113.0, 28.0, 113.01, 28.01), box(113.01, 28.0, 113.02, 28.01)], crs=4326
    )
    return shapes.to_crs(3857)


def test_areas_are_drawn_from_one_file_without_a_host_and_names_are_only_text(browser: Browser, tmp_path: Path) -> None:
    paper = explore((*AREAS, NAMED_BADLY))
    file = tmp_path / "map.html"
    paper.save(str(file))
    with watched(browser, f"file://{file}") as found:
        page = found.page
        page.goto(f"file://{file}")
        page.wait_for_selector("path.leaflet-interactive, canvas")
        area = page.evaluate("(() => { const p = map_explore.latLngToContainerPoint([28.01, 113.06]); return [p.x, p.y]; })()")
        page.mouse.move(*area)
        page.wait_for_selector(".leaflet-tooltip")
        assert NASTY in page.locator(".leaflet-tooltip").inner_text()
        assert page.evaluate("window.__x") is None
        assert page.locator(".leaflet-control-layers-overlays label").count() == 3
        assert found.faults == found.foreign == []


def test_a_frame_in_any_crs_is_drawn_where_it_lies(browser: Browser, tmp_path: Path, frame: gpd.GeoDataFrame) -> None:
    file = tmp_path / "frame.html"
    explore(frame).save(str(file))
    with watched(browser, f"file://{file}") as found:
        found.page.goto(f"file://{file}")
        centre = found.page.evaluate("[map_explore.getCenter().lng, map_explore.getCenter().lat]")
        assert centre == pytest.approx([113.01, 28.005], abs=1e-3)
        assert found.faults == found.foreign == []


def test_a_notebooks_map_is_small() -> None:
    assert len(explore(AREAS)._repr_html_()) < 300_000
