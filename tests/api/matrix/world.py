"""A county to look for leaks in: everything in it bears a word that stands nowhere else, and so tells whose it is wherever it shows.

lon 113.00   113.02   113.04   113.06   113.08   113.10        the first edition; the second gives c113's land to village 12 as c123,
lat 28.02  c113   | c122   | c212   |        |        |        and has no town 3 any more
           -------+--------+--------+  v22   |  c311  |
lat 28.01  c111|c112| c121 | c211   |(no cell)|       |
           village 11 | 12 |   21   |   22   |  31
           town 1          | town 2          | town 3
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shapely import box

from gridmap.access import Role, operator
from gridmap.account import Account, AccountKind, GrantRow, Token, TokenKind
from gridmap.catalogue import By, IssueType, Kind, Limit, Rule
from gridmap.duty import Duty, Office, OfficeKind, Post, Worker
from gridmap.flows.intake import receive
from gridmap.flows.step import step
from gridmap.grid import Area, Level
from gridmap.incidents import Channel, Report
from gridmap.incidents.life import Step, Taken
from gridmap.store import Store, accounts, catalogues, editions, ids, incidents, offices, people
from tests.api.matrix.oracle import Held, Matter, Person
from tests.builders import ALL
from tests.closing import close

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
LONG_AGO, OLD, REDRAWN = NOW - 400 * DAY, NOW - 200 * DAY, NOW - 100 * DAY

T1, T2, T3 = "430102001", "430102002", "430102003"
V11, V12, V21, V22, V31 = T1 + "001", T1 + "002", T2 + "001", T2 + "002", T3 + "001"
C111, C112, C113 = (f"{V11}{n:03}" for n in (1, 2, 3))
C121, C122, C123 = (f"{V12}{n:03}" for n in (1, 2, 3))
C211, C212, C311 = V21 + "001", V21 + "002", V31 + "001"
UNKNOWN = "430102009"
CODES = (T1, T2, T3, V11, V12, V21, V22, V31, C111, C112, C113, C121, C122, C123, C211, C212, C311)
PATH_OF = {code: tuple(code[:length] for length in (9, 12, 15) if length <= len(code)) for code in CODES}


def _area(code: str, west: float, south: float, east: float, north: float) -> Area:
    level = {9: Level.TOWNSHIP, 12: Level.VILLAGE, 15: Level.CELL}[len(code)]
    parent = None if len(code) == 9 else code[:-3]
    return Area(code, level, f"地{code}", parent, box(west, south, east, north), f"Area {code}", 771000 + CODES.index(code))


_KEPT = (
    _area(T1, 113.00, 28.00, 113.04, 28.02),
    _area(T2, 113.04, 28.00, 113.08, 28.02),
    _area(V21, 113.04, 28.00, 113.06, 28.02),
    _area(V22, 113.06, 28.00, 113.08, 28.02),
    _area(C111, 113.00, 28.00, 113.01, 28.01),
    _area(C112, 113.01, 28.00, 113.02, 28.01),
    _area(C121, 113.02, 28.00, 113.04, 28.01),
    _area(C122, 113.02, 28.01, 113.04, 28.02),
    _area(C211, 113.04, 28.00, 113.06, 28.01),
    _area(C212, 113.04, 28.01, 113.06, 28.02),
)
FIRST = (
    *_KEPT,
    _area(T3, 113.08, 28.00, 113.10, 28.02),
    _area(V31, 113.08, 28.00, 113.10, 28.02),
    _area(C311, 113.08, 28.00, 113.10, 28.02),
    _area(V11, 113.00, 28.00, 113.02, 28.02),
    _area(C113, 113.00, 28.01, 113.02, 28.02),
    _area(V12, 113.02, 28.00, 113.04, 28.02),
)
_MOVED = _area(C123, 113.00, 28.01, 113.02, 28.02)
SECOND = (
    *_KEPT,
    _area(V11, 113.00, 28.00, 113.02, 28.01),
    replace(_area(V12, 113.02, 28.00, 113.04, 28.02), shape=box(113.02, 28.00, 113.04, 28.02).union(_MOVED.shape)),
    _MOVED,
)

STAFF = ("W111", "W112", "W113", "W121", "W211", "W311", "WV11", "LV11", "LT2", "WEX", "WFU", "WPOL")
WORKERS = tuple(Worker(id, f"vvv{id}q", f"0700-{id}q", f"vvv{id}q") for id in STAFF)
ROADS = IssueType("E0113", "E01", Kind.EVENT, "道路破损", Limit.parse("5 WD"), "Damaged road")
QUARREL = IssueType("D02", "D", Kind.DISPUTE, "邻里纠纷", Limit.parse("3 WD"), "Quarrel between neighbours")
MANHOLE = IssueType("C0101", "C01", Kind.COMPONENT, "上水井盖", Limit.parse("2 UH"), "Water manhole")
OFFICES = tuple(
    Office(code, f"uu{code}q", kind, area, f"0711{code}", f"uu{code}q")
    for code, kind, area in (
        ("CV11", OfficeKind.CENTRE, V11),
        ("CV12", OfficeKind.CENTRE, V12),
        ("ROADS", OfficeKind.DEPARTMENT, None),
        ("WATER", OfficeKind.OWNER, None),
    )
)
RULES = (Rule("ROADS", "E01", By.SUBJECT), Rule("WATER", "C0101", By.OWNER), Rule("*", "D", By.TERRITORY, level="village"))
POSTS = (
    Post("W111", C111, Duty.WORKER, REDRAWN),
    Post("W112", C112, Duty.WORKER, LONG_AGO),
    Post("W112", C111, Duty.BACKUP, REDRAWN),
    Post("W113", C113, Duty.WORKER, LONG_AGO, REDRAWN),
    Post("W113", C122, Duty.WORKER, REDRAWN),
    Post("W121", C121, Duty.WORKER, LONG_AGO),
    Post("W211", C211, Duty.WORKER, LONG_AGO),
    Post("W311", C311, Duty.WORKER, LONG_AGO),
    Post("WV11", V11, Duty.WORKER, LONG_AGO),
    Post("LV11", V11, Duty.LEADER, LONG_AGO),
    Post("LT2", T2, Duty.LEADER, LONG_AGO),
    Post("WEX", C111, Duty.WORKER, LONG_AGO, REDRAWN),
    Post("WFU", C111, Duty.WORKER, NOW + DAY),
    Post("WPOL", C111, Duty.POLICE, LONG_AGO),
)
_DUTIES = {Duty.WORKER: "worker", Duty.BACKUP: "worker", Duty.LEADER: "leader"}


# A browser's cookie; a bearer: a phone's token, or a system's key; and another cookie, for what ends the session that asks.
WAYS = ("cookie", "bearer", "spare")


@dataclass(frozen=True)
class Sent:
    """A report that is to become an incident, and what is expected of it."""

    name: str
    matter: Matter
    issue: str = "E0113"
    point: tuple[float, float] | None = None
    old: bool = False
    closed: bool = False
    withdrawn: str = ""  # an office that was asked, and is no longer


def _matter(cell: str, office: str | None, *workers: str, asked: tuple[str, ...] = ()) -> Matter:
    return Matter(PATH_OF[cell], office, workers, asked)


_IN = {
    C111: (113.004, 28.004), C112: (113.016, 28.004), C113: (113.004, 28.016), C121: (113.03, 28.004), C122: (113.03, 28.016),
    C123: (113.004, 28.016), C211: (113.05, 28.004), C212: (113.05, 28.016), V22: (113.07, 28.01), C311: (113.09, 28.01),
}  # fmt: skip
SENT = (
    Sent("c111", _matter(C111, "ROADS", "W111", "W112", asked=("CV11", "WATER"))),
    Sent("c111 water", _matter(C111, "WATER", "W111", "W112"), "C0101"),
    Sent("c111 quarrel", _matter(C111, "CV11", "W111", "W112"), "D02"),
    Sent("c111 closed", _matter(C111, "ROADS", "W111", "W112"), closed=True),
    Sent("c111 unknown issue", _matter(C111, None, "W111", "W112"), "X99"),
    Sent("c111 of one who left", _matter(C111, "ROADS", "WEX"), old=True),
    Sent("c112", _matter(C112, "WATER", "W112"), "C0101"),
    Sent("c113 moved", _matter(C113, "CV11", "W113"), "D02", old=True),
    Sent("c113 moved closed", _matter(C113, "ROADS", "W113"), old=True, closed=True),
    Sent("c123", _matter(C123, "ROADS")),
    Sent("c121", _matter(C121, "CV12", "W121", asked=("WATER",)), "D02", withdrawn="ROADS"),
    Sent("c121 closed", _matter(C121, "WATER", "W121", asked=("ROADS",)), "C0101", closed=True),
    Sent("c122", _matter(C122, "ROADS", "W113")),
    Sent("c211", _matter(C211, "ROADS", "W211"), withdrawn="WATER"),
    Sent("c211 closed", _matter(C211, "ROADS", "W211"), closed=True),
    Sent("c212", _matter(C212, "WATER", "LT2"), "C0101"),
    Sent("v22", _matter(V22, "ROADS", "LT2")),
    Sent("deleted", _matter(C311, "ROADS", "W311"), old=True),
    Sent("deleted closed", _matter(C311, "WATER", "W311"), "C0101", old=True, closed=True),
    Sent("no place", Matter(asked=("ROADS",))),
    Sent("no place closed", Matter(), closed=True),
    Sent("outside", Matter(), point=(113.2, 28.2)),
)


def point_of(sent: Sent) -> tuple[float, float] | None:
    """Where the report was sent from."""
    return sent.point or (_IN[sent.matter.path[-1]] if sent.matter.path else None)


def _given(role: str, area: str | None = None, office: str | None = None, when: str = "now", **more: Any) -> Person:
    where = area and {V11: "v11", V12: "v12", V21: "v21", C111: "c111", T1: "t1", T2: "t2", T3: "t3"}[area]
    name = f"{role}{where or (office or 'county').lower()}{'' if when == 'now' else when}"
    return Person(more.pop("name", name), (Held(role, area, office, when),), **more)


def _stands(worker: str, *held: Held) -> Person:
    return Person(worker.lower(), held or tuple(_held(post) for post in POSTS if post.worker == worker and post.duty in _DUTIES), worker)


def _held(post: Post) -> Held:
    when = "future" if post.since > NOW else "ended" if post.until and post.until <= NOW else "now"
    return Held(_DUTIES[post.duty], post.area, None, when)


PEOPLE = (
    Person("nobody", by="none"),
    Person("guesser", by="garbage"),
    Person("bare"),
    *(_stands(worker) for worker in STAFF),
    *(_given("handler", office=office) for office in ("ROADS", "WATER", "CV11")),
    *(_given("dispatcher", area) for area in (None, T1, T2, T3, V11, V12, C111)),
    *(_given("planner", area) for area in (None, V11)),
    *(_given("supervisor", area) for area in (None, T1, V21)),
    _given("auditor"),
    _given("administrator"),
    _given("auditor", T1),
    _given("administrator", T1),
    *(_given("administrator", when=when) for when in ("unconfirmed", "ended")),
    *(_given("dispatcher", when=when) for when in ("ended", "future")),
    _given("dispatcher", name="disabled", disabled=True),
    *(_given("dispatcher", name=by, by=by) for by in ("expired", "ended", "invitation", "browser")),
    _given("dispatcher", T1, name="systemt1", by="key"),
    Person("system", by="key"),
    Person("both", (Held("dispatcher", V12), Held("supervisor", V21))),
    Person("workerhandler", (*(_held(post) for post in POSTS if post.worker == "W121"), Held("handler", office="ROADS")), "W121"),
)
PEOPLE = tuple(each for each in PEOPLE if each.name != "w121")  # that worker's account is "workerhandler"


def photo_of(at: int) -> str:
    """The name of the photo that is to follow a row's report."""
    return f"c0ffee{'0' * 54}{at:04}"


@dataclass
class Row:
    """An incident of the world, with everything by which it may be known."""

    at: int
    sent: Sent
    id: str
    number: str
    report: str
    contact: str
    actors: set[str] = field(default_factory=set)  # people of the world who did something to it

    @property
    def matter(self) -> Matter:
        return self.sent.matter

    @property
    def closed(self) -> bool:
        return self.sent.closed

    @property
    def point(self) -> tuple[float, float] | None:
        return point_of(self.sent)


@dataclass
class World:
    """A settled store, the people with what they show, and the incidents."""

    store: Store
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)  # (person, way) → what they show
    account_of: dict[str, str] = field(default_factory=dict)
    token_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)  # a grant of each person
    by_name: dict[str, "Canary"] = field(default_factory=dict)  # ids and numbers
    rows: list[Row] = field(default_factory=list)
    people: tuple[Person, ...] = PEOPLE

    def person(self, name: str) -> Person:
        return next(each for each in self.people if each.name == name)

    def row(self, name: str) -> Row:
        return next(each for each in self.rows if each.sent.name == name)

    def send(self, sent: Sent) -> Row:
        """Have the report received, as its sender would, and expect what the oracle goes by."""
        at = len(self.rows)
        lon, lat = point_of(sent) or (None, None)
        contact = f"1390000{at:04}"
        report = Report(
            issue=sent.issue, channel=Channel.HOTLINE, text=f"zzz{at:02}text", place=f"zzz{at:02}place", lon=lon, lat=lat,
            datum="wgs84" if lon else "", sender="hotline", sender_number=f"zzz{at:02}sender", key=f"zzz{at:02}key", contact=contact,
            photos=(photo_of(at),),
        )  # fmt: skip
        now = OLD if sent.old else datetime.now(UTC) - DAY / 24
        answer = receive(self.store, report, now=now, actor=operator(f"zzz{at:02}intake"))
        row = Row(at, sent, answer.incident, answer.number, answer.report, contact)
        self.rows.append(row)
        self.by_name |= {row.id: Canary(at, "id"), row.report: Canary(at, "report"), row.number: Canary(at, "number")}
        self._ask_offices(row, now)
        if sent.closed:
            close(self.store, row.id, f"zzz{at:02}note", now=now, actor=operator(f"zzz{at:02}closer"))
        with self.store.read(ALL) as tx:
            kept = incidents.get(tx, row.id)
        found = Matter(
            tuple(code for code in (kept.township, kept.village, kept.cell) if code),
            kept.office, tuple(id for id in (kept.worker, kept.backup) if id), kept.asked,
        )  # fmt: skip
        assert found == sent.matter, (sent.name, found)
        return row

    def _ask_offices(self, row: Row, now: datetime) -> None:
        """Those that are to be asked are told; one more is asked, and then no longer."""
        actor, withdrawn = operator(f"zzz{row.at:02}intake"), row.sent.withdrawn
        steps = [Taken(step=Step.INFORM, actor="", office=office) for office in row.matter.asked]
        if withdrawn:
            until = (now + DAY).isoformat()
            steps += [
                Taken(step=Step.ASSIST, actor="", office=withdrawn, until=until, reason=f"zzz{row.at:02}note"),
                Taken(step=Step.WITHDRAW, actor="", task=str(len(steps) + 1), reason=f"zzz{row.at:02}note"),
            ]
        for taken in steps:
            step(self.store, row.id, taken, revision=None, now=now, actor=actor)


def settle(store: Store) -> World:
    """The whole county in a store that is empty."""
    world = World(store)
    with store.begin(ALL) as tx:
        editions.add(tx, FIRST, in_force_from=LONG_AGO, recorded_at=LONG_AGO)
        editions.add(tx, SECOND, in_force_from=REDRAWN, recorded_at=REDRAWN)
        offices.put(tx, OFFICES)
        catalogues.put_issue_types(tx, (ROADS, QUARREL, MANHOLE))
        catalogues.put_rules(tx, RULES)
        people.put_workers(tx, WORKERS)
        people.put_posts(tx, POSTS)
        for person in world.people:
            if person.by not in {"none", "garbage"}:
                _enrol(world, tx, person)
    world.tokens |= {("guesser", way): f"gms_{secrets.token_urlsafe(32)}" for way in WAYS}
    for sent in SENT:
        world.send(sent)
    return world


def _enrol(world: World, tx: Any, person: Person) -> None:
    """The account, its grants and its tokens, put straight into their tables: Argon2 and the rules of granting are tested elsewhere."""
    made = NOW - 30 * DAY
    id = ids.new(made)
    kind = AccountKind.SYSTEM if person.by == "key" else AccountKind.PERSON
    disabled = made if person.disabled else None
    account = Account(id=id, name=f"yyy{person.name}qqq", kind=kind, worker=person.worker, made_at=made, disabled_at=disabled)
    accounts.add(tx, account)
    world.account_of[person.name] = id
    own = Canary(person=person.name, field="id")
    world.by_name[id] = own
    grants = [_grant(person, id, held, made) for held in person.held if held.role not in {"worker", "leader"}]
    accounts.add_grants(tx, grants)
    for way in WAYS:
        raw, token = _token(person, id, way, made)
        accounts.add_token(tx, token, hashlib.sha256(raw.encode()).hexdigest())
        world.tokens[person.name, way] = raw
        world.token_ids[person.name, way] = token.id
        world.by_name[token.id] = own
    world.grants.update((person.name, grant.id) for grant in grants)
    world.by_name |= dict.fromkeys((grant.id for grant in grants), own)


def _grant(person: Person, account: str, held: Held, made: datetime) -> GrantRow:
    since, until = {"ended": (made, NOW - DAY), "future": (NOW + DAY, None)}.get(held.when, (made, None))
    confirmed = None if held.when == "unconfirmed" else "operator"
    return GrantRow(
        id=ids.new(made), account=account, role=Role(held.role), area=held.area, office=held.office, since=since, until=until,
        proposed_by="operator", confirmed_by=confirmed, reason=f"www{person.name}qqq",
    )  # fmt: skip


def _token(person: Person, account: str, way: str, made: datetime) -> tuple[str, Token]:
    kind = {"key": TokenKind.KEY, "invitation": TokenKind.INVITATION, "browser": TokenKind.BROWSER}.get(
        person.by, TokenKind.SESSION if way != "bearer" else TokenKind.PHONE
    )
    prefix = {"session": "gms", "phone": "gmp", "key": "gmk", "invitation": "gmi", "browser": "gmb"}[kind]
    now = datetime.now(UTC)  # not NOW: some actions need a session that is younger than a long run of the tests
    seen = now - timedelta(minutes=2)
    until = now - timedelta(minutes=1) if person.by == "expired" else now + timedelta(hours=11)
    ended = now - timedelta(minutes=1) if person.by == "ended" else None
    raw = f"{prefix}_{secrets.token_urlsafe(32)}"
    label = f"xxx{person.name}qqq"
    return raw, Token(id=ids.new(made), account=account, kind=kind, label=label, made_at=seen, seen_at=seen, until=until, ended_at=ended)


# The words in full: a random token that begins like one of them is none.
WORD = re.compile(
    r"zzz(?P<row>\d\d)(?P<field>text|place|sender|key|intake|note|closer|purpose)|1390000(?P<contact>\d{4})|c0ffee0{54}(?P<photo>\d{4})|(?P<kind>yyy|xxx|www)(?P<person>[a-z0-9]+)qqq|(?P<staff>vvv|0700-)(?P<worker>[WL][A-Z0-9]+)q"
    r"|(?<!\.)\b(?P<households>7710\d\d)\b|(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})|(?P<number>\b\d{4}-\d{6}\b)"
)


@dataclass(frozen=True)
class Canary:
    """What was found somewhere: of an incident (`row`, `field`), of an account (`person`), a worker, a count of households."""

    row: int | None = None
    field: str = ""
    person: str = ""
    worker: str = ""
    area: str = ""


def canaries(world: World, text: str) -> set[Canary]:
    """Every word in the text that belongs to something in the world."""
    by_name = world.by_name
    found = set()
    for hit in WORD.finditer(text):
        if hit["row"]:
            found.add(Canary(int(hit["row"]), hit["field"]))
        elif hit["contact"]:
            found.add(Canary(int(hit["contact"]), "contact"))
        elif hit["photo"]:
            found.add(Canary(int(hit["photo"]), "photo"))
        elif hit["person"]:
            found.add(Canary(person=hit["person"], field={"yyy": "name", "xxx": "label", "www": "reason"}[hit["kind"]]))
        elif hit["worker"]:
            found.add(Canary(worker=hit["worker"], field="phone" if hit["staff"] == "0700-" else "name"))
        elif hit["households"]:
            found.add(Canary(area=CODES[int(hit["households"]) - 771000]))
        elif hit[0] in by_name:
            found.add(by_name[hit[0]])
    return found
