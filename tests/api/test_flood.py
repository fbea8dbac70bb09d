"""Reports are for everybody, a flood of them for nobody: whoever has not signed in is slowed down, by network."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api import create_app, intake
from api.routes import reports
from gridmap.access import Role
from gridmap.store import Store
from tests.accounts import key
from tests.api.test_reports import report
from tests.serving import some_settings
from tests.small_land import settle

PROXY = "10.9.9.9"


@pytest.fixture
def shut(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The service after its first account, behind a proxy, with a small bucket."""
    monkeypatch.setattr(intake, "BURST", 5)
    monkeypatch.setattr(intake, "EVERY", timedelta(hours=1))
    settle(store)
    app = create_app(store, some_settings(GRIDMAP_PROXY=PROXY))
    with TestClient(app, base_url="http://127.0.0.1:8000", client=(PROXY, 1), raise_server_exceptions=False) as asking:
        yield asking


def send(client: TestClient, source: str, count: int, **headers: str) -> Counter[int]:
    told = [client.post("/api/reports", json=report(), headers={"X-Forwarded-For": source, **headers}) for _ in range(count)]
    assert all(answer.headers.get("retry-after") for answer in told if answer.status_code == 429)
    return Counter(answer.status_code for answer in told)


def test_a_flood_from_one_network_is_slowed_down_and_others_go_on(shut: TestClient) -> None:
    bearer = {"Authorization": f"Bearer {key(shut.app.state.store, 'hotline', (Role.DISPATCHER, None))}"}  # type: ignore[attr-defined]
    assert send(shut, "203.0.113.7", 9) == {201: 5, 429: 4}
    assert send(shut, "203.0.113.99", 1) == {429: 1}
    assert send(shut, "198.51.100.7", 1) == {201: 1}
    assert send(shut, "203.0.113.7", 9, **bearer) == {201: 9}


def test_many_at_once_are_for_systems(shut: TestClient) -> None:
    """Else one request, which is counted as one, would bring thousands."""
    token = key(shut.app.state.store, "hotline", (Role.DISPATCHER, None))  # type: ignore[attr-defined]
    lines = b"\n" * (reports.MOST_ONE + 1)
    asked = {"Content-Type": "application/x-ndjson", "X-Forwarded-For": "203.0.113.7"}
    for stranger in (lines, json.dumps(report()).encode()):
        assert shut.post("/api/reports", content=stranger, headers=asked).status_code == 401
    assert shut.post("/api/reports", content=lines, headers={**asked, "Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_are_bounded_as_bytes_are(shut: TestClient, monkeypatch: pytest.MonkeyPatch, end: bytes) -> None:
    """A line of two bytes is answered with hundreds."""
    monkeypatch.setattr(reports, "MOST_ROWS", 3)
    token = key(shut.app.state.store, "hotline", (Role.DISPATCHER, None))  # type: ignore[attr-defined]
    asked = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {token}"}
    taken, refused = (shut.post("/api/reports", content=(b"1" + end) * count, headers=asked) for count in (3, 4))
    assert (taken.status_code, len(taken.content.splitlines())) == (200, 3)
    assert (refused.status_code, refused.json()["type"]) == (413, "urn:gridmap:problem:http_413")
