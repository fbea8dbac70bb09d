"""Incidents as GeoJSON: by pages, by place and state, one whole."""

from typing import Any

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


def test_an_incident_tells_what_is_due_and_its_clocks(client: TestClient) -> None:
    """A damaged road has five work days; who acknowledges it has half a day."""
    number = client.post("/api/reports", json=report()).json()["number"]
    [feature] = client.get("/api/incidents?order=due").json()["features"]
    told = client.get(f"/api/incidents/{number}").json()["properties"]
    for facts in (feature["properties"], told):
        assert (facts["clock"], facts["overdue"]) == ("acknowledge", False)
        assert facts["due_at"] > facts["recorded_at"]
    assert [(run["clock"], run["run"], run["limit"], run["breached"]) for run in told["clocks"]] == [
        ("acknowledge", 1, "4 WH", False), ("handle", 1, "5 WD", False),
    ]  # fmt: skip
    assert told["clocks"][0]["due"] == told["due_at"]


def steps_of(told: dict[str, Any]) -> dict[str, list[str]]:
    return {each["step"]: each["needs"] for each in told["properties"]["possible"]}


def test_an_incident_is_taken_through_its_life_by_steps_and_tells_the_next_ones(client: TestClient) -> None:
    incident = client.post("/api/reports", json=report()).json()["incident"]
    where = f"/api/incidents/{incident}"
    first = client.get(where)
    assert first.headers["etag"] == '"1"'
    assert steps_of(first.json())["transfer"] == ["office", "reason"]
    assert "close" not in steps_of(first.json())
    for number, (step, state) in enumerate((("acknowledge", "acknowledged"), ("start", "in_progress"), ("suspend", "suspended")), start=1):
        sent = {"step": step, "reason": "waits for spring", "until": "2099-03-01T00:00"}
        told = client.post(f"{where}/steps", json=sent, headers={"If-Match": f'"{number}"', "Gridmap-Actor": "desk 1"})
        assert told.status_code == 200, told.text
        assert (told.json()["properties"]["state"], told.headers["etag"]) == (state, f'"{number + 1}"')
    last = told.json()["properties"]["log"][-1]
    assert (last["actor"], last["what"], last["name"], last["to_state"]) == ("desk 1", "incident.suspend", "parked", "suspended")
    assert last["facts"] == {"reason": "waits for spring", "until": "2099-03-01T00:00:00+08:00", "revision": 4}
    assert client.get(where, params={"lang": "zh"}).json()["properties"]["log"][-1]["name"] == "挂账"
    assert {"resume", "inform", "supervise", "regrade", "reply", "void"} <= set(steps_of(told.json()))
    assert {"acknowledge", "assist", "handle", "close", "join"}.isdisjoint(steps_of(told.json()))


def test_what_one_handled_is_not_offered_to_oneself_for_inspection_and_why_is_told(client: TestClient) -> None:
    incident = client.post("/api/reports", json=report()).json()["incident"]
    one, other = {"Gridmap-Actor": "roads"}, {"Gridmap-Actor": "worker"}
    for number, step in enumerate(("acknowledge", "handle"), start=1):
        told = client.post(f"/api/incidents/{incident}/steps", json={"step": step, "reason": "mended", "revision": number}, headers=one)
    assert "inspect" not in steps_of(told.json())
    number = told.json()["properties"]["number"]
    assert (
        f"You, or somebody at your login, handled incident {number}: “Pass the inspection” is for somebody else."
        in told.json()["properties"]["waiting"]
    )
    others = client.get(f"/api/incidents/{incident}", headers=other).json()
    assert "inspect" in steps_of(others)
    assert others["properties"]["waiting"] == []
    refused = client.post(f"/api/incidents/{incident}/steps", json={"step": "inspect", "revision": 3}, headers=one)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:gridmap:problem:handled_by_you")


def test_a_step_on_an_older_state_is_told_what_it_is_now(client: TestClient) -> None:
    told = client.post("/api/reports", json=report()).json()
    where = f"/api/incidents/{told['incident']}/steps"
    assert client.post(where, json={"step": "acknowledge", "revision": 1}).status_code == 200
    late = client.post(where, json={"step": "return", "reason": "not ours", "revision": 1})
    assert late.status_code == 412
    kept = {"incident": told["number"], "state": "acknowledged", "revision": 2, "type": "urn:gridmap:problem:incident_changed"}
    assert kept.items() <= late.json().items()
    assert "Acknowledged" in late.json()["detail"]
    assert client.post(where, json={"step": "return", "reason": "not ours", "revision": 2}, headers={"If-Match": '"1"'}).status_code == 412
    assert client.post(where, json={"step": "return", "reason": "not ours"}, headers={"If-Match": "*"}).status_code == 200


def test_a_step_that_the_state_does_not_allow_is_told_those_that_it_does(client: TestClient) -> None:
    incident = client.post("/api/reports", json=report()).json()["incident"]
    refused = client.post(f"/api/incidents/{incident}/steps?lang=zh", json={"step": "close", "revision": 1})
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["state"], problem["step"]) == ("dispatched", "close")
    assert {"acknowledge", "return", "transfer", "assist", "settle", "reply", "void"} <= set(problem["possible"])
    assert {"start", "arrive", "answer", "release", "inspect"}.isdisjoint(problem["possible"])
    assert "“签收”" in problem["detail"]


def test_a_step_without_what_it_needs_or_without_a_revision_is_refused_in_words(client: TestClient) -> None:
    incident = client.post("/api/reports", json=report()).json()["incident"]

    def refused(status: int, **sent: object) -> dict[str, Any]:
        answer = client.post(f"/api/incidents/{incident}/steps?lang=en", json=sent)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    assert refused(422, step="void", revision=1, reason=" ")["missing"] == ["reason"]
    assert refused(428, step="void", reason="x")["type"] == "urn:gridmap:problem:revision_missing"
    assert refused(422, step="fly", revision=1)["errors"][0]["field"] == "step"
    assert refused(422, step="void", revision=0, reason="x")["errors"][0]["field"] == "revision"
    assert refused(404, step="transfer", revision=1, reason="x", office="NOWHERE")["office"] == "NOWHERE"
    assert client.post(f"/api/incidents/{incident}/steps", json={"step": "void"}, headers={"If-Match": "x"}).status_code == 422


def test_without_a_contact_an_incident_is_closed_unanswered_and_with_one_it_is_not(client: TestClient) -> None:
    for contact, status in (("", 200), ("0700-1234567", 409)):
        incident = client.post("/api/reports", json=report(contact=contact)).json()["incident"]
        where = f"/api/incidents/{incident}"
        void = {"step": "void", "reason": "sent twice", "revision": 1}
        answer = client.post(f"{where}/steps", json=void)
        assert answer.status_code == status
        told = client.get(where).json()
        assert ("void" in steps_of(told)) is False
        assert told["properties"]["contact_left"] is bool(contact)
    assert client.post(f"{where}/steps", json={"step": "reply", "reason": "told by phone", "revision": 1}).status_code == 200
    assert client.post(f"{where}/steps", json={**void, "revision": 2}).status_code == 200


def test_an_unknown_incident_is_a_404_in_words(client: TestClient) -> None:
    answer = client.get("/api/incidents/2026-999999?lang=en")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no incident 2026-999999."
    void = {"step": "void", "reason": "x", "revision": 1}
    assert client.post("/api/incidents/2026-999999/steps", json=void).status_code == 404
