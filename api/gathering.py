"""Those who ask at about the same time are answered by one act: a transaction for fifty costs little more than one for one.

Nobody waits for company: what comes while an act is under way is taken by the next one, and each is answered after its own.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from gridmap.errors import Unavailable

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Crowded(Unavailable):
    """More are waiting than can be answered soon: ask again later; facts: none."""


class Waiting(NamedTuple, Generic[Asked, Told]):
    """One who asked, and where the answer goes."""

    asked: Asked
    told: asyncio.Future[Told]


class Gathering(Generic[Asked, Told]):
    """`do` answers many in their order, in a thread: all of them, or it raises and has done nothing.

    It is given `at_once` at most; no more than `most` wait. Of those whose act failed each half is tried again, so that one who cannot be
    answered fails alone; where the database is away, all are told so at once.
    """

    def __init__(self, do: Callable[[Sequence[Asked]], Sequence[Told]], *, at_once: int, most: int) -> None:
        self._do, self._at_once, self.most = do, at_once, most
        self._waiting: deque[Waiting[Asked, Told]] = deque()
        self._worker: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many wait for an act that has not begun."""
        return len(self._waiting)

    async def ask(self, one: Asked) -> Told:
        """The answer, once the act that gave it is done. Crowded, or what `do` raised for this one."""
        if self.waiting >= self.most:
            raise Crowded
        told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(one, told))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await told

    async def _work(self) -> None:
        while self._waiting:
            await self._answer([self._waiting.popleft() for _ in range(min(self._at_once, self.waiting))])
        self._worker = None

    async def _answer(self, batch: Sequence[Waiting[Asked, Told]]) -> None:
        doing = asyncio.create_task(asyncio.to_thread(self._do, [each.asked for each in batch]))
        await asyncio.wait([doing])
        fault = doing.exception()
        if fault is None:
            for each, told in zip(batch, doing.result(), strict=True):
                if not each.told.done():  # who asked may have gone away
                    each.told.set_result(told)
        elif len(batch) == 1 or isinstance(fault, Unavailable):
            for each in batch:
                if not each.told.done():
                    each.told.set_exception(fault)
        else:
            half = len(batch) // 2
            await self._answer(batch[:half])
            await self._answer(batch[half:])
