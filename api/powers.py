"""What somebody may do that not everybody may: how far, and where it is done, on which page or by which command."""

from dataclasses import dataclass

from api.page import DESK, MENU, USERS
from api.places import Places
from gridmap.access import ANONYMOUS, Action, Actor, Scope, allowed, may
from gridmap.incidents.life import ACTIONS
from gridmap.tables import Register

OWN = frozenset({Action.SELF_READ, Action.SELF_CHANGE, Action.SERVICE_WATCH})
POSTS = "/posts"
TAKE = "incident take"
STEPPING = tuple(dict.fromkeys(ACTIONS.values()))
PAGES = {
    **dict.fromkeys((Action.INCIDENT_READ, *STEPPING, Action.PHOTO_ADD), DESK),
    Action.CONTACT_READ: DESK,
    Action.REGISTER_READ: POSTS,
    Action.REGISTER_CHANGE: POSTS,
    Action.SHEET_PRINT: "/print",
    **dict.fromkeys((Action.DRAFT_READ, Action.DRAFT_CHANGE, Action.DRAFT_PUBLISH), "/plan"),
    Action.ACCOUNT_READ: USERS,
    Action.ACCOUNT_CHANGE: USERS,
    Action.GRANT_CHANGE: USERS,
}
COMMANDS = {
    Action.REPORT_VOUCH: ("import reports", "report"),
    Action.INCIDENT_READ: ("incident list", "incident show", "incident nearby", "route replay", "route backstop", "route rulings"),
    **dict.fromkeys(STEPPING, (TAKE,)),
    Action.INCIDENT_DISPATCH: (TAKE, "workers hand-over"),
    Action.INCIDENT_CLOSE: (TAKE, "incident merge", "incident split"),
    Action.HOUSEHOLD_READ: ("plan area",),
    Action.SHEET_PRINT: ("print village", "print township", "print worker"),
    Action.REGISTER_READ: ("route dry-run",),
    Action.REGISTER_CHANGE: (*(f"import {register}" for register in Register), "plan staff"),
    Action.LAND_CHANGE: ("import households", "import barriers", "import bridges", "import streets"),
    Action.DRAFT_READ: ("plan drafts", "plan check"),
    Action.DRAFT_CHANGE: ("import areas", "plan cut", "plan drop"),
    Action.DRAFT_PUBLISH: ("plan approve", "plan publish", "plan rollback"),
    Action.AUDIT_READ: ("audit show", "audit verify", "audit export"),
    Action.NOTICE_READ: ("notices",),
    Action.OPERATE: ("status", "migrate", "purge", "tick", "notify"),
}
"""What has no page, or has more than its page; each with `gridmap` before it."""


@dataclass(frozen=True, slots=True)
class Power:
    """`reach` is "all", "some" (within `names`) or "assigned"; `page` is a path with the end of its word's key."""

    action: Action
    reach: str
    names: tuple[str, ...]
    page: tuple[str, str] | None
    commands: tuple[str, ...]


def powers(actor: Actor, places: Places) -> list[Power]:
    """Each action that the actor's roles add to what everybody may."""
    found = [action for action in Action if may(actor, action) and not may(ANONYMOUS, action) and action not in OWN]
    names = {path: name for path, name, _ in MENU}
    pages = {action: (path, names[path]) for action, path in PAGES.items()}
    return [Power(each, *_reach(allowed(actor, each), places), pages.get(each), COMMANDS.get(each, ())) for each in found]


def _reach(scope: Scope, places: Places) -> tuple[str, tuple[str, ...]]:
    if scope.everywhere:
        return "all", ()
    names = (*map(places.area, sorted(scope.areas)), *map(places.office, sorted(scope.offices | scope.asked)))
    return ("some", names) if names else ("assigned", ())
