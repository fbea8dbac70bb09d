"""The page of an incident: who, where, what, and every step in plain words; for whoever sees the incident, and nobody else."""

import re
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from html import unescape

import pytest
from fastapi.testclient import TestClient
from shapely import box

from api.telling import left, ticking
from gridmap.access import Role
from gridmap.catalogue import Limit, LimitUnit
from gridmap.flows import grants
from gridmap.flows.rehome import Rehoming, rehome
from gridmap.incidents.life import Step
from gridmap.limits import Clock
from gridmap.store import Store, clocks, editions, incidents
from gridmap.words import LANGS, Lang, texts
from tests.accounts import now, person, session
from tests.api.test_asked import UNTIL, take
from tests.api.test_reports import report
from tests.builders import ALL, OPERATOR
from tests.small_land import AREAS, CELLS, EAST, IN_CELL_1, NOW, WEST

NASTY = """<img src=x onerror=alert(1)>{{7*7}}"""


def read(client: TestClient, number: str, lang: Lang = "en") -> str:
    answer = client.get(f"/incidents/{number}?lang={lang}")
    assert answer.status_code == 200
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text)))


@pytest.mark.parametrize("lang", LANGS)
def test_it_tells_who_where_what_the_tasks_the_clocks_and_every_step_in_the_readers_language(client: TestClient, lang: Lang) -> None:
    number = client.post("/api/reports", json=report(text="a hole", contact="0700-1234567")).json()["number"]
    take(client, number, "acknowledge")
    take(client, number, "whistle", office="WATER", until=UNTIL, reason="a main has burst")
    take(client, number, "arrive", task=1)
    take(client, number, "regrade", grade="difficult")
    take(client, number, "supervise", until=UNTIL)
    told, words = read(client, number, lang), texts(lang)
    assert number in told
    for text in ("a hole", "430102001001001", "0700-1", "a main has burst", "WATER"):
        assert text in told
    for key in ("state.acknowledged", "ui.grade.difficult", "task.whistle", "standing.arrived", "page.clock.met", "clock.handle"):
        assert words[key] in told, key
    assert re.search(r"\d/\d", told) is None, "no limit is told as a fraction"
    for what in ("receive", "incident.acknowledge", "incident.whistle", "incident.arrive", "incident.regrade", "incident.supervise"):
        assert words[f"history.{what}"] in told
    assert ("Water company" in told) is (lang == "en")
    assert ("供水公司" in told) is (lang == "zh")
    assert "0700-1234567" not in told
    assert "{" not in told.replace(NASTY, "")


def panel(client: TestClient, number: str, lang: Lang) -> str:
    """What the log of the command centre's panel says of the facts."""
    log = client.get(f"/api/incidents/{number}?lang={lang}").json()["properties"]["log"]
    return " ".join(f"{each['label']}: {each.get('value') or each['at']}" for row in log for each in row["told"])


@pytest.mark.parametrize("lang", LANGS)
def test_both_of_what_was_merged_and_taken_apart_name_the_other(client: TestClient, lang: Lang) -> None:
    one, other = (client.post("/api/reports", json=report()).json()["number"] for _ in range(2))
    take(client, one, "merge", into=other)
    take(client, one, "split")
    for number, their in ((one, other), (other, one)):
        log = read(client, number, lang).split(texts(lang)["ui.detail.log"])[-1]
        assert log.count(their) >= 3, "merged, its reports moved, and moved back"
        assert panel(client, number, lang).count(their) >= 3


@pytest.mark.parametrize("lang", LANGS)
def test_what_another_edition_would_give_to_others_says_to_whom(client: TestClient, land: Store, lang: Lang) -> None:
    number = client.post("/api/reports", json=report()).json()["number"]
    lon, at = IN_CELL_1[0], now()
    with land.begin(ALL) as tx:
        shapes = {CELLS[0]: box(113.0, 28.0, lon - 0.001, 28.01), CELLS[1]: box(lon - 0.001, 28.0, 113.02, 28.01)}
        areas = [replace(area, shape=shapes.get(area.code, area.shape)) for area in AREAS]
        editions.add(tx, areas, in_force_from=at, recorded_at=at)
    assert rehome(land, Rehoming.ASK, now=now(), holder="here", actor=OPERATOR).asked == 1
    path, who = {"en": ("Hedong › West Village › Cell 2", "Worker A02"), "zh": ("河东镇 › 西村 › 第2网格", "网格员甲02")}[lang]
    for told in (read(client, number, lang), panel(client, number, lang)):
        assert path in told
        assert who in told


def test_the_log_of_the_panel_names_offices_and_not_their_codes(client: TestClient) -> None:
    number = client.post("/api/reports", json=report()).json()["number"]
    take(client, number, "transfer", office="ROADS")
    assert "office: Urban management" in panel(client, number, "en")
    assert "ROADS" not in panel(client, number, "en")


def test_every_step_of_a_life_has_words_for_its_page(client: TestClient) -> None:
    for lang in LANGS:
        assert {f"history.incident.{step}" for step in Step} <= set(texts(lang))


def test_what_a_reporter_wrote_is_text_and_nothing_runs(client: TestClient) -> None:
    number = client.post("/api/reports", json=report(text=NASTY, place=NASTY)).json()["number"]
    take(client, number, "void", reason=NASTY)
    answer = client.get(f"/incidents/{number}")
    assert "<img src=x" not in answer.text
    assert answer.text.count("{{7*7}}") == 3
    policy = answer.headers["content-security-policy"]
    assert policy.split("nonce-")[0] == client.get("/posts").headers["content-security-policy"].split("nonce-")[0]
    assert "style=" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_only_whoever_sees_the_incident_sees_its_page(land: Store, client: TestClient) -> None:
    number = client.post("/api/reports", json=report()).json()["number"]
    take(client, number, "inform", office="WATER")
    person(land, "west", (Role.DISPATCHER, WEST))
    person(land, "east", (Role.DISPATCHER, EAST))
    person(land, "auditor", (Role.AUDITOR, None))
    for name, office in (("water", "WATER"), ("centre", "CT")):
        person(land, name)
        grants.propose_grant(land, name, Role.HANDLER, area=None, office=office, actor=OPERATOR, now=now())
    for name, status in (("west", 200), ("east", 404), ("water", 200), ("centre", 404), ("auditor", 403)):
        client.cookies.set("gridmap", session(land, name))
        assert client.get(f"/incidents/{number}").status_code == status, name
    client.cookies.clear()
    led = client.get(f"/incidents/{number}", follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, f"/sign-in?next=%2Fincidents%2F{number}")


def test_a_clock_says_what_is_left_and_since_when_it_is_over(client: TestClient, land: Store) -> None:
    for seconds, en, zh in (
        (59 * 60, "59 min left", "剩 59 分钟"),
        (-3 * 3600, "3 h over", "超 3 小时"),
        (72 * 3600, "3 d left", "剩 3 天"),
    ):
        due = NOW + timedelta(seconds=seconds)
        assert (left(due, "en", NOW), left(due, "zh", NOW)) == (en, zh)
    number = client.post("/api/reports", json=report()).json()["number"]
    take(client, number, "acknowledge")
    take(client, number, "suspend", until=UNTIL)
    with land.read(ALL) as tx:
        runs = clocks.of_incident(tx, incidents.get(tx, number).id)
    assert [ticking(run.clock, "en", now()).standing for run in runs] == ["in time", "paused"]
    assert [ticking(run.clock, "en", now()).limit for run in runs] == ["4 work hours", "5 work days"]


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("1/2", "30 minutes"),
        ("2", "2 urgent hours"),
        ("47830350273/400000000", "4 d 23 h"),
        ("2499/60", "41 h 39 min"),
        ("119/60000", "0 minutes"),
    ],
)
def test_a_limit_until_an_instant_that_was_named_is_said_in_hours_and_minutes(amount: str, said: str) -> None:
    run = Clock("handle", 1, Limit(Fraction(amount), LimitUnit.URGENT_HOUR), NOW, since=NOW)
    assert ticking(run, "en", NOW).limit == said
