"""Areas for programs and for maps: true borders one by one, drawn borders by zoom, and what a browser may keep."""

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient

from api.borders import draw
from gridmap.grid import Area, Level
from gridmap.store import Store
from gridmap.store import land as land_store
from tests.builders import ALL, bent_coverage, moved
from tests.small_land import AREAS, CELLS, EAST, IN_CELL_1, IN_EAST, LONG_AGO, OUTSIDE, TOWN, WEST


def test_an_area_has_its_true_border_its_path_and_its_children(client: TestClient) -> None:
    told = client.get(f"/api/areas/{WEST}?lang=en").json()
    assert shapely.geometry.shape(told["geometry"]).equals(AREAS[1].shape)
    assert [step["code"] for step in told["properties"]["path"]] == [TOWN, WEST]
    assert told["properties"]["children"] == list(CELLS)
    assert told["properties"]["edition"] == 1


def test_an_area_can_be_asked_by_edition_and_by_instant(client: TestClient) -> None:
    assert client.get(f"/api/areas/{WEST}?edition=1").status_code == 200
    assert client.get(f"/api/areas/{WEST}?edition=2").status_code == 404
    assert client.get(f"/api/areas/{WEST}", params={"at": LONG_AGO.isoformat()}).status_code == 200
    assert client.get(f"/api/areas/{WEST}?at=2001-01-01T00:00").json()["type"] == "urn:gridmap:problem:no_edition_in_force"
    assert client.get("/api/areas/430102001999").status_code == 404
    for far, status in (("0001-01-01T00:00", 409), ("0001-01-01T00:00+14:00", 409), ("9999-12-31T23:59:59-14:00", 200)):
        assert client.get(f"/api/areas/{WEST}", params={"at": far}).status_code == status


def test_a_level_in_a_box_is_what_touches_it(client: TestClient) -> None:
    inside = client.get("/api/areas?level=cell&bbox=113.001,28.001,113.002,28.002").json()
    assert [feature["id"] for feature in inside["features"]] == [CELLS[0]]
    villages = client.get("/api/areas?level=village&zoom=12").json()
    assert {feature["id"] for feature in villages["features"]} == {WEST, EAST}


def test_the_same_edition_is_not_sent_twice(client: TestClient) -> None:
    first = client.get("/api/areas?level=village&zoom=12")
    assert first.headers["cache-control"] == "private, no-cache"
    again = client.get("/api/areas?level=village&zoom=12", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/api/areas?level=village&zoom=12&lang=zh", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


def test_only_borders_named_by_their_digest_may_be_kept_for_ever(client: TestClient, land: object) -> None:
    sealed = client.get("/").text.split('"seal": "')[1][:16]
    assert "immutable" in client.get(f"/api/areas?level=village&edition=1&seal={sealed}").headers["cache-control"]
    assert "immutable" not in client.get("/api/areas?level=village&edition=1&seal=0000000000").headers["cache-control"]


@pytest.mark.parametrize("zoom", [8, 11, 14])
def test_drawn_neighbours_never_part(zoom: int) -> None:
    shapes = moved(bent_coverage(6, 24, seed=zoom), scale=0.4, east=113.0, north=28.0)
    areas = tuple(Area(f"{n:03}", Level.VILLAGE, str(n), None, shape) for n, shape in enumerate(shapes))
    drawn = draw(areas, zoom)
    assert shapely.coverage_is_valid(drawn.shapes)
    assert shapely.get_num_coordinates(drawn.shapes).sum() < shapely.get_num_coordinates(shapes).sum()
    whole = shapely.union_all(shapes).area
    assert shapely.area(drawn.shapes).sum() == pytest.approx(shapely.union_all(drawn.shapes).area, rel=1e-9)
    assert shapely.area(drawn.shapes).sum() == pytest.approx(whole, rel=0.02)


def test_names_stand_inside_their_area() -> None:
    shapes = moved(bent_coverage(5, 12, seed=3), scale=0.2, east=113.0, north=28.0)
    drawn = draw(tuple(Area(str(n), Level.CELL, "", None, shape) for n, shape in enumerate(shapes)), 13)
    assert np.all(shapely.contains_xy(shapes, drawn.labels[:, 0], drawn.labels[:, 1]))


def test_a_level_without_areas_is_an_empty_collection() -> None:
    assert draw((), 10).features(None, "en") == '{"type":"FeatureCollection","features":[]}'


def test_a_point_finds_its_cell_or_is_told_to_be_outside(client: TestClient) -> None:
    def asked(lon: float, lat: float, **more: object) -> dict[str, object]:
        answer: dict[str, object] = client.get("/api/match?lang=en", params={"lon": lon, "lat": lat, **more}).json()
        return answer

    assert asked(*IN_CELL_1)["cell"] == {"code": CELLS[0], "name": "Cell 1"}
    assert (asked(*IN_EAST)["cell"], asked(*IN_EAST)["village"]) == (None, {"code": EAST, "name": "East Village"})
    assert asked(*OUTSIDE)["how"] == "outside"
    assert asked(113.01, 28.005, accuracy=200)["how"] == "border"
    assert asked(*IN_CELL_1, datum="gcj02")["lon"] != IN_CELL_1[0]
    assert asked(*IN_CELL_1, datum="mars")["status"] == 422
    assert asked(200, 28)["status"] == 422


def test_editions_are_listed_with_the_one_in_force(client: TestClient, bare: TestClient) -> None:
    told = client.get("/api/editions").json()
    assert told["in_force"] == 1
    assert [edition["number"] for edition in told["editions"]] == [1]


def test_without_an_edition_the_list_is_empty(bare: TestClient) -> None:
    assert bare.get("/api/editions").json() == {"in_force": None, "editions": []}
    assert bare.get("/api/areas?level=village").status_code == 409


def test_the_land_under_the_borders_is_sent_once(client: TestClient, land: Store) -> None:
    with land.begin(ALL) as tx:
        lines = [shapely.LineString([(113.0, 28.0), (113.02, 28.0)]), shapely.LineString([(113.03, 28.0), (113.04, 28.0)])]
        land_store.put_lines(tx, "street", lines, ["河东路", "Side Road"])
    first = client.get("/api/land?kind=street")
    assert [feature["properties"]["name"] for feature in first.json()["features"]] == ["河东路", "Side Road"]
    assert client.get("/api/land?kind=street", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert len(client.get("/api/land?kind=street&bbox=113.0,27.9,113.01,28.1").json()["features"]) == 1
    assert client.get("/api/land?kind=volcano").status_code == 422
