"""Sheets that are being printed: one order after the other beside the requests, each for whoever gave it, kept for an hour."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from uuid import uuid4

from fastapi import FastAPI

from api.asker import Asker
from api.tasks import Lifespan
from gridmap.access import Actor
from gridmap.atlas.choices import Page
from gridmap.errors import NotFound, Refusal, Throttled
from gridmap.flows.print_sheets import Order, Printed, lay_out, set_pages
from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.words import Lang

KEPT = timedelta(hours=1)
MOST_WAITING = 8
MOST_KEPT = 24


class PrintMissing(NotFound):
    """No such order, or it was kept long enough; facts: print."""


class PrintsWaiting(Throttled):
    """Too many orders wait already; facts: seconds."""


@dataclass(slots=True)
class Job:
    """One order: who gave it and when, how many pages are laid out so far, and what comes of it."""

    id: str
    actor: Actor
    made_at: datetime
    order: Order
    pages: int = 0
    setting: bool = False
    future: Future[tuple[bytes, Printed]] = field(default_factory=Future)

    @property
    def refusal(self) -> Refusal | None:
        """Why nothing came of it; a fault of ours is raised."""
        fault = self.future.exception() if self.future.done() else None
        if fault is not None and not isinstance(fault, Refusal):
            raise fault
        return fault

    @property
    def state(self) -> str:
        """waiting, laying_out, setting, done or refused."""
        if self.future.done():
            return "refused" if self.refusal else "done"
        return "setting" if self.setting else "laying_out" if self.future.running() else "waiting"

    def as_dict(self, lang: Lang) -> dict[str, Any]:
        """JSON-ready: how far it is; done, what was printed and where it is fetched."""
        told: dict[str, Any] = {"id": self.id, "state": self.state, "pages": self.pages}
        if told["state"] == "refused" and self.refusal:
            return told | {"why": self.refusal.text(lang)}
        if told["state"] != "done":
            return told
        pdf, printed = self.future.result()
        pages = printed.pages
        return told | {
            "pages": len(pages),
            "bytes": len(pdf),
            "edition": printed.edition,
            "callouts": sum(page.callouts for page in pages),
            "vacant": sorted({code for page in pages for code in page.vacant}),
            "url": f"/api/print/{self.id}/pdf",
        }


class Prints:
    """The orders of one service."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._jobs: dict[str, Job] = {}
        self._lock = Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="print")

    def order(self, order: Order, asked: Asker) -> Job:
        """Take an order; PrintsWaiting where many wait. What it asks for is looked at when its turn comes."""
        with self._lock:
            self._forget(asked.now)
            if sum(not job.future.done() for job in self._jobs.values()) >= MOST_WAITING:
                raise PrintsWaiting(seconds=10)
            job = Job(uuid4().hex, asked.actor, asked.now, order)
            self._jobs[job.id] = job
            job.future = self._worker.submit(self._print, job)
        return job

    def _print(self, job: Job) -> tuple[bytes, Printed]:
        def watch(pages: int) -> None:
            job.pages = pages

        printed = lay_out(self._store, job.order, now=job.made_at, actor=job.actor, fonts_folder=self._settings.fonts, watch=watch)
        job.setting = True
        return set_pages(tuple(_all(printed)), printed.made), printed

    def job(self, id: str, asked: Asker) -> Job:
        """The order of this id that the asker gave; PrintMissing, also where it is somebody else's."""
        with self._lock:
            self._forget(asked.now)
            found = self._jobs.get(id)
        if found is None or (found.actor.name, found.actor.account) != (asked.actor.name, asked.actor.account):
            raise PrintMissing(print=id[:40])
        return found

    def _forget(self, now: datetime) -> None:
        done = [job for job in self._jobs.values() if job.future.done()]
        old = [job for job in done if now - job.made_at > KEPT]
        for job in {job.id: job for job in (*old, *done[: max(0, len(self._jobs) - MOST_KEPT)])}.values():
            del self._jobs[job.id]

    def running(self, also: Lifespan) -> Lifespan:
        """A lifespan inside another one, at whose end what runs comes to its end and nothing more starts."""

        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            async with also(app):
                yield
                await asyncio.to_thread(self._worker.shutdown, wait=True, cancel_futures=True)

        return lifespan


def _all(printed: Printed) -> Iterator[Page]:
    """The pages of all books, numbered through."""
    from gridmap.atlas.book import bound  # noqa: PLC0415 (only printing waits for it)

    yield from printed.pages if len(printed.books) == 1 else bound(printed.pages, printed.made.choices)
