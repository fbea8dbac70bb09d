"""Somebody takes a step in an incident's life: as far as their rights reach, on the state that they knew, with the evidence it needs."""

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from gridmap.access import Action, Actor, allowed, may
from gridmap.errors import BadInput, InstantUnreadable, OfficeMissing, Refusal
from gridmap.flows.fitting import check_fit, office_for
from gridmap.flows.merge import TOGETHER, with_other
from gridmap.flows.photos import PhotoMissing
from gridmap.flows.rematch import check_pin, rematched
from gridmap.incidents import Incident
from gridmap.incidents.deadlines import ANEW
from gridmap.incidents.life import ACTIONS, HALVES, ROWS, Evidence, Step, Taken, Task, barred, open_to, possible
from gridmap.incidents.photo import is_photo_name
from gridmap.store import Store, Tx, incidents, lives, offices, photos

ONE_IN = 10
"""Of what is settled on the spot so much is inspected by another; which, nobody can know beforehand."""
NAME = re.compile(r"(?=.*(\d|\.\w+$))[^\s，。；：、！？,;:!?\"“”]{1,60}")
"""A file's name or a number: with a digit or an ending, and nothing that makes a sentence."""
TOLD = frozenset({Evidence.REASON, Evidence.PHOTO})
"""What may come along with any step."""


class UntilPast(BadInput):
    """A new term that is over already; facts: until."""


class StepOfAnother(BadInput):
    """An incident takes it because another is merged into it, or out of it again; facts: step."""


class AgreementWritten(BadInput):
    """An agreement is named, never written down; facts: none."""


def drawn() -> bool:
    """Whether another looks at what was settled on the spot."""
    return secrets.randbelow(ONE_IN) == 0


def step(
    store: Store,
    incident: str,
    taken: Taken,
    *,
    revision: int | None,
    now: datetime,
    actor: Actor,
    draw: Callable[[], bool] = drawn,
) -> Incident:
    """Take the step at the incident of this id or number; the incident as it is now. The step's actor is `actor`, whatever it says.

    `revision` is the one that the actor knew (None: whatever it is). Forbidden, IncidentMissing, IncidentChanged, OfficeMissing,
    PhotoMissing, EvidenceTooLong, InstantUnreadable, UntilPast, AgreementWritten, StepOfAnother, TaskOfAnother, what
    `gridmap.incidents.life.take`, `gridmap.flows.fitting` and, for two incidents, `gridmap.flows.merge` refuse, and, where it is matched
    and routed again, what `rematched` and `check_pin` do. A dispute that is elevated without an office goes to the next centre above.
    """
    scope = allowed(actor, ACTIONS[taken.step])
    if taken.step in HALVES:
        raise StepOfAnother(step=taken.step)
    kept = _kept(taken, actor, draw)
    _check(kept, now)
    with store.begin(scope) as tx:
        _check_known(tx, incident, kept)
        if kept.step in TOGETHER:
            return with_other(tx, incident, kept, now=now, revision=revision)
        if kept.step is Step.ELEVATE:
            kept = replace(kept, office=office_for(tx, incidents.get(tx, incident), kept))
        anew = partial(rematched, store, tx, taken=kept, now=now, scope=scope) if kept.step in ANEW else None
        fits = partial(check_fit, tx, taken=kept)
        return lives.take(tx, incident, kept, at=now, expected_revision=revision, anew=anew, fits=fits)


def reaches(actor: Actor, action: Action, one: Incident) -> bool:
    """Whether the actor may do this with this incident: not everything is within the reach of everybody who sees it."""
    reach = allowed(actor, action) if may(actor, action) else None
    return reach is not None and reach.holds((one.township, one.village, one.cell), one.office, (one.worker, one.backup), one.asked)


def steps_of(actor: Actor, one: Incident) -> tuple[Step, ...]:
    """The steps that this actor may take now."""
    return tuple(each for each in open_to(one.life, actor.name) if _is_own(actor, each, one))


def needs_of(step: Step, one: Incident) -> tuple[str, ...]:
    """What somebody must say to take the step, in alphabetical order: all that its row asks for, but for the office to which a dispute
    climbs, which is found where none is named."""
    found = {Evidence.OFFICE} if step is Step.ELEVATE else set()
    return tuple(sorted(one.life.rows[step].needs - found))


def waiting(actor: Actor, one: Incident) -> tuple[Refusal, ...]:
    """Why this actor may not take other steps yet, which the state allows and their rights too."""
    own = (each for each in possible(one.life) if _is_own(actor, each, one))
    return tuple(refusal for each in own if (refusal := barred(one.life, each, actor.name)))


def _is_own(actor: Actor, step: Step, one: Incident) -> bool:
    """Whether it is this actor's to take, as far as rights go."""
    return step not in HALVES and reaches(actor, ACTIONS[step], one) and _has_task(actor, step, one)


def own_tasks(actor: Actor, one: Incident) -> tuple[Task, ...]:
    """The tasks that this actor may answer: those of the offices that they stand for."""
    if not may(actor, Action.INCIDENT_ANSWER):
        return ()
    scope = allowed(actor, Action.INCIDENT_ANSWER)
    return tuple(task for task in one.life.owed if scope.everywhere or task.office in scope.asked)


def _has_task(actor: Actor, step: Step, one: Incident) -> bool:
    """Whether a step that is about a task finds one that is this actor's; any other step needs none."""
    if step is Step.ARRIVE:
        return any(task.is_whistled for task in own_tasks(actor, one))
    return step is not Step.ANSWER or bool(own_tasks(actor, one))


def _kept(taken: Taken, actor: Actor, draw: Callable[[], bool]) -> Taken:
    """The step as it is kept: nothing around its texts, no office or term where none is asked for, its own actor, and the lot."""
    needs = {each for row in ROWS[taken.step] for each in row.needs}
    given = {str(each): getattr(taken, each).strip() for each in Evidence if each in needs or each in TOLD}
    return Taken(step=taken.step, actor=actor.name, **given, drawn=taken.step is Step.SETTLE and draw())


def _check(taken: Taken, now: datetime) -> None:
    taken.check_length()
    if taken.until and _read(taken.until) <= now:
        raise UntilPast(until=taken.until)
    if taken.agreement and not NAME.fullmatch(taken.agreement):
        raise AgreementWritten
    if taken.place:
        check_pin(taken.place, now)


def _read(until: str) -> datetime:
    """An instant that says of which zone it is."""
    try:
        found = datetime.fromisoformat(until)
    except ValueError as fault:
        raise InstantUnreadable(text=until) from fault
    if found.tzinfo is None:
        raise InstantUnreadable(text=until)
    return found


def _check_known(tx: Tx, incident: str, taken: Taken) -> None:
    """OfficeMissing, PhotoMissing; but first IncidentMissing: who has no such incident learns nothing about offices."""
    shows = is_photo_name(taken.photo)  # else it is the name of a file that is kept elsewhere
    if not taken.office and not shows:
        return
    one = incidents.identity(tx, incident)
    if shows and not photos.is_here(tx, one.id, taken.photo):
        raise PhotoMissing
    if taken.office and offices.get(tx, taken.office) is None:
        raise OfficeMissing(office=taken.office)
