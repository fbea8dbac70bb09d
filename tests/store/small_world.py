"""A world in which every row of every scoped table is told apart by who may see it, and an oracle that reads no SQL."""

from dataclasses import dataclass, replace
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from shapely import box

from gridmap.access import ALLOWED, ANONYMOUS, Action, Actor, Forbidden, Grant, Role, Scope, allowed
from gridmap.account import Account, GrantRow, Token, TokenKind
from gridmap.duty import Office, OfficeKind
from gridmap.grid import Area, Level
from gridmap.incidents import Incident
from gridmap.incidents.deadlines import timed
from gridmap.incidents.life import Task, TaskKind
from gridmap.incidents.public import PublicMatter, PublicState
from gridmap.limits import LADDER, Calendar, Due, allowances, timetable
from gridmap.store import Store, accounts, clocks, contacts, editions, history, incidents, notices, offices, photos, public, tasks
from gridmap.store.account_tables import access_grant, account, token
from gridmap.store.clock_tables import clock, escalation
from gridmap.store.dialect import insert_together
from gridmap.store.incidents import Received
from gridmap.store.notice_tables import notice
from gridmap.store.photo_tables import photo, photo_part
from gridmap.store.schema import contact, public_incident, report, task
from gridmap.store.schema import history as history_table
from gridmap.store.schema import incident as incident_table
from tests.builders import ALL
from tests.small_land import AREAS, CELLS, EAST, LONG_AGO, NOW, TOWN, WEST, settle
from tests.store import build

FAR, FAR_VILLAGE = "430102002", "430102002001"
PLACES: tuple[tuple[str | None, str | None, str | None], ...] = (
    (None, None, None),
    *((TOWN, WEST, cell) for cell in CELLS[:2]),
    (TOWN, EAST, None),
    (FAR, FAR_VILLAGE, None),
)
OFFICES = (None, "ROADS", "WATER")
PAIRS = ((None, None), ("W1", None), ("W2", "W1"))
ASKED = (
    (),
    (Task(number=1, kind=TaskKind.ASSIST, office="WATER"), Task(number=2, kind=TaskKind.INFORM, office="NOBODY")),
    (Task(number=1, kind=TaskKind.WHISTLE, office="ROADS", withdrawn=True), Task(number=2, kind=TaskKind.UPWARD, office="WATER")),
    (Task(number=1, kind=TaskKind.ASSIST, office="ROADS", answered=True),),
    (Task(number=1, kind=TaskKind.WHISTLE, office="WATER", withdrawn=True),),
)
"""What other offices were asked for; who was asked no longer sees nothing of it."""
NAMES = ("an", "bo", "cai")
MANAGING = {Action.ACCOUNT_READ, Action.ACCOUNT_CHANGE, Action.GRANT_CHANGE, Action.SIGN_IN, Action.OPERATE}
KEYS = {
    "incident": incident_table.c.id,
    "report": report.c.id,
    "task": task.c.incident,
    "contact": contact.c.report,
    "photo": photo.c.holder,
    "photo_part": photo_part.c.holder,
    "clock": clock.c.incident,
    "escalation": escalation.c.incident,
    "history": history_table.c.id,
    "notice": notice.c.id,
    "account": account.c.id,
    "access_grant": access_grant.c.account,
    "token": token.c.account,
}


@dataclass(frozen=True, slots=True)
class World:
    """The incidents, the report of each (by its id), whose rows of history those are, and the accounts by name."""

    incidents: tuple[Incident, ...]
    reports: dict[str, str]
    history: dict[int, str | None]
    accounts: dict[str, str]
    notices: frozenset[str] = frozenset()

    def expected(self, scope: Scope) -> dict[str, set[Any]]:
        """What each table shows within the scope."""
        shown = None if scope.everywhere else scope.report
        mine = {one.id for one in self.incidents if (one.id == self.reports.get(shown) if shown else _holds(scope, one))}
        seen = {id for id, of in self.reports.items() if (id == shown if shown else of in mine)}
        everything = scope.action in {Action.AUDIT_READ, Action.OPERATE}
        rows = {id for id, of in self.history.items() if (of in mine if of else scope.everywhere and everything)}
        told = set(self.notices) if scope.everywhere and scope.action in {Action.NOTICE_READ, Action.OPERATE} else set()
        owners = set(self.accounts.values()) if scope.action in MANAGING else {scope.actor.account} & set(self.accounts.values())
        asked = mine & {one.id for one in self.incidents if one.tasks}
        return dict(zip(KEYS, (mine, seen, asked, seen, seen, seen, mine, mine, rows, told, owners, owners, owners), strict=True))


def _holds(scope: Scope, one: Incident) -> bool:
    asked = {task.office for task in one.tasks if not task.withdrawn}
    return scope.holds((one.township, one.village, one.cell), one.office, (one.worker, one.backup), asked)


def make(store: Store) -> World:
    """Every place with every office and every worker; three accounts, each with a grant and a token."""
    settle(store)
    with store.begin(ALL) as tx:
        far = (
            Area(FAR, Level.TOWNSHIP, "河西镇", None, box(114, 28, 114.1, 28.1)),
            Area(FAR_VILLAGE, Level.VILLAGE, "远村", FAR, box(114, 28, 114.1, 28.1)),
        )
        editions.add(tx, [*AREAS, *far], in_force_from=LONG_AGO, recorded_at=LONG_AGO)
        offices.put(tx, [Office("NOBODY", "某局", OfficeKind.DEPARTMENT, None, "", "")])
        kinds = list(product(PLACES, OFFICES, PAIRS))
        given = [_received(number, *kind) for number, kind in zip(incidents.numbers(tx, len(kinds), year=2026), kinds, strict=True)]
        given = [_asking(one, number) for number, one in enumerate(given)]
        incidents.add_many(tx, given)
        for one in given:
            tasks.put(tx, one.incident.id, one.incident.tasks)
        matter = PublicMatter(issue="E0113", state=PublicState.OPEN, day="2026-03-02", edition=2, village=WEST, lon=113.0, lat=28.0)
        insert_together(tx, [(public_incident, public.rows({one.incident.id: matter for one in given}))])
        insert_together(tx, [(photo, photos.rows({one.report_id: (one.incident.id, ("0" * 64,)) for one in given}, at=NOW))])
        for one in given:
            photos.add_part(tx, (one.report_id, "0" * 64), 0, b"x", at=NOW)
        insert_together(tx, [(contact, contacts.rows({one.report_id: "0700-0000" for one in given}, at=NOW))])
        for one in given:
            clocks.fire(tx, one.incident.id, Due(LADDER.steps[0], NOW, "handle.1.village"), at=NOW)
        for number, name in enumerate(NAMES):
            _account(tx, name, number)
        history.record(tx, NOW, "county.thing", "county:all")
        rows = {row.id: row.incident for row in history.rows(tx, limit=1000)}
        notices_ = frozenset(one.notice.id for one in notices.list_(tx, limit=1000))
    made = tuple(one.incident for one in given)
    return World(made, {one.report_id: one.incident.id for one in given}, rows, {name: f"account-{name}" for name in NAMES}, notices_)


def _received(number: str, place: tuple[str | None, ...], office: str | None, pair: tuple[str | None, str | None]) -> Received:
    township, village, cell = place
    one = replace(
        build.incident(number, cell=None, lon=113.001), edition=2 if township else None, township=township, village=village, cell=cell,
        office=office, worker=pair[0], backup=pair[1],
    )  # fmt: skip
    started = timed(timetable(Calendar(ZoneInfo("UTC"))), allowances(None), one.issue, [(NOW, "dispatched")])
    return replace(build.received(one), clocks=started)


def _asking(one: Received, number: int) -> Received:
    """The same with tasks; the kinds take turns in another rhythm than places, offices and workers."""
    return replace(one, incident=replace(one.incident, tasks=ASKED[number % len(ASKED)]))


def _account(tx: Any, name: str, number: int) -> None:
    id = f"account-{name}"
    accounts.add(tx, Account(id=id, name=name, worker=f"W{number + 1}", made_at=NOW), password="never a hash")
    accounts.add_grants(tx, [GrantRow(id=f"grant-{name}", account=id, role=Role.SUPERVISOR, since=LONG_AGO, proposed_by="x")])
    held = Token(id=f"token-{name}", account=id, kind=TokenKind.KEY, label="", made_at=NOW, seen_at=NOW, until=NOW)
    accounts.add_token(tx, held, f"{number:064}")


def scopes(world: World) -> list[Scope]:
    """Every scope that the table of access can give here: each role in each jurisdiction, each action."""
    areas = (None, TOWN, WEST, EAST, CELLS[0], FAR, "430199")
    handlers = ((Grant(Role.HANDLER, None, office),) for office in ("ROADS", "WATER", "NOBODY", "ROAD", "roads"))
    grants = [(), *((Grant(role, area),) for role in Role for area in areas), *handlers]
    grants.append((Grant(Role.LEADER, WEST), Grant(Role.HANDLER, None, "WATER"), Grant(Role.WORKER, CELLS[0])))
    actors = [
        ANONYMOUS,
        *(Actor("an", "account-an", "W1", held) for held in grants),
        Actor("bo", "account-bo", "W2", (Grant(Role.WORKER, CELLS[1]),)),
    ]
    shown = [None, next(iter(world.reports)), "no report"]
    found = {}
    for actor, action, one in product(actors, Action, shown):
        try:
            scope = allowed(actor, action, shown=one)
        except Forbidden:
            continue
        rows = (scope.everywhere, scope.areas, scope.offices, scope.asked, scope.workers)
        reach = (scope.action, *rows, scope.account, scope.report, actor.account)
        found.setdefault(reach, scope)
    assert {scope.action for scope in found.values()} == {rule.action for rule in ALLOWED}
    return list(found.values())
