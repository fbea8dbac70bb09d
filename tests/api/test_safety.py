"""What guards the service: hosts, origins, headers, and problems that tell nothing of the inside."""

import json
import re
from pathlib import Path
from typing import Annotated

import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.asker import Asker, doing
from gridmap.access import Action
from gridmap.store import Store
from tests.api.test_reports import report
from tests.serving import some_settings


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil", "10.0.0.1:8000", "", "[::1"])
def test_another_host_name_is_refused(quick: TestClient, host: str) -> None:
    answer = quick.get("/api/incidents", headers={"Host": host})
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:gridmap:problem:host_foreign"


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:9", "[::1]:8000", "[::1]", "LOCALHOST"])
def test_this_machines_names_are_answered(quick: TestClient, host: str) -> None:
    assert quick.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_another_site_cannot_write(quick: TestClient, headers: dict[str, str]) -> None:
    answer = quick.post("/api/reports", json=report(), headers=headers)
    assert answer.status_code == 403
    assert quick.get("/api/incidents").json()["numberReturned"] == 0


def test_our_own_page_and_programs_can_write(quick: TestClient) -> None:
    own = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert quick.post("/api/reports", json=report(), headers=own).status_code == 201
    assert quick.post("/api/reports", json=report()).status_code == 201


def test_every_page_keeps_to_its_own_files(quick: TestClient) -> None:
    for path in ("/", "/docs"):
        page = quick.get(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "script-src 'self' 'nonce-" in policy
        assert "unsafe-eval" not in policy
        assert re.findall(r"https?://[\w.]+", page.text) == []
        assert page.headers["x-content-type-options"] == "nosniff"
    nonces = {re.findall(r'nonce="([^"]+)"', quick.get("/").text)[0] for _ in range(3)}
    assert len(nonces) == 3


def test_words_of_areas_cannot_end_the_pages_script(quick: TestClient) -> None:
    facts = quick.get("/").text.split('id="facts">')[1].split("</script>")[0]
    assert "<" not in facts
    assert json.loads(facts)["words"]["ui.report.new"] == "New report"


def test_an_unknown_address_and_method_are_problems_in_both_languages(quick: TestClient) -> None:
    assert quick.get("/nowhere?lang=en").json()["detail"] == "There is nothing at /nowhere."
    assert quick.get("/nowhere?lang=zh").json()["detail"] == "/nowhere 处没有内容。"
    answer = quick.put("/api/reports")
    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")


def test_whoever_types_a_wrong_address_into_a_browser_gets_a_page_with_a_way_on(quick: TestClient) -> None:
    answer = quick.get("/invitation?lang=zh", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "/invitation 处没有内容。" in answer.text
    assert '<a class="button main" href="/">前往指挥中心</a>' in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/match?lon=nan&lat=1",
        "/api/match?lon=1e400&lat=1",
        "/api/match?lon=113&lat=28&accuracy=inf",
        "/api/areas?level=cell&edition=99999999999999999999",
        "/api/incidents?bbox=nan,0,1,1",
        "/api/incidents?bbox=1,2,3",
        "/api/incidents?after=%00",
        "/api/incidents/%00",
        "/api/areas/%00",
        "/api/live?after=99999999999999999999",
    ],
)
def test_what_no_database_can_be_asked_is_a_problem_and_never_a_fault_of_ours(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_body_that_is_too_long_is_refused_by_every_route(quick: TestClient) -> None:
    answer = quick.post("/api/incidents/2026-000001/steps", json={"step": "void", "reason": "a" * 100_000})
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


def test_a_fault_of_ours_tells_a_number_and_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Store.open(f"sqlite:///{tmp_path}/gridmap.db") as store:
        app = create_app(store, some_settings())

        @app.get("/broken")
        def broken(_asked: Annotated[Asker, doing(Action.SERVICE_USE)]) -> None:
            raise ZeroDivisionError("secret inside")

        with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as quick:
            answer = quick.get("/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.json()["request"] in caplog.text


def test_the_language_cookie_goes_back_to_our_own_pages_only(quick: TestClient) -> None:
    answer = quick.get("/lang/zh?to=/%23tab=triage", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/#tab=triage")
    assert "lang=zh" in answer.headers["set-cookie"]
    for to in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert quick.get("/lang/zh", params={"to": to}, follow_redirects=False).status_code == 422
