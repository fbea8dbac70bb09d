"""The pages of accounts behind both walls: who may open which, and that what they draw on can be read there."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.sign_in import csrf_of
from gridmap.access import Action, Role
from gridmap.flows.sign_in import sign_in_as
from gridmap.store import Store
from gridmap.words import LANGS, say
from tests.accounts import ISSUER, now, person, session
from tests.signing import PASSWORD, light_passwords
from tests.signing import person as with_password
from tests.small_land import TOWN, WEST

PAGES = ("/", "/account", "/users", "/users/dispatcher", "/posts")
SEES = {
    "administrator": (303, 200, 200, 200, 200),
    "auditor": (303, 200, 200, 200, 403),
    "dispatcher": (200, 200, 403, 403, 200),
    "leader": (200, 200, 403, 403, 403),
    "nothing": (303, 200, 403, 403, 403),
    "": (303, 303, 303, 303, 303),
}


def peopled(land: Store) -> Store:
    """A land with somebody of every kind."""
    person(land, "administrator", (Role.ADMINISTRATOR, None))
    person(land, "auditor", (Role.AUDITOR, None))
    person(land, "dispatcher", (Role.DISPATCHER, WEST), (Role.PLANNER, TOWN))
    person(land, "leader", worker="W6")
    person(land, "nothing")
    return land


@pytest.fixture
def people(quick: TestClient) -> Store:
    app: Any = quick.app
    return peopled(app.state.store)


def test_each_page_opens_for_those_who_may_and_for_nobody_else(client: TestClient, land: Store) -> None:
    people, found = peopled(land), {}
    for name in SEES:
        client.cookies.clear()
        if name:
            client.cookies.set("gridmap", session(people, name))
        found[name] = tuple(client.get(page, follow_redirects=False).status_code for page in PAGES)
    assert found == SEES


def test_an_account_that_is_not_there_is_told_so_as_a_page(quick: TestClient, people: Store) -> None:
    quick.cookies.set("gridmap", session(people, "administrator"))
    answer = quick.get("/users/nobody")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "administrator" in answer.text  # the menu is there still


def test_a_form_without_the_pages_token_changes_nothing(quick: TestClient, people: Store) -> None:
    quick.cookies.set("gridmap", session(people, "administrator"))
    answer = quick.post("/users/auditor/disable", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 403
    assert quick.get("/users/auditor").text.count(say("page.state.active", "en"))


def test_a_browser_that_was_left_open_makes_no_phone_before_signing_in_again(quick: TestClient, people: Store) -> None:
    before = now() - timedelta(minutes=16)
    raw = sign_in_as(people, ISSUER, "dispatcher", label="left open", now=before).session
    quick.cookies.set("gridmap", raw)
    csrf = csrf_of(raw)
    answer = quick.post("/account/phones", data={"label": "blue", "csrf": csrf}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?again=1&next=%2Faccount")
    assert quick.get(answer.headers["location"]).status_code == 200
    answer = quick.post("/api/tokens", json={"label": "blue"}, headers={"X-CSRF-Token": csrf})
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:gridmap:problem:sign_in_again")
    fresh = session(people, "dispatcher")
    quick.cookies.set("gridmap", fresh)
    assert "gmp_" in quick.post("/account/phones", data={"label": "blue", "csrf": csrf_of(fresh)}).text


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_told_beside_the_form(quick: TestClient, people: Store, day: str) -> None:
    raw = session(people, "administrator")
    quick.cookies.set("gridmap", raw)
    for field in ("since", "until"):
        answer = quick.post("/users/nothing/grants", data={"role": "supervisor", field: day, "csrf": csrf_of(raw)})
        assert (answer.status_code, say("error.instant_unreadable", "en", text=day) in unescape(answer.text)) == (422, True)


@pytest.mark.parametrize("to", ["//example.org", "/\\example.org", "https://example.org", "/\t/example.org", "/ /x", "x", ""])
def test_nobody_is_led_elsewhere_after_signing_in(quick: TestClient, people: Store, to: str) -> None:
    with light_passwords():
        with_password(people, "comer", Role.DISPATCHER, area=WEST, at=now())
        answer = quick.post("/sign-in", data={"name": "comer", "password": PASSWORD, "next": to}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "gridmap=gms_" in answer.headers["set-cookie"]


def test_every_action_and_role_has_a_word() -> None:
    for lang in LANGS:
        assert all(each.text(lang) for each in (*Action, *Role))


def test_a_form_in_a_wrong_encoding_is_refused(quick: TestClient) -> None:
    answer = quick.post("/sign-in", content=b"name=%ff", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400
