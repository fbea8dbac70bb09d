"""What everybody sees of matters in public space, what a sender learns of the report, and who is told of households."""

import math
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import shapely
from fastapi.testclient import TestClient
from sqlalchemy import text

from api import create_app
from gridmap.access import ANONYMOUS, Action, Grant, Role, allowed, operator
from gridmap.flows import follow
from gridmap.flows.intake import receive, receive_many
from gridmap.geometry.metres import metres_per_degree
from gridmap.incidents import Answer, Channel, Report
from gridmap.incidents.public import PublicState, square_of
from gridmap.store import Store, ids, public
from tests import patient
from tests.closing import close
from tests.enrolled import NOBODY, Shown, enrol
from tests.serving import some_settings
from tests.small_land import CELLS, EAST, IN_CELL_1, IN_EAST, OUTSIDE, TOWN, WEST

OPERATOR = operator("tester")
NOW = datetime.now(some_settings().timezone).replace(microsecond=0)  # the service has its own clock
TODAY = NOW.date().isoformat()
SENT = Report(
    issue="E0113", channel=Channel.RESIDENT, lon=IN_CELL_1[0], lat=IN_CELL_1[1], datum="wgs84",
    text="secret-text", place="secret-place", sender="hotline", sender_number="secret-number", contact="13900001234",
)  # fmt: skip


@dataclass
class Door:
    """The service, asked by somebody: a name in `people`, or nobody."""

    client: TestClient
    store: Store
    people: dict[str, Shown]

    def get(self, path: str, by: str = "", **headers: str) -> Any:
        return self.client.get(path, headers={**self.people[by].bearer, **headers})

    def post(self, path: str, body: Any, by: str = "") -> Any:
        return self.client.post(path, json=body, headers=self.people[by].bearer)

    def take(self, **changes: Any) -> Answer:
        return receive(self.store, replace(SENT, **changes), now=NOW, actor=OPERATOR)

    def features(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/api/public/incidents{query}").json()["features"]
        return found


@pytest.fixture
def door(land: Store) -> Iterator[Door]:
    people = {
        "": NOBODY,
        "administrator": enrol(land, "administrator", Grant(Role.ADMINISTRATOR), now=NOW),
        "dispatcher": enrol(land, "dispatcher", Grant(Role.DISPATCHER), now=NOW),
        "west": enrol(land, "west", Grant(Role.DISPATCHER, area=WEST), now=NOW),
        "planner": enrol(land, "planner", Grant(Role.PLANNER, area=EAST), now=NOW),
        "worker": enrol(land, "worker", worker="W1", now=NOW),
    }
    app = create_app(land, some_settings())
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
        yield Door(client, land, people)


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    east, north = metres_per_degree(a[1])
    return math.hypot((a[0] - b[0]) * east, (a[1] - b[1]) * north)


def test_every_point_of_a_square_has_the_same_square_and_squares_are_half_a_kilometre_everywhere() -> None:
    rng = random.Random(1)
    for _ in range(2000):
        lon, lat = rng.uniform(-180, 180), rng.uniform(-80, 80)
        square = square_of(lon, lat)
        west, south, east, north = square.bounds
        assert west - 1e-6 <= lon <= east + 1e-6
        assert south - 1e-6 <= lat <= north + 1e-6
        inside = rng.uniform(west + 2e-6, east - 2e-6), rng.uniform(south + 2e-6, north - 2e-6)
        assert square_of(*inside) == square
        assert square_of(square.lon, square.lat) == square
        wide, high = metres_between((west, square.lat), (east, square.lat)), metres_between((lon, south), (lon, north))
        assert 490 < high < 510
        assert 480 < wide < 520
    for corner in ((-180.0, -90.0), (180.0, 90.0), (180.0, 0.0), (0.0, 90.0)):
        assert square_of(*corner) == square_of(square_of(*corner).lon, square_of(*corner).lat)


def test_a_matter_is_shown_as_a_square_with_its_type_day_and_village_and_nothing_else(door: Door) -> None:
    answer = door.take()
    [feature] = door.features()
    assert shapely.geometry.shape(feature["geometry"]).covers(shapely.Point(IN_CELL_1))
    assert feature["properties"] == {
        "issue": {"code": "E0113", "name": "Damaged road"},
        "state": "open",
        "count": 1,
        "first_day": TODAY,
        "last_day": TODAY,
        "village": {"code": WEST, "name": "West Village"},
    }
    assert set(feature) == {"type", "geometry", "properties"}
    told = door.get("/api/public/incidents?state=open&state=closed")
    drawn = {"x-request-id", "content-security-policy"}  # by lot, and a lot may fall on "W1"
    shown = told.text + str([each for each in told.headers.items() if each[0] not in drawn])
    for secret in ("secret", "1390000", answer.number, answer.incident, answer.report, "W1", "113.005", "28.005"):
        assert secret not in shown, secret


def test_wherever_in_the_square_it_lies_the_answer_is_the_same_and_asking_often_tells_no_more(door: Door) -> None:
    square = square_of(*IN_CELL_1)
    west, south, east, north = square.bounds
    door.take()
    first = door.features()
    for share in (0.02, 0.35, 0.98):
        with door.store._engine.connect() as tx, tx.execution_options(writes=True).begin():
            tx.execute(text("DELETE FROM public_incident"))
        door.take(lon=max(west, 113.0) + share * (east - max(west, 113.0)), lat=max(south, 28.0) + share * (north - max(south, 28.0)))
        assert door.features() == first
    assert len({door.get("/api/public/incidents").content for _ in range(20)}) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"issue": "D02"},
        {"issue": "no such type"},
        {"lon": OUTSIDE[0], "lat": OUTSIDE[1]},
        {"lon": None, "lat": None, "datum": ""},
        {"accuracy_m": 9000.0},
    ],
    ids=["a quarrel", "an unknown type", "outside", "words only", "no village is sure"],
)
def test_what_is_about_people_or_nowhere_is_never_shown(door: Door, changes: dict[str, Any]) -> None:
    door.take(**changes)
    assert door.features("?state=open&state=closed") == []


def test_closing_is_shown_at_once_and_open_is_what_is_asked_without_a_state(door: Door) -> None:
    answer = door.take()
    close(door.store, answer.number, "secret-reason", now=NOW, actor=OPERATOR)
    assert door.features() == []
    [feature] = door.features("?state=closed")
    assert feature["properties"]["state"] == "closed"


def test_if_the_incident_is_not_kept_nothing_is_shown(door: Door) -> None:
    door.take(key="k")
    door.take(key="k")
    assert door.features()[0]["properties"]["count"] == 1


def test_pages_hold_every_count_once_and_filters_narrow(door: Door) -> None:
    rng = random.Random(2)
    sent = [
        replace(SENT, issue=("E0113", "C0101")[n % 2], lon=rng.uniform(113.001, 113.039), lat=rng.uniform(28.001, 28.019))
        for n in range(40)
    ]
    receive_many(door.store, sent, now=NOW, actor=OPERATOR)
    whole = door.features()
    assert sum(one["properties"]["count"] for one in whole) == 40
    assert len(whole) > 10
    path, found = "/api/public/incidents?limit=7", []
    while path:
        page = door.get(path).json()
        found += page["features"]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert found == whole
    assert all(one["properties"]["issue"]["code"] == "C0101" for one in door.features("?issue=C0101"))
    assert len(door.features("?issue=C0101")) + len(door.features("?issue=E0113")) == len(whole)
    view = shapely.box(113.0101, 28.0051, 113.0152, 28.0102)
    touching = [one for one in whole if shapely.geometry.shape(one["geometry"]).intersects(view)]
    assert door.features("?bbox=113.0101,28.0051,113.0152,28.0102") == touching
    assert 0 < len(touching) < len(whole)


def test_what_cannot_be_asked_is_a_problem(door: Door) -> None:
    for query in (
        "bbox=1,2,3",
        "state=triage",
        "limit=0",
        "limit=2000",
        "after=x",
        "after=[1]",
        'after=["a",1,2,3,4]',
        "after=[[],1,2,3,4]",
    ):
        answer = door.get(f"/api/public/incidents?{query}")
        assert answer.status_code == 422, query
        assert answer.headers["content-type"] == "application/problem+json"
    assert door.get("/api/public/incidents", "").headers["content-type"] == "application/geo+json"


def test_the_public_role_finds_matters_in_a_view_by_the_spatial_index(door: Door) -> None:
    if door.store.dialect == "sqlite":
        pytest.skip("the spatial index is PostGIS's")
    door.take()
    with door.store.read(allowed(ANONYMOUS, Action.PUBLIC_READ)) as tx:
        tx.execute(text("SET LOCAL enable_seqscan = off"))
        tx.execute(text("SET LOCAL enable_bitmapscan = off"))
        point = "ST_SetSRID(ST_MakePoint(lon, lat), 4326) && ST_MakeEnvelope(113, 28, 113.01, 28.01, 4326)"
        plan = "\n".join(tx.scalars(text(f"EXPLAIN SELECT issue FROM public_incident WHERE {point}")))
        assert "ix_public_incident_point" in plan
        assert public.counts(tx, states=(PublicState.OPEN,), bbox=(113.0, 28.0, 113.02, 28.02), limit=10)


def test_whoever_shows_the_reports_id_learns_where_it_stands_and_no_more(door: Door) -> None:
    answer = door.take()
    for lang, village, office in (("en", "West Village", "Urban management"), ("zh", "西村", "城市管理局")):
        told = door.get(f"/api/reports/{answer.report}?lang={lang}")
        assert told.json() == {
            "report": answer.report,
            "number": answer.number,
            "state": "dispatched",
            "received_at": NOW.isoformat(),
            "issue": {"code": "E0113", "name": {"en": "Damaged road", "zh": "道路破损"}[lang]},
            "village": {"code": WEST, "name": village},
            "office": {"code": "ROADS", "name": office, "phone": "0710"},
        }
        assert told.headers["cache-control"] == "no-store"
    close(door.store, answer.number, "secret-reason", now=NOW, actor=OPERATOR)
    assert door.get(f"/api/reports/{answer.report}").json()["state"] == "closed"


def test_a_report_in_triage_is_followed_without_village_and_office(door: Door) -> None:
    told = door.get(f"/api/reports/{door.take(lon=None, lat=None, datum='').report}").json()
    assert (told["state"], told["village"], told["office"]) == ("triage", None, None)


def test_every_id_that_is_no_reports_is_answered_with_the_same_bytes(door: Door) -> None:
    answer = door.take()
    wrong = [answer.incident, answer.number, "x", ids.new(NOW), answer.report.upper(), answer.report + "0", "é" * 36, "%00" * 36]
    found = {(told.status_code, told.content) for told in (door.get(f"/api/reports/{one}?lang=en") for one in wrong)}
    assert len(found) == 1
    assert found.pop()[0] == 404


def test_following_without_end_is_slowed_down(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "EVERY", timedelta(hours=1))  # none comes back while this machine asks
    if door.store.dialect != "sqlite":
        pytest.skip("how buckets count is tried on both databases elsewhere")
    answer = door.take()
    found = Counter(door.get(f"/api/reports/{answer.report}").status_code for _ in range(follow.BURST + 20))
    assert found == {200: follow.BURST, 429: 20}


def test_the_reporters_contact_is_masked_for_readers_and_shown_for_a_purpose_to_whom_the_matter_is_in_hand(door: Door) -> None:
    answer = door.take()
    for by, readable in (("dispatcher", True), ("worker", True), ("west", True)):
        facts = door.get(f"/api/incidents/{answer.number}", by).json()["properties"]
        assert [one["masked"] for one in facts["contacts"]] == ["****234"]
        assert facts["contact_readable"] is readable
        told = door.post(f"/api/incidents/{answer.number}/contact", {"purpose": f"asked by {by}"}, by)
        assert [one["contact"] for one in told.json()["contacts"]] == ["13900001234"]
        assert told.headers["cache-control"] == "no-store"
    log = door.get(f"/api/incidents/{answer.number}", "dispatcher").json()["properties"]["log"]
    assert [row["facts"].get("purpose") for row in log if row["what"] == "contact.read"] == [
        "asked by dispatcher", "asked by worker", "asked by west",
    ]  # fmt: skip
    assert answer.report not in door.get(f"/api/incidents/{answer.number}", "dispatcher").text
    for body in ({}, {"purpose": ""}, {"purpose": " "}, {"purpose": "x" * 201}, {"purpose": "call 13900001234"}):
        assert door.post(f"/api/incidents/{answer.number}/contact", body, "dispatcher").status_code == 422
    assert door.post(f"/api/incidents/{answer.number}/contact", {"purpose": "x"}, "administrator").status_code == 403
    assert door.post(f"/api/incidents/{answer.number}/contact", {"purpose": "x"}).status_code == 401


def test_a_contact_elsewhere_and_an_incident_that_is_not_there_are_answered_alike(door: Door) -> None:
    answer = door.take(lon=IN_EAST[0], lat=IN_EAST[1])
    there, absent = (
        door.post(f"/api/incidents/{number}/contact?lang=en", {"purpose": "x"}, "west") for number in (answer.number, "2026-999999")
    )
    assert there.status_code == absent.status_code == 404
    assert there.text.replace(answer.number, "2026-999999") == absent.text


def households(door: Door, by: str = "") -> dict[str, int | None]:
    found = [door.get(f"/api/areas?level={level}", by).json()["features"] for level in ("township", "village", "cell")]
    told = {one["id"]: one["properties"]["households"] for features in found for one in features}
    assert told == {code: door.get(f"/api/areas/{code}", by).json()["properties"]["households"] for code in told}
    return told


def test_households_are_told_within_the_scope_and_null_elsewhere(door: Door) -> None:
    patient.until(lambda: door.store._editions)  # the service reads it ahead, and must not do so while it is changed
    with door.store._engine.connect() as tx, tx.execution_options(writes=True).begin():
        tx.execute(text("DROP TRIGGER area_update") if door.store.dialect == "sqlite" else text("DROP TRIGGER area_rows ON area"))
        tx.execute(text("UPDATE area SET households = 77"))
    door.store._editions.clear()
    every = {TOWN, WEST, EAST, *CELLS}
    for by, known in {
        "": set(),
        "administrator": set(),
        "dispatcher": every,
        "west": {WEST, *CELLS},
        "planner": {EAST},
        "worker": {CELLS[0]},
    }.items():
        assert households(door, by) == {code: 77 if code in known else None for code in every}, by


def test_what_a_browser_keeps_of_areas_is_another_answer_for_each_scope(door: Door) -> None:
    tags = {by: door.get("/api/areas?level=cell", by).headers["etag"] for by in ("", "administrator", "dispatcher", "west", "planner")}
    assert tags[""] == tags["administrator"]
    assert len(set(tags.values())) == 4
    again = {"If-None-Match": tags["dispatcher"]}
    assert door.get("/api/areas?level=cell", "dispatcher", **again).status_code == 304
    assert door.get("/api/areas?level=cell", "", **again).status_code == 200
    assert "private" in door.get("/api/areas?level=cell", "dispatcher").headers["cache-control"]
