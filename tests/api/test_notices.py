"""What offices' systems are told: by the service itself, seen by who looks after it, and set up by the environment."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app
from gridmap.errors import BadSettings
from gridmap.settings import WebhookSettings, read_settings
from gridmap.store import Store, notices
from gridmap.store.notices import Standing
from tests.api.test_reports import report
from tests.builders import ALL
from tests.patient import until
from tests.receiver import SECRET, receiving
from tests.serving import some_settings


def test_the_service_tells_of_what_comes_in_and_what_is_done(land: Store) -> None:
    with receiving() as receiver:
        settings = some_settings(GRIDMAP_WEBHOOK_URL=receiver.url, GRIDMAP_WEBHOOK_SECRET=SECRET)
        with TestClient(create_app(land, settings), base_url="http://127.0.0.1:8000") as client:
            told = client.post("/api/reports", json=report(contact="0700-1234567")).json()
            body = {"step": "transfer", "office": "WATER", "reason": "a pipe of Wang's", "revision": 1}
            assert client.post(f"/api/incidents/{told['number']}/steps", json=body).status_code == 200
            until(lambda: len(receiver.took) == 2)
            until(lambda: client.get("/api/notices").json()["counts"]["sent"] == 2)
            found = client.get("/api/notices?standing=sent&limit=1").json()["notices"]
            rest = client.get(f"/api/notices?after={found[0]['id']}").json()["notices"]
    kinds = [(each["type"], each["data"]["audience"]) for each in (*found, *rest)]
    assert kinds == [("incident.transfer", "WATER"), ("incident.receive", "ROADS")]
    assert {each["id"] for each in (*found, *rest)} == set(receiver.took)
    assert not any(word in str(receiver.took) for word in ("Wang", "0700", told["report"]))


def test_without_a_webhook_they_are_told_to_the_log(land: Store) -> None:
    with TestClient(create_app(land, some_settings()), base_url="http://127.0.0.1:8000") as client:
        client.post("/api/reports", json=report(at=datetime.now(UTC).isoformat()))
        until(lambda: client.get("/api/notices").json()["counts"] == {"pending": 0, "sent": 1, "parked": 0})
    with land.read(ALL) as tx:
        assert notices.counts(tx)[Standing.SENT] == 1


GIVEN = {"GRIDMAP_WEBHOOK_URL": "https://oa.example/hooks?of=county", "GRIDMAP_WEBHOOK_SECRET": SECRET}


def test_address_and_secret_are_set_together_the_secret_also_by_a_file(tmp_path: Path) -> None:
    wanted = WebhookSettings(GIVEN["GRIDMAP_WEBHOOK_URL"], SECRET)
    assert read_settings(GIVEN).webhook == wanted
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    assert read_settings(GIVEN | {"GRIDMAP_WEBHOOK_SECRET": "", "GRIDMAP_WEBHOOK_SECRET_FILE": str(tmp_path / "secret")}).webhook == wanted
    assert read_settings({}).webhook is None
    assert SECRET not in repr(wanted)
    assert read_settings(GIVEN | {"GRIDMAP_WEBHOOK_URL": "http://127.0.0.1:9/x"}).webhook is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"GRIDMAP_WEBHOOK_URL": ""},
        {"GRIDMAP_WEBHOOK_SECRET": ""},
        {"GRIDMAP_WEBHOOK_SECRET": "secret"},
        {"GRIDMAP_WEBHOOK_SECRET": "whsec_c2hvcnQ="},
        *(
            {"GRIDMAP_WEBHOOK_URL": url}
            for url in ("http://oa.example/", "ftp://oa.example/", "file:///etc/passwd", "https://a:b@oa.example/")
        ),
        *({"GRIDMAP_WEBHOOK_URL": url} for url in ("https://oa.example/#x", "https:///x", "oa.example", "https://oa.example/ x")),
    ],
)
def test_what_is_no_webhook_is_told_at_the_start_without_its_secret(wrong: dict[str, str]) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings(GIVEN | wrong)
    assert "GRIDMAP_WEBHOOK" in str(refused.value)
    assert SECRET not in str(refused.value)
