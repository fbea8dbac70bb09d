"""When more reports come than can be kept at once, maps and exports yield first, and reports come last."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from api import intake, pressure
from api.gathering import Gathering
from tests.api.test_reports import report

MAPS = ("/api/areas", "/api/land", "/api/public/incidents", "/api/history")
DESKS = ("/api/incidents", "/api/issue-types", "/healthz", "/readyz", "/")


@contextmanager
def crowd(client: TestClient, waiting: int) -> Iterator[None]:
    """As many reports wait as that, none of which is taken meanwhile."""
    gathering: Gathering[object, object] = client.app.state.intake  # type: ignore[attr-defined]
    gathering._waiting.extend([object()] * waiting)  # type: ignore[list-item]
    try:
        yield
    finally:
        gathering._waiting.clear()


def test_under_pressure_maps_and_exports_are_sent_away_and_desks_go_on(quick: TestClient) -> None:
    with crowd(quick, intake.MOST // pressure.SHARE + 1):
        for path in MAPS:
            answer = quick.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5"), path
            assert answer.json()["type"] == "urn:gridmap:problem:crowded"
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert {path: quick.get(path).status_code for path in DESKS} == dict.fromkeys(DESKS, 200)
    assert 503 not in [quick.get(path).status_code for path in MAPS]


def test_a_report_is_sent_away_last_and_nothing_of_it_is_kept(quick: TestClient) -> None:
    with crowd(quick, intake.MOST):
        answer = quick.post("/api/reports?lang=en", json=report())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "again" in answer.json()["detail"]
    assert quick.get("/api/incidents").json()["numberReturned"] == 0
    assert quick.post("/api/reports", json=report()).status_code == 201


@pytest.mark.parametrize("path", MAPS)
def test_so_many_maps_at_once_and_no_more(quick: TestClient, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(pressure, "AT_ONCE", 0)
    assert quick.get(path).status_code == 503
    assert quick.get("/api/incidents").status_code == 200
