"""Who may do what: one table of what is allowed, and nothing else is.

An actor holds grants; a grant is a role within a jurisdiction (an area and all below it, or the whole county); `ALLOWED` says for each
role which actions it may do and how far each of them reaches. `allowed` makes of it a `Scope`, without which no transaction opens: so
commands, pages, lists, counts, exports and streams that act for the same actor see the same rows.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from gridmap.errors import Refusal
from gridmap.words import Lang, say


class Forbidden(Refusal):
    """The actor's grants do not allow this action; facts: action."""


class SignInNeeded(Forbidden):
    """Nobody is signed in, and this is not for everybody; facts: action."""


class Role(StrEnum):
    """What somebody is granted. Everybody is a resident; nobody is granted OPERATOR, which whoever holds the machine has."""

    RESIDENT = "resident"
    WORKER = "worker"
    LEADER = "leader"
    HANDLER = "handler"
    DISPATCHER = "dispatcher"
    PLANNER = "planner"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"

    def text(self, lang: Lang = "en") -> str:
        return say(f"role.{self}", lang)


BY_POST = frozenset({Role.WORKER, Role.LEADER})
"""Roles that nobody grants: they come with a post, and end with it."""
COUNTY_ONLY = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
"""Roles that are no use within one area."""
GRANTABLE = (Role.HANDLER, Role.DISPATCHER, Role.PLANNER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR)


class Action(StrEnum):
    """Everything that can be done, as noun.verb. Every route and every transaction names one."""

    SERVICE_USE = "service.use"  # health, language, documentation, the sign-in page itself
    SERVICE_WATCH = "service.watch"  # what it counts, and why it is not ready
    AREA_READ = "area.read"  # areas, editions, lines of the land, whose point this is
    CATALOGUE_READ = "catalogue.read"
    REPORT_SEND = "report.send"
    REPORT_FOLLOW = "report.follow"
    REPORT_PHOTO = "report.photo"  # bring the photos of a report
    PUBLIC_READ = "public.read"  # open matters in public space, on a coarse raster
    SIGN_IN = "sign_in"
    SELF_READ = "self.read"  # one's own sessions and devices
    SELF_CHANGE = "self.change"
    REPORT_VOUCH = "report.vouch"  # send in the name of another sender
    INCIDENT_READ = "incident.read"  # list, counts, one, live
    INCIDENT_DISPATCH = "incident.dispatch"  # file, send to an office, extend, park: what the desk decides
    INCIDENT_HANDLE = "incident.handle"  # what the responsible office does
    INCIDENT_ANSWER = "incident.answer"  # what an office that was asked for help does
    INCIDENT_INSPECT = "incident.inspect"  # look whether it is so, before filing and after handling
    INCIDENT_SETTLE = "incident.settle"  # handled on the spot by whoever stands there
    INCIDENT_RULE = "incident.rule"  # say whose it is, where offices pass it on
    INCIDENT_CLOSE = "incident.close"  # close, void, reopen, answer the reporter
    PHOTO_ADD = "photo.add"  # to what one works with
    CONTACT_READ = "contact.read"  # in full, with a purpose
    HOUSEHOLD_READ = "household.read"
    SHEET_PRINT = "sheet.print"  # assignment maps, with who stands where
    REGISTER_READ = "register.read"
    REGISTER_CHANGE = "register.change"
    LAND_CHANGE = "land.change"
    DRAFT_READ = "draft.read"
    DRAFT_CHANGE = "draft.change"
    DRAFT_PUBLISH = "draft.publish"
    ACCOUNT_READ = "account.read"
    ACCOUNT_CHANGE = "account.change"
    GRANT_CHANGE = "grant.change"
    AUDIT_READ = "audit.read"
    NOTICE_READ = "notice.read"  # what was told to other systems, and what could not be
    OPERATE = "operate"  # what is done at the machine alone: the demonstration, purging, status

    def text(self, lang: Lang = "en") -> str:
        return say(f"may.{self}", lang)


class Reach(StrEnum):
    """How far a rule lets its action go."""

    EVERYWHERE = "everywhere"  # every row, whatever the grant's area
    COUNTY = "county"  # every row, if the grant is for the whole county
    JURISDICTION = "jurisdiction"  # rows in the grant's area and all below it
    OFFICE = "office"  # rows for which the grant's office is responsible
    ASKED = "asked"  # rows about which the grant's office was asked for help, or told
    ASSIGNED = "assigned"  # rows whose worker or backup the actor is
    OWN = "own"  # the actor's own account
    SHOWN = "shown"  # the one report whose id is shown, which only its sender was told


class Rule(NamedTuple):
    role: Role
    action: Action
    reach: Reach


def _rules(role: Role, reach: Reach, *actions: Action) -> tuple[Rule, ...]:
    return tuple(Rule(role, action, reach) for action in actions)


A = Action
ALLOWED: tuple[Rule, ...] = (
    *_rules(Role.RESIDENT, Reach.EVERYWHERE, A.SERVICE_USE, A.AREA_READ, A.CATALOGUE_READ, A.REPORT_SEND, A.PUBLIC_READ, A.SIGN_IN),
    *_rules(Role.RESIDENT, Reach.SHOWN, A.REPORT_FOLLOW, A.REPORT_PHOTO),
    *_rules(Role.RESIDENT, Reach.OWN, A.SELF_READ, A.SELF_CHANGE, A.SERVICE_WATCH),
    *_rules(Role.WORKER, Reach.JURISDICTION, A.INCIDENT_READ, A.HOUSEHOLD_READ, A.SHEET_PRINT),
    *_rules(Role.WORKER, Reach.ASSIGNED, A.INCIDENT_READ, A.INCIDENT_INSPECT, A.INCIDENT_SETTLE, A.PHOTO_ADD, A.CONTACT_READ),
    *_rules(Role.LEADER, Reach.JURISDICTION, A.INCIDENT_READ, A.INCIDENT_INSPECT, A.INCIDENT_SETTLE, A.INCIDENT_RULE),
    *_rules(Role.LEADER, Reach.JURISDICTION, A.PHOTO_ADD, A.CONTACT_READ, A.HOUSEHOLD_READ, A.SHEET_PRINT),
    *_rules(Role.HANDLER, Reach.OFFICE, A.INCIDENT_READ, A.INCIDENT_HANDLE, A.PHOTO_ADD, A.CONTACT_READ),
    *_rules(Role.HANDLER, Reach.ASKED, A.INCIDENT_READ, A.INCIDENT_ANSWER, A.PHOTO_ADD),
    *_rules(Role.DISPATCHER, Reach.JURISDICTION, A.INCIDENT_READ, A.INCIDENT_DISPATCH, A.INCIDENT_INSPECT, A.INCIDENT_CLOSE),
    *_rules(Role.DISPATCHER, Reach.JURISDICTION, A.PHOTO_ADD, A.CONTACT_READ, A.HOUSEHOLD_READ, A.SHEET_PRINT),
    *_rules(Role.DISPATCHER, Reach.EVERYWHERE, A.REPORT_VOUCH, A.REGISTER_READ),
    *_rules(Role.PLANNER, Reach.JURISDICTION, A.HOUSEHOLD_READ, A.SHEET_PRINT, A.DRAFT_CHANGE),
    *_rules(Role.PLANNER, Reach.EVERYWHERE, A.DRAFT_READ, A.REGISTER_READ),
    *_rules(Role.PLANNER, Reach.COUNTY, A.DRAFT_PUBLISH, A.LAND_CHANGE),
    *_rules(Role.SUPERVISOR, Reach.JURISDICTION, A.INCIDENT_READ, A.INCIDENT_RULE, A.HOUSEHOLD_READ, A.SHEET_PRINT),
    *_rules(Role.SUPERVISOR, Reach.EVERYWHERE, A.REGISTER_READ),
    *_rules(Role.AUDITOR, Reach.COUNTY, A.AUDIT_READ, A.ACCOUNT_READ),
    *_rules(Role.ADMINISTRATOR, Reach.COUNTY, A.ACCOUNT_READ, A.ACCOUNT_CHANGE, A.GRANT_CHANGE, A.REGISTER_READ, A.REGISTER_CHANGE),
    *_rules(Role.ADMINISTRATOR, Reach.COUNTY, A.NOTICE_READ),
    *_rules(Role.OPERATOR, Reach.EVERYWHERE, *Action),
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role within a jurisdiction: `area` and all below it, None for the whole county; a handler's `office`. Held in [since, until)."""

    role: Role
    area: str | None = None
    office: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def held_at(self, at: datetime) -> bool:
        return (self.since is None or self.since <= at) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: the name that history keeps, the account (None: nobody signed in), the worker behind it, the grants held now."""

    name: str = "anonymous"
    account: str | None = None
    worker: str | None = None
    grants: tuple[Grant, ...] = ()


ANONYMOUS = Actor()


def operator(name: str = "operator") -> Actor:
    """Whoever works at the machine itself, with the database in hand; access cannot bind them, history records them."""
    return Actor(name, grants=(Grant(Role.OPERATOR),))


def hands(name: str) -> frozenset[str]:
    """Who had a hand in it, from an actor's name: `alice (operator:root)` is alice's account, used by root."""
    account, by = re.fullmatch(r"(.*?)(?: \((.*)\))?", name, re.DOTALL).groups()  # type: ignore[union-attr]  # whatever it is, it fits
    return frozenset(filter(None, (account, by)))


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows that one actor may see, or change, by one action. Made by `allowed` alone.

    `everywhere` is every row. Else a row is within it if it lies in one of `areas` (codes of any level), if one of `offices` is
    responsible for it, if one of `asked` (offices) has a task in it, if one of `workers` is its worker or backup, if it belongs to
    `account`, or to the one `report` that was shown.
    """

    action: Action
    actor: Actor
    everywhere: bool = False
    areas: frozenset[str] = frozenset()
    offices: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    workers: frozenset[str] = frozenset()
    account: str | None = None
    report: str | None = None

    def covers(self, path: Iterable[str | None]) -> bool:
        """Whether a place with these areas around it (and itself), in any order, lies in the jurisdiction."""
        return self.everywhere or not self.areas.isdisjoint(code for code in path if code)

    def holds(self, path: Iterable[str | None], office: str | None, workers: Iterable[str | None], asked: Iterable[str] = ()) -> bool:
        """Whether an incident at this path, with this office, these workers and these offices asked, is within the scope."""
        mine = self.covers(path) or office in self.offices or not self.workers.isdisjoint(id for id in workers if id)
        return mine or not self.asked.isdisjoint(asked)


def may(actor: Actor, action: Action) -> bool:
    """Whether the actor may do this anywhere at all."""
    return any(True for _ in _reaches(actor, action))


def allowed(actor: Actor, action: Action, *, shown: str | None = None) -> Scope:
    """How far the actor's grants let them do this; SignInNeeded, or Forbidden where they give nothing at all.

    `shown` is the id of a report that the actor shows, for the one action that needs no more.
    """
    reaches = set(_reaches(actor, action))
    if not reaches:
        raise (Forbidden if actor.account else SignInNeeded)(action=action)

    def of(reach: Reach) -> frozenset[str]:
        return frozenset(what for found, what in reaches if found is reach and what)

    return Scope(
        action,
        actor,
        everywhere=(Reach.EVERYWHERE, None) in reaches,
        areas=of(Reach.JURISDICTION),
        offices=of(Reach.OFFICE),
        asked=of(Reach.ASKED),
        workers=of(Reach.ASSIGNED),
        account=actor.account if of(Reach.OWN) else None,
        report=shown if (Reach.SHOWN, None) in reaches else None,
    )


def _reaches(actor: Actor, action: Action) -> Iterator[tuple[Reach, str | None]]:
    """Each reach that some grant gives, and to what: an area, an office, a worker, the account."""
    for grant in (Grant(Role.RESIDENT), *actor.grants):
        for rule in ALLOWED:
            if rule.role is grant.role and rule.action is action and (reach := _reach(rule.reach, grant, actor)):
                yield reach


def _reach(reach: Reach, grant: Grant, actor: Actor) -> tuple[Reach, str | None] | None:
    if reach in {Reach.COUNTY, Reach.JURISDICTION} and grant.area is None:
        return Reach.EVERYWHERE, None
    if reach in {Reach.EVERYWHERE, Reach.SHOWN}:
        return reach, None
    office = grant.office
    to = {
        Reach.JURISDICTION: grant.area,
        Reach.OFFICE: office,
        Reach.ASKED: office,
        Reach.ASSIGNED: actor.worker,
        Reach.OWN: actor.account,
    }.get(reach)
    return (reach, to) if to else None
