"""The live stream as everybody hears it: all that was missed, then changes as they happen; each hears of their own incidents alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests import patient
from tests.api.matrix.asking import Asking
from tests.api.matrix.door import Answer
from tests.api.matrix.exact import refused
from tests.api.matrix.oracle import Person, sees
from tests.api.matrix.world import SENT, Canary, canaries


@dataclass
class Listener:
    """One open stream and what came by it so far."""

    person: Person
    headers: dict[str, str]
    status: int = 0
    heard: set[Canary] = field(default_factory=set)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def rows(self) -> set[int]:
        return {found.row for found in self.heard if found.row is not None and found.field == "id"}


def streams(asking: Asking, people: Sequence[Person]) -> None:
    """Open one for each of them, have incidents of every kind change, and compare."""
    asking.door.loop.run_until_complete(_listen(asking, people))


async def _listen(asking: Asking, people: Sequence[Person]) -> None:
    everybody = [Listener(person, asking.shows(person)) for person in people]
    heard = asyncio.Condition()

    async def hear(one: Listener) -> None:
        async for part in asking.door.stream("/api/live?after=0", one.headers, one.ended):
            if not one.status:
                one.status = int(part)
            one.heard |= canaries(asking.world, part)
            async with heard:
                heard.notify_all()

    def complete() -> bool:
        return all(one.status and (one.status != 200 or one.rows >= _wanted(asking, one.person)) for one in everybody)

    tasks = [asyncio.create_task(hear(one)) for one in everybody]
    try:
        await _until(heard, complete)
        for sent in SENT:
            if not sent.old and not sent.closed:
                asking.world.send(replace(sent, name=f"{sent.name} live"))
        asking.door.app.state.live.wake()
        await _until(heard, complete)
    except TimeoutError:
        pass  # who did not hear is told below
    for one in everybody:
        one.ended.set()
    await asyncio.gather(*tasks)
    for one in everybody:
        _judge(asking, one)


async def _until(heard: asyncio.Condition, complete: object) -> None:
    async with asyncio.timeout(patient.SECONDS), heard:
        await heard.wait_for(complete)  # type: ignore[arg-type]


def _wanted(asking: Asking, person: Person) -> set[int]:
    return {row.at for row in asking.world.rows if sees(person, "incident.read", row.matter)}


def _judge(asking: Asking, one: Listener) -> None:
    operation = asking.operation("follow_incidents")
    asking.cells[operation.name] += len(asking.world.rows)
    answer = Answer("GET", "/api/live", b"", one.status, (), b"")
    status = refused(one.person, "incident.read", asking.way)
    if one.status != (status or 200):
        asking.fault(one.person, operation, answer, f"is not {status or 200}")
    if not status and one.rows != _wanted(asking, one.person):
        asking.fault(one.person, operation, answer, f"told of {one.rows ^ _wanted(asking, one.person)}")
    asking.judge(one.person, operation, answer, one.heard)
