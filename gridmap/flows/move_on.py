"""What was brought to a window and not settled there the same day moves on to the office whose it is."""

from dataclasses import dataclass
from datetime import datetime

from gridmap.access import Action, Actor, allowed
from gridmap.flows.batches import BATCH, Sweep
from gridmap.incidents.life import Step, Taken
from gridmap.store import Store, Tx, lives, sweeps


@dataclass(frozen=True, slots=True)
class MovedOn:
    """How many were dispatched. `held`: another process was at it."""

    moved_on: int
    held: bool = False


def move_on(store: Store, *, now: datetime, holder: str, actor: Actor, batch: int = BATCH) -> MovedOn:
    """Dispatch everything whose day at the window was over by `now`. Forbidden for all but the operator."""
    sweep = Sweep(store, allowed(actor, Action.OPERATE), "window", holder, now, batch)
    done = 0

    def do(tx: Tx) -> int:
        nonlocal done
        found = sweeps.moving_on(tx, now, batch)
        for one in found:
            taken = Taken(step=Step.DISPATCH, actor=actor.name, office=one.onward or "")
            lives.take(tx, one.id, taken, at=now, expected_revision=one.revision)
        done += len(found)
        return len(found)

    free = sweep.go(lambda tx: bool(sweeps.moving_on(tx, now, 1)), do)
    return MovedOn(done, held=not free)
