"""One question to the service: asked in somebody's name, by one way, and its whole answer looked through for words of others."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar
from urllib.parse import unquote

from api.sign_in import CSRF_HEADER, csrf_of
from tests.api.matrix.door import Answer, Door
from tests.api.matrix.judging import allowed
from tests.api.matrix.operations import Operation, operations
from tests.api.matrix.oracle import Person, may
from tests.api.matrix.world import Canary, World, canaries

COOKIE = "gridmap"
INVITATION = "gmi_"  # whoever shows one is told whose it is
T = TypeVar("T")


@dataclass
class Asking:
    """The service with the world behind it, what was asked so far, and what was wrong with the answers."""

    world: World
    door: Door
    cells: Counter[str] = field(default_factory=Counter)
    asked_by: Counter[tuple[str, str]] = field(default_factory=Counter)  # person, operation
    faults: list[str] = field(default_factory=list)
    way: str = "cookie"
    lang: str = "en"
    share: float = 1.0  # of the questions that are many: for a test that must be quick
    chance: Random = field(default_factory=lambda: Random(7))

    def __post_init__(self) -> None:
        self.operations = {(each.name, each.method): each for each in operations(self.door.app)}
        self._by_name = {each.name: each for each in self.operations.values()}

    def some(self, many: Iterable[T]) -> list[T]:
        """All of them, or the share that is asked this time."""
        return [each for each in many if self.chance.random() < self.share]

    @property
    def told(self) -> str:
        """Every fault, a line each."""
        return "\n".join(["", *self.faults[:50], f"{len(self.faults)} faults in {sum(self.cells.values())} cells"])

    def operation(self, name: str) -> Operation:
        return self._by_name[name]

    def ask(
        self,
        person: Person,
        operation: Operation | str,
        path: dict[str, str] | None = None,
        query: dict[str, Any] | None = None,
        *,
        method: str = "",
        shown: str = "",
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> Answer:
        """The answer, after a look for leaks and for a status that tells too much."""
        if isinstance(operation, str):
            operation = self.operation(operation)
        url = operation.path.format(**(path or {}))
        given = self.shows(person) | {"Accept-Language": self.lang} | (headers or {})
        answer = self.door.request(method or operation.method, url, params=query, headers=given, **body)
        self.cells[operation.name] += 1
        self.asked_by[person.name, operation.name] += 1
        self._look(person, operation, answer, shown or (path or {}).get("report", ""))
        return answer

    def shows(self, person: Person) -> dict[str, str]:
        """The header by which the person is known."""
        raw = self.world.tokens.get((person.name, self.way))
        if raw is None:
            return {}
        by_cookie = self.way != "bearer" and person.by != "key"
        return {"Cookie": f"{COOKIE}={raw}"} if by_cookie else {"Authorization": f"Bearer {raw}"}

    def changes(self, person: Person) -> dict[str, str]:
        """The header that a change by cookie needs beside it."""
        raw = self.world.tokens.get((person.name, self.way), "")
        return {CSRF_HEADER: csrf_of(raw)} if self.way != "bearer" and person.by == "session" else {}

    def _look(self, person: Person, operation: Operation, answer: Answer, shown: str) -> None:
        sent = unquote(answer.url) + answer.sent.decode()
        told = unquote("\n".join(f"{name}: {text}" for name, text in answer.raw_headers)) + "\n" + answer.text
        shows = {
            Canary(person=name, field="name") for (name, _), raw in self.world.tokens.items() if raw.startswith(INVITATION) and raw in sent
        }
        self.judge(person, operation, answer, canaries(self.world, told) - canaries(self.world, sent) - shows, shown)
        raw = [token for (name, _), token in self.world.tokens.items() if token in told and token not in sent and name != person.name]
        unready = operation.name == "get_readiness" and answer.status_code == 503  # a server for tests need not keep what it says it keeps
        if raw or (answer.status_code >= 500 and not unready):
            self.fault(person, operation, answer, "shows a token" if raw else answer.text[:200])
        if not may(person, operation.action) and not is_refused(answer) and answer.status_code != 405:
            self.fault(person, operation, answer, "was not refused")

    def judge(self, person: Person, operation: Operation, answer: Answer, found: set[Canary], shown: str = "") -> None:
        """Note each of these words that this person should not have been told."""
        for word in found:
            if not allowed(self.world, person, operation.action, word, shown):
                self.fault(person, operation, answer, f"shows {word}")

    def fault(self, person: Person, operation: Operation, answer: Answer, what: str) -> None:
        self.faults.append(f"{person.name} {answer.method} {unquote(answer.url)} by {self.way}: {answer.status_code} {what}")

    def expect(self, person: Person, operation: str, answer: Answer, *, status: int) -> bool:
        """Note it where the status is another; whether it is this one."""
        if answer.status_code != status:
            self.fault(person, self.operation(operation), answer, f"is not {status}")
        return bool(answer.status_code == status)


def is_refused(answer: Answer) -> bool:
    """Whether the door turned the asker away; pages do it by leading to the sign-in, or to the first page that is the asker's own."""
    led = answer.headers.get("location", "").partition("?")[0]
    return answer.status_code in {401, 403} or (answer.status_code == 303 and led in {"/sign-in", "/users", "/account"})
