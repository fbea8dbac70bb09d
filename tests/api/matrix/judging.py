"""What may show in an answer: the oracle's rules, applied to the words that were planted."""

from tests.api.matrix.oracle import Matter, Person, covers, may, sees
from tests.api.matrix.world import PATH_OF, Canary, World

OF_AN_INCIDENT = frozenset({"id", "number", "text", "place", "note", "sender", "intake", "closer", "purpose", "photo"})
OF_ITS_HISTORY = frozenset({"id", "number", "note", "intake", "closer", "report", "purpose"})
ON_ACCOUNTS = frozenset({"account.read", "account.change", "grant.change"})


def allowed(world: World, person: Person, action: str, found: Canary, shown: str = "") -> bool:
    """Whether this may stand in the answer to `person` who does `action`; `shown` is the report id that they held out, if any."""
    if found.row is not None:
        return _of_row(world, person, action, found, shown)
    if found.person:
        return (found.person == person.name and person.known) or _of_account(world, person, action, found)
    if found.worker:
        return found.worker == person.worker or _of_worker(world, person, action, found.worker)
    return covers(person, "household.read", PATH_OF[found.area]) or may(person, "draft.read")


def _of_row(world: World, person: Person, action: str, found: Canary, shown: str) -> bool:
    row = world.rows[found.row or 0]
    if action == "incident.read":
        return found.field in OF_AN_INCIDENT and sees(person, action, row.matter)
    if action == "contact.read":
        return found.field in {"contact", "id", "number", "report"} and sees(person, action, row.matter)
    if action == "audit.read":
        return found.field in OF_ITS_HISTORY and may(person, action)
    if action == "notice.read":  # which incidents, and nothing of them
        return found.field == "number" and may(person, action)
    return action == "report.follow" and shown == row.report and found.field in {"id", "number", "report"}


def _of_account(world: World, person: Person, action: str, found: Canary) -> bool:
    if action in ON_ACCOUNTS or (action == "audit.read" and found.field in {"name", "id", "reason", "label"}):
        return may(person, action)
    # Who did something to an incident stands in its log.
    logs = [row for row in world.rows if found.person in row.actors]
    return found.field == "name" and action == "incident.read" and any(sees(person, action, row.matter) for row in logs)


def _of_worker(world: World, person: Person, action: str, worker: str) -> bool:
    if action in ON_ACCOUNTS or action == "audit.read":
        return may(person, action)
    if action == "register.read":
        return may(person, action)
    if action == "report.send":
        return True  # the sender is told who will come
    return action == "incident.read" and any(_names(row.matter, worker) and sees(person, action, row.matter) for row in world.rows)


def _names(matter: Matter, worker: str) -> bool:
    """Whether the incident names the worker, or its reasons do: whoever else stands there."""
    return worker in matter.workers
