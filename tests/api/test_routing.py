"""Routing asked over HTTP, without sending anything."""

from fastapi.testclient import TestClient

from tests.small_land import CELLS, IN_CELL_1, IN_EAST

POINT = {"issue": "E0113", "lon": IN_CELL_1[0], "lat": IN_CELL_1[1], "datum": "wgs84"}


def test_a_dry_run_tells_where_who_which_office_and_every_rung(client: TestClient) -> None:
    told = client.post("/api/route/dry-run?lang=en", json=POINT).json()
    assert (told["cell"]["code"], told["worker"]["code"], told["backup"]["code"], told["office"]["code"]) == (CELLS[0], "W1", "W5", "ROADS")
    assert told["border_m"] > 0
    assert (told["edition"], told["by"], told["rungs"][-1]["held"]) == (1, "subject", True)
    assert told["rungs"][-1]["text"].startswith("By subject: Urban management")
    assert client.get("/api/incidents").json()["numberReturned"] == 0


def test_rules_in_the_body_are_asked_instead(client: TestClient) -> None:
    rules = [{"office": "*", "issue": "E01", "by": "territory", "level": "village"}]
    told = client.post("/api/route/dry-run", json={**POINT, "rules": rules}).json()
    assert (told["office"]["code"], told["rules"]) == ("CW", {"given": True, "count": 1})
    refused = client.post("/api/route/dry-run", json={**POINT, "rules": [{**rules[0], "office": "NOBODY"}]})
    assert (refused.status_code, "NOBODY" in refused.json()["detail"]) == (422, True)


def test_a_question_that_is_none_is_refused(client: TestClient) -> None:
    for body in ({}, {"issue": "E0113"}, {**POINT, "area": CELLS[0]}, {**POINT, "datum": ""}, {**POINT, "rules": [{"office": "X"}]}):
        assert client.post("/api/route/dry-run", json=body).status_code == 422, body


def test_the_share_that_falls_to_the_backstop_is_told_by_week(client: TestClient) -> None:
    lon, lat = IN_EAST
    for issue in ("E0113", "D02"):
        assert client.post("/api/reports", json={"issue": issue, "lon": lon, "lat": lat, "datum": "wgs84"}).status_code == 201
    told = client.get("/api/route/backstop?lang=en").json()
    assert len(told["weeks"]) == 4
    assert [(area["routed"], area["backstop"], area["alarm"]) for area in told["weeks"][0]["areas"]] == [(2, 1, False)] * 2
    assert client.get("/api/route/backstop", params={"since": "2999-01-01"}).status_code == 422
