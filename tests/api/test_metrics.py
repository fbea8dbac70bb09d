"""What Prometheus reads: counts under routes, never under addresses, and nothing of anybody."""

import re
from datetime import UTC, datetime
from pathlib import Path

from fastapi.testclient import TestClient

from gridmap.flows.back_up import back_up
from gridmap.store import Store
from tests.accounts import person, session
from tests.builders import OPERATOR

REPORT = {"issue": "E0113", "channel": "resident", "lon": 113.005, "lat": 28.005, "datum": "wgs84", "text": "zzztext", "contact": "zzz0700"}


def _samples(client: TestClient, **asked: str) -> dict[str, float]:
    lines = client.get("/metrics", headers=asked).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}


def test_requests_are_counted_under_their_route_whatever_their_address(quick: TestClient) -> None:
    for number in range(3):
        quick.get(f"/api/incidents/2026-{number:06d}")
        quick.get(f"/nowhere-{number}")
    found = _samples(quick)
    assert found['gridmap_requests_total{method="GET",route="/api/incidents/{incident}",status="404"}'] == 3
    assert found['gridmap_requests_total{method="GET",route="other",status="404"}'] == 3
    assert found['gridmap_request_seconds_count{route="/api/incidents/{incident}"}'] == 3


def test_what_the_database_holds_is_counted_when_it_is_asked(quick: TestClient) -> None:
    before = _samples(quick)
    assert quick.post("/api/reports", json=REPORT).status_code == 201
    after = _samples(quick)
    assert (before["gridmap_ready"], after["gridmap_ready"]) == (1, 1)
    grown = {name for name in after if name.startswith("gridmap_incidents{") and after[name] == before[name] + 1}
    assert grown == {'gridmap_incidents{state="dispatched"}'}
    assert after["gridmap_history_rows"] > before["gridmap_history_rows"]
    while 'gridmap_task_ended_timestamp_seconds{task="purge"}' not in after:  # a thread of its own is at it
        after = _samples(quick)


def test_when_a_backup_was_last_made_is_told(quick: TestClient, tmp_path: Path) -> None:
    store: Store = quick.app.state.store  # type: ignore[attr-defined]
    assert _samples(quick)["gridmap_backup_timestamp_seconds"] == 0
    for minutes in (0, 5):
        made = datetime(2026, 3, 2, 3, minutes, tzinfo=UTC)
        back_up(store, tmp_path / f"{minutes}.backup", actor=OPERATOR, now=made)
        assert _samples(quick)["gridmap_backup_timestamp_seconds"] == made.timestamp()
    assert _samples(quick)["gridmap_backup_timestamp_seconds"] == made.timestamp()
    assert _samples(quick)["gridmap_reports_waiting"] == 0


def test_no_label_tells_of_anybody_and_there_are_few(quick: TestClient) -> None:
    answer = quick.post("/api/reports", json=REPORT).json()
    for odd in ("zzz-secret", "%2e%2e/zzz", "a" * 500):
        quick.get(f"/api/reports/{odd}")
        quick.request("ZZZ", f"/api/areas/{odd}")
    text = quick.get("/metrics").text
    assert "zzz" not in text.lower()
    assert not any(told in text for told in (answer["incident"], answer["report"], answer["number"], "113.0", "W1"))
    assert set(re.findall(r'method="(\w+)"', text)) <= {"GET", "POST", "other"}
    assert set(re.findall(r'[{,](\w+)="', text)) <= {"method", "route", "status", "le", "task", "state", "standing", "version", "database"}


def test_an_account_without_any_grant_may_read_them_and_who_is_nobody_may_not(quick: TestClient) -> None:
    store: Store = quick.app.state.store  # type: ignore[attr-defined]
    person(store, "wang")
    assert quick.get("/metrics").status_code == 401
    assert _samples(quick, Cookie=f"gridmap={session(store, 'wang')}")["gridmap_ready"] == 1
