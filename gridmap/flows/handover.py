"""A worker goes on leave, or resigns: all open incidents pass to whoever stands in at each place, in one act."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.access import Action, Actor, allowed
from gridmap.errors import BadInput, Conflict
from gridmap.flows.accounts import WorkerMissing
from gridmap.flows.end_post import end
from gridmap.incidents import Incident
from gridmap.incidents.life import LONGEST
from gridmap.roster import Roster
from gridmap.store import Store, Tx, handovers, history, people

BEFORE_IT_BEGAN = timedelta(microseconds=1)
"""How long a post still lasts that was to come when its holder resigned: no table lets it end before it begins."""


class HandoverUnexplained(BadInput):
    """A hand-over needs a reason of at most so many letters; facts: most."""


class SuccessorUnfit(Conflict):
    """Incidents go to another worker who holds a post now and is not on leave; facts: worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """The incidents as they are now whose worker or backup changed; those (numbers) that nobody stands in for and that stay as they
    were; and how many posts ended with it."""

    worker: str
    given: tuple[Incident, ...]
    stay: tuple[str, ...]
    posts_ended: int = 0


def hand_over(
    store: Store, worker: str, *, to: str | None = None, reason: str, resigns: bool = False, now: datetime, actor: Actor
) -> HandedOver:
    """Give every open incident of the worker, as far as the actor dispatches, to `to`, else to who stands in at its place: the backup,
    else the leader, from the cell up. Where they were only the backup, another backup or nobody takes their place.

    Who `resigns` first loses every post, and the role with them; that is the register's matter, and needs its right as well. It is a
    transaction of its own: should the second fail, nothing new comes to them, and the act can be done again.
    WorkerMissing, HandoverUnexplained, SuccessorUnfit, IncidentChanged.
    """
    scope, why = allowed(actor, Action.INCIDENT_DISPATCH), reason.strip()
    if not 0 < len(why) <= LONGEST:
        raise HandoverUnexplained(most=LONGEST)
    with store.read(scope) as tx:
        _check(tx, worker, to, now)
    ended = _resign(store, worker, why, now, actor) if resigns else 0
    with store.begin(scope) as tx:
        history.hold(tx)
        mine = handovers.open_of(tx, worker)
        roster = _without(tx, worker, mine, now)
        given, stay = [], []
        for one in mine:
            new = _successors(roster, one, worker, to, now)
            if new is None:
                stay.append(one.number)
            else:
                given.append(handovers.give(tx, one, worker=new[0], backup=new[1], reason=why, at=now))
        facts = {"to": to, "reason": why, "given": len(given), "stay": len(stay), "resigns": resigns}
        history.record(tx, now, "worker.hand_over", f"worker:{worker}", **facts)
    return HandedOver(worker=worker, given=tuple(given), stay=tuple(stay), posts_ended=ended)


def _check(tx: Tx, worker: str, to: str | None, now: datetime) -> None:
    for each in (worker, to):
        if each and people.worker(tx, each) is None:
            raise WorkerMissing(worker=each)
    if to is None:
        return
    away = {leave.worker for leave in people.leaves(tx, at=now)}
    if to == worker or to in away or not people.posts(tx, at=now, worker=to):
        raise SuccessorUnfit(worker=to)


def _resign(store: Store, worker: str, reason: str, now: datetime, actor: Actor) -> int:
    """End every post that is held or to come; how many those were."""
    with store.begin(allowed(actor, Action.REGISTER_CHANGE)) as tx:
        history.hold(tx)
        ends = {post: max(now, post.since + BEFORE_IT_BEGAN) for post in people.posts(tx, worker=worker)}
        open_ = {post: last for post, last in ends.items() if post.until is None or post.until > last}
        for post, last in open_.items():
            end(tx, post, last, reason, now)
    return len(open_)


def _without(tx: Tx, worker: str, mine: Iterable[Incident], now: datetime) -> Roster:
    """Who stands at the places of these incidents beside the worker."""
    areas = {code for one in mine for code in _path(one)}
    posts = people.posts(tx, at=now, areas=areas)
    return Roster([post for post in posts if post.worker != worker], (), people.leaves(tx, at=now))


def _path(one: Incident) -> tuple[str, ...]:
    return tuple(code for code in (one.township, one.village, one.cell) if code)


def _successors(roster: Roster, one: Incident, worker: str, to: str | None, now: datetime) -> tuple[str, str | None] | None:
    """The worker and the backup from now on; None where there is no worker to be had."""
    duty = roster.on_duty(_path(one), now)
    first = one.worker if one.worker != worker else to or duty.worker
    if first is None:
        return None
    others = (each for each in (one.backup, duty.backup) if each and each not in (worker, first))
    return first, next((each for each in others if not roster.away(each, now)), None)
