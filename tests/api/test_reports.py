"""Reports come in over HTTP: one and many, first and again, and what cannot be used."""

import json
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient

from tests.small_land import CELLS, IN_CELL_1, OUTSIDE, TOWN, WEST

NDJSON = {"Content-Type": "application/x-ndjson"}


def report(**changes: Any) -> dict[str, Any]:
    lon, lat = IN_CELL_1
    return {"issue": "E0113", "channel": "resident", "lon": lon, "lat": lat, "datum": "wgs84", "text": "坑", **changes}


def test_the_answer_names_cell_worker_office_edition_and_reasons(client: TestClient) -> None:
    answer = client.post("/api/reports?lang=en", json=report())
    told = answer.json()
    assert answer.status_code == 201
    assert [told[level]["code"] for level in ("township", "village", "cell")] == [TOWN, WEST, CELLS[0]]
    assert told["worker"] == {"id": "W1", "name": "Worker A01", "phone": "0700-1"}
    assert told["backup"]["id"] == "W5"
    assert told["office"]["code"] == "ROADS"
    assert told["edition"] == 1
    assert told["state"] == "dispatched"
    assert told["reasons"]


def test_the_answer_speaks_the_askers_language(quick: TestClient) -> None:
    assert quick.post("/api/reports", json=report(), headers={"Accept-Language": "zh-CN,zh;q=0.9"}).json()["worker"]["name"] == "网格员甲01"
    assert quick.post("/api/reports", json=report(), headers={"Accept-Language": "fr,en;q=0.5,zh;q=0.4"}).json()["cell"]["name"] == "Cell 1"
    assert quick.post("/api/reports?lang=zh", json=report(), headers={"Accept-Language": "en"}).json()["cell"]["name"] == "第1网格"


def test_a_repeated_key_gets_the_first_answer_with_200(client: TestClient) -> None:
    body = report(key=str(uuid4()))
    first, again = client.post("/api/reports", json=body), client.post("/api/reports", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == {**first.json(), "repeated": True}
    assert client.get("/api/incidents").json()["numberReturned"] == 1


def test_a_key_with_another_report_is_a_conflict(client: TestClient) -> None:
    body = report(key=str(uuid4()))
    client.post("/api/reports", json=body)
    answer = client.post("/api/reports", json={**body, "text": "something else"})
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:gridmap:problem:key_reused"


def test_a_place_in_words_goes_to_triage(client: TestClient) -> None:
    told = client.post("/api/reports", json={"issue": "E0113", "place": "by the bridge"}).json()
    assert told["state"] == "triage"
    assert told["cell"] is None
    feature = client.get("/api/incidents?state=triage&lang=en").json()["features"][0]
    assert feature["geometry"] is None
    assert "person" in feature["properties"]["reason"]


def test_a_point_outside_goes_to_triage_and_keeps_its_point(client: TestClient) -> None:
    lon, lat = OUTSIDE
    client.post("/api/reports", json=report(lon=lon, lat=lat))
    feature = client.get("/api/incidents?state=triage").json()["features"][0]
    assert feature["geometry"]["coordinates"] == [lon, lat]


def test_many_reports_are_answered_line_by_line(client: TestClient) -> None:
    key = str(uuid4())
    lines = [
        json.dumps(report(key=key)),
        "",
        "{not json",
        json.dumps({"issue": "E0113", "text": "no place at all"}),
        json.dumps(report(datum="mars")),
        json.dumps(report(colour="red")),
        json.dumps(report(key=key)),
    ]
    answer = client.post("/api/reports?lang=en", content="\n".join(lines), headers=NDJSON)
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert [row["row"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["status"] for row in rows] == [201, 400, 422, 422, 422, 200]
    assert rows[4]["errors"][0]["field"] == "colour"
    assert rows[5]["number"] == rows[0]["number"]
    assert client.get("/api/incidents").json()["numberReturned"] == 1


def test_what_cannot_be_used_is_told_field_by_field_in_both_languages(quick: TestClient) -> None:
    body = {"channel": "pigeon", "lon": "east", "lat": 28.0, "at": "2026-03-02T04:00"}
    english, chinese = (quick.post(f"/api/reports?lang={lang}", json=body) for lang in ("en", "zh"))
    assert english.status_code == chinese.status_code == 422
    assert english.headers["content-type"] == "application/problem+json"
    assert {fault["field"] for fault in english.json()["errors"]} == {"issue", "channel", "lon", "at"}
    assert "resident" in next(fault["detail"] for fault in english.json()["errors"] if fault["field"] == "channel")
    assert chinese.json()["detail"] != english.json()["detail"]


def test_a_point_without_datum_says_which_datums_there_are(quick: TestClient) -> None:
    told = quick.post("/api/reports?lang=en", json=report(datum="")).json()
    assert told["status"] == 422
    assert "gcj02" in told["detail"]


def test_nan_and_infinity_are_refused_and_nothing_is_kept(client: TestClient) -> None:
    for number in ("NaN", "Infinity", "1e999"):
        answer = client.post(
            "/api/reports", content=json.dumps(report()).replace("113.005", number), headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in {400, 422}, number
        assert answer.json()["detail"]
    assert client.get("/api/incidents").json()["numberReturned"] == 0


def test_a_body_that_is_not_json_is_a_400(quick: TestClient) -> None:
    for body, kind in (
        ("{", "application/json"),
        ("\x00", "application/json"),
        (json.dumps(report()), "text/plain"),
        ("", "application/json"),
    ):
        answer = quick.post("/api/reports", content=body, headers={"Content-Type": kind})
        assert answer.status_code == 400, (body, kind)
        assert answer.json()["type"] == "urn:gridmap:problem:body_unreadable"


def test_a_body_that_is_too_long_is_a_413(quick: TestClient) -> None:
    answer = quick.post("/api/reports", json=report(text="x" * 70_000))
    assert answer.status_code == 413
    assert answer.json()["most"] == 65_536


def test_before_anything_is_published_a_report_is_refused_and_not_acknowledged(bare: TestClient) -> None:
    answer = bare.post("/api/reports?lang=en", json=report())
    assert answer.status_code == 409
    assert "plan publish" in answer.json()["detail"]
