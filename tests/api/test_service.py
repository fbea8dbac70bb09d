"""The service as a whole: health, its own description, its files, and `gridmap serve`."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient

from api.routes.pages import SWAGGER
from api.routes.reports import EXAMPLES
from api.server import PortTaken, listen
from gridmap import catalogue_default
from gridmap.atlas.screen import LEAFLET
from gridmap.county import make_county
from gridmap.store import Store
from tests import patient
from tests.serving import serving

ROOT = Path(__file__).parents[2]


def test_health_is_answered_before_anything_is_published_and_readiness_is_not(bare: TestClient) -> None:
    assert bare.get("/healthz").json()["status"] == "ok"
    answer = bare.get("/readyz?lang=en")
    assert answer.status_code == 503
    assert "plan publish" in answer.json()["detail"]


def test_readiness_names_database_and_edition(quick: TestClient) -> None:
    assert quick.get("/readyz").json() == {"status": "ready", "checks": {"database": "sqlite", "edition": 1}}


def test_head_is_the_head_of_what_get_answers_for_pages_and_health_alone(quick: TestClient) -> None:
    for path in ("/", "/healthz", "/readyz", "/account", "/sign-in", "/docs", "/static/command/main.js", "/nowhere", "/openapi.json"):
        for packed in ("gzip", "identity"):
            asked: dict[str, Any] = {"headers": {"Accept-Encoding": packed}, "follow_redirects": False}
            head, whole = quick.head(path, **asked), quick.get(path, **asked)
            assert (head.status_code, head.content) == (whole.status_code, b""), path
            assert set(head.headers) == set(whole.headers), path
            assert head.headers.get("content-type") == whole.headers.get("content-type"), path
    assert (quick.head("/healthz").status_code, quick.head("/healthz").headers["content-length"]) == (
        200,
        quick.get("/healthz").headers["content-length"],
    )
    for path in ("/api/incidents", "/api/live", "/sign-out"):
        assert (quick.head(path).status_code, quick.head(path).content) == (405, b""), path
    assert (quick.head("/", headers={"Host": "evil.example"}).status_code, quick.put("/healthz").status_code) == (400, 405)


def test_after_head_the_connection_of_a_load_balancer_goes_on(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/quick.db") as store, serving(store) as url:
        asked = HTTPConnection(url.removeprefix("http://"), timeout=patient.SECONDS)
        for method, path in (("HEAD", "/healthz"), ("HEAD", "/"), ("GET", "/healthz")):
            asked.request(method, path)
            answer = asked.getresponse()
            assert (answer.status, answer.read()[:15]) == (200, b'{"status":"ok",' if method == "GET" else b"")
        asked.close()


def test_operation_ids_are_stable_and_reports_have_examples_in_both_languages(quick: TestClient) -> None:
    told = quick.get("/openapi.json").json()
    named = {operation["operationId"] for path in told["paths"].values() for operation in path.values()}
    assert named == {
        "send_reports", "match_point", "list_incidents", "get_incident", "take_step", "list_areas", "get_area", "list_land",
        "order_print", "get_print", "get_printed", "compare_draft",
        "list_drafts", "begin_draft", "get_draft", "get_draft_village", "check_a_draft", "publish_draft", "approve_a_draft",
        "list_moves", "make_move", "undo_move", "redo_move", "cut_village",
        "list_nearby", "merge_incidents", "split_incidents", "list_all_notices",
        "list_editions", "list_issue_types", "follow_incidents", "get_health", "get_readiness", "get_metrics",
        "sign_in", "sign_out", "get_session", "change_password", "accept_invitation", "list_tokens", "add_phone", "end_token",
        "list_accounts", "add_account", "invite_account", "link_account", "disable_account", "enable_account", "add_key",
        "end_account_tokens", "end_account_token", "propose_grant", "confirm_grant", "end_grant",
        "follow_report", "read_contact", "list_public_incidents", "list_history", "route_dry", "list_backstop",
        "send_photo", "ask_photo", "add_photo", "list_photos", "get_photo",
    }  # fmt: skip
    body = told["paths"]["/api/reports"]["post"]["requestBody"]["content"]
    assert {"english", "中文"} <= set(body["application/json"]["examples"])
    assert "application/x-ndjson" in body


def test_the_examples_of_the_description_are_accepted(quick: TestClient) -> None:
    body = quick.get("/openapi.json").json()["paths"]["/api/reports"]["post"]["requestBody"]["content"]["application/json"]
    for name, example in body["examples"].items():
        assert quick.post("/api/reports", json=example["value"]).status_code == 201, name


def test_the_examples_name_issue_types_that_exist_and_points_in_the_made_up_county() -> None:
    known = {issue.code for issue in catalogue_default.issue_types()}
    west, south, east, north = shapely.total_bounds([town.shape for town in make_county().townships]).tolist()
    for example in EXAMPLES.values():
        told: Any = example["value"]
        assert told["issue"] in known
        assert "lon" not in told or (west < told["lon"] < east and south < told["lat"] < north)


def test_the_pages_files_are_those_that_the_lock_pins(quick: TestClient) -> None:
    pinned = json.loads((ROOT / "package.json").read_text())["dependencies"]
    assert f"leaflet-{pinned['leaflet']}" == LEAFLET
    assert f"swagger-ui-dist-{pinned['swagger-ui-dist']}" == SWAGGER
    lock = (ROOT / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert "http" not in lock
    for path in (f"/vendor/map/{LEAFLET}/leaflet.js", f"/vendor/docs/{SWAGGER}/swagger-ui-bundle.js"):
        answer = quick.get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


def test_our_scripts_are_asked_for_again_and_answered_shortly(quick: TestClient) -> None:
    first = quick.get("/static/command/main.js")
    assert first.headers["content-type"].startswith("text/javascript")
    assert quick.get("/static/command/main.js", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_a_taken_port_is_a_sentence() -> None:
    with listen("localhost", 0) as first, pytest.raises(PortTaken, match="--port 8001"):
        listen("127.0.0.1", first.getsockname()[1])


def test_the_command_says_its_address_serves_and_ends_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from gridmap.cli import main; main()", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            told = json.loads(running.stdout.readline())
            assert told["loopback_only"] is True
            with urllib.request.urlopen(told["url"] + "healthz") as answer:
                assert answer.status == 200
            port = int(told["url"].rsplit(":", 1)[1].strip("/"))
            with socket.create_connection(("127.0.0.1", port)) as stream:
                stream.sendall(b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert b"200" in stream.recv(100)
                running.send_signal(signal.SIGINT)
                heard = b"".join(iter(lambda: stream.recv(65536), b""))
                _, errors = running.communicate(timeout=patient.SECONDS)
            assert heard.endswith(b"\r\n0\r\n\r\n")  # the stream was ended, not cut off
            assert (running.returncode, errors) == (0, "")  # and nothing had to be given up
        finally:
            running.kill()
