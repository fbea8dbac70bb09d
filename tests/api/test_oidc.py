"""Signing in by the county's own sign-in service: a certified provider of another hand, over real redirects, and what the pages say."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient

from api import create_app
from gridmap.account import Account
from gridmap.errors import BadSettings
from gridmap.flows.accounts import add_account, disable_account, link_account
from gridmap.flows.sign_in import who
from gridmap.settings import Settings, read_settings
from gridmap.store import Store, history
from tests import patient
from tests.builders import ALL, OPERATOR
from tests.evil_provider import Evil, lying
from tests.oidc_provider import SECRET, running
from tests.serving import serving, some_settings

NAME = "县统一登录"
BACK = "/sign-in/oidc/back"


def at(issuer: str, **more: str) -> Settings:
    return some_settings(
        GRIDMAP_OIDC_ISSUER=issuer,
        GRIDMAP_OIDC_CLIENT_ID="gridmap",
        GRIDMAP_OIDC_CLIENT_SECRET=SECRET,
        GRIDMAP_OIDC_NAME=NAME,
        **more,
    )


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running() as found:
        yield found


@pytest.fixture
def quick_store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(patient.migrated(tmp_path)) as opened:
        yield opened


def link(store: Store, name: str, issuer: str, subject: str) -> None:
    add_account(store, name, actor=OPERATOR, now=now())
    link_account(store, name, issuer, subject, actor=OPERATOR, now=now())


class Person:
    """A browser without a window: it follows every redirect itself, and remembers where it was."""

    def __init__(self, home: str) -> None:
        self.home, self.trail = home, list[str]()
        self.browser = patient.Client()

    def open(self, url: str, form: dict[str, str] | None = None, *, until: str = "\0") -> httpx2.Response:
        answer = self.browser.post(url, data=form) if form else self.browser.get(url)
        while answer.is_redirect:
            url = urljoin(url, answer.headers["location"])
            self.trail.append(url)
            if urlsplit(url).path == until:
                break
            answer = self.browser.get(url)
        return answer

    def sign_in(self, name: str, *, to: str = "/account", until: str = "\0") -> httpx2.Response:
        """Type the name at the provider, if it does not know the browser yet; agree there, and come back."""
        page = self.open(f"{self.home}/sign-in/oidc?next={to}", until=until)
        while found := re.findall(r'name="prompt" value="(\w+)"', page.text):
            action = re.findall(r'<form[^>]* action="([^"]+)"', page.text)[0]
            page = self.open(action, {"prompt": found[0], "login": name, "password": "x"}, until=until)
        return page

    def account(self, store: Store) -> Account | None:
        found = who(store, self.browser.cookies.get("gridmap", ""), now=now())
        return found.account if found else None


@contextmanager
def person(store: Store, issuer: str) -> Iterator[Person]:
    with serving(store, settings=at(issuer)) as home:
        somebody = Person(home)
        with somebody.browser:
            yield somebody


def test_who_is_linked_signs_in_over_real_redirects(store: Store, issuer: str) -> None:
    link(store, "wang", issuer, "wang-at-the-county")
    with person(store, issuer) as wang:
        page = wang.sign_in("wang-at-the-county", to="/account?done=1")
        account = wang.account(store)
        assert account is not None
        assert account.name == "wang"
        assert page.status_code == 200
        assert str(page.url) == f"{wang.home}/account?done=1"
        assert "wang" in page.text
        assert "gridmap-begun" not in wang.browser.cookies
    with store.read(ALL) as tx:
        whats = [done.what for done in history.rows(tx, limit=50) if done.subject == "account:wang"]
    assert "session.start" in whats


def test_who_asked_for_nothing_is_led_to_the_first_page_that_is_their_own(quick_store: Store, issuer: str) -> None:
    link(quick_store, "wang", issuer, "wang")
    with person(quick_store, issuer) as wang:
        page = wang.sign_in("wang", to="/")
        assert (page.status_code, str(page.url)) == (200, f"{wang.home}/account")
        assert f"{wang.home}/" not in wang.trail


def test_who_is_not_linked_is_told_what_to_ask_for_and_nothing_else(quick_store: Store, issuer: str) -> None:
    add_account(quick_store, "wang", actor=OPERATOR, now=now())
    with person(quick_store, issuer) as stranger:
        page = stranger.sign_in("wang")
        assert page.status_code == 403
        assert f"gridmap users link NAME --issuer {issuer} --subject wang" in page.text
        assert 'type="password"' in page.text
        assert stranger.account(quick_store) is None


def test_an_account_that_was_disabled_is_told_the_same_as_none(quick_store: Store, issuer: str) -> None:
    link(quick_store, "wang", issuer, "wang")
    disable_account(quick_store, "wang", actor=OPERATOR, now=now())
    with person(quick_store, issuer) as wang, person(quick_store, issuer) as stranger:
        pages = [someone.sign_in(name).text for someone, name in ((wang, "wang"), (stranger, "xu12"))]
        told = [re.findall(r"<[^>]*role=\"alert\"[^>]*>.*?</", page, re.DOTALL)[0] for page in pages]
        assert told[0].replace("wang", "xu12") == told[1]


def test_a_subject_that_would_be_a_command_is_quoted(quick_store: Store, issuer: str) -> None:
    with person(quick_store, issuer) as stranger:
        page = stranger.sign_in("x; rm -rf ~")
        assert "--subject &#39;x; rm -rf ~&#39;" in page.text


def test_a_return_is_used_once_and_by_its_browser_only(quick_store: Store, issuer: str) -> None:
    link(quick_store, "wang", issuer, "wang")
    with person(quick_store, issuer) as wang:
        wang.sign_in("wang", until=BACK)
        back = wang.trail[-1]
        assert urlsplit(back).path == BACK
        kept = wang.browser.cookies.get("gridmap-begun")
        thief = Person(wang.home)
        with thief.browser:
            assert thief.open(back).status_code == 400
            assert thief.account(quick_store) is None
        assert wang.browser.get(back).status_code == 303
        assert wang.account(quick_store) is not None
        replaying = Person(wang.home)
        with replaying.browser:  # the same return again, even with what the browser kept: the provider gives nothing twice
            replaying.browser.cookies.set("gridmap-begun", kept)
            page = replaying.open(back)
            assert page.status_code == 400
            assert "Traceback" not in page.text
            assert replaying.account(quick_store) is None


def test_a_session_before_ends_with_the_new_one(quick_store: Store, issuer: str) -> None:
    link(quick_store, "wang", issuer, "wang")
    with person(quick_store, issuer) as wang:
        wang.sign_in("wang")
        before = wang.browser.cookies.get("gridmap")
        wang.sign_in("wang")
        assert wang.browser.cookies.get("gridmap") != before
        assert who(quick_store, before, now=now()) is None
        assert wang.account(quick_store) is not None


def test_a_wrong_secret_lets_nobody_in(quick_store: Store, issuer: str) -> None:
    settings = some_settings(GRIDMAP_OIDC_ISSUER=issuer, GRIDMAP_OIDC_CLIENT_ID="gridmap", GRIDMAP_OIDC_CLIENT_SECRET="another")
    link(quick_store, "wang", issuer, "wang")
    with serving(quick_store, settings=settings) as home:
        wang = Person(home)
        with wang.browser:
            page = wang.sign_in("wang")
            assert page.status_code == 503
            assert wang.account(quick_store) is None


# What follows asks the service without a network; what it asks itself goes to a provider of ours that lies.


@pytest.fixture
def evil() -> Iterator[Evil]:
    with lying() as found:
        yield found


@contextmanager
def asking(store: Store, settings: Settings, base: str = "http://127.0.0.1:8000") -> Iterator[TestClient]:
    with TestClient(create_app(store, settings), base_url=base, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def begin(client: TestClient, evil: Evil, to: str = "/") -> dict[str, str]:
    """The parameters that the service is asked with."""
    answer = client.get("/sign-in/oidc", params={"next": to})
    assert answer.status_code == 303
    asked = dict(httpx2.URL(answer.headers["location"]).params)
    evil.nonce = asked["nonce"]
    return asked


def test_a_provider_that_is_down_is_a_sentence_and_passwords_go_on(quick_store: Store) -> None:
    with lying() as gone:
        pass
    with asking(quick_store, at(gone.issuer)) as client:
        for path in ("/sign-in/oidc", f"{BACK}?code=one&state=x"):
            page = client.get(path, headers={"Accept-Language": "en"})
            assert page.status_code in {503, 400}
            assert page.headers["content-type"].startswith("text/html")
            assert 'type="password"' in page.text
            assert "Traceback" not in page.text
        page = client.get("/sign-in/oidc", headers={"Accept-Language": "en"})
        assert page.status_code == 503
        assert f"{NAME} does not answer just now" in page.text
        assert page.headers["cache-control"] == "no-store"


def test_a_token_that_does_not_hold_lets_nobody_in(quick_store: Store, evil: Evil) -> None:
    link(quick_store, "wang", evil.issuer, "wang")
    with asking(quick_store, at(evil.issuer)) as client:
        asked = begin(client, evil)
        evil.claims = {"aud": "another"}
        page = client.get(BACK, params={"code": "one", "state": asked["state"]})
        assert page.status_code == 503
        assert "(aud)" in page.text
        assert "gridmap" not in client.cookies
        evil.claims = {}
        asked = begin(client, evil)
        assert client.get(BACK, params={"code": "one", "state": asked["state"]}).status_code == 303
        assert who(quick_store, client.cookies["gridmap"], now=now()) is not None


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "/%0a//x\n", "javascript:alert(1)", "x" * 300, ""],
)
def test_nobody_is_led_elsewhere(quick_store: Store, evil: Evil, to: str) -> None:
    link(quick_store, "wang", evil.issuer, "wang")
    with asking(quick_store, at(evil.issuer)) as client:
        asked = begin(client, evil, to)
        answer = client.get(BACK, params={"code": "one", "state": asked["state"]})
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")  # where who has no role begins


def test_a_parameter_that_comes_twice_is_none(quick_store: Store, evil: Evil) -> None:
    with asking(quick_store, at(evil.issuer)) as client:
        asked = begin(client, evil)
        page = client.get(f"{BACK}?code=one&code=two&state={asked['state']}")
        assert page.status_code == 400
        assert "/token" not in evil.asked


def test_what_others_see_is_the_public_address_whatever_the_request_says(quick_store: Store, evil: Evil) -> None:
    settings = at(evil.issuer, GRIDMAP_PUBLIC_URL="https://grid.example:8443", GRIDMAP_PROXY="127.0.0.1")
    with asking(quick_store, settings, "https://grid.example:8443") as client:
        assert begin(client, evil)["redirect_uri"] == f"https://grid.example:8443{BACK}"


def test_the_browser_keeps_what_it_must_show_out_of_reach_of_scripts(quick_store: Store, evil: Evil) -> None:
    with asking(quick_store, at(evil.issuer)) as client:
        cookie = client.get("/sign-in/oidc").headers["set-cookie"]
        assert cookie.startswith("gridmap-begun=")
        assert {"HttpOnly", "Max-Age=600", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
        assert SECRET not in cookie


def test_without_the_settings_there_is_no_such_way_in(quick_store: Store) -> None:
    with asking(quick_store, some_settings()) as client:
        for path in ("/sign-in/oidc", BACK):
            page = client.get(path)
            assert page.status_code == 404
            assert 'type="password"' in page.text


WHOLE = {"GRIDMAP_OIDC_ISSUER": "https://id.example/county", "GRIDMAP_OIDC_CLIENT_ID": "g", "GRIDMAP_OIDC_CLIENT_SECRET": "very-secret"}


def test_the_settings_name_a_service_as_a_whole(tmp_path: Path) -> None:
    chosen = read_settings(WHOLE).oidc
    assert chosen is not None
    assert chosen.name == "id.example"
    assert "very-secret" not in repr(read_settings(WHOLE))
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    by_file = {**WHOLE, "GRIDMAP_OIDC_CLIENT_SECRET": "", "GRIDMAP_OIDC_CLIENT_SECRET_FILE": str(file)}
    found = read_settings(by_file).oidc
    assert found is not None
    assert found.client_secret == "from-a-file"
    assert read_settings({}).oidc is None


@pytest.mark.parametrize("left_out", WHOLE)
def test_half_a_service_is_refused(left_out: str) -> None:
    with pytest.raises(BadSettings, match=left_out) as refused:
        read_settings({**WHOLE, left_out: ""})
    assert "very-secret" not in str(refused.value)


OPEN = "http://id.example ftp://id.example https:// https://u:p@id.example https://id.example?x https://id.example#x id.example"
ODD = "http://127.0.0.1.evil.example https://id.example:99999 https://[::1 https://id\\.example"


@pytest.mark.parametrize("issuer", [*OPEN.split(), *ODD.split(), "https://id .example", "https://id.example\n"])
def test_an_issuer_that_cannot_be_trusted_on_the_way_is_refused(issuer: str) -> None:
    with pytest.raises(BadSettings, match="GRIDMAP_OIDC_ISSUER"):
        read_settings({**WHOLE, "GRIDMAP_OIDC_ISSUER": issuer})


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9", "http://localhost:9/x", "http://[::1]:9", "https://id.example/realms/county/"])
def test_an_issuer_over_https_or_on_this_machine_is_taken(issuer: str) -> None:
    chosen = read_settings({**WHOLE, "GRIDMAP_OIDC_ISSUER": issuer}).oidc
    assert chosen is not None
    assert chosen.issuer == issuer


def test_every_fault_of_the_settings_is_told_at_once(tmp_path: Path) -> None:
    wrong = {"GRIDMAP_OIDC_ISSUER": "http://id.example", "GRIDMAP_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "none"), "GRIDMAP_LANG": "xx"}
    with pytest.raises(BadSettings) as refused:
        read_settings(wrong)
    for name in ("GRIDMAP_OIDC_ISSUER", "GRIDMAP_OIDC_CLIENT_ID missing", "GRIDMAP_OIDC_CLIENT_SECRET_FILE", "GRIDMAP_LANG"):
        assert name in str(refused.value)
