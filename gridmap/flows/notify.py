"""What is in the outbox is delivered: taken for a while, sent, and kept as sent; what does not arrive is tried again, later and later.

Whoever dies in between loses nothing: the lease ends, and another sends the same notice under the same id, by which whoever gets it twice
knows it. So each happens once in effect. Nothing is sent within a transaction, and nobody waits for the receiver but who delivers.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.errors import Unavailable
from gridmap.incidents.notices import Notice
from gridmap.store import Store, Tx, history, notices
from gridmap.store.notices import Kept, Standing, Taken

LASTS = timedelta(seconds=30)
MARGIN = timedelta(seconds=8)
"""One delivery takes less: nothing is begun that could outlast the lease."""
BATCH = 200
IN_A_ROW = 3
"""So many that do not arrive one after the other: the receiver is away, and the others are not tried either."""
DELAYS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)  # as Standard Webhooks has it: three days and more
ATTEMPTS = len(DELAYS) + 1
JITTER = 0.2
"""Each delay is up to so much shorter or longer, so that what failed together does not come back together."""
KEPT_WHEN_SENT = timedelta(days=30)
LONGEST_FAULT = 200
NEVER_CAME_BACK = "never came back"


class Undelivered(Unavailable):
    """A notice did not arrive; facts: why (no more than a status or the kind of a fault: never what was answered)."""


Sink = Callable[[Notice, datetime], None]
"""Delivers a notice at the instant, or raises Undelivered."""


@dataclass(frozen=True, slots=True)
class Notified:
    """How many notices arrived, how many are tried again later, and how many were given up."""

    sent: int = 0
    failed: int = 0
    parked: int = 0

    def __add__(self, other: "Notified") -> "Notified":
        return Notified(self.sent + other.sent, self.failed + other.failed, self.parked + other.parked)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a notice that was taken: it arrived, why it did not, or it was not tried at all."""

    taken: Taken
    tried: bool
    fault: str = ""

    @property
    def is_last(self) -> bool:
        """Whether a notice that failed is given up with this attempt."""
        return self.taken.attempts >= ATTEMPTS


def notify(
    store: Store,
    sink: Sink,
    *,
    clock: Callable[[], datetime],
    actor: Actor,
    batch: int = BATCH,
    for_at_most: timedelta | None = None,
    draw: Callable[[], float] = random.random,
) -> Notified:
    """Deliver all that is due, in batches; no new one is begun after `for_at_most`. `clock` tells the time as it goes on.

    Forbidden for all but the operator. Many may do it at once: no two take the same notice.
    """
    scope, began = allowed(actor, Action.OPERATE), clock()
    with store.read(scope) as tx:
        if not notices.is_any_due(tx, began):
            return Notified()
    done = Notified(parked=_give_up_lost(store, scope, began))
    while for_at_most is None or clock() < began + for_at_most:
        taken = _take(store, scope, clock(), batch)
        outcomes = _deliver(sink, taken, clock)
        done += _keep(store, scope, outcomes, clock(), draw)
        if len(taken) < batch or not all(one.tried for one in outcomes):
            break
    return done


def _give_up_lost(store: Store, scope: Scope, now: datetime) -> int:
    """How many were given up, because each time that they were taken their taker died."""
    with store.read(scope) as tx:
        if not notices.is_any_lost(tx, now=now, lasts=LASTS, attempts=ATTEMPTS):
            return 0
    with store.begin(scope) as tx:
        history.hold(tx)
        lost = notices.lost(tx, now=now, lasts=LASTS, attempts=ATTEMPTS, most=BATCH)
        return sum(_park(tx, one, NEVER_CAME_BACK, now) for one in lost)


def _take(store: Store, scope: Scope, now: datetime, batch: int) -> Sequence[Taken]:
    """Some to deliver. Old ones are forgotten. The history is not held: reports come in meanwhile."""
    with store.begin(scope) as tx:
        notices.forget(tx, before=now - KEPT_WHEN_SENT, most=10 * batch)
        return notices.take(tx, now=now, lasts=LASTS, attempts=ATTEMPTS, most=batch)


def _deliver(sink: Sink, taken: Sequence[Taken], clock: Callable[[], datetime]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for one in taken:
        away = len(outcomes) >= IN_A_ROW and all(each.fault for each in outcomes[-IN_A_ROW:])
        late = clock() > one.until - MARGIN
        outcomes.append(Outcome(one, tried=False) if away or late else _send(sink, one, clock()))
        if away or late:
            return outcomes + [Outcome(each, tried=False) for each in taken[len(outcomes) :]]
    return outcomes


def _send(sink: Sink, one: Taken, now: datetime) -> Outcome:
    try:
        sink(one.notice, now)
    except Undelivered as refusal:
        return Outcome(one, tried=True, fault=str(refusal.facts["why"])[:LONGEST_FAULT] or "?")
    return Outcome(one, tried=True)


def _keep(store: Store, scope: Scope, outcomes: Sequence[Outcome], now: datetime, draw: Callable[[], float]) -> Notified:
    """Keep what became of each, in one transaction; what another took meanwhile is theirs."""
    if not outcomes:
        return Notified()
    untried = [one.taken for one in outcomes if not one.tried]
    arrived = [one.taken for one in outcomes if one.tried and not one.fault]
    failed = [one for one in outcomes if one.fault]
    with store.begin(scope) as tx:
        if any(one.is_last for one in failed):
            history.hold(tx)
        notices.give_back(tx, untried)
        done = Notified(sent=notices.sent(tx, arrived, at=now))
        return sum((_failed(tx, one, now, draw) for one in failed), done)


def _failed(tx: Tx, one: Outcome, now: datetime, draw: Callable[[], float]) -> Notified:
    if one.is_last:
        return Notified(parked=int(_park(tx, one.taken, one.fault, now)))
    next_at = now + delay(one.taken.attempts, draw())
    return Notified(failed=int(notices.again(tx, one.taken, next_at=next_at, fault=one.fault)))


def delay(attempts: int, chance: float) -> timedelta:
    """How long to wait after so many attempts (1 or more); `chance` is in [0, 1)."""
    return DELAYS[min(attempts, len(DELAYS)) - 1] * (1 - JITTER + 2 * JITTER * chance)


def _park(tx: Tx, one: Taken, fault: str, now: datetime) -> bool:
    """Given up: that is done to it, and so it is recorded."""
    if not notices.park(tx, one, at=now, fault=fault):
        return False
    history.record(tx, now, "notice.park", f"notice:{one.notice.id}", kind=one.notice.kind, attempts=one.attempts, fault=fault)
    return True


def try_parked(store: Store, *, now: datetime, actor: Actor) -> int:
    """Have all that was given up tried from anew, under the ids that they had; how many. Forbidden for all but the operator."""
    with store.begin(allowed(actor, Action.OPERATE)) as tx:
        history.hold(tx)
        found = notices.unpark(tx, at=now)
        if found:
            history.record(tx, now, "notice.unpark", "notice:all", count=len(found))
    return len(found)


def list_notices(
    store: Store, *, standing: Standing | None = None, after: str | None = None, limit: int, actor: Actor
) -> tuple[tuple[Kept, ...], dict[Standing, int]]:
    """The notices that stand so, the newest first, and how many stand how. Forbidden."""
    with store.read(allowed(actor, Action.NOTICE_READ)) as tx:
        return notices.list_(tx, standing=standing, after=after, limit=limit), notices.counts(tx)
