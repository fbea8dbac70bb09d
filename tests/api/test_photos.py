"""Photos over HTTP, on both databases: named, brought in parts, shown to who sees the incident, and never as they were sent."""

import hashlib
import re
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from api import create_app
from gridmap.photos import Workshop, redraw
from gridmap.settings import PhotoSettings
from gridmap.store import Store
from tests import patient, photographs
from tests.api.test_reports import report
from tests.photographs import KINDS, leaves, photo, written
from tests.serving import serving, some_settings


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


def test_parts_that_come_again_or_overlap_do_no_harm_and_a_gap_tells_where_to_go_on(quick: TestClient) -> None:
    data = photo("png")
    told = sent(quick, name_of(data))
    where = at(told, data)
    assert put(quick, where, data, 0, 500).headers["Upload-Offset"] == "500"
    assert put(quick, where, data, 0, 500).headers["Upload-Offset"] == "500"
    assert put(quick, where, data, 300, 600).headers["Upload-Offset"] == "600"
    gap = put(quick, where, data, 700, 800)
    assert (gap.status_code, gap.json()["offset"], gap.json()["type"]) == (409, 600, "urn:gridmap:problem:photo_gap")
    asked = quick.put(where, headers={"Content-Range": f"bytes */{len(data)}"})
    assert (asked.status_code, asked.headers["Upload-Offset"]) == (204, "600")
    assert put(quick, where, data, 100).status_code == 201


def test_a_file_whose_length_nobody_says_is_whole_when_it_ends(quick: TestClient) -> None:
    data = photo("webp")
    told = sent(quick)  # and it was not named before
    answer = quick.put(at(told, data), content=iter([data[:7], data[7:]]))
    assert "content-length" not in answer.request.headers
    assert (answer.status_code, photos(quick, told)) == (201, [(name_of(data), "here")])


HUGE = 10**11
NOT_TAKEN = {
    "no bytes": (b"", {}, 422, "photo_empty"),
    "no bytes of none": (b"", {"Content-Range": "bytes */0"}, 422, "photo_empty"),
    "an absurd length": (b"x", {"Content-Range": f"bytes 0-0/{HUGE}"}, 413, "photo_too_large"),
    "behind the end": (b"xy", {"Content-Range": "bytes 9-10/10"}, 422, "range_unusable"),
    "backwards": (b"x", {"Content-Range": "bytes 5-4/10"}, 422, "range_unusable"),
    "in lines": (b"x", {"Content-Range": "lines 0-0/10"}, 422, "range_unusable"),
    "of nothing": (b"x", {"Content-Range": ""}, 422, "range_unusable"),
    "negative": (b"x", {"Content-Range": "bytes -5-4/10"}, 422, "range_unusable"),
    "a number without end": (b"x", {"Content-Range": f"bytes 0-{'9' * 80}/*"}, 422, "range_unusable"),
    "another file": (b"\xff\xd8\xff not this one", {}, 409, "photo_other"),
}


@pytest.mark.parametrize("what", NOT_TAKEN)
def test_what_is_said_wrongly_is_refused_with_a_sentence_and_leaves_nothing(quick: TestClient, what: str) -> None:
    body, headers, status, key = NOT_TAKEN[what]
    told = sent(quick)
    answer = quick.put(f"/api/reports/{told['report']}/photos/{'0' * 64}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:gridmap:problem:{key}")
    assert answer.json()["detail"]
    assert [state for _, state in photos(quick, told)] in ([], ["awaited"])


@pytest.mark.parametrize("name", ["0" * 63, "A" * 64, "x", "..", "%2e%2e", "0" * 64 + ".jpg"])
def test_a_name_that_is_no_hash_is_refused(quick: TestClient, name: str) -> None:
    told = sent(quick)
    assert quick.put(f"/api/reports/{told['report']}/photos/{name}", content=b"x").status_code in {404, 405, 422}
    assert quick.head(f"/api/reports/{told['report']}/photos/{name}").status_code in {404, 405, 422}
    assert photos(quick, told) == []


@pytest.mark.parametrize("data", [b"GIF89a" + bytes(40), b"<html><script>alert(1)</script>", photo("jpeg")[:-300]])
def test_what_cannot_be_drawn_is_refused_and_the_report_stands(quick: TestClient, data: bytes) -> None:
    told = sent(quick, name_of(data))
    answer = quick.put(at(told, data), content=data)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert photos(quick, told) == []
    assert quick.get(f"/api/incidents/{told['incident']}").status_code == 200
    assert quick.get(f"/api/incidents/{told['incident']}/photos/{name_of(data)}").status_code == 404


def test_a_file_is_never_held_back_by_the_bound_of_other_bodies_and_never_passes_its_own(land: Store) -> None:
    if land.dialect != "sqlite":
        pytest.skip("the bound does not depend on the database")
    settings = some_settings(GRIDMAP_PHOTO_MIB="1", GRIDMAP_PHOTOS="1")
    with TestClient(create_app(land, settings), base_url="http://127.0.0.1:8000") as client:
        large = written("png", leaves(500, 400))
        assert 2**16 < len(large) < 2**20
        told = sent(client, name_of(large))
        assert client.put(at(told, large), content=large).status_code == 201
        more = client.put(at(told, large[:-1]), content=large[:-1])
        assert (more.status_code, more.json()["most"]) == (409, 1)
        other = sent(client)
        unsaid = client.put(at(other, b""), content=iter([bytes(2**20), b"x"]))
        assert (unsaid.status_code, photos(client, other)) == (413, [])


def test_where_all_that_is_on_its_way_takes_its_room_another_is_told_to_come_later_and_what_came_is_kept(land: Store) -> None:
    if land.dialect != "sqlite":
        pytest.skip("the bound does not depend on the database")
    settings = replace(some_settings(), photos=PhotoSettings(unfinished=1))
    with TestClient(create_app(land, settings), base_url="http://127.0.0.1:8000") as client:
        large, other = bytes(2**20 - 9), photo("jpeg") + bytes(9)
        first, second = sent(client, name_of(large)), sent(client, name_of(other))
        assert put(client, at(first, large), large, 0, len(large) - 1).status_code == 204
        full = put(client, at(second, other), other)
        assert (full.status_code, full.json()["type"]) == (503, "urn:gridmap:problem:photos_unfinished_full")
        assert int(full.headers["Retry-After"]) > 0
        assert client.head(at(first, large)).headers["Upload-Offset"] == str(len(large) - 1)
        assert put(client, at(first, large), large, len(large) - 1).status_code == 422  # it was none, and is gone
        assert put(client, at(second, other), other).status_code == 201


def test_while_a_photo_is_drawn_the_service_answers_and_who_finds_no_place_keeps_what_came(
    quick: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, other, go = photo("jpeg"), photo("webp"), tmp_path / "go"
    first, second = sent(quick, name_of(data)), sent(quick, name_of(other))
    quick.app.state.workshop = Workshop(at_once=1, waiting=0)  # type: ignore[attr-defined]
    waits = f"import os, runpy, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    slow = f"{waits}runpy.run_path({redraw.__file__!r}, run_name='__main__')"
    (tmp_path / "slow.py").write_text(slow)
    monkeypatch.setattr(redraw, "__file__", str(tmp_path / "slow.py"))
    with ThreadPoolExecutor(1) as pool:
        drawing = pool.submit(quick.put, at(first, data), content=data)
        while quick.head(at(first, data)).headers["Upload-Offset"] != str(len(data)):
            assert not drawing.done()
        crowded = quick.put(at(second, other), content=other)
        while crowded.status_code == 201 and not drawing.done():  # it was quicker to a place
            crowded = quick.put(at(second, other), content=other)
        assert (crowded.status_code, crowded.json()["type"]) == (503, "urn:gridmap:problem:photos_crowded")
        assert int(crowded.headers["Retry-After"]) > 0
        assert quick.get("/healthz").status_code == 200
        go.touch()
        assert drawing.result().status_code == 201
    assert quick.head(at(second, other)).headers["Upload-Offset"] == str(len(other))
    assert quick.put(at(second, other), headers={"Content-Range": f"bytes */{len(other)}"}).status_code == 201


def test_curl_brings_a_photo_and_goes_on_where_a_line_was_cut(land: Store, tmp_path: Path) -> None:
    if land.dialect != "sqlite" or not which("curl"):
        pytest.skip("needs curl, and one database")
    data = written("png", leaves(900, 700))
    (tmp_path / "photo").write_bytes(data)
    with serving(land) as address:
        told = patient.post(f"{address}/api/reports", json=report(photos=[name_of(data)])).json()
        where = f"{address}{at(told, data)}"
        begins = f"PUT {at(told, data)} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as line:
            line.sendall(begins + data[:-1000])
            last = time.monotonic() + patient.SECONDS
            while (have := int(httpx2.head(where).headers["Upload-Offset"])) == 0:
                assert time.monotonic() < last
        assert 2**18 <= have < len(data)
        asked = ["curl", "-sS", "-o", str(tmp_path / "answer"), "-w", "%{http_code}", "-C", str(have), "-T", str(tmp_path / "photo"), where]
        assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout == "201"
        shown = patient.get(f"{address}/api/incidents/{told['incident']}/photos/{name_of(data)}")
        assert shown.content.startswith(b"\xff\xd8\xff\xe0")


def test_the_page_of_an_incident_shows_its_photos_with_words_for_who_does_not_see_them(quick: TestClient) -> None:
    data, missing = photo("jpeg"), photo("png")
    told = sent(quick, name_of(data), name_of(missing))
    quick.put(at(told, data), content=data)
    for lang, alt, more in (("en", "Photo 1: Damaged road", "1 more"), ("zh", "照片 1：道路破损", "另有 1 张")):
        page = quick.get(f"/incidents/{told['number']}?lang={lang}").text
        [image] = re.findall(r"<img [^>]*/photos/[^>]*>", page)
        assert f'alt="{alt}"' in image
        assert f'<a href="/api/incidents/{told["number"]}/photos/{name_of(data)}">' in page
        assert more in page
        assert name_of(missing) not in page
