"""Another edition takes effect: what is open is held against it, once, and stays, moves, or is a person's to say; each told in its log.

Whose cell and worker are the same is nobody's matter. What is closed keeps its cell for ever.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from gridmap.access import Action, Actor, allowed
from gridmap.flows.batches import BATCH, Sweep
from gridmap.flows.dispatch import Situation, read_situation
from gridmap.flows.rematch import found_anew, reports_of
from gridmap.grid import LEVELS
from gridmap.incidents import Incident
from gridmap.incidents.anew import Anew
from gridmap.incidents.life import Step, Taken
from gridmap.store import Store, Tx, editions, lives, sweeps
from gridmap.words import Lang, say

ASKED = f"{lives.PREFIX}rehome_asked"
"""What the log calls it when a person is asked whether it is to move."""
_WHO = (*LEVELS, "worker")


class Rehoming(StrEnum):
    """What becomes of an open incident that another edition would give to another cell or worker."""

    STAY = "stay"
    MOVE = "move"
    ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehomed:
    """How many open incidents were held against the edition in force: those that are where they were (or stay by policy), those that moved,
    and those about which a person is asked. `held`: another process was at it."""

    stayed: int = 0
    moved: int = 0
    asked: int = 0
    held: bool = False


def rehome(store: Store, policy: Rehoming, *, now: datetime, holder: str, actor: Actor, lang: Lang = "zh", batch: int = BATCH) -> Rehomed:
    """Hold every open incident against the edition in force that was not yet. Forbidden for all but the operator. The reason that the log
    keeps of a move is said in `lang`."""
    sweep = Sweep(store, allowed(actor, Action.OPERATE), "rehome", holder, now, batch)
    done: Counter[Rehoming] = Counter()

    def is_any(tx: Tx) -> bool:
        edition = editions.number_in_force(tx, now)
        return edition is not None and bool(sweeps.homed_before(tx, edition, 1))

    def do(tx: Tx) -> int:
        situation = read_situation(store, tx, now)
        found = sweeps.homed_before(tx, situation.edition.number, batch)
        done.update(_held_against(tx, situation, found, policy, _taken(actor.name, situation.edition.number, lang)))
        return len(found)

    free = sweep.go(is_any, do)
    return Rehomed(stayed=done[Rehoming.STAY], moved=done[Rehoming.MOVE], asked=done[Rehoming.ASK], held=not free)


def _taken(actor: str, edition: int, lang: Lang) -> Taken:
    return Taken(step=Step.REHOME, actor=actor, reason=say("rehome.reason", lang, edition=edition))


def _held_against(tx: Tx, situation: Situation, found: Sequence[Incident], policy: Rehoming, taken: Taken) -> list[Rehoming]:
    placed = [one for one in found if one.lon is not None]
    anew = found_anew(tx, situation, list(zip(placed, reports_of(tx, situation, placed), strict=True)))
    done = [Rehoming.STAY] * (len(found) - len(placed))
    for one, what in zip(placed, anew, strict=True):
        here = policy if policy is not Rehoming.STAY and is_elsewhere(one, what) else Rehoming.STAY
        if here is Rehoming.MOVE:
            lives.take(tx, one.id, taken, at=situation.at, expected_revision=one.revision, anew=partial(_given, what))
        if here is Rehoming.ASK:
            facts = {name: what.place[name] for name in ("edition", *map(str, _WHO))}
            lives.note(tx, one, what=ASKED, facts=facts, at=situation.at)
        done.append(here)
    sweeps.put_homed(tx, [one.id for one in found], situation.edition.number)
    return done


def is_elsewhere(one: Incident, what: Anew) -> bool:
    """Whether this other place is another area's or another worker's."""
    return any(getattr(one, name) != what.place[name] for name in _WHO)


def _given(what: Anew, _one: Incident) -> Anew:
    return what
