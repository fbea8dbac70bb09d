"""Who may do what, written a second time by another hand: from the issue's words, not from `gridmap.access`, of which nothing is used.

For each action: the roles that may do it, each with how far. `area` is the role's own area and all below it (a role for the whole county
has the county), `assigned` the incidents that name the person's worker, `office` those for which the role's office answers, `asked` those
about which it was asked or told and still is, `county` all rows if the role is for the whole county, `all` all rows, `own` the own account,
`shown` the one report whose id is shown.
"""

from dataclasses import dataclass

MAY = {
    "service.use": "anybody:all",
    "area.read": "anybody:all",
    "catalogue.read": "anybody:all",
    "report.send": "anybody:all",
    "public.read": "anybody:all",
    "sign_in": "anybody:all",
    "report.follow": "anybody:shown",
    "report.photo": "anybody:shown",
    "self.read": "account:own",
    "service.watch": "account:own",
    "self.change": "account:own",
    "incident.read": "worker:area worker:assigned leader:area handler:office handler:asked dispatcher:area supervisor:area",
    "incident.dispatch": "dispatcher:area",
    "incident.handle": "handler:office",
    "incident.answer": "handler:asked",
    "incident.inspect": "worker:assigned leader:area dispatcher:area",
    "incident.settle": "worker:assigned leader:area",
    "incident.rule": "leader:area supervisor:area",
    "incident.close": "dispatcher:area",
    "photo.add": "worker:assigned leader:area handler:office handler:asked dispatcher:area",
    "contact.read": "worker:assigned leader:area handler:office dispatcher:area",
    "household.read": "worker:area leader:area dispatcher:area planner:area supervisor:area",
    "sheet.print": "worker:area leader:area dispatcher:area planner:area supervisor:area",
    "report.vouch": "dispatcher:all",
    "register.read": "dispatcher:all planner:all supervisor:all administrator:county",
    "register.change": "administrator:county",
    "land.change": "planner:county",
    "draft.read": "planner:all",
    "draft.change": "planner:area",
    "draft.publish": "planner:county",
    "account.read": "auditor:county administrator:county",
    "account.change": "administrator:county",
    "grant.change": "administrator:county",
    "audit.read": "auditor:county",
    "notice.read": "administrator:county",
    "operate": "",
}


@dataclass(frozen=True)
class Held:
    """A role that a person was given. `when` is now, ended, future or unconfirmed: only what is held now counts."""

    role: str
    area: str | None = None
    office: str | None = None
    when: str = "now"


@dataclass(frozen=True)
class Person:
    """Somebody who asks, what they were given, and by what they are known: only `session`, `phone` and `key` make them somebody."""

    name: str
    held: tuple[Held, ...] = ()
    worker: str | None = None
    by: str = "session"
    disabled: bool = False

    @property
    def known(self) -> bool:
        return self.by in {"session", "phone", "key"} and not self.disabled

    @property
    def roles(self) -> tuple[Held, ...]:
        if not self.known:
            return (Held("anybody"),)
        return (Held("anybody"), Held("account"), *(each for each in self.held if each.when == "now"))


@dataclass(frozen=True)
class Matter:
    """An incident, as far as access asks: the areas that it was recorded in, its office and workers, the offices asked."""

    path: tuple[str, ...] = ()
    office: str | None = None
    workers: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


def reaches(person: Person, action: str) -> list[tuple[str, Held]]:
    """How far each of the person's roles lets them do this; `all` where it is without bounds."""
    found = []
    for rule in MAY[action].split():
        name, far = rule.split(":")
        for held in person.roles:
            if held.role != name or (far == "county" and held.area) or (far == "assigned" and not person.worker):
                continue
            if far in {"office", "asked"} and not held.office:
                continue
            found.append(("all" if far == "county" or (far == "area" and not held.area) else far, held))
    return found


def may(person: Person, action: str) -> bool:
    """Whether they may do it anywhere."""
    return bool(reaches(person, action))


def sees(person: Person, action: str, matter: Matter) -> bool:
    """Whether this incident is theirs to do this with."""
    return any(
        far == "all"
        or (far == "area" and held.area in matter.path)
        or (far == "office" and held.office == matter.office)
        or (far == "asked" and held.office in matter.asked)
        or (far == "assigned" and person.worker in matter.workers)
        for far, held in reaches(person, action)
    )


def covers(person: Person, action: str, path: tuple[str, ...]) -> bool:
    """Whether a place is theirs to do this with, whatever lies there."""
    return any(far == "all" or (far == "area" and held.area in path) for far, held in reaches(person, action))


def relation(person: Person, matter: Matter, path_of: dict[str, tuple[str, ...]]) -> str:
    """Where the incident lies, seen from the person's first area: own, ancestor, descendant, sibling, unrelated; nowhere; county."""
    area = next((held.area for held in person.held if held.area), None)
    if not matter.path:
        return "nowhere"
    if area is None:
        return "county" if person.held else "unrelated"
    mine, its = path_of[area], matter.path
    if mine == its:
        return "own"
    if area in its:
        return "descendant"
    if its[-1] in mine:
        return "ancestor"
    return "sibling" if mine[:-1] == its[: len(mine) - 1] and len(mine) > 1 else "unrelated"
