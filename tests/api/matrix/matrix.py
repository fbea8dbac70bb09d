"""The matrix: every check, for everybody, in an order of one's choice; and what becomes of it when a rule changes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from api import create_app
from gridmap import access
from gridmap.access import Action, Reach, Role, Rule
from gridmap.errors import Refusal
from gridmap.store import Store
from tests.api.matrix import commands, exact, harmless
from tests.api.matrix.asking import Asking, is_refused
from tests.api.matrix.door import opened
from tests.api.matrix.operations import questions
from tests.api.matrix.oracle import Person, may
from tests.api.matrix.world import Row, settle
from tests.serving import some_settings

Check = Callable[[Asking, Person, list[Row]], None]

REPRESENTATIVES = (
    "nobody", "bare", "w111", "w113", "wex", "lv11", "handlerroads", "dispatchercounty", "dispatcherv11", "plannercounty", "plannerv11",
    "supervisort1", "auditorcounty", "auditort1", "administratorcounty", "administratort1", "administratorcountyunconfirmed",
    "dispatchercountyended", "disabled", "expired", "systemt1", "system", "both",
)  # fmt: skip

FEW = ("c111", "c111 of one who left", "c111 closed", "c113 moved closed", "c211", "c121 closed")
"""Incidents among which each role has its own and foreign ones."""


@contextmanager
def asked(store: Store) -> Iterator[Asking]:
    """The world in an empty store, with the service before it."""
    world = settle(store)
    with opened(create_app(store, some_settings())) as door:
        yield Asking(world, door)


def opens(asking: Asking, person: Person, _rows: list[Row]) -> None:
    """Every address that can be asked for is open to those who may, and to nobody else."""
    for operation in asking.some(asking.operations.values()):
        if operation.method == "GET" and operation.name != "follow_incidents" and "token" not in operation.in_path:
            path, query = next(questions(asking.world, operation))
            answer = asking.ask(person, operation, path, query)
            open_to = may(person, operation.action) and not (asking.way == "bearer" and not person.known and person.by != "none")
            led = answer.status_code == 303 and operation.action in {"sign_in", "service.use"}
            if is_refused(answer) is open_to and not led and operation.name not in ANYWAY:
                asking.fault(person, operation, answer, "was refused" if open_to else "was not refused")


ANYWAY = frozenset({"get_health", "get_readiness"})
"""What answers also whom the service cannot know, because the database is away."""


def _doors(asking: Asking, person: Person, _rows: list[Row]) -> None:
    harmless.doors(asking, person, harmless.changes(asking))


@dataclass(frozen=True)
class Part:
    """One check and the actions that it looks at."""

    check: Check
    actions: frozenset[str]
    rows: bool = True  # whether it looks at rows; else at doors alone


PARTS = (
    Part(exact.ones, frozenset({"incident.read"})),
    Part(exact.steps, frozenset(exact.STEP_OF)),
    Part(exact.contacts, frozenset({"contact.read"})),
    Part(exact.households, frozenset({"household.read"})),
    Part(exact.vouches, frozenset({"report.vouch"})),
    Part(exact.photos, frozenset({"report.photo", "photo.add"})),
    Part(exact.follows, frozenset({"report.follow"})),
    Part(exact.histories, frozenset({"audit.read"})),
    Part(exact.accounts, frozenset({"account.read", "self.read"})),
    Part(
        opens,
        frozenset({"service.use", "service.watch", "area.read", "catalogue.read", "public.read", "sign_in", "register.read"}),
        rows=False,
    ),
    Part(_doors, frozenset({"report.send", "self.change", "account.change", "grant.change"}), rows=False),
    Part(
        lambda asking, person, _: commands.commands(asking, person),
        frozenset(
            {"land.change", "register.change", "draft.read", "draft.change", "draft.publish", "audit.read", "operate", "sheet.print"}
        ),
        rows=False,
    ),
    Part(exact.lists, frozenset()),
    Part(exact.foreigners, frozenset()),
)


def judge(asking: Asking, people: Sequence[Person], rows: list[Row], parts: Sequence[Part] = PARTS) -> None:
    """Every part for everybody."""
    for part in parts:
        for person in people:
            part.check(asking, person, rows)


def notices(asking: Asking, rule: Rule, rows: list[Row]) -> bool:
    """Whether the matrix fails: those whom the rule is about are asked first, about what it is about."""
    asking.faults.clear()
    parts = sorted(PARTS, key=lambda part: rule.action not in part.actions)
    people = [each for each in asking.world.people if each.name in REPRESENTATIVES]
    about = sorted(people, key=lambda person: not any(held.role == rule.role and held.when == "now" for held in person.held))
    questions = [lambda: commands.operators(asking)] if rule.role is Role.OPERATOR else []
    questions += [partial(part.check, asking, person, rows) for part in parts for person in about]
    for ask in questions:
        try:
            ask()
        except Refusal:  # without this rule nobody can even be known
            return True
        if asking.faults:
            asking.faults.clear()
            return True
    return False


def too_many() -> list[Rule]:
    """Every role with every action everywhere, where that gives it anything that it has not."""
    open_to_all = {rule.action for rule in access.ALLOWED if rule.role is Role.RESIDENT}
    roles = [role for role in Role if role not in {Role.RESIDENT, Role.OPERATOR}]
    made = [Rule(role, action, Reach.EVERYWHERE) for role in roles for action in Action if action not in open_to_all]
    return [rule for rule in made if rule not in access.ALLOWED]


@contextmanager
def without(rule: Rule) -> Iterator[None]:
    """The table of access lacks the rule."""
    with _allowing(tuple(each for each in access.ALLOWED if each != rule)):
        yield


@contextmanager
def besides(rule: Rule) -> Iterator[None]:
    """The table of access has one rule more."""
    with _allowing((*access.ALLOWED, rule)):
        yield


@contextmanager
def _allowing(rules: tuple[Rule, ...]) -> Iterator[None]:
    before = access.ALLOWED
    access.ALLOWED = rules
    try:
        yield
    finally:
        access.ALLOWED = before
