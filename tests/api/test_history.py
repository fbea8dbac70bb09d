"""GET /api/history: who may audit reads it by pages and takes it out, and nobody else."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from api import create_app
from gridmap.access import ANONYMOUS, Actor, Forbidden, Grant, Role
from gridmap.flows import audit
from gridmap.flows.contact import read_contacts
from gridmap.flows.intake import receive
from gridmap.flows.verify_history import verify
from gridmap.incidents import Channel, Report
from gridmap.store import history
from tests.accounts import person, session
from tests.api.test_live import write
from tests.builders import ALL, OPERATOR
from tests.closing import close
from tests.serving import some_settings
from tests.small_land import IN_CELL_1, NOW

AT = "http://127.0.0.1:8000"


def rows_of(client: TestClient, path: str = "/api/history") -> list[dict]:
    """All pages."""
    found: list[dict] = []
    while path:
        told = client.get(path).json()
        found += told["rows"]
        path = next((link["href"] for link in told["links"] if link["rel"] == "next"), "")
    return found


def test_pages_hold_every_row_once_the_newest_first(client, land):
    write(land, 7)
    found = rows_of(client, "/api/history?limit=3")
    assert [row["id"] for row in found] == list(range(len(found), 0, -1))
    received = rows_of(client, "/api/history?limit=3&what=receive")
    assert [row for row in found if row["what"] == "receive"] == received
    assert len(received) == 7
    one = received[3]
    assert [row["id"] for row in rows_of(client, f"/api/history?subject={one['subject']}")] == [one["id"]]
    assert rows_of(client, "/api/history?who=nobody") == []
    later = client.get("/api/history", params={"since": one["at"], "until": one["at"]}).json()
    assert later["rows"] == []
    assert client.get("/api/history?since=2026-01-01T00:00:00").status_code == 422  # no zone
    assert client.get("/api/history?limit=0").status_code == 422


def test_an_export_is_whole_and_no_cell_is_a_formula(client, land):
    write(land, 3)
    with land.begin(ALL) as tx:
        for text in ("=1+1", "@SUM(A1)", "\t=1", " +1", "＝1", "-2", "plain"):
            history.record(tx, NOW, "draft.cut", text)
    told = client.get("/api/history?format=csv")
    assert told.headers["content-type"] == "text/csv; charset=utf-8"
    assert told.headers["content-disposition"] == 'attachment; filename="history.csv"'
    assert told.content.startswith("\ufeff".encode())
    rows = list(csv.DictReader(io.StringIO(told.text.removeprefix("\ufeff"), newline="")))
    lines = [json.loads(line) for line in client.get("/api/history?format=ndjson").text.splitlines()]
    assert [int(row["id"]) for row in rows] == [line["id"] for line in lines] == list(range(1, len(lines) + 1))
    assert [row["subject"] for row in rows[-7:]] == ["'=1+1", "'@SUM(A1)", "'\t=1", "' +1", "'＝1", "'-2", "plain"]
    assert len(client.get("/api/history?format=ndjson&what=receive").text.splitlines()) == 3


def test_only_who_may_audit_reads_it(land, tmp_path):
    write(land)
    with TestClient(create_app(land, some_settings()), base_url=AT) as client:
        for role, status in ((Role.AUDITOR, 200), (Role.DISPATCHER, 403), (Role.ADMINISTRATOR, 403)):
            client.cookies.set("gridmap", session(land, person(land, f"a-{role}", (role, None)).name))
            for query in ("", "?format=csv", "?format=ndjson", "?what=receive"):
                assert client.get(f"/api/history{query}").status_code == status
        client.cookies.clear()
        assert client.get("/api/history").status_code == 401
    auditor = Actor("a-auditor", "id", None, (Grant(Role.AUDITOR),))
    assert verify(land, None, actor=auditor).good  # and proves it, incidents and grants too
    for actor in (ANONYMOUS, Actor("a-dispatcher", "id", None, (Grant(Role.DISPATCHER),))):
        with pytest.raises(Forbidden):
            verify(land, None, actor=actor)
        with pytest.raises(Forbidden):
            audit.anchor(land, tmp_path / "anchors", None, actor=actor, now=NOW)
    assert not (tmp_path / "anchors").exists()


def test_no_resident_is_in_the_history(land):
    """History can never forget: so it never holds how to reach a reporter, nor their words, nor their point."""
    told = ("13900001234", "门口有坑，我家在二楼", "一号楼二单元", str(IN_CELL_1[0]), "SENDER-77")
    report = Report(
        issue="E0113", channel=Channel.HOTLINE, lon=IN_CELL_1[0], lat=IN_CELL_1[1], datum="wgs84", text=told[1], place=told[2],
        sender="hotline", sender_number=told[4], contact=told[0],
    )  # fmt: skip
    answer = receive(land, report, now=NOW, actor=OPERATOR)
    receive(land, replace(report, key="k"), now=NOW, actor=OPERATOR)
    read_contacts(land, answer.number, "ask back", now=NOW, actor=OPERATOR)
    close(land, answer.number, "done", now=NOW + timedelta(hours=1), actor=OPERATOR)
    with land.read(ALL) as tx:
        kept = json.dumps([row.as_dict() for row in history.rows(tx, limit=1000)], ensure_ascii=False)
    assert "contact.read" in kept
    assert [each for each in told if each in kept] == []
    assert verify(land, None, actor=OPERATOR).good


def test_the_service_witnesses_the_history_when_it_starts_and_when_it_ends(land, tmp_path):
    file = tmp_path / "elsewhere.anchors"
    settings = some_settings(GRIDMAP_ANCHOR_FILE=str(file))
    write(land)
    with TestClient(create_app(land, settings), base_url=AT):
        write(land)
    found = verify(land, file, actor=OPERATOR)
    assert found.good
    assert found.anchors in {1, 2}  # what was written just after the start may be in the first already
    assert found.anchored == found.rows - 1  # all but the row that tells of the line
    with TestClient(create_app(land, settings), base_url=AT):
        pass
    assert verify(land, file, actor=OPERATOR).anchors == found.anchors  # nothing new, nothing written
