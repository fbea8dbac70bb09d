"""What the service counts of itself, for Prometheus. Labels are routes, methods, statuses, tasks and states: of these there are few, and
none is a person, a place or a number of an incident."""

import time
from datetime import datetime
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.intake import Intake
from gridmap.access import Action, Actor, allowed
from gridmap.errors import Refusal
from gridmap.store import Store, history, incidents, notices
from gridmap.store.readiness import why_not_ready
from gridmap.version import __version__

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BACKUP = "backup.make"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counters of one process, and what its database holds at the moment when it is asked."""

    def __init__(self, store: Store) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        told: dict[str, Any] = {"registry": registry}
        self.requests = Counter("gridmap_requests", "Requests that were answered.", ["method", "route", "status"], **told)
        self.seconds = Histogram("gridmap_request_seconds", "Until the answer began.", ["route"], buckets=SECONDS, **told)
        self.at_work = Gauge("gridmap_requests_at_work", "Requests that wait for their answer now.", **told)
        self.task_ended = Gauge(
            "gridmap_task_ended_timestamp_seconds", "When a task of the service last came to its end.", ["task"], **told
        )
        self.task_failed = Counter("gridmap_task_failures", "Runs of a task that were refused or failed.", ["task"], **told)
        self._ready = Gauge("gridmap_ready", "Whether reports may be taken in here: what /readyz asks of the database.", **told)
        self._incidents = Gauge("gridmap_incidents", "Incidents in each state.", ["state"], **told)
        self._notices = Gauge("gridmap_notices", "What offices are told: how many are pending, sent, parked.", ["standing"], **told)
        self._history = Gauge("gridmap_history_rows", "Rows of the history.", **told)
        self._backup = Gauge("gridmap_backup_timestamp_seconds", "When a backup was last made and read again (0: never).", **told)
        # A label's counter, found once: there are few, and to find it takes longer than to count.
        self._request, self._second = cache(self.requests.labels), cache(self.seconds.labels)
        self._looked = 0  # so much of the history was looked through for backups
        about = Gauge("gridmap_info", "The version, and the kind of database.", ["version", "database"], **told)
        about.labels(__version__, store.dialect).set(1)

    def watched(self, intake: Intake) -> Intake:
        """The same, whose waiting reports are counted whenever somebody asks."""
        gauge = Gauge("gridmap_reports_waiting", "Reports that wait for a transaction in this process.", registry=self.registry)
        gauge.set_function(lambda: intake.waiting)
        return intake

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        self._request(method if method in METHODS else "other", route, status).inc()
        self._second(route).observe(seconds)

    def task_done(self, name: str, at: datetime | None) -> None:
        """A task ended well at this instant, or (None) did not."""
        if at is None:
            self.task_failed.labels(name).inc()
        else:
            self.task_ended.labels(name).set(at.timestamp())

    def text(self, store: Store, actor: Actor) -> bytes:
        """All of it, as Prometheus reads it. While the database is away its part is left out, and `gridmap_ready` is 0."""
        for each in (self._incidents, self._notices):
            each.clear()
        try:
            self._look(store, actor)
        except Refusal:
            self._ready.set(0)
        return generate_latest(self.registry)

    def _look(self, store: Store, actor: Actor) -> None:
        self._ready.set(not why_not_ready(store, allowed(actor, Action.SERVICE_USE)))
        with store.read(allowed(actor, Action.OPERATE)) as tx:
            for state, count in incidents.count(tx).items():
                self._incidents.labels(str(state)).set(count)
            for standing, count in notices.counts(tx).items():
                self._notices.labels(str(standing)).set(count)
            head = history.head(tx)[0]
            self._history.set(head)
            if made := history.last_at(tx, BACKUP, after=self._looked):
                self._backup.set(made.timestamp())
            self._looked = head


class Counting:
    """An ASGI layer around the whole service that counts each request under its route's template, never under its address."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, took = time.monotonic(), 500, 0.0

        async def send_counted(message: Message) -> None:
            nonlocal status, took
            if message["type"] == "http.response.start":
                status, took = message["status"], time.monotonic() - began
            await send(message)

        with self.metrics.at_work.track_inprogress():
            try:
                await self.app(scope, receive, send_counted)
            finally:
                self.metrics.answered(scope["method"], route_of(scope), status, took or time.monotonic() - began)


def route_of(scope: Scope) -> str:
    """The template of the route that answered; `other` for files of ours and for what is nowhere."""
    return str(getattr(scope.get("route"), "path_format", None) or "other")
