"""The pages of accounts behind both walls: who may open which, and that what they draw on can be read there."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import typer
from fastapi.testclient import TestClient

from api.powers import COMMANDS, OWN
from api.powers import PAGES as DONE_ON
from api.sign_in import csrf_of
from gridmap.access import ANONYMOUS, Action, Role, may
from gridmap.cli import app as cli
from gridmap.flows.accounts import invite
from gridmap.flows.sign_in import accept_invitation, sign_in_as
from gridmap.store import Store
from gridmap.words import LANGS, Lang, say
from tests.accounts import ISSUER, now, person, session
from tests.builders import OPERATOR
from tests.serving import some_settings
from tests.signing import PASSWORD, light_passwords
from tests.signing import person as with_password
from tests.small_land import CELLS, TOWN, WEST

PAGES = ("/", "/account", "/users", "/users/dispatcher", "/posts", "/print")
SEES = {
    "administrator": (303, 200, 200, 200, 200, 403),
    "auditor": (303, 200, 200, 200, 403, 403),
    "dispatcher": (200, 200, 403, 403, 200, 200),
    "leader": (200, 200, 403, 403, 403, 200),
    "nothing": (303, 200, 403, 403, 403, 403),
    "": (303, 303, 303, 303, 303, 303),
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


@pytest.mark.parametrize(
    ("name", "first"),
    [("dispatcher", "/"), ("administrator", "/users"), ("auditor", "/users"), ("planner", "/account"), ("nothing", "/account")],
)
def test_signing_in_leads_to_the_first_page_that_is_ones_own_and_no_log_tells_of_it(
    quick: TestClient, people: Store, caplog: pytest.LogCaptureFixture, name: str, first: str
) -> None:
    with light_passwords():
        if name == "planner":
            person(people, name, (Role.PLANNER, None))
        accept_invitation(people, invite(people, name, actor=OPERATOR, now=now()), PASSWORD, now=now())
        told = {"name": name, "password": PASSWORD}
        for to, led in (("/", first), ("/?lang=en", first if first != "/" else "/?lang=en"), ("/posts?q=W1", "/posts?q=W1")):
            quick.cookies.clear()
            answer = quick.post("/sign-in", data={**told, "next": to}, follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, led)
    caplog.clear()
    for path in ("/", "/sign-in"):  # also whoever comes again by the bare address
        answer = quick.get(path)
        assert (answer.status_code, answer.url.path) == (200, first)
    assert [line.getMessage() for line in caplog.records if line.name == "gridmap.api"] == []


FORM = {"role": "handler", "office": "", "area": "", "since": "", "until": "", "reason": "kept"}


@pytest.mark.parametrize(
    ("field", "form"),
    [
        ("role", {"role": ""}),
        ("role", {"role": "dispatcher", "area": WEST}),
        ("area", {"role": "planner", "area": "nowhere"}),
        ("area", {"role": "auditor", "area": TOWN}),
        ("area", {"office": "ROADS", "area": TOWN}),
        ("office", {}),
        ("office", {"office": "nobody"}),
        ("office", {"role": "planner", "office": "ROADS"}),
        ("since", {"role": "supervisor", "since": "x", "until": "x"}),
        ("until", {"role": "supervisor", "until": "x"}),
        ("until", {"role": "supervisor", "until": "2020-01-01"}),
    ],
)
def test_the_field_of_a_grant_that_is_wrong_is_marked_and_no_other(
    quick: TestClient, people: Store, field: str, form: dict[str, str]
) -> None:
    raw = session(people, "administrator")
    quick.cookies.set("gridmap", raw)
    page = quick.post("/users/dispatcher/grants", data={**FORM, **form, "csrf": csrf_of(raw)}).text
    marked = [tag for tag in re.findall(r"<(?:input|select)[^>]*>", page) if "aria-invalid" in tag or "autofocus" in tag]
    assert len(marked) == 1
    assert f'id="{field}"' in marked[0]
    assert 'aria-invalid="true" aria-describedby="told-grant" autofocus' in marked[0]
    assert 'value="kept"' in page


@pytest.mark.parametrize(
    ("issuer", "told"),
    [("http://x", "error.issuer_unusable"), ("https://x?y", "error.issuer_unusable"), ("https://other.example", "error.issuer_foreign")],
)
def test_an_account_is_linked_to_the_sign_in_service_that_is_set_up_and_to_no_other(
    quick: TestClient, people: Store, issuer: str, told: str
) -> None:
    set_up = {"GRIDMAP_OIDC_ISSUER": ISSUER, "GRIDMAP_OIDC_CLIENT_ID": "gridmap", "GRIDMAP_OIDC_CLIENT_SECRET": "secret"}
    app: Any = quick.app
    raw = session(people, "administrator")
    for settings, refused, done in ((some_settings(**set_up), told, "linked"), (some_settings(), "error.issuer_unusable", "linked_unset")):
        app.state.settings = settings
        quick.cookies.set("gridmap", raw)
        if refused == told:
            answer = quick.post("/users/nothing/link", data={"issuer": issuer, "subject": "7", "csrf": csrf_of(raw)})
            assert say(told, "en", issuer=issuer, expected=ISSUER) in unescape(answer.text)
            assert re.findall(r'<input[^>]* id="(\w+)"[^>]*aria-describedby="told-link"', answer.text) == ["issuer"]
            problem = quick.post(
                "/api/accounts/nothing/link", json={"issuer": issuer, "subject": "7"}, headers={"X-CSRF-Token": csrf_of(raw)}
            )
            assert problem.json()["type"] == f"urn:gridmap:problem:{told.removeprefix('error.')}"
        answer = quick.post("/users/nothing/link", data={"issuer": ISSUER, "subject": "7", "csrf": csrf_of(raw)})
        assert say(f"page.done.{done}", "en") in unescape(answer.text)


@pytest.mark.parametrize("lang", LANGS)
def test_the_own_account_says_where_each_thing_is_done(quick: TestClient, people: Store, lang: Lang) -> None:
    person(people, "planner", (Role.PLANNER, None))
    found = {}
    for name in ("planner", "auditor", "dispatcher", "leader", "nothing"):
        quick.cookies.set("gridmap", session(people, name))
        page = quick.get(f"/account?lang={lang}").text
        found[name] = page.partition('class="powers"')[2].partition("</section>")[0]
    commands = {name: re.findall(r"<code>(gridmap [^<]+)</code>", text) for name, text in found.items()}
    assert {"gridmap import areas", "gridmap plan cut", "gridmap plan check", "gridmap plan publish"} <= set(commands["planner"])
    assert [each.split()[1] for each in commands["auditor"]] == ["audit"] * 3
    assert "<code>--as planner</code>" in found["planner"]
    assert say("page.powers.commands", lang, help="<code>--help</code>") in found["auditor"]
    assert '<a href="/users">' in found["auditor"]
    assert {'<a href="/">', '<a href="/posts">'} <= set(re.findall(r'<a href="[^"]+">', found["dispatcher"]))
    assert found["nothing"] == ""


def test_everything_that_a_role_allows_is_done_somewhere_and_every_command_exists() -> None:
    for action in Action:
        if not may(ANONYMOUS, action) and action not in OWN:
            assert action in DONE_ON or action in COMMANDS, action
    groups: Any = typer.main.get_command(cli)
    for command in {each for commands in COMMANDS.values() for each in commands}:
        step = groups
        for word in command.split():
            step = step.commands[word]
        assert command == "migrate" or any("--as" in option.opts for option in step.params), command


def test_of_a_cells_posts_the_workers_comes_first(quick: TestClient, people: Store) -> None:
    quick.cookies.set("gridmap", session(people, "dispatcher"))
    duties = re.findall(r"<code>(\d+)</code></th>\s*<td[^>]*><span[^>]*>([^<]+)<", quick.get("/posts?lang=en").text)
    at = [duty for area, duty in duties if area == CELLS[0]]
    assert at[:2] == [say("page.duty.worker", "en"), say("page.duty.backup", "en")]
    assert [area for area, _ in duties] == sorted(area for area, _ in duties)


def test_every_action_and_role_has_a_word() -> None:
    for lang in LANGS:
        assert all(each.text(lang) for each in (*Action, *Role))


def test_a_form_in_a_wrong_encoding_is_refused(quick: TestClient) -> None:
    answer = quick.post("/sign-in", content=b"name=%ff", headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400
