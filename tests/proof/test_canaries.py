"""Nothing that a reporter gave in confidence comes out anywhere: two thousand planted contacts, texts and points, and everything crawled.

`make test` does it with 150. What is planted in photos is looked for where photos are (`tests/api/test_photos.py`).
"""

import base64
import binascii
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx2 as httpx
import pytest
from sqlalchemy import text

from gridmap.access import Grant, Role, operator
from gridmap.atlas import command_map, explore
from gridmap.flows.intake import receive_many
from gridmap.incidents import Answer, Report
from gridmap.store import Store
from tests.builders import ALL
from tests.closing import close
from tests.enrolled import NOBODY, Shown, enrol
from tests.proof.leaks import CONTACT, NUMBERS, WORDS, Points, contact_of, found, planted
from tests.serving import some_settings
from tests.small_land import CELLS, EAST, TOWN, WEST, settle

ISSUES = ("E0113", "C0101", "D02", "no such type")
GRIDMAP = [sys.executable, "-c", "from gridmap.cli import main; main()"]
LAND = ("/api/areas", "/api/land", "/api/match")  # what the land is, not what was reported
LEAVES = {"/api/session", "/sign-out", "/api/accounts/{name}/disable"}  # who asks there, or is named, is gone
PAGES = ("/", "/docs", "/sign-in", "/account", "/users", "/posts", "/openapi.json", "/healthz", "/readyz", "/nope", "/metrics")
STREAM_SECONDS = 3.0


@dataclass
class World:
    """The store, what was planted, who asks, and what was found that should not have been."""

    store: Store
    reports: list[Report]
    answers: list[Answer]
    people: dict[str, Shown]
    whole: bool = True  # everything by everybody; else what differs
    leaks: list[str] = field(default_factory=list)
    asked: int = 0
    bytes: int = 0

    @cached_property
    def known(self) -> set[str]:
        return {name for one in self.answers for name in (one.number, one.incident, one.report)}

    def look(self, where: str, told: str, *, public: bool = False) -> None:
        """Whether what came out holds what it should not: no contact ever; for the public no word, number or point either."""
        self.asked += 1
        self.bytes += len(told)
        hits = found(told, CONTACT, *([WORDS] if public else []))
        hits |= found(told, NUMBERS) & self.known if public else set()
        if public and not urlsplit(where.partition(" ")[2]).path.startswith(LAND):
            hits |= {str(point) for point in Points.of(self.reports).told(told)}
        self.leaks += [f"{where}: {hit}" for hit in sorted(hits)[:3]]


def settle_world(store: Store, count: int) -> World:
    """The small land with its reports (a tenth of them closed) and an account of each role, with and without the right to read contacts."""
    now = datetime.now(some_settings().timezone)
    settle(store)
    reports = planted(count, ISSUES)
    answers = [one for one in receive_many(store, reports, now=now, actor=operator("hotline")) if isinstance(one, Answer)]
    assert len(answers) == count
    for one in answers[::10]:
        close(store, one.number, "done", now=now, actor=operator("desk"))
    grants = {
        "bare": (),
        "supervisor": (Grant(Role.SUPERVISOR),),
        "planner": (Grant(Role.PLANNER),),
        "auditor": (Grant(Role.AUDITOR),),
        "administrator": (Grant(Role.ADMINISTRATOR),),
        "dispatcher": (Grant(Role.DISPATCHER),),
        "east": (Grant(Role.DISPATCHER, area=EAST),),
        "handler": (Grant(Role.HANDLER, office="WATER"),),
    }
    people = {name: enrol(store, name, *given, now=now) for name, given in grants.items()}
    people |= {"": NOBODY, "worker": enrol(store, "worker", worker="W2", now=now), "leader": enrol(store, "leader", worker="W6", now=now)}
    return World(store, reports, answers, people)


@contextmanager
def process(store: Store, folder: Path) -> Iterator[tuple[str, Path]]:
    """The service as it is really run: its address, and the file with all that it writes."""
    url = store._engine.url
    shown = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    log = folder / "service.log"
    with log.open("wb") as written:
        environment = {**os.environ, "GRIDMAP_DATABASE_URL": shown, "GRIDMAP_ANCHOR_FILE": str(folder / "anchors")}
        running = subprocess.Popen([*GRIDMAP, "serve", "--port", "0", "--json"], env=environment, stdout=written, stderr=subprocess.STDOUT)
        try:
            last = time.monotonic() + 60
            while not (address := re.search(r'"url": "(http://[^"]+)/"', log.read_text())):
                assert running.poll() is None, log.read_text()
                assert time.monotonic() < last
                time.sleep(0.05)
            yield address[1], log
        finally:
            running.terminate()
            running.wait(20)


def samples(world: World, name: str, many: int) -> list[str]:
    """What can stand for a part of a path."""
    some = world.answers[:: max(1, len(world.answers) // many)]
    return {
        "incident": [one.number for one in some] + [one.incident for one in some] + ["2026-999999"],
        "report": [one.report for one in some[:20]],
        "code": [TOWN, WEST, EAST, *CELLS, "x"],
        "name": ["dispatcher", "nobody"],
        "lang": ["en", "zh"],
    }.get(name, ["x"])


VARIED: dict[str, list[str]] = {
    "level": ["township", "village", "cell"],
    "kind": ["barrier", "bridge", "street"],
    "state": ["triage", "dispatched", "closed", "open", "x"],
    "bbox": ["112.9,27.9,113.1,28.1", "113.005,27.9,113.01,28.1", "x"],  # told again: far from what it stands beside then
    "area": [TOWN, WEST, CELLS[0]],
    "issue": list(ISSUES),
    "limit": ["1", "1000", "x"],
    "lang": ["en", "zh"],
    "edition": ["1", "9"],
    "zoom": ["10"],
    "at": ["2026-11-01T00:00:00"],
}
NEEDED = {"level": "cell", "kind": "street", "lon": "113.01", "lat": "28.01"}


def questions(world: World, path: str, operation: dict[str, Any], many: int) -> Iterator[str]:
    """The addresses by which an operation is asked: each part of its path, each of its parameters varied."""
    names = re.findall(r"{(\w+)}", path)
    paths = [path]
    for name in names:
        paths = [one.replace(f"{{{name}}}", quote(part)) for one in paths for part in samples(world, name, many)]
    query = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    always = "&".join(f"{one['name']}={NEEDED.get(one['name'], 'x')}" for one in query if one.get("required"))
    for one in paths:
        yield f"{one}?{always}"
    for one in query:
        for choice in VARIED.get(one["name"], ["x"]):
            yield f"{paths[0]}?{always}&{one['name']}={quote(choice)}"


def ask(world: World, client: httpx.Client, method: str, where: str, by: str, **more: Any) -> httpx.Response:
    shown = world.people[by].bearer
    answer = client.request(method, where, headers={**shown, **more.pop("headers", {})}, **more)
    told = f"{dict(answer.headers)}\n{answer.text}"
    follows = where.startswith("/api/reports/")  # whoever shows a report's id is its sender, and is told its number
    world.look(f"{by or 'anonymous'} {where}", told, public=by in {"", "bare"} and not follows)
    if follows:
        assert not found(told, WORDS)
    return answer


def ask_everything(world: World, client: httpx.Client, many: int) -> set[str]:
    """Every operation of the description, by everybody; what it answers to nonsense, too. The operations that were asked."""
    told = client.get("/openapi.json").json()
    done = set()
    for path, operations in told["paths"].items():
        if path == "/api/live":
            continue
        for method, operation in operations.items():
            done.add(f"{method} {path}")
            for by in world.people:
                if method == "get":
                    wide = world.whole or by in {"", "supervisor"}
                    every = questions(world, path, operation, many if by in {"", "supervisor", "dispatcher"} else 2)
                    for where in every if world.whole else islice(every, 6 if wide else 1):
                        ask(world, client, "GET", where, by)
                elif path not in LEAVES and (method == "post" or not by) and (world.whole or by == "supervisor"):
                    ask_with_nonsense(world, client, method.upper(), next(questions(world, path, operation, 1)), by)
    return done


def ask_with_nonsense(world: World, client: httpx.Client, method: str, where: str, by: str) -> None:
    """What cannot be used, with a contact in it: no answer may repeat it."""
    contact = contact_of(0)
    fields = {"purpose": "", "contact": contact, "at": contact, "reason": {"x": contact}, "name": {"x": contact}, "text": [contact]}
    for body in (
        b"{}",
        *((b"[]", b"{") if world.whole else ()),
        json.dumps(fields).encode(),
    ):
        ask(world, client, method, where, by, content=body, headers={"Content-Type": "application/json"})


def send_again(world: World, client: httpx.Client) -> None:
    """The same reports by HTTP: the first answers again, whoever sends them, with another contact or none; and reports that are refused."""
    lines = []
    for n, one in enumerate(world.reports[:40]):
        body = {name: getattr(one, name) for name in ("issue", "text", "place", "lon", "lat", "datum", "sender", "sender_number", "key")}
        body |= {"channel": "hotline", "contact": contact_of(n + 1)}
        lines += [body, {**body, "text": "another"}, {**body, "contact": contact_of(n) * 20}, {**body, "contact": {"x": contact_of(n)}}]
        lines += [{**body, "at": contact_of(n)}, {**body, "contact": f"{contact_of(n)}\0"}]
    content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
    for by in ("dispatcher", ""):  # nobody in particular may not send many at once
        answer = client.post(
            "/api/reports", content=content, headers={**world.people[by].bearer, "Content-Type": "application/x-ndjson"}
        )  # fmt: skip
        rows = [json.loads(line) for line in answer.text.splitlines()]
        assert {row["status"] for row in rows} == ({200, 409, 422} if by else {401}), rows[:6]
        world.look(f"{by} POST /api/reports", answer.text)
    alone = [client.post("/api/reports", json=line) for line in lines[:60]]
    assert {answer.status_code for answer in alone} == {403, 422}, [answer.text for answer in alone[:6]]
    world.look("POST /api/reports", "\n".join(answer.text for answer in alone))


def crawl_pages(world: World, client: httpx.Client, by: str) -> set[str]:
    """Every page and file that links lead to, as a browser that is signed in sees them."""
    todo, seen = list(PAGES), set()
    while todo:
        where = todo.pop()
        file = where.startswith(("/static/", "/vendor/")) and (by or not world.whole)  # the same for everybody
        if where in seen or urlsplit(where).path in LEAVES or len(seen) > 200 or file:
            continue
        seen.add(where)
        answer = client.get(where, headers={**world.people[by].cookie, "Accept": "text/html"})
        world.look(
            f"{by or 'anonymous'} {where}", f"{dict(answer.headers)}\n{answer.text}", public=by == "" and not where.startswith("/vendor/")
        )
        if "html" in answer.headers.get("content-type", ""):
            links = (urljoin(where, link) for link in re.findall(r'(?:href|src|action)="([^"#]+)"', answer.text))
            todo += [link for link in links if link.startswith("/") and not link.startswith("/lang/")]
    return seen


def listen(world: World, client: httpx.Client, by: str) -> int:
    """The live stream from its beginning: everything that was ever missed. How many incidents it told."""
    told, last = "", 0.0
    with client.stream("GET", "/api/live?after=0", headers=world.people[by].bearer) as stream:
        if stream.status_code != 200:
            world.look(f"{by} /api/live", stream.read().decode(), public=by in {"", "bare"})
            return 0
        for part in stream.iter_text():
            told += part
            heard = told.count("event: incident")
            last = last or (time.monotonic() + STREAM_SECONDS if heard else 0.0)
            if heard >= len(world.reports) or 0 < last < time.monotonic():
                break
            if told.count("event: beat") > 1 or told.count("event: reload"):
                break
    world.look(f"{by} /api/live", told)
    return told.count("event: incident")


def break_it(world: World, client: httpx.Client) -> None:
    """A fault of ours at the very moment when a contact is written: the log gets a traceback."""
    broken = (
        "CREATE TRIGGER contact_broken BEFORE INSERT ON contact BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END"
        if world.store.dialect == "sqlite"
        else "ALTER TABLE contact ADD CONSTRAINT broken CHECK (length(contact) < 3) NOT VALID"
    )
    with world.store._engine.connect() as tx, tx.execution_options(writes=True).begin():
        tx.execute(text(broken))
    for n, one in enumerate(world.reports[:6]):
        sent = {"issue": one.issue, "lon": one.lon, "lat": one.lat, "datum": "wgs84", "contact": contact_of(n)}
        answer = httpx.post(f"{client.base_url}/api/reports", json=sent)  # the connection is closed after it
        assert answer.status_code == 500
        world.look("anonymous POST /api/reports", f"{dict(answer.headers)}\n{answer.text}")


def run(world: World, folder: Path, *command: str) -> str:
    """What a command of the machine's operator writes."""
    url = world.store._engine.url
    shown = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    environment = {**os.environ, "GRIDMAP_DATABASE_URL": shown, "GRIDMAP_ANCHOR_FILE": str(folder / "anchors")}
    done = subprocess.run([*GRIDMAP, *command], env=environment, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def read_in_full(world: World, client: httpx.Client) -> None:
    """The other way round: whoever may, reads each; the history has the purpose, and who it was."""
    for n, by in ((0, "dispatcher"), (1, "leader"), (4, "dispatcher")):
        one = world.answers[n]
        answer = client.post(f"/api/incidents/{one.number}/contact", json={"purpose": f"asked for {n}"}, headers=world.people[by].bearer)
        assert [each["contact"] for each in answer.json()["contacts"]] == [contact_of(n)], answer.text
        log = client.get(f"/api/incidents/{one.number}", headers=world.people["dispatcher"].bearer).json()["properties"]["log"]
        assert any((row["what"], row["actor"], row["facts"].get("purpose")) == ("contact.read", by, f"asked for {n}") for row in log)
    for by in {"", "bare", "supervisor", "planner", "auditor", "administrator"} & world.people.keys():
        answer = client.post(f"/api/incidents/{world.answers[0].number}/contact", json={"purpose": "x"}, headers=world.people[by].bearer)
        assert answer.status_code in {401, 403}


def draw(world: World) -> None:
    """Maps for the page and for notebooks, as HTML."""
    with world.store.read(ALL) as tx:
        edition = world.store.edition(tx, 1)
    parts = command_map(edition.bounds)
    for where, told in (("map /", parts.head + parts.body + parts.script), ("map explore", explore(edition).get_root().render())):
        world.look(f"{where}", told.replace("\\u007b", "{"))
        assert not found(told, WORDS)


def nothing_comes_out(store: Store, folder: Path, count: int, many: int) -> World:
    """Plant, crawl, break, read the log."""
    world = settle_world(store, count)
    world.whole = many > 3
    if not world.whole:
        world.people = {
            name: world.people[name] for name in ("", "supervisor", "auditor", "administrator", "dispatcher", "leader", "worker")
        }
    with process(store, folder) as (url, log), httpx.Client(base_url=url, timeout=60) as client:
        operations = ask_everything(world, client, many)
        assert {"get /api/incidents", "get /api/public/incidents", "post /api/incidents/{incident}/contact"} <= operations
        send_again(world, client)
        for by in world.people if world.whole else ("", "dispatcher"):
            assert "/" in crawl_pages(world, client, by)
        heard = {by: listen(world, client, by) for by in ("", "supervisor", "dispatcher", "worker")[: 4 if world.whole else 2]}
        assert heard[""] == 0
        assert heard["supervisor"] > 0
        read_in_full(world, client)
        break_it(world, client)
    written = log.read_text()
    assert "Traceback" in written
    world.look("log service", written)
    assert not found(written, WORDS)
    draw(world)
    commands = (("status", "--json"), ("audit", "export", "history.csv"), ("users", "list", "--json"), ("purge", "--dry-run"))
    for command in commands if world.whole else commands[1:2]:
        world.look(f"command {' '.join(command)}", run(world, folder, *command))
    for file in folder.iterdir():
        if file.suffix in {".csv", ".xlsx", ".json", ".ndjson"} or file.name.startswith("anchors"):
            world.look(f"file {file.name}", file.read_bytes().decode("utf-8", "ignore"))
    assert world.leaks == []
    return world


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/gridmap.db") as store:
        yield store


def test_what_is_planted_would_be_found_however_it_were_written() -> None:
    for n in range(3):
        contact = contact_of(n)
        bytes_ = f"a{'b' * n}{contact}z".encode()
        for told in (
            contact,
            quote(contact),
            json.dumps(contact),
            "".join(f"&#{ord(letter)};" for letter in contact),
            base64.b64encode(bytes_).decode(),
            base64.urlsafe_b64encode(bytes_).decode(),
            f"xx{base64.b64encode(bytes_).decode()}",
            binascii.hexlify(bytes_).decode(),
            f"0{binascii.hexlify(bytes_).decode()}",
        ):
            assert found(told, CONTACT), told
    [one] = planted(1, ISSUES)
    points = Points.of([one])
    assert points.told(f"[{one.lon}, {one.lat}]")
    assert points.told(f"lat={one.lat:.4f} lon={one.lon:.4f}")
    assert points.told(f'{{"lon": {one.lon:.4f}, "count": 3.25, "x": 1.75, "lat": {one.lat:.4f}}}')
    assert not points.told("[113.0, 28.0] [113.02, 28.02]")


def test_of_150_reports_nothing_given_in_confidence_comes_out_anywhere(quick: Store, tmp_path: Path) -> None:
    nothing_comes_out(quick, tmp_path, 150, 1)


@pytest.mark.proof
def test_of_2000_reports_nothing_given_in_confidence_comes_out_anywhere(store: Store, tmp_path: Path, record_property: Any) -> None:
    world = nothing_comes_out(store, tmp_path, 2000, 400)
    record_property("asked", world.asked)
    print(f"{store.dialect}: {world.asked:,} answers, {world.bytes / 1e6:,.0f} MB, 0 leaks")
