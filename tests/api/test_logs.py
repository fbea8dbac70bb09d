"""The service's own log: who was refused what, one line each, and nothing that would let a reader in."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from api import logs
from gridmap.store import Store
from tests.accounts import person, session


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What would be written, as it would be written."""
    written: list[str] = []

    class Writing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(logs.Line().format(record))

    handler = Writing(logging.WARNING)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def signed_in(client: TestClient) -> str:
    """A session of an account without any grant."""
    store: Store = client.app.state.store  # type: ignore[attr-defined]
    person(store, "wang")
    return session(store, "wang")


def test_who_was_refused_what_is_a_line_with_the_instant(quick: TestClient, lines: list[str]) -> None:
    token = signed_in(quick)
    assert quick.get("/api/accounts", headers={"Cookie": f"gridmap={token}"}).status_code == 403
    told = json.loads(lines[-1])
    assert set(told) == {"at", "level", "from", "message", "request"}
    assert (told["level"], told["message"]) == ("warning", "refused: wang is not allowed account.read")
    assert abs(datetime.fromisoformat(told["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert token not in "".join(lines)


def test_who_comes_without_signing_in_fills_no_log(quick: TestClient, lines: list[str]) -> None:
    signed_in(quick)
    assert quick.get("/api/accounts").status_code == 401
    assert lines == []


def test_writes_of_other_sites_and_without_our_pages_token_are_lines(quick: TestClient, lines: list[str]) -> None:
    token = signed_in(quick)
    quick.post("/api/reports", json={}, headers={"Origin": "https://evil.example"})
    assert json.loads(lines[-1])["message"] == "refused: POST /api/reports (origin_foreign)"
    quick.delete("/api/session", headers={"Cookie": f"gridmap={token}"})
    assert json.loads(lines[-1])["message"].startswith("refused: a change (self.change) by wang")


def test_a_line_stays_a_line_whatever_an_address_holds(quick: TestClient, lines: list[str]) -> None:
    quick.post("/%0a{%22level%22:%22forged%22}%1b[31m", headers={"Origin": "https://evil.example"})
    assert len(lines) == 1
    assert lines[0].isprintable()
    assert json.loads(lines[0])["level"] == "warning"


def test_a_fault_is_a_line_with_its_traceback() -> None:
    try:
        raise ValueError("one\ntwo")
    except ValueError as fault:
        record = logging.LogRecord("gridmap.api", logging.ERROR, "", 1, "failed", (), (ValueError, fault, fault.__traceback__))
    line = logs.Line().format(record)
    assert "\n" not in line
    assert "Traceback" in json.loads(line)["fault"]


def test_over_https_the_language_too_is_kept_where_only_this_host_can_set_it(quick: TestClient) -> None:
    plain = quick.get("/lang/zh", follow_redirects=False).headers["set-cookie"]
    assert plain.startswith("lang=zh;")
    secret = TestClient(quick.app, base_url="https://127.0.0.1:8000", follow_redirects=False)
    kept = secret.get("/lang/zh").headers["set-cookie"]
    assert kept.startswith("__Host-lang=zh;")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=strict"} <= set(kept.split("; "))
    assert secret.get("/healthz", headers={"Accept-Language": "en"}).status_code == 200
    assert secret.get("/nowhere", headers={"Accept-Language": "en"}).headers["content-language"] == "zh"
