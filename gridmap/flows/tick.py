"""What time alone brings about: each step of an escalation ladder is done once, when its clock comes to it, whoever looks and how often.

What is owed follows from the clocks, and what was done is kept under a key that no two rows have, in the transaction that does it: so it
makes no difference if a sweep dies, comes late or twice, or if the machine's clock jumps. The lease only saves the work of two.
Where the calendar changed, the clocks that run are counted anew on the way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.access import Action, Actor, Scope, allowed
from gridmap.limits import LADDERS, Due, Timetable, next_step_at, recount, steps_due
from gridmap.store import Store, Tx, calendars, clocks, history, leases
from gridmap.store.clocks import Ripe
from gridmap.store.history import Entry

SWEEP = "tick"
LASTS = timedelta(minutes=5)
BATCH = 100
"""Clocks in one transaction: who writes waits for no more than these."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """How many steps of ladders were done. `held`: another was at it, or took over, and does the rest."""

    escalated: int
    held: bool = False


def tick(
    store: Store,
    *,
    now: datetime,
    holder: str,
    actor: Actor,
    batch: int = BATCH,
    advance: Callable[[Due], object] = lambda due: None,
) -> Ticked:
    """Do every step that is owed at `now`, in transactions of `batch` clocks; `holder` names this process among others.

    `advance` hears of each step within the transaction that does it. Forbidden for all but the operator. Working time is counted in the
    zone of `now`, which is the county's.
    """
    scope = allowed(actor, Action.OPERATE)
    with store.read(scope) as tx:
        if not clocks.is_any_ripe(tx, now):
            return Ticked(0)
    with store.begin(scope) as tx:
        fence = leases.take(tx, SWEEP, holder, now=now, lasts=LASTS)
    done, going = 0, fence is not None
    while going and fence is not None:
        fired, going = _sweep(store, scope, fence, now=now, batch=batch, advance=advance)
        if fired is None:
            return Ticked(done, held=True)
        done += fired
    return Ticked(done, held=fence is None)


def _sweep(
    store: Store, scope: Scope, fence: int, *, now: datetime, batch: int, advance: Callable[[Due], object]
) -> tuple[int | None, bool]:
    """How many steps were done in one transaction, None if the lease is another's, and whether there may be more; if not, it ends."""
    with store.begin(scope) as tx:
        history.hold(tx)
        found = clocks.ripe(tx, now, batch)
        more = len(found) == batch
        if not leases.keep(tx, SWEEP, fence, until=now + LASTS if more else now):
            return None, False
        times = calendars.working_time(tx, now)
        done = [(one, due) for one in found for due in _climb(tx, times, one, now)]
        history.append(tx, [_entry(one, due, now) for one, due in done])
        for _, due in done:
            advance(due)
    return len(done), more


def _climb(tx: Tx, times: Timetable, one: Ripe, now: datetime) -> list[Due]:
    """Keep the steps that this run owes by the calendar of today; those that were not done before. It waits for the next one."""
    clock, ladder = recount(times, one.run.clock), LADDERS[one.run.clock.name]
    owed = steps_due(times, ladder, clock, now, one.fired)
    done = [due for due in owed if clocks.fire(tx, one.incident, due, at=now)]
    clocks.wait(tx, one.incident, clock, next_step_at(times, ladder, clock, one.fired | {due.key for due in owed}))
    if clock.due != one.run.clock.due:
        clocks.press(tx, one.incident)
    return done


def _entry(one: Ripe, due: Due, now: datetime) -> Entry:
    facts = {"clock": one.run.clock.name, "run": one.run.clock.run, "level": due.step.level, "due": due.at.isoformat()}
    return Entry(at=now, what="incident.escalate", subject=f"incident:{one.number}", incident=one.incident, facts=facts)
