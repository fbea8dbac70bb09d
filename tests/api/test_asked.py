"""Tasks of other offices, supervision and grade, as the service takes and tells them."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from api.routes.incidents import Stepping
from api.sign_in import CSRF_HEADER, csrf_of
from gridmap.access import Role
from gridmap.flows import grants
from gridmap.incidents.life import Evidence
from gridmap.store import Store
from gridmap.store.schema import incident
from gridmap.store.scoping import within
from tests.accounts import now, person, session
from tests.api.test_reports import report
from tests.builders import ALL, OPERATOR
from tests.small_land import TOWN

UNTIL = (now() + timedelta(days=2)).isoformat()


def take(client: TestClient, incident: str, step: str, **sent: object) -> Any:
    """The properties after the step; a refusal's problem."""
    told = client.post(
        f"/api/incidents/{incident}/steps?lang=en", json={"step": step, "reason": "because", **sent}, headers={"If-Match": "*"}
    )
    return told.json().get("properties") or told.json()


def test_a_step_may_bring_everything_along_that_a_life_asks_for() -> None:
    assert {str(each) for each in Evidence} < set(Stepping.model_fields)
    examples = Stepping.model_config["json_schema_extra"]["examples"]  # type: ignore[index, call-overload]
    assert all(Stepping(**each) for each in examples)
    reasons = "".join(each.get("reason", "") for each in examples)
    assert "a main" in reasons.lower()
    assert "协调" in reasons or "配合" in reasons


def test_an_incident_tells_its_tasks_who_supervises_and_how_hard_it_is(client: TestClient) -> None:
    number = client.post("/api/reports", json=report()).json()["number"]
    take(client, number, "acknowledge")
    take(client, number, "whistle", office="WATER", until=UNTIL)
    take(client, number, "inform", office="CW")
    take(client, number, "arrive", task=1)
    take(client, number, "regrade", grade="difficult")
    told = take(client, number, "supervise", until=UNTIL)
    assert [(task["number"], task["kind"], task["office"]["name"], task["standing"]) for task in told["tasks"]] == [
        (1, "whistle", "Water company", "arrived"), (2, "inform", "West Village centre", "told"),
    ]  # fmt: skip
    assert [(task["owed"], task["yours"], task["overdue"]) for task in told["tasks"]] == [(True, True, False), (False, False, False)]
    assert (told["grade"], told["template"], told["supervised_by"], told["owed"]) == ("difficult", "repair", "operator", 1)
    assert told["supervised_until"] is not None
    assert (told["keeper"]["code"], told["satisfied"], told["merged_into"]) == ("ROADS", None, None)
    assert take(client, number, "answer", task=1)["owed"] == 0


def test_an_instant_in_a_refusal_is_told_in_the_countys_zone(client: TestClient) -> None:
    number = client.post("/api/reports", json=report()).json()["number"]
    told = take(client, number, "supervise", until="2020-01-01T00:00:00Z")
    assert told["detail"] == "2020-01-01 08:00+08:00 is over already: name a date to come."


def test_lists_are_narrowed_to_what_is_supervised_and_to_what_is_owed(client: TestClient) -> None:
    numbers = [client.post("/api/reports", json=report()).json()["number"] for _ in range(4)]
    take(client, numbers[0], "supervise", until=UNTIL)
    take(client, numbers[1], "assist", office="WATER", until=UNTIL)
    take(client, numbers[2], "inform", office="WATER")
    take(client, numbers[3], "upward", office="CT", until=UNTIL)
    take(client, numbers[3], "withdraw", task=1)

    def found(query: str) -> list[str]:
        told = client.get(f"/api/incidents?counts=true&{query}").json()
        assert sum(told["counts"].values()) == told["numberReturned"]
        return [each["properties"]["number"] for each in told["features"]]

    assert found("supervised=true") == [numbers[0]]
    assert found("owed=true") == found("owed=true&order=due") == [numbers[1]]
    assert found("supervised=true&owed=true") == []
    assert len(found("supervised=false&owed=false")) == 4


def test_what_does_not_fit_is_refused_in_words(client: TestClient) -> None:
    number = client.post("/api/reports", json=report()).json()["number"]
    for step, sent, status in (
        ("assist", {"office": "NOWHERE", "until": UNTIL}, 404),
        ("assist", {"office": "WATER"}, 422),
        ("regrade", {"grade": "purple"}, 422),
        ("regrade", {}, 422),
        ("relocate", {"place": "nowhere"}, 422),
        ("retype", {"issue": "X99"}, 422),
        ("withdraw", {"task": 1}, 409),
    ):
        told = take(client, number, step, **sent)
        assert (told["status"], bool(told["detail"])) == (status, True), step


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_office_that_is_asked_is_shown_its_own_task_to_answer(land: Store, client: TestClient, lang: str) -> None:
    number = client.post("/api/reports", json=report(contact="0700-1234567")).json()["number"]
    take(client, number, "assist", office="WATER", until=UNTIL)
    take(client, number, "upward", office="CT", until=UNTIL)
    person(land, "desk", (Role.DISPATCHER, TOWN))
    person(land, "water")
    grants.propose_grant(land, "water", Role.HANDLER, area=None, office="WATER", actor=OPERATOR, now=now())
    raw = session(land, "water")
    mine = {"headers": {"Cookie": f"gridmap={raw}", CSRF_HEADER: csrf_of(raw), "If-Match": "*"}}
    told = client.get(f"/api/incidents/{number}?lang={lang}", **mine).json()["properties"]
    assert [(task["office"]["code"], task["yours"]) for task in told["tasks"]] == [("WATER", True), ("CT", False)]
    assert [each["step"] for each in told["possible"]] == ["answer"]
    assert told["contact_readable"] is False
    assert client.get("/api/incidents", **mine).json()["numberReturned"] == 1
    steps, answer = f"/api/incidents/{number}/steps?lang={lang}", {"step": "answer", "reason": "not our pipe"}
    refused = client.post(steps, json={**answer, "task": 2}, **mine)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:gridmap:problem:task_of_another")
    assert client.post(steps, json={**answer, "task": 1}, **mine).json()["properties"]["possible"] == []
    assert client.post(f"/api/incidents/{number}/contact", json={"purpose": "x"}, **mine).status_code == 404


def test_who_gives_a_dispute_to_the_level_above_is_told_that_it_is_done_and_sees_it_no_more(land: Store, client: TestClient) -> None:
    number = client.post("/api/reports", json=report(issue="D02")).json()["number"]
    with land.begin(ALL) as tx:
        tx.execute(update(incident).where(within(tx, incident)).values(template="dispute"))
    person(land, "desk", (Role.DISPATCHER, TOWN))
    person(land, "centre")
    grants.propose_grant(land, "centre", Role.HANDLER, area=None, office="CW", actor=OPERATOR, now=now())
    raw = session(land, "centre")
    mine = {"headers": {"Cookie": f"gridmap={raw}", CSRF_HEADER: csrf_of(raw), "If-Match": "*"}}
    steps = f"/api/incidents/{number}/steps"
    assert client.post(steps, json={"step": "acknowledge"}, **mine).status_code == 200
    offered = client.get(f"/api/incidents/{number}", **mine).json()["properties"]["possible"]
    assert next(each["needs"] for each in offered if each["step"] == "elevate") == ["reason"]
    done = client.post(steps, json={"step": "elevate", "reason": "they cannot agree"}, **mine)
    assert (done.status_code, done.content) == (204, b"")
    assert client.post(steps, json={"step": "elevate", "reason": "again"}, **mine).status_code == 404
    assert client.get(f"/api/incidents/{number}", **mine).status_code == 404
