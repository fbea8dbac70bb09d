"""Sheets over HTTP: ordered, waited for, fetched; previewed on a page; and what the code on a sheet opens."""

import io
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pymupdf
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from shapely import box

from gridmap.access import Role
from gridmap.store import Store, editions
from tests import patient
from tests.accounts import person, session
from tests.builders import ALL
from tests.small_land import AREAS, CELLS, EAST, LONG_AGO, TOWN, WEST


def ended(client: TestClient, job: str) -> dict[str, Any]:
    """The order once nothing more comes of it."""
    until = time.monotonic() + patient.SECONDS
    while time.monotonic() < until:
        told: dict[str, Any] = client.get(f"/api/print/{job}").json()
        if told["state"] in {"done", "refused"}:
            return told
        time.sleep(0.05)
    raise AssertionError(told)


def test_an_order_is_taken_waited_for_and_fetched(client: TestClient) -> None:
    answer = client.post("/api/print", json={"codes": [WEST], "variant": "public", "lang": "en"})
    assert answer.status_code == 202
    job = answer.json()["id"]
    told = ended(client, job)
    facts = {"state": "done", "pages": 2, "parts": 1, "of": 1, "edition": 1, "callouts": 0, "vacant": [], "url": f"/api/print/{job}/pdf"}
    assert {name: told[name] for name in facts} == facts
    fetched = client.get(told["url"])
    assert fetched.headers["content-type"] == "application/pdf"
    text = " ".join(page.get_text() for page in pymupdf.open(stream=fetched.content, filetype="pdf"))
    assert [code for code in CELLS if code not in text] == []
    assert "0700-" not in text


def test_an_order_that_cannot_be_printed_says_why(quick: TestClient) -> None:
    job = quick.post("/api/print", json={"codes": ["nowhere"]}).json()["id"]
    told = ended(quick, job)
    assert (told["state"], "nowhere" in told["why"]) == ("refused", True)
    assert quick.get(f"/api/print/{job}/pdf").status_code == 404
    for wrong in ({}, {"codes": []}, {"codes": [WEST], "paper": "B5"}, {"codes": [WEST], "scale": 7}, {"codes": [WEST], "more": 1}):
        assert quick.post("/api/print", json=wrong).status_code == 422
    assert quick.get("/api/print/unknown").status_code == 404


def test_an_order_is_seen_by_who_gave_it_and_prints_what_they_may(quick: TestClient) -> None:
    app: Any = quick.app
    store: Store = app.state.store
    person(store, "boss", (Role.ADMINISTRATOR, None))
    for name in ("west", "other"):
        person(store, name, (Role.PLANNER, WEST))
    quick.cookies.set("gridmap", session(store, "west"))
    csrf = quick.get("/api/session").json()["csrf"]
    jobs = [quick.post("/api/print", json={"codes": [code]}, headers={"X-CSRF-Token": csrf}).json()["id"] for code in (WEST, EAST)]
    assert [ended(quick, job)["state"] for job in jobs] == ["done", "refused"]
    quick.cookies.set("gridmap", session(store, "other"))
    assert quick.get(f"/api/print/{jobs[0]}").status_code == 404
    assert quick.get(f"/api/print/{jobs[0]}/pdf").status_code == 404


def test_the_page_shows_the_first_page_as_it_would_be_printed(client: TestClient) -> None:
    shown = client.get("/print", params={"code": WEST, "paper": "A4"})
    assert shown.status_code == 200
    assert "/print/preview?" in shown.text
    picture = client.get("/print/preview", params={"code": WEST, "paper": "A4"})
    assert picture.headers["content-type"] == "image/png"
    assert sorted(Image.open(io.BytesIO(picture.content)).size) == pytest.approx([595, 842], abs=1)
    assert client.get("/print", params={"code": WEST, "paper": "A9"}).status_code == 422
    assert client.get("/print/preview", params={"code": "nowhere"}).status_code == 404


def test_what_may_be_printed_is_offered_and_a_name_is_as_good_as_its_code(quick: TestClient) -> None:
    app: Any = quick.app
    store: Store = app.state.store
    offered = quick.get("/print?lang=en").text
    assert [code for code in (WEST, EAST, TOWN) if f'<option value="{code}">' not in offered] == []
    shown = quick.get("/print/preview", params={"code": "西村", "paper": "A5"})
    assert shown.content == quick.get("/print/preview", params={"code": WEST, "paper": "A5"}).content
    person(store, "boss", (Role.ADMINISTRATOR, None))
    person(store, "west", (Role.PLANNER, WEST))
    quick.cookies.set("gridmap", session(store, "west"))
    narrow = quick.get("/print").text
    assert [code for code in (WEST, EAST, TOWN) if f'<option value="{code}">' in narrow] == [WEST]


@pytest.mark.parametrize(("book", "code"), [("township", TOWN), ("village", WEST), ("worker", "W1")])
def test_the_preview_is_the_first_page_of_the_pdf(quick: TestClient, book: str, code: str) -> None:
    picture = quick.get("/print/preview", params={"book": book, "code": code, "paper": "A4", "said": "zh"})
    told = ended(quick, quick.post("/api/print", json={"book": book, "codes": [code], "paper": "A4"}).json()["id"])
    with pymupdf.open(stream=quick.get(told["url"]).content, filetype="pdf") as read:
        printed = Image.open(io.BytesIO(read[0].get_pixmap(dpi=72).tobytes("png"))).convert("L")
    shown = Image.open(io.BytesIO(picture.content)).convert("L").resize(printed.size)
    apart = np.abs(np.asarray(shown.reduce(4), dtype=float) - np.asarray(printed.reduce(4), dtype=float))  # hatches become tints
    assert (np.asarray(printed) < 200).mean() > 0.005  # something stands there
    assert apart.mean() < 2.5


def test_the_page_orders_and_waits_without_a_script(quick: TestClient) -> None:
    sent = quick.post("/print", data={"code": WEST, "paper": "A5"}, follow_redirects=False)
    assert sent.status_code == 303
    job = sent.headers["location"].rpartition("/")[2]
    assert ended(quick, job)["state"] == "done"
    assert f"/api/print/{job}/pdf" in quick.get(sent.headers["location"]).text
    assert quick.post("/print", data={"code": ""}).status_code == 422


def test_the_code_on_a_sheet_says_whether_it_is_current_and_where_to_report(client: TestClient, land: Store) -> None:
    first = client.get(f"/v/{WEST}?e=1&lang=en")
    assert (first.status_code, "is current" in first.text) == (200, True)
    assert "West Village" in first.text
    assert "0702" in first.text
    assert "0700-" not in first.text
    assert f'href="/print?book=village&amp;code={WEST}"' in first.text
    south, north = box(113.0, 28.0, 113.01, 28.009), box(113.0, 28.009, 113.01, 28.02)  # beside no other village
    moved = tuple(replace(area, shape={CELLS[0]: south, CELLS[2]: north}.get(area.code, area.shape)) for area in AREAS)
    with land.begin(ALL) as tx:
        editions.add(tx, moved, in_force_from=LONG_AGO + timedelta(days=1), recorded_at=LONG_AGO + timedelta(days=1))
    assert "ask for a new sheet" in client.get(f"/v/{WEST}?e=1&lang=en").text
    assert "is current" in client.get(f"/v/{WEST}?e=2&lang=en").text
    assert "is current" in client.get(f"/v/{EAST}?e=1&lang=en").text
    assert "ask for a new sheet" in client.get(f"/v/{TOWN}?e=1&lang=en").text
    for path in ("/v/nowhere?e=1", f"/v/{WEST}?e=9", f"/v/{CELLS[0]}"):
        assert client.get(path).status_code == 404
    assert client.get(f"/v/{WEST}?e=x").status_code == 422


def test_everybody_may_open_what_a_code_leads_to(client: TestClient, land: Store) -> None:
    person(land, "boss", (Role.ADMINISTRATOR, None))
    opened = client.get(f"/v/{WEST}?e=1", follow_redirects=False)
    assert opened.status_code == 200
    assert "/print?" not in opened.text, "only whoever may print is offered to"
    assert client.get("/print", follow_redirects=False).status_code == 303
