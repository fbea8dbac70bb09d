"""The door: who is let in, by what they show; what the cookie is like; and what others can make a browser do with it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from statistics import median

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.sign_in import csrf_of
from gridmap.access import Role
from gridmap.flows import accounts, grants, sign_in, tokens
from gridmap.flows.act import act_as
from gridmap.store import Store, incidents
from tests import patient
from tests.accounts import key, now, person, session
from tests.api.test_live import write
from tests.builders import ALL, OPERATOR
from tests.serving import serving, some_settings
from tests.signing import PASSWORD, light_passwords
from tests.small_land import CELLS, EAST

DISPATCHER = (Role.DISPATCHER, None)
PUBLIC = {"GRIDMAP_PUBLIC_URL": "https://grid.example"}


@contextmanager
def asking(store: Store, base: str = "http://127.0.0.1:8000", *, peer: str = "127.0.0.1", **environment: str) -> Iterator[TestClient]:
    app = create_app(store, some_settings(**environment))
    with TestClient(app, base_url=base, client=(peer, 50000), raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


def choose_password(store: Store, name: str) -> None:
    invitation = accounts.invite(store, name, actor=OPERATOR, now=now())
    sign_in.accept_invitation(store, invitation, PASSWORD, now=now())


def number_of(store: Store, incident: str) -> str:
    with store.read(ALL) as tx:
        return incidents.get(tx, incident).number


def use(client: TestClient, raw: str) -> str:
    """Sign the client in; answers what its changes show."""
    client.cookies.set("gridmap", raw)
    return csrf_of(raw)


def test_until_the_first_account_whoever_is_at_this_machine_is_its_operator(land: Store) -> None:
    with asking(land) as client:
        told = client.get("/api/session").json()
        assert (told["open"], told["roles"][0]["role"]) == (True, "operator")
        for proxied in ({"X-Forwarded-For": "203.0.113.9"}, {"Via": "1.1 somewhere"}):
            assert client.get("/api/incidents", headers=proxied).status_code == 401
        person(land, "li", DISPATCHER)
        assert client.get("/api/incidents").status_code == 401
    with asking(land, "https://grid.example", **PUBLIC) as client:
        assert client.get("/api/incidents").status_code == 401


def test_a_service_that_others_can_reach_is_never_open(land: Store) -> None:
    with asking(land, "https://grid.example", **PUBLIC) as client:
        assert client.get("/api/incidents").status_code == 401
    with asking(land, **PUBLIC) as client:
        assert client.get("/api/incidents").status_code == 401


def test_signing_in_gives_a_cookie_that_no_script_reads_and_no_other_site_sends(land: Store) -> None:
    person(land, "li", DISPATCHER)
    choose_password(land, "li")
    with asking(land, "https://grid.example", **PUBLIC) as client:
        answer = client.post("/api/session", json={"name": "li", "password": PASSWORD})
        assert (answer.status_code, answer.json()["account"]) == (200, "li")
        for cookie in answer.headers.get_list("set-cookie"):
            name, _, rest = cookie.partition("=")
            assert name in {"__Host-gridmap", "__Host-gridmap-browser"}
            assert {"httponly", "secure", "samesite=lax", "path=/"} <= {part.strip().lower() for part in rest.split(";")}
            assert "domain" not in rest.lower()
        assert client.get("/api/session").json()["csrf"] != answer.json()["csrf"]  # any of them will do
        for csrf in (client.get("/api/session").json()["csrf"], answer.json()["csrf"]):
            assert client.post("/api/tokens", json={"label": "phone"}, headers={"X-CSRF-Token": csrf}).status_code == 201
    with asking(land) as client:
        answer = client.post("/api/session", json={"name": "li", "password": PASSWORD})
        assert {cookie.partition("=")[0] for cookie in answer.headers.get_list("set-cookie")} == {"gridmap", "gridmap-browser"}
        assert "secure" not in answer.headers["set-cookie"].lower()


def test_every_wrong_sign_in_is_answered_alike(quick: TestClient) -> None:
    store: Store = quick.app.state.store  # type: ignore[attr-defined]
    person(store, "li", DISPATCHER)
    choose_password(store, "li")
    person(store, "wang", DISPATCHER)
    choose_password(store, "wang")
    accounts.disable_account(store, "wang", actor=OPERATOR, now=now())
    wrong = [("li", "x"), ("wang", PASSWORD), ("nobody", PASSWORD)]
    answers = [quick.post("/api/session", json={"name": name, "password": password}) for name, password in wrong]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    assert not any("set-cookie" in answer.headers for answer in answers)


def test_too_many_guesses_are_told_when_to_try_again(quick: TestClient) -> None:
    person(quick.app.state.store, "li", DISPATCHER)  # type: ignore[attr-defined]
    with light_passwords():
        for _ in range(11):
            answer = quick.post("/api/session", json={"name": "li", "password": "x"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 90


def test_a_change_by_cookie_shows_what_only_our_pages_know(land: Store) -> None:
    person(land, "li", DISPATCHER)
    mine, others = session(land, "li"), session(land, "li")
    system = {"Authorization": f"Bearer {key(land, 'hotline', DISPATCHER)}"}
    [incident, *_] = write(land, 6)
    with asking(land) as client:

        def void(**headers: str) -> int:
            voided = {"step": "void", "reason": "sent twice"}
            return client.post(f"/api/incidents/{incident}/steps", json=voided, headers={"If-Match": "*", **headers}).status_code

        csrf = use(client, mine)
        assert client.get("/api/incidents").status_code == 200
        for shown in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": csrf_of(others)}, {"X-CSRF-Token": csrf[:-1]}, {"X-CSRF-Token": "."}):
            assert void(**shown) == 403
        assert void(**system) == 403  # a page of another site could not send this, but neither would a system send the cookie
        assert void(**{"X-CSRF-Token": csrf, "Origin": "https://evil.example"}) == 403
        assert void(**{"X-CSRF-Token": csrf}) == 200
        assert client.post("/sign-out", data={"csrf": "é"}).status_code == 403
        assert client.post("/sign-out", data={"csrf": csrf}).status_code == 303
        client.cookies.clear()
        assert void(**system) == 409  # it was voided; without the cookie nothing else is asked for


def test_a_session_is_no_bearer_and_a_phone_is_no_cookie(land: Store) -> None:
    person(land, "li", DISPATCHER)
    raw = session(land, "li")
    phone = tokens.add_phone(land, "phone", actor=act_as(land, "li", login="test", now=now()), now=now())
    with asking(land) as client:
        for bearer in (raw, "gmp_nobody", "", "x" * 10_000):
            assert client.get("/api/incidents", headers={"Authorization": f"Bearer {bearer}"}).status_code == 401
        assert client.get("/api/incidents", headers={"Authorization": f"bearer {phone}"}).status_code == 200
        more = client.post("/api/tokens", json={"label": "x"}, headers={"Authorization": f"Bearer {phone}"})
        assert more.status_code == 403  # what was stolen with a phone ends with its token
        use(client, phone)
        assert client.get("/api/incidents").status_code == 401


def test_a_bearer_that_holds_no_more_is_refused_even_what_everybody_may(land: Store) -> None:
    raw = key(land, "hotline", DISPATCHER)
    with asking(land) as client:
        client.headers["Authorization"] = f"Bearer {raw}"
        assert client.get("/api/editions").status_code == 200
        tokens.end_all(land, "hotline", actor=OPERATOR, now=now())
        answer = client.get("/api/editions")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert client.get("/healthz").status_code == 200


def test_a_cookie_that_was_stolen_is_dead_after_signing_out(land: Store) -> None:
    person(land, "li", DISPATCHER)
    raw = session(land, "li")
    with asking(land) as mine, asking(land) as thief:
        csrf = use(mine, raw)
        use(thief, raw)
        assert thief.get("/api/incidents").status_code == 200
        answer = mine.delete("/api/session", headers={"X-CSRF-Token": csrf})
        assert answer.status_code == 204
        assert "max-age=0" in answer.headers["set-cookie"].lower()
        assert thief.get("/api/incidents").status_code == 401
        assert thief.delete("/api/session", headers={"X-CSRF-Token": csrf}).status_code == 401


def test_signing_in_again_ends_the_session_before(land: Store) -> None:
    person(land, "li", DISPATCHER)
    choose_password(land, "li")
    with asking(land) as client, asking(land) as thief:
        use(thief, raw := session(land, "li"))
        use(client, raw)
        assert client.post("/api/session", json={"name": "li", "password": PASSWORD}).status_code == 200
        assert thief.get("/api/session").status_code == 401


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("10.0.0.7", {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}, 200),
        ("10.0.0.7", {"X-Forwarded-For": "203.0.113.9"}, 403),  # the proxy must say that it was https
        ("10.0.0.7", {"X-Forwarded-Proto": "http, https"}, 200),  # what stands before was sent to the proxy
        ("10.0.0.7", {"X-Forwarded-Proto": "https, http"}, 403),
        ("10.0.0.8", {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.7"}, 403),
        ("127.0.0.1", {"X-Forwarded-Proto": "https", "Forwarded": "for=10.0.0.7;proto=https"}, 403),
    ],
)
def test_forwarded_headers_are_believed_from_the_declared_proxy_only(
    quick: TestClient, peer: str, headers: dict[str, str], status: int
) -> None:
    store: Store = quick.app.state.store  # type: ignore[attr-defined]
    with asking(store, "http://grid.example", peer=peer, GRIDMAP_PROXY="10.0.0.7", **PUBLIC) as client:
        answer = client.get("/api/editions", headers=headers)
        assert answer.status_code == status
        assert ("strict-transport-security" in answer.headers) is (status == 200)
        if status == 403:
            assert answer.json()["type"] == "urn:gridmap:problem:https_needed"


def test_guesses_are_counted_by_the_network_that_the_proxy_names(quick: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "NETWORK_EVERY", timedelta(hours=1))  # none comes back while this machine guesses
    store: Store = quick.app.state.store  # type: ignore[attr-defined]

    def guess(client: TestClient, address: str, n: int) -> int:
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": f"198.51.100.{n % 200}, {address}"}
        return client.post("/api/session", json={"name": f"nobody{n}", "password": "x"}, headers=headers).status_code

    proxied = {"GRIDMAP_PROXY": "10.0.0.0/29", **PUBLIC}
    with light_passwords(), asking(store, "http://grid.example", peer="10.0.0.7", **proxied) as client:
        answers = [guess(client, f"203.0.113.{n % 250}, 10.0.0.6", n) for n in range(103)]
        assert answers == [401] * 100 + [429] * 3
        assert guess(client, "203.0.112.9", 131) == 401


def test_answers_that_depend_on_who_asks_are_kept_nowhere(land: Store) -> None:
    person(land, "li", DISPATCHER)
    with asking(land) as client:
        use(client, session(land, "li"))
        for path in ("/api/incidents", "/api/session", "/api/tokens", "/account", "/", "/api/accounts", "/nowhere"):
            answer = client.get(path)
            assert answer.headers["cache-control"] == "no-store", path
        for path in ("/api/incidents", "/api/areas?level=cell", "/api/land?kind=street"):
            assert {"cookie", "authorization"} <= {part.strip().lower() for part in client.get(path).headers["vary"].split(",")}


def test_what_is_not_mine_and_what_is_not_there_look_the_same(land: Store) -> None:
    person(land, "li", (Role.DISPATCHER, EAST))
    person(land, "chen", worker="W2")
    number = number_of(land, write(land)[0])
    with asking(land) as client:
        for name, status in (("li", 404), ("chen", 403), (None, 401)):
            client.cookies.clear()
            shown = {"X-CSRF-Token": use(client, session(land, name))} if name else {}
            for method, path in (("GET", "/api/incidents/{}"), ("POST", "/api/incidents/{}/steps")):
                body = {"json": {"step": "void", "reason": "done", "revision": 1}} if method == "POST" else {}
                there, absent = (client.request(method, path.format(id), headers=shown, **body) for id in (number, "2026-999999"))
                assert there.status_code == absent.status_code
                assert there.status_code == (404 if method == "GET" and name == "chen" else status)
                assert there.content.replace(number.encode(), b"") == absent.content.replace(b"2026-999999", b"")
                assert _plain(there) == _plain(absent)


def _plain(answer: httpx.Response) -> dict[str, str]:
    changing = {"x-request-id", "content-security-policy", "content-length"}
    return {name: text for name, text in answer.headers.items() if name not in changing}


def revoke_and_ask(store: Store, url: str, trials: int) -> list[int]:
    """Each trial: somebody signs in and is answered; their session, grant or account is taken back; they ask again."""
    person(store, "chen")
    statuses = []
    with patient.Client(base_url=url) as client:
        for trial in range(trials):
            granted = grants.propose_grant(store, "chen", Role.DISPATCHER, area=CELLS[trial % 4], actor=OPERATOR, now=now())
            raw = session(store, "chen")
            mine = {"Cookie": f"gridmap={raw}"}
            assert client.get("/api/incidents", headers=mine).status_code == 200
            _take_back(store, raw, granted.id, trial % 4)
            statuses.append(client.get("/api/incidents", headers=mine).status_code)
            if trial % 4 == 1:
                accounts.enable_account(store, "chen", actor=OPERATOR, now=now())
            if trial % 4 != 2:
                grants.end_grant(store, granted.id, actor=OPERATOR, now=now())
    return statuses


def _take_back(store: Store, raw: str, grant: str, way: int) -> None:
    found = sign_in.who(store, raw, now=now())
    assert found is not None
    match way:
        case 0:
            tokens.end_all(store, "chen", actor=OPERATOR, now=now())
        case 1:
            accounts.disable_account(store, "chen", actor=OPERATOR, now=now())
        case 2:
            grants.end_grant(store, grant, actor=OPERATOR, now=now())
        case _:
            sign_in.sign_out(store, found.token.id, actor=found.actor, now=now())


def test_what_is_taken_back_is_refused_at_the_next_request(land: Store) -> None:
    with serving(land) as url:
        statuses = revoke_and_ask(land, url, 30)
    assert [status for n, status in enumerate(statuses) if status != (403 if n % 4 == 2 else 401)] == []


@pytest.mark.proof
def test_no_clock_tells_what_is_there(land: Store) -> None:
    """Somebody else's incident and none at all: the medians of 300 pairs, asked in turn."""
    person(land, "li", (Role.DISPATCHER, EAST))
    number = number_of(land, write(land)[0])
    with serving(land) as url, patient.Client(base_url=url, cookies={"gridmap": session(land, "li")}) as client:
        took: dict[str, list[float]] = {number: [], "2026-999999": []}
        for turn in range(320):
            for id in sorted(took, reverse=bool(turn % 2)):
                start = time.perf_counter()
                assert client.get(f"/api/incidents/{id}").status_code == 404
                took[id].append(time.perf_counter() - start)
    there, absent = (median(times[20:]) for times in took.values())
    print(f"{there * 1000:.2f} ms and {absent * 1000:.2f} ms")
    assert abs(there - absent) < 0.1 * max(there, absent)
