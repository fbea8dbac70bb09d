"""What a draft would change, asked over HTTP."""

from dataclasses import replace

from fastapi.testclient import TestClient
from shapely import box

from gridmap.store import Store, drafts
from tests.builders import ALL
from tests.small_land import AREAS, CELLS, IN_CELL_1, NOW


def test_a_comparison_is_asked_with_the_edition_in_force_or_another(client: TestClient, land: Store) -> None:
    lon, lat = IN_CELL_1
    assert client.post("/api/reports", json={"issue": "E0113", "lon": lon, "lat": lat, "datum": "wgs84"}).status_code == 201
    shapes = {CELLS[0]: box(113.0, 28.0, 113.004, 28.01), CELLS[1]: box(113.004, 28.0, 113.02, 28.01)}
    with land.begin(ALL) as tx:
        drafts.put(tx, "autumn", [replace(area, shape=shapes.get(area.code, area.shape)) for area in AREAS], at=NOW)
    told = client.get("/api/drafts/autumn/comparison?lang=en").json()
    assert (told["against"], told["changing_hands"], told["incidents"][0]["name_after"]) == (1, 1, "Worker A02")
    assert [each["code"] for each in told["cells"] if each["reshaped"]] == list(CELLS[:2])
    assert client.get("/api/drafts/autumn/comparison", params={"edition": 1}).json()["cells"] == told["cells"]
    assert client.get("/api/drafts/autumn/comparison", params={"edition": 9}).status_code == 404
    assert client.get("/api/drafts/none/comparison").status_code == 404
