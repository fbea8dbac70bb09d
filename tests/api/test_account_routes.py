"""Accounts, grants and keys by HTTP: what an administrator does, what holds from the next request on, and what nobody else may."""

from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from gridmap.access import Role
from gridmap.store import Store
from tests.accounts import key, person, session
from tests.api.test_door import asking, use
from tests.signing import PASSWORD, light_passwords
from tests.small_land import EAST, WEST


class Signed:
    """A client that somebody is signed in to, whose changes show what they must."""

    def __init__(self, client: TestClient, raw: str) -> None:
        self.client, self.raw = client, raw

    def __call__(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        self.client.cookies.clear()
        shown = {"X-CSRF-Token": use(self.client, self.raw)}
        return self.client.request(method, path, json=body, headers=shown)


@pytest.fixture
def client(land: Store) -> Iterator[TestClient]:
    with light_passwords(), asking(land) as asking_client:
        yield asking_client


@pytest.fixture
def admin(land: Store, client: TestClient) -> Signed:
    person(land, "wang", (Role.ADMINISTRATOR, None))
    return Signed(client, session(land, "wang"))


def test_an_account_is_made_invited_granted_and_taken_back(client: TestClient, admin: Signed) -> None:
    made = admin("POST", "/api/accounts", {"name": "Li", "worker": "W1"})
    assert (made.status_code, made.json()["name"]) == (201, "li")
    assert admin("POST", "/api/accounts", {"name": "li"}).status_code == 409
    told = admin("POST", "/api/accounts/li/invite").json()
    assert told["path"] == f"/invitation/{told['invitation']}"
    client.cookies.clear()
    weak = client.post("/api/invitation", json={"invitation": told["invitation"], "password": "12345678"})
    assert weak.status_code == 422
    entered = client.post("/api/invitation", json={"invitation": told["invitation"], "password": PASSWORD})
    assert [role["role"] for role in entered.json()["roles"]] == ["worker"]
    li = Signed(client, entered.cookies["gridmap"])
    assert client.post("/api/invitation", json={"invitation": told["invitation"], "password": PASSWORD}).status_code == 404
    assert li("GET", "/api/incidents").status_code == 200
    granted = admin("POST", "/api/grants", {"account": "li", "role": "planner", "area": WEST, "reason": "autumn"}).json()
    assert (granted["area"], granted["waits"]) == (WEST, False)
    assert "draft.change" in li("GET", "/api/session").json()["may"]
    assert admin("DELETE", f"/api/grants/{granted['id']}").status_code == 200
    assert "draft.change" not in li("GET", "/api/session").json()["may"]
    assert admin("POST", "/api/accounts/li/disable").status_code == 204
    assert li("GET", "/api/session").status_code == 401
    assert admin("POST", "/api/accounts/li/enable").status_code == 204
    assert li("GET", "/api/session").status_code == 401  # what was ended stays ended


def test_an_administrators_grant_takes_two(land: Store, client: TestClient, admin: Signed) -> None:
    person(land, "zhao")
    zhao = Signed(client, session(land, "zhao"))
    waiting = admin("POST", "/api/grants", {"account": "zhao", "role": "administrator"}).json()
    assert waiting["waits"] is True
    assert zhao("GET", "/api/accounts").status_code == 403
    assert admin("POST", f"/api/grants/{waiting['id']}/confirm").status_code == 409
    assert zhao("POST", f"/api/grants/{waiting['id']}/confirm").status_code == 403
    assert admin("POST", "/api/grants/nothing/confirm").status_code == 404


def test_a_key_is_told_once_and_ends_at_once(client: TestClient, admin: Signed) -> None:
    admin("POST", "/api/accounts", {"name": "hotline", "kind": "system"})
    admin("POST", "/api/grants", {"account": "hotline", "role": "dispatcher", "area": EAST})
    raw = admin("POST", "/api/accounts/hotline/keys", {"label": "12345"}).json()["token"]
    client.cookies.clear()
    bearer = {"Authorization": f"Bearer {raw}"}
    assert client.get("/api/incidents", headers=bearer).status_code == 200
    listed = {each["name"]: each for each in admin("GET", "/api/accounts").json()["accounts"]}
    [token] = listed["hotline"]["tokens"]
    assert (token["kind"], token["label"]) == ("key", "12345")
    assert raw not in admin("GET", "/api/accounts").text
    assert admin("DELETE", f"/api/accounts/wang/tokens/{token['id']}").status_code == 404  # it is not wang's
    assert admin("DELETE", f"/api/accounts/hotline/tokens/{token['id']}").status_code == 204
    client.cookies.clear()
    assert client.get("/api/incidents", headers=bearer).status_code == 401
    assert admin("POST", "/api/accounts/wang/keys", {"label": "x"}).status_code == 409


def test_ones_own_sessions_are_listed_and_ended_and_nobody_elses(land: Store, client: TestClient, admin: Signed) -> None:
    person(land, "li")
    first, second = Signed(client, session(land, "li")), Signed(client, session(land, "li"))
    listed = first("GET", "/api/tokens").json()["tokens"]
    assert [each["this"] for each in listed].count(True) == 1
    assert {each["kind"] for each in listed} == {"session"}
    [other] = [each["id"] for each in listed if not each["this"]]
    assert admin("DELETE", f"/api/tokens/{other}").status_code == 404
    assert first("DELETE", f"/api/tokens/{other}").status_code == 204
    assert second("GET", "/api/session").status_code == 401
    assert first("GET", "/api/session").status_code == 200
    assert admin("DELETE", "/api/accounts/li/tokens").status_code == 204
    assert first("GET", "/api/session").status_code == 401


def test_a_new_password_ends_the_other_sessions(client: TestClient, admin: Signed) -> None:
    admin("POST", "/api/accounts", {"name": "li"})
    invitation = admin("POST", "/api/accounts/li/invite").json()["invitation"]
    client.cookies.clear()
    here = Signed(client, client.post("/api/invitation", json={"invitation": invitation, "password": PASSWORD}).cookies["gridmap"])
    client.cookies.clear()
    there = Signed(client, client.post("/api/session", json={"name": "li", "password": PASSWORD}).cookies["gridmap"])
    assert here("POST", "/api/session/password", {"old": "wrong", "new": "seven lanterns on a long wall"}).status_code == 401
    assert here("POST", "/api/session/password", {"old": PASSWORD, "new": "seven lanterns on a long wall"}).status_code == 204
    assert (here("GET", "/api/session").status_code, there("GET", "/api/session").status_code) == (200, 401)


ADMINISTRATORS: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("GET", "/api/accounts", None),
    ("POST", "/api/accounts", {"name": "x"}),
    ("POST", "/api/accounts/wang/disable", None),
    ("POST", "/api/accounts/nobody/disable", None),
    ("POST", "/api/accounts/wang/invite", None),
    ("DELETE", "/api/accounts/wang/tokens", None),
    ("POST", "/api/grants", {"account": "li", "role": "administrator"}),
)


def test_nobody_else_touches_accounts(land: Store, client: TestClient, admin: Signed) -> None:
    everything = [(role, None) for role in (Role.DISPATCHER, Role.PLANNER, Role.SUPERVISOR)]
    person(land, "li", *everything)
    bearer = {"Authorization": f"Bearer {key(land, 'hotline', *everything)}"}
    li = Signed(client, session(land, "li"))
    assert admin("GET", "/api/accounts").status_code == 200
    for method, path, body in ADMINISTRATORS:
        assert li(method, path, body).status_code == 403
        client.cookies.clear()
        assert client.request(method, path, json=body, headers=bearer).status_code == 403
        assert client.request(method, path, json=body).status_code == 401
