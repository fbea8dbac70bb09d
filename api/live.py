"""The live stream (server-sent events): every change of an incident, in order, once, to every page that is open.

One poller per process reads the log of changes, whoever wrote them; a page costs a queue, not a query. Each event carries the log's
number, so that a page that was away goes on where it stopped (Last-Event-ID), and one that was away too long is told to load all again.

Each page gets what lies within its own scope. The scope is asked for anew when the log tells of its account, or of posts, and when a
grant or the session runs out; a stream whose reader may see nothing any more ends.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, FastAPI, Header, Query, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.answers import Names, brief
from api.asker import Asker, ask, doing, now_of
from api.sign_in import identify
from gridmap.access import Action, Forbidden, Scope, allowed, operator
from gridmap.errors import Unavailable
from gridmap.incidents import Incident
from gridmap.store import Store, Tx, editions, history, lives
from gridmap.store import incidents as incidents_store
from gridmap.store.history import Done
from gridmap.store.lives import Left
from gridmap.words import LANGS, Lang

LOG = logging.getLogger("gridmap.live")

NOBODY = Left()
EVERY_SECONDS = 0.2  # a change written by another process waits at most this long; our own wakes the poller at once
BEAT_SECONDS = 5.0
AT_ONCE = 500  # changes read in one go
MOST_REPLAYED = 5_000  # a page that missed more loads everything again
GRACE_SECONDS = 2.0
MOST_NUMBER = 2**63 - 1  # of a change, in every database
QUEUE = 2_000  # a page that cannot keep up with so many is dropped, and comes back by itself


@dataclass(frozen=True, slots=True)
class Change:
    """One event: history's number, and the incident as it is now, also as JSON text in each language; without it: load everything again."""

    number: int
    incident: Incident | None = None
    texts: Mapping[Lang, str] = field(default_factory=dict)
    left: Left = NOBODY  # whose it was

    def told_to(self, scope: Scope) -> "Change | None":
        """What the scope is told of it: all, nothing, or to load again, where it was theirs and another has it now."""
        if self.within(scope):
            return self
        was = self.left
        offices, areas = was.offices.isdisjoint(scope.offices | scope.asked), was.areas.isdisjoint(scope.areas)
        return None if offices and areas and was.workers.isdisjoint(scope.workers) else Change(self.number)

    def within(self, scope: Scope) -> bool:
        one = self.incident
        return one is None or scope.holds((one.township, one.village, one.cell), one.office, (one.worker, one.backup), one.asked)


@dataclass(frozen=True, slots=True)
class Recall:
    """Something that may have changed what an account may see; no account: it concerns everybody."""

    number: int
    account: str | None = None


TICK = Recall(0, "")
"""Time has passed, and nothing else: whose grant or session has run out?"""
Item = Change | Recall


@dataclass(slots=True)
class Watcher:
    """Who listens. `again` asks anew for who they are and their scope: None if nothing is left. Without an account: nobody signs in yet."""

    asked: Asker
    again: Callable[[], Asker | None]

    def concerned(self, item: Item, now: datetime) -> bool:
        """Whether the scope has to be asked for anew."""
        account, token = self.asked.account, self.asked.token
        named = isinstance(item, Recall) and item is not TICK and (account is None or item.account in {None, account.name})
        return named or not all(grant.held_at(now) for grant in self.asked.actor.grants) or not (token is None or token.holds_at(now))

    def renew(self) -> bool | None:
        """Whether other rows are within the scope from now on; None if none are."""
        before, found = _rows(self.asked.scope), self.again()
        if found is None:
            return None
        self.asked = found
        return _rows(found.scope) != before


def _rows(scope: Scope) -> tuple[object, ...]:
    return scope.everywhere, scope.areas, scope.offices, scope.asked, scope.workers


class Live:
    """The poller and the pages that listen."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._scope = allowed(operator("service"), Action.OPERATE)  # it reads for all; each page gets what lies within its own scope
        self._listeners: set[asyncio.Queue[Item | None]] = set()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = False
        self.healthy = True
        self.edition: int | None = None  # the one in force, so that a page that shows another can say so

    @asynccontextmanager
    async def running(self, _app: FastAPI) -> AsyncIterator[None]:
        """Poll while the service runs, from what was the last change when it started."""
        self._loop = asyncio.get_running_loop()
        poller = asyncio.create_task(self._poll(await asyncio.to_thread(self._latest)))
        poller.add_done_callback(self._ended)
        yield
        self.stop()
        await asyncio.wait([poller])

    def _ended(self, poller: asyncio.Task[None]) -> None:
        """A fault of ours ended the poller: every page is told that it no longer hears of changes."""
        if fault := poller.exception():
            self.healthy = False
            LOG.error("the live stream has stopped", exc_info=fault)

    def wake(self) -> None:
        """Something was written just now; called from any thread. While nobody listens nobody is told sooner for it."""
        if self._listeners and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    def stop(self) -> None:
        """End every stream and the poller, promptly: a server that waits for its streams would never exit. Called in the loop."""
        self._stopped = True
        self._wake.set()
        for queue in self._listeners:
            _end(queue)

    async def follow(self, after: int, watcher: Watcher) -> AsyncIterator[Change]:
        """Every change within the watcher's scope after number `after`, the missed ones first.

        Ends when the service stops, when the listener lags, and when the watcher may see nothing any more.
        """
        queue: asyncio.Queue[Item | None] = asyncio.Queue(QUEUE)
        self._listeners.add(queue)  # before the missed ones are read, so that none falls between
        try:
            try:
                missed = await asyncio.to_thread(self._missed, after)
            except Unavailable:
                return  # the database is away; the browser comes back by itself
            changed = await asyncio.to_thread(watcher.renew)  # after they were read: nothing of them is newer than the scope
            if changed is None:
                return
            if changed:
                missed = [Change(missed[-1].number if missed else after)]
            for change in missed:
                if told := change.told_to(watcher.asked.scope):
                    yield told
                after = change.number
            while not self._stopped and (item := await queue.get()) is not None:
                if watcher.concerned(item, datetime.now(UTC)):
                    changed = await asyncio.to_thread(watcher.renew)
                    if changed is None:
                        return
                    if changed:
                        yield Change(max(after, item.number))  # what the page shows is no longer what may be seen
                if isinstance(item, Change) and item.number > after and (told := item.told_to(watcher.asked.scope)):
                    yield told
        finally:
            self._listeners.discard(queue)

    async def _poll(self, cursor: int) -> None:
        ticked = time.monotonic()
        while not self._stopped:
            try:
                cursor, items, more = await asyncio.to_thread(self._next, cursor)
                self.healthy = True
            except Unavailable as refusal:  # the database is away: the streams stay open and say so by their beat
                if self.healthy:
                    LOG.warning("%s", refusal)
                self.healthy, items, more = False, [], False
            for item in items:
                self._tell(item)
            if time.monotonic() - ticked >= BEAT_SECONDS:
                ticked = time.monotonic()
                self._tell(TICK)
            if not more:
                await self._wait()

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), EVERY_SECONDS)
        except TimeoutError:
            return
        if not self._stopped:
            self._wake.clear()

    def _latest(self) -> int:
        with self._store.read(self._scope) as tx:
            self.edition = editions.number_in_force(tx, datetime.now(UTC))
            return incidents_store.latest_change(tx)

    def _next(self, cursor: int) -> tuple[int, list[Item], bool]:
        """Where we are now, what happened since `cursor`, whether there is more. While nobody listens only the number moves on.

        The number is read before the listeners are looked at: who comes after the look reads what it missed later than we did.
        """
        latest = self._latest()
        if latest == cursor or not self._listeners:
            return latest, [], False
        with self._store.read(self._scope) as tx:
            rows = history.rows(tx, after=cursor, limit=AT_ONCE)
            last = {row.incident: row.id for row in rows if row.incident and row.to_state}
            items: list[Item] = [*self._changes(tx, last, cursor), *(recall for row in rows if (recall := _recall(row)))]
        return (rows[-1].id if rows else latest), sorted(items, key=lambda item: item.number), len(rows) == AT_ONCE

    def _missed(self, after: int) -> list[Change]:
        latest = self._latest()
        with self._store.read(self._scope) as tx:
            many = len(incidents_store.changes_after(tx, after, MOST_REPLAYED + 1)) > MOST_REPLAYED
        if many or after > latest:  # too many, or the number of another database
            return [Change(latest)]
        return self._read(after, MOST_REPLAYED)

    def _read(self, after: int, limit: int) -> list[Change]:
        """The changes after `after`, ascending."""
        with self._store.read(self._scope) as tx:
            last = {incident: number for number, incident in incidents_store.changes_after(tx, after, limit)}
            return sorted(self._changes(tx, last, after), key=lambda change: change.number)

    def _changes(self, tx: Tx, last: Mapping[str, int], cursor: int) -> list[Change]:
        """Incidents by their last change: one that changed twice is told once, as it is now, under its last number."""
        found = [(number, incidents_store.get(tx, incident)) for incident, number in last.items()]
        names, left = Names.of(self._store, tx, [one for _, one in found]), lives.left(tx, cursor)
        return [Change(number, one, _texts(one, names), left.get(one.id, NOBODY)) for number, one in found]

    def _tell(self, item: Item) -> None:
        for queue in list(self._listeners):
            if queue.full():
                _end(queue)
            else:
                queue.put_nowait(item)


def _texts(incident: Incident, names: Names) -> dict[Lang, str]:
    return {lang: json.dumps(brief(incident, names, lang, datetime.now(UTC)), ensure_ascii=False) for lang in LANGS}


def _recall(row: Done) -> Recall | None:
    """What this row of the history may change for those who listen: an account, or the posts of workers."""
    kind, _, name = row.subject.partition(":")
    if kind == "account":
        return Recall(row.id, name)
    return Recall(row.id) if kind == "register" or row.what.startswith("post.") else None


def _end(queue: asyncio.Queue[Item | None]) -> None:
    """The listener's end; what it has not read yet, it gets again when it comes back."""
    while not queue.empty():
        queue.get_nowait()
    queue.put_nowait(None)


router = APIRouter(tags=["live"])


@router.get("/api/live", response_class=EventSourceResponse, responses={200: {"content": {"text/event-stream": {}}}})
async def follow_incidents(
    request: Request,
    asked: Annotated[Asker, doing(Action.INCIDENT_READ)],
    after: Annotated[int, Query(ge=0, le=MOST_NUMBER, description="The `cursor` of the list that the page was loaded with.")] = 0,
    last_event_id: Annotated[str | None, Header(description="Sent by browsers when they come back.")] = None,
) -> EventSourceResponse:
    """Changes of incidents as server-sent events: `incident` (a feature, as in the list), `reload` (load everything again), `beat`."""
    streams: Live = request.app.state.live
    start = min(int(last_event_id), MOST_NUMBER) if last_event_id and re.fullmatch(r"\d{1,19}", last_event_id, re.ASCII) else after
    return EventSourceResponse(
        _events(streams, start, Watcher(asked, partial(_again, request, asked.scope.action))),
        ping=BEAT_SECONDS,
        ping_message_factory=lambda: _beat(streams),
        shutdown_grace_period=GRACE_SECONDS,  # our own `stop` ends the stream in order; this is for servers that are not ours
    )


def _again(request: Request, action: Action) -> Asker | None:
    """Who the request's cookie or token stands for now; that a stream is open is no use of a session. None: it may see nothing."""
    try:
        now = now_of(request)
        return ask(request, action, identify(request, now, seen=False), now)
    except (Forbidden, Unavailable):
        return None


async def _events(streams: Live, after: int, watcher: Watcher) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(retry=2000, event="beat", data=_state(streams))
    async for change in streams.follow(after, watcher):
        if change.texts:
            yield ServerSentEvent(change.texts[watcher.asked.lang], event="incident", id=str(change.number))
        else:
            yield ServerSentEvent("{}", event="reload", id=str(change.number))


def _beat(streams: Live) -> ServerSentEvent:
    """A comment keeps proxies awake; the event tells the page that it still hears us, and how late it is."""
    return ServerSentEvent(_state(streams), event="beat", comment="still here")


def _state(streams: Live) -> str:
    return json.dumps({"now": datetime.now(UTC).isoformat(), "healthy": streams.healthy, "edition": streams.edition})
