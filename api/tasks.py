"""What the service does by itself, at its start and then again and again: a task each, in a thread, as the machine's operator."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI

from api.sinks import sink_of
from gridmap.access import operator
from gridmap.errors import Refusal
from gridmap.flows.audit import anchor, anchor_file
from gridmap.flows.dispatch import have_at_hand
from gridmap.flows.move_on import move_on
from gridmap.flows.notify import notify
from gridmap.flows.purge import purge_contacts, purge_photos
from gridmap.flows.rehome import Rehoming, rehome
from gridmap.flows.sign_in import forget_guesses
from gridmap.flows.tick import tick
from gridmap.settings import Settings, this_process
from gridmap.store import Store

LOG = logging.getLogger("gridmap.tasks")
MINUTE, HOUR = 60.0, 3600.0
NOTICES = 5.0  # seconds until an office is told, at most
ROUND = timedelta(seconds=5)
SERVICE = operator("service")

Ended = Callable[[str, datetime | None], object]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Task:
    """`do` at the start, every so many seconds, and with `at_end` once more when the service stops. What is refused is told in the log."""

    name: str
    every: float
    do: Callable[[Store, Settings, datetime], object]
    at_end: bool = False


def _purge(store: Store, settings: Settings, now: datetime) -> None:
    done = purge_contacts(store, now=now, actor=SERVICE)
    if done.contacts:
        LOG.info("%d contacts were past their term and are gone", done.contacts)
    photos = purge_photos(store, days=settings.photos.days, now=now, actor=SERVICE)
    if photos.photos:
        LOG.info("%d photos were past their term and are gone", photos.photos)


def _have_at_hand(store: Store, _settings: Settings, now: datetime) -> None:
    have_at_hand(store, now=now, actor=SERVICE)


def _anchor(store: Store, settings: Settings, now: datetime) -> None:
    """A database server without a file for it goes without; `gridmap serve` has said so."""
    if path := anchor_file(store, settings.anchor_file):
        anchor(store, path, settings.anchor_key_file, actor=SERVICE, now=now)


def _forget_guesses(store: Store, _settings: Settings, now: datetime) -> None:
    forget_guesses(store, now=now)


def _tick(store: Store, _settings: Settings, now: datetime) -> None:
    done = tick(store, now=now, holder=this_process(), actor=SERVICE)
    if done.escalated:
        LOG.info("%d steps of ladders are done", done.escalated)


def _notify(store: Store, settings: Settings, _now: datetime) -> None:
    """What fills more than a round is gone on with in the next one: a service that is to stop waits for no long queue."""
    done = notify(store, sink_of(settings), clock=_clock, actor=SERVICE, for_at_most=ROUND)
    if done.failed or done.parked:
        LOG.warning("%d notices did not arrive, %d were given up", done.failed + done.parked, done.parked)


def _clock() -> datetime:
    return datetime.now(UTC)


def _move_on(store: Store, _settings: Settings, now: datetime) -> None:
    done = move_on(store, now=now, holder=this_process(), actor=SERVICE)
    if done.moved_on:
        LOG.info("%d incidents moved on from the window", done.moved_on)


def _rehome(store: Store, settings: Settings, now: datetime) -> None:
    done = rehome(store, Rehoming(settings.rehome), now=now, holder=this_process(), actor=SERVICE, lang=settings.lang)
    if done.moved or done.asked:
        LOG.info("another edition: %d incidents moved, about %d a person is asked", done.moved, done.asked)


TASKS = (
    Task("at_hand", MINUTE, _have_at_hand),
    Task("purge", HOUR, _purge),
    Task("guesses", HOUR, _forget_guesses),
    Task("window", MINUTE, _move_on),
    Task("rehome", MINUTE, _rehome),
    Task("tick", MINUTE, _tick),
    Task("notify", NOTICES, _notify),
    Task("anchor", MINUTE, _anchor, at_end=True),
)


def running(
    store: Store, settings: Settings, also: Lifespan, tasks: tuple[Task, ...] = TASKS, ended: Ended = lambda name, at: None
) -> Lifespan:
    """A lifespan in which the tasks are done, inside another one; `ended` hears of each end, with its instant if it went well.

    When the service stops, a task that is at work comes to its end.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        stopped = asyncio.Event()
        async with also(app):
            at_work = [asyncio.create_task(_repeat(task, store, settings, stopped, ended), name=task.name) for task in tasks]
            for each in at_work:
                each.add_done_callback(_ended)
            yield
            stopped.set()
            if at_work:
                await asyncio.wait(at_work)

    return lifespan


async def _repeat(task: Task, store: Store, settings: Settings, stopped: asyncio.Event, ended: Ended) -> None:
    while not stopped.is_set():
        await asyncio.to_thread(_do, task, store, settings, ended)
        try:
            await asyncio.wait_for(stopped.wait(), task.every)
        except TimeoutError:
            continue
    if task.at_end:
        await asyncio.to_thread(_do, task, store, settings, ended)


def _do(task: Task, store: Store, settings: Settings, ended: Ended) -> None:
    try:
        task.do(store, settings, datetime.now(settings.timezone))
    except Refusal as refusal:  # the database is away, a file cannot be written: told, and tried again
        LOG.warning("%s: %s", task.name, refusal)
        ended(task.name, None)
    else:
        ended(task.name, datetime.now(UTC))


def _ended(done: asyncio.Task[None]) -> None:
    """A fault of ours ended a task: it is told, and the service goes on without."""
    if not done.cancelled() and (fault := done.exception()):
        LOG.error("the task %s has stopped", done.get_name(), exc_info=fault)
