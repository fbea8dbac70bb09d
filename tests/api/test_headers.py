"""What every answer tells a browser, whatever was asked: pages, data, files, refusals; and what no server may answer at all."""

import ast
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient

from api import create_app
from api.sign_in import csrf_of
from gridmap.store import Store
from tests import patient
from tests.accounts import person, session
from tests.serving import serving, some_settings
from tests.small_land import settle

ROOT = Path(__file__).parents[2]
PATHS = [
    "/",
    "/sign-in",
    "/docs",
    "/openapi.json",
    "/healthz",
    "/api/areas?level=village",
    "/api/incidents",
    "/static/house.css",
    "/nowhere",
    "/lang/xx",
]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service over the embedded database, for all of this file: nothing but the last signing in is kept."""
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('db')}/quick.db") as store:
        settle(store)
        with TestClient(create_app(store, some_settings()), base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as asking:
            yield asking


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_keeps_its_page_to_itself(quick: TestClient, path: str) -> None:
    answer = quick.get(path, headers={"Origin": "https://evil.example"}, follow_redirects=False)
    policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    assert {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} <= set(policy)
    assert "'unsafe-eval'" not in answer.headers["content-security-policy"]
    wanted = {
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert not {"server", "x-powered-by"} & set(answer.headers)
    assert "cache-control" in answer.headers


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_says_what_it_is(quick: TestClient, path: str) -> None:
    answer = quick.get(path, follow_redirects=False)
    kind = answer.headers.get("content-type", "")
    assert answer.content == b"" or re.fullmatch(r"text/(html|css|plain); charset=utf-8|application/([a-z]+\+)?json", kind)


def test_at_the_public_address_browsers_stay_with_https_and_nothing_is_led_there_unasked(tmp_path: Path) -> None:
    settings = some_settings(GRIDMAP_PUBLIC_URL="https://grid.example", GRIDMAP_PROXY="10.0.0.1")
    with Store.open(f"sqlite:///{tmp_path}/quick.db") as store:
        app = create_app(store, settings)
        safe = TestClient(app, base_url="https://grid.example", follow_redirects=False)
        told = re.fullmatch(r"max-age=(\d+); includeSubDomains", safe.get("/healthz").headers["strict-transport-security"])
        assert told is not None
        assert int(told[1]) >= 365 * 86_400
        plain = TestClient(app, base_url="http://grid.example", follow_redirects=False)
        for path in ("/healthz", "/api/incidents", "/sign-in"):
            assert plain.get(path).status_code == 403
            assert "location" not in plain.get(path).headers


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "PATCH", "PROPFIND", "OPTIONS", "X"])
def test_methods_that_nothing_needs_are_refused(quick: TestClient, method: str) -> None:
    for path in ("/", "/api/incidents", "/healthz"):
        answer = quick.request(method, path, headers={"X-Mirror": "canary"})
        assert answer.status_code == 405
        assert "canary" not in answer.text


BESIDE = "/static/ /static/command/ /vendor/map/ /.git/config /static/../app.py /static/%2e%2e/app.py /static/..%2fapp.py /static/%00"


@pytest.mark.parametrize("path", [*BESIDE.split(), "/gridmap.db", "/pyproject.toml"])
def test_no_folder_is_listed_and_nothing_beside_our_own_files_is_served(quick: TestClient, path: str) -> None:
    answer = quick.get(path, follow_redirects=False)
    assert answer.status_code in {404, 405}


def test_one_message_is_one_request_wherever_it_says_that_it_ends(tmp_path: Path) -> None:
    """Request smuggling: a hidden second request is either part of the body of the first, or nothing is answered well."""
    hidden = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    both = b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"
    twice = b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(hidden)
    odd = b"Transfer-Encoding: xchunked\r\nContent-Length: %d\r\n" % len(hidden)
    spaced = b"Content-Length : %d\r\n" % len(hidden)
    folded = b"Content-Length: 0\r\n %d\r\n" % len(hidden)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden)
    with Store.open(f"sqlite:///{tmp_path}/quick.db") as store, serving(store) as url:
        for head, body in ((both, chunked), (twice, hidden), (odd, hidden), (spaced, hidden), (folded, hidden)):
            with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=patient.SECONDS) as line:
                line.sendall(b"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + head + b"\r\n" + body)
                answered = b"".join(iter(lambda: line.recv(65536), b""))
            assert answered.count(b"HTTP/1.1 ") == 1
            assert b'"ok"' not in answered


@pytest.mark.parametrize(
    ("begun", "more"), [(b"GET /", b"a"), (b"GET /healthz HTTP/1.1\r\nX: ", b"a"), (b"GET /healthz HTTP/1.1\r\n", b"X: 1\r\n")]
)
def test_a_head_that_does_not_end_is_let_go(tmp_path: Path, begun: bytes, more: bytes) -> None:
    """Whatever goes on for ever, an address, one header or many; a long one that ends is answered."""
    with Store.open(f"sqlite:///{tmp_path}/quick.db") as store, serving(store) as url:
        port = urlsplit(url).port or 0
        with socket.create_connection(("127.0.0.1", port), timeout=patient.SECONDS) as line:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX: " + b"a" * 40_000 + b"\r\n\r\n")
            assert line.recv(12) == b"HTTP/1.1 200"
        with socket.create_connection(("127.0.0.1", port), timeout=patient.SECONDS) as line:
            line.sendall(begun)
            with pytest.raises(OSError, match=r"reset|pipe"):
                line.sendall(more * 50_000_000)


def test_whoever_hangs_up_in_the_midst_of_a_report_is_no_fault_of_ours(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    half = b"POST /api/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"
    with Store.open(f"sqlite:///{tmp_path}/quick.db") as store, serving(store) as url:
        with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=patient.SECONDS) as line:
            line.sendall(half)
        assert httpx2.get(f"{url}/healthz").status_code == 200
    assert [record.message for record in caplog.records if record.exc_info] == []


def test_signing_out_makes_the_browser_forget(quick: TestClient) -> None:
    store: Store = quick.app.state.store  # type: ignore[attr-defined]
    person(store, "wang")
    token = session(store, "wang")
    answer = quick.delete("/api/session", headers={"Cookie": f"gridmap={token}", "X-CSRF-Token": csrf_of(token)})
    assert answer.status_code == 204
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert 'gridmap="";' in answer.headers["set-cookie"]


def test_nothing_that_was_read_is_ever_run() -> None:
    """No evaluation, no shell, no format that carries code; scripts put texts into pages as texts."""
    calls = {"eval", "exec", "compile", "__import__", "system", "popen"}
    formats = {"pickle", "marshal", "shelve", "yaml", "xml", "lxml"}
    wrong = []
    for path in [*ROOT.glob("gridmap/**/*.py"), *ROOT.glob("api/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            found: set[str] = set()
            if isinstance(node, ast.Call):
                owner = node.func.value if isinstance(node.func, ast.Attribute) else None
                if owner is None or (isinstance(owner, ast.Name) and owner.id == "os"):
                    found = {getattr(node.func, "id", getattr(node.func, "attr", ""))} & calls
            elif isinstance(node, ast.Import | ast.ImportFrom):
                named = [getattr(node, "module", "") or "", *(name.name for name in node.names)]
                found = {name.split(".")[0] for name in named} & formats
            elif isinstance(node, ast.keyword) and node.arg == "shell":
                found = {"shell"}
            wrong += [f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} {name}" for name in found]
    risky = (
        r"\b((inner|outer)HTML|insertAdjacentHTML|document\.write|eval|new Function|(local|session)Storage|indexedDB|window\.postMessage)"
    )
    wrong += [path.name for path in ROOT.glob("api/web/static/**/*.js") if re.search(risky, path.read_text("utf-8"))]
    assert wrong == []
