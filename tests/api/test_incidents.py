"""Incidents as GeoJSON: by pages, by place and state, one whole."""

from fastapi.testclient import TestClient

from tests.api.test_reports import report
from tests.small_land import CELLS, EAST, IN_EAST, WEST


def test_pages_hold_every_incident_once_even_while_new_ones_come(client: TestClient) -> None:
    for _ in range(7):
        client.post("/api/reports", json=report())
    seen: list[str] = []
    url: str | None = "/api/incidents?limit=3&state=dispatched"
    while url:
        page = client.get(url).json()
        assert page["type"] == "FeatureCollection"
        seen += [feature["id"] for feature in page["features"]]
        client.post("/api/reports", json=report())
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
    assert len(seen) == len(set(seen)) == 7


def test_box_area_and_state_narrow_the_list(client: TestClient) -> None:
    client.post("/api/reports", json=report())
    lon, lat = IN_EAST
    client.post("/api/reports", json=report(lon=lon, lat=lat))
    client.post("/api/reports", json={"issue": "E0113", "place": "somewhere"})

    def found(query: str) -> int:
        return int(client.get(f"/api/incidents?{query}").json()["numberReturned"])

    assert found("") == 3
    assert found("bbox=113.0,28.0,113.01,28.01") == 1
    assert found(f"area={WEST}") == 1
    assert found(f"area={EAST}") == 1
    assert found(f"area={CELLS[0]}") == 1
    assert found("state=triage") == 1
    assert found("state=closed") == 0


def test_a_box_that_is_none_is_told(client: TestClient) -> None:
    for bbox in ("1,2,3", "a,b,c,d", "10,0,5,1", "0,0,nan,1", "-181,0,0,1"):
        answer = client.get("/api/incidents", params={"bbox": bbox})
        assert answer.status_code == 422, bbox
        assert bbox in answer.json()["detail"]


def test_one_incident_tells_who_why_and_what_happened(client: TestClient) -> None:
    number = client.post("/api/reports", json=report(accuracy_m=30.0)).json()["number"]
    told = client.get(f"/api/incidents/{number}?lang=en").json()["properties"]
    assert told["worker"] == {"code": "W1", "name": "Worker A01", "phone": "0700-1"}
    assert told["backup"]["code"] == "W5"
    assert told["office"]["name"] == "Urban management"
    assert told["edition"] == 1
    assert told["border_m"] > 0
    assert all(reason["text"] for reason in told["reasons"])
    assert [row["what"] for row in told["log"]] == ["receive"]


def test_an_unknown_incident_is_a_404_in_words(client: TestClient) -> None:
    answer = client.get("/api/incidents/2026-999999?lang=en")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no incident 2026-999999."
    void = {"step": "void", "reason": "x", "revision": 1}
    assert client.post("/api/incidents/2026-999999/steps", json=void).status_code == 404
