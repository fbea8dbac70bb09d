"""What lies beside an incident, merging and taking apart, as the service tells it."""

from datetime import UTC, datetime, timedelta

from fastapi.testclient import TestClient

from tests.api.test_reports import report
from tests.small_land import IN_CELL_1


def sent(client: TestClient, **more: object) -> dict[str, str]:
    return dict(client.post("/api/reports", json=report(**more)).json())


def test_what_lies_beside_is_told_with_distance_and_age(client: TestClient) -> None:
    _, lat = IN_CELL_1
    earlier = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    one, near, far = sent(client), sent(client, lat=lat + 0.0001, at=earlier), sent(client, lat=lat + 0.0006)
    told = client.get(f"/api/incidents/{one['number']}/nearby")
    [feature] = told.json()["features"]
    assert told.headers["content-type"].startswith("application/geo+json")
    assert feature["properties"]["number"] == near["number"]
    assert abs(feature["properties"]["distance_m"] - 11.1) < 0.2
    assert abs(feature["properties"]["age_s"] - 7200) < 60
    wide = client.get(f"/api/incidents/{one['number']}/nearby?metres=100").json()["features"]
    assert [each["properties"]["number"] for each in wide] == [near["number"], far["number"]]
    assert client.get(f"/api/incidents/{one['number']}/nearby?hours=1").json()["features"] == []
    assert client.get(f"/api/incidents/{one['number']}/nearby?metres=5000").status_code == 422
    assert client.get("/api/incidents/2026-999999/nearby").status_code == 404


def test_two_are_merged_and_taken_apart_on_what_was_known_of_both(client: TestClient) -> None:
    one, other = sent(client, contact="0700-1234567"), sent(client)
    where = f"/api/incidents/{one['incident']}"
    body = {"into": other["number"], "revision": 1, "into_revision": 1, "reason": "one hole"}
    for wrong, status in (({"revision": 2}, 412), ({"into_revision": 2}, 412), ({"into": one["number"]}, 422), ({"into": "x"}, 404)):
        assert client.post(f"{where}/merge", json=body | wrong).status_code == status
    assert client.post(f"{where}/merge", json={"into": other["number"], "revision": 1}).status_code == 422
    told = client.post(f"{where}/merge", json=body).json()
    assert (told["incident"]["properties"]["state"], told["into"]["properties"]["revision"], told["reports"]) == ("voided", 2, 1)
    assert client.post(f"{where}/merge", json=body | {"revision": 2, "into_revision": 2}).status_code == 409
    assert client.get(f"/api/reports/{one['report']}").json()["number"] == other["number"]
    whole = client.get(f"/api/incidents/{other['number']}")
    assert whole.json()["properties"]["contacts"][0]["masked"] == "****567"
    assert one["report"] not in whole.text + client.get(where).text
    apart = client.post(f"{where}/split", json={"revision": 2, "into_revision": 2, "reason": "two holes"}).json()
    assert (apart["incident"]["properties"]["state"], apart["into"]["properties"]["revision"]) == ("filed", 3)
    assert client.get(f"/api/reports/{one['report']}").json()["number"] == one["number"]
