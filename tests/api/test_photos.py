"""Photos over HTTP, on both databases: named, brought in parts, shown to who sees the incident, and never as they were sent."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from gridmap.store import Store
from tests import photographs
from tests.api.test_reports import report
from tests.photographs import KINDS, photo


def name_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sent(client: TestClient, *names: str) -> dict[str, Any]:
    """A report that names these photos, as it was answered."""
    answer = client.post("/api/reports", json=report(photos=list(names)))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def at(told: dict[str, Any], data: bytes) -> str:
    return f"/api/reports/{told['report']}/photos/{name_of(data)}"


def put(client: TestClient, where: str, data: bytes, start: int = 0, end: int | None = None) -> Response:
    """Bring these bytes of the file."""
    part = data[start:end]
    return client.put(where, content=part, headers={"Content-Range": f"bytes {start}-{start + len(part) - 1}/{len(data)}"})


def photos(client: TestClient, told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each["sha256"], each["state"]) for each in client.get(f"/api/incidents/{told['incident']}/photos").json()["photos"]]


def test_a_report_counts_before_its_photos_which_come_in_parts_and_are_shown_drawn_anew(client: TestClient) -> None:
    data = photo("jpeg")
    told, half = sent(client, name_of(data)), len(data) // 2
    where = at(told, data)
    assert photos(client, told) == [(name_of(data), "awaited")]
    assert client.head(where).headers["Upload-Offset"] == "0"
    part = put(client, where, data, 0, half)
    assert (part.status_code, part.headers["Upload-Offset"], part.headers["Upload-Complete"]) == (204, str(half), "?0")
    assert photos(client, told) == [(name_of(data), "arriving")]
    assert client.head(where).headers["Upload-Offset"] == str(half)
    whole = put(client, where, data, half)
    assert (whole.status_code, whole.headers["Upload-Complete"]) == (201, "?1")
    assert photos(client, told) == [(name_of(data), "here")]
    assert put(client, where, data, half).status_code == client.put(where, content=data).status_code == 200
    shown = client.get(f"/api/incidents/{told['number']}/photos/{name_of(data)}")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["cache-control"] == "private, no-cache"
    assert shown.headers["content-disposition"] == f'inline; filename="{told["number"]}-{name_of(data)[:8]}.jpg"'
    again = client.get(str(shown.url), headers={"If-None-Match": shown.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    log = client.get(f"/api/incidents/{told['number']}").json()["properties"]["log"]
    assert [row["facts"] for row in log if row["what"] == "photo.add"] == [{"photo": name_of(data)}]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_was_planted_beside_the_pixels_is_anywhere_afterwards(client: TestClient, land: Store, kind: str) -> None:
    data = photo(kind)
    told = sent(client, name_of(data))
    assert client.put(at(told, data), content=data).status_code == 201
    for size in ("large", "small"):
        shown = client.get(f"/api/incidents/{told['incident']}/photos/{name_of(data)}", params={"size": size})
        assert shown.status_code == 200
        assert photographs.hits(shown.content) == []
    kept = Path(str(land._engine.url.database)).read_bytes() if land.dialect == "sqlite" else everything(land)
    assert photographs.hits(kept) == []
    assert kept.count(b"JFIF") >= 2


def everything(store: Store) -> bytes:
    """Every byte string and text of every row of every table."""
    with store._engine.connect() as tx:
        names = tx.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars().all()
        rows = [row for name in names for row in tx.exec_driver_sql(f'SELECT * FROM "{name}"').all()]
        return b"\n".join(bytes(cell) if isinstance(cell, memoryview | bytes) else str(cell).encode() for row in rows for cell in row)
