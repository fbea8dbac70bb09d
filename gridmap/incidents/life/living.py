"""`take` makes of a life and a step the life after it, or refuses with the sentence why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from gridmap.access import hands
from gridmap.catalogue import Grade
from gridmap.errors import BadInput, Conflict
from gridmap.incidents.life.states import Listed, Satisfied, Standing, State, Step, TaskKind, Template
from gridmap.incidents.life.steps import HALVES, TEMPLATES, Row
from gridmap.incidents.life.taken import Taken

Word = TypeVar("Word", Grade, Satisfied)
RULED_AFTER = 2  # returns: then somebody named says whose it is
TIERS = 3  # of mediation: village, township, county (小事不出村, 大事不出镇, 矛盾不上交)


class StepImpossible(Conflict):
    """The incident's state does not allow this step; facts: incident, state, step, possible."""


class EvidenceMissing(BadInput):
    """The step needs what was not given; facts: step, missing."""


class EvidenceUnfit(BadInput):
    """What was given is not among what the step takes; facts: step, evidence, given."""


class HandledByYou(Conflict):
    """Whoever handled it neither inspects, closes nor voids it; facts: incident, step."""


class ReplyMissing(Conflict):
    """A reporter left a contact and was not answered yet; facts: incident, step."""


class RulingNeeded(Conflict):
    """Returned twice: somebody named rules whose it is; facts: incident, returns."""


class TasksOwed(Conflict):
    """Other offices that were asked still owe an answer; facts: incident, step, offices."""


class TaskMissing(BadInput):
    """The incident has no such task that is still owed; facts: incident, task."""


class NotCalled(Conflict):
    """One arrives only where one was called to the spot, and once; facts: incident, task, kind, standing."""


class LastTier(Conflict):
    """No level above mediates; facts: incident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What another office was asked for; `number` counts from 1 within the incident. Its times are in the log."""

    number: int
    kind: TaskKind
    office: str
    until: datetime | None = None
    arrived: bool = False
    answered: bool = False
    withdrawn: bool = False

    @property
    def owed(self) -> bool:
        """Whether an answer is still to come: a copy needs none."""
        return self.kind is not TaskKind.INFORM and not self.answered and not self.withdrawn

    @property
    def standing(self) -> Standing:
        """How far it is, in one word."""
        if not self.owed:
            return Standing.WITHDRAWN if self.withdrawn else Standing.ANSWERED if self.answered else Standing.TOLD
        return Standing.ARRIVED if self.arrived else Standing.AWAITED

    @property
    def is_whistled(self) -> bool:
        """Whether its office is still awaited on the spot."""
        return self.owed and self.kind is TaskKind.WHISTLE and not self.arrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How far an incident has come. `revision` counts its steps from 1; `handled_by` is who handled it last, on the spot if `settled`.

    `keeper` is the office of first contact, and then whichever acknowledged last: whose it is until another acknowledges (首问负责).
    `tier` is how high a dispute has climbed, from 1; `satisfied` what the reporter said when called back.
    """

    incident: str
    state: State
    revision: int = 1
    template: Template = Template.REPAIR
    grade: Grade = Grade.GENERAL
    office: str | None = None
    keeper: str | None = None
    contact_left: bool = False
    replied: bool = False
    returns: int = 0
    reworks: int = 0
    reopened: int = 0
    tier: int = 1
    handled_by: str | None = None
    settled: bool = False
    supervised_by: str | None = None
    supervised_until: datetime | None = None
    satisfied: Satisfied | None = None
    merged_into: str | None = None
    tasks: tuple[Task, ...] = ()

    @property
    def must_reply(self) -> bool:
        return self.contact_left and not self.replied

    @property
    def owed(self) -> tuple[Task, ...]:
        """The tasks that other offices have not answered."""
        return tuple(task for task in self.tasks if task.owed)

    @property
    def rows(self) -> Mapping[Step, Row]:
        """The steps that a life of its kind has."""
        return TEMPLATES[self.template]


def possible(life: Life) -> tuple[Step, ...]:
    """The steps that the state allows, whoever takes them, in the order of Step."""
    return tuple(step for step, row in life.rows.items() if life.state in row.sources and not _is_senseless(life, step))


def open_to(life: Life, actor: str) -> tuple[Step, ...]:
    """Those of them that this actor could take now with the evidence they need, as far as the life itself goes."""
    return tuple(step for step in possible(life) if barred(life, step, actor) is None)


def barred(life: Life, step: Step, actor: str) -> Conflict | None:
    """Why a step that the state allows is not this actor's to take yet (HandledByYou, ReplyMissing, TasksOwed), or None."""
    row = life.rows[step]
    if _is_same(life, step, actor):
        return HandledByYou(incident=life.incident, step=step)
    if row.told and life.must_reply:
        return ReplyMissing(incident=life.incident, step=step)
    if row.answered and life.owed:
        return TasksOwed(incident=life.incident, step=step, offices=", ".join(task.office for task in life.owed))
    return None


def take(life: Life, taken: Taken) -> Life:
    """The life after the step; StepImpossible, RulingNeeded, LastTier, EvidenceMissing, EvidenceUnfit, TaskMissing, NotCalled,
    HandledByYou, ReplyMissing, TasksOwed.

    Whether the actor may take it at all is `gridmap.access`'s to say, by the step's action.
    """
    row = life.rows.get(taken.step)
    _check_state(life, taken.step, row)
    assert row is not None
    if missing := row.needs - taken.evidence:
        raise EvidenceMissing(step=taken.step, missing=Listed(sorted(missing)))
    if refusal := barred(life, taken.step, taken.actor):
        raise refusal
    moved = replace(life, state=row.target or life.state, revision=life.revision + 1)
    return _changed(replace(moved, replied=False) if row.outcome else moved, taken)


def replay(born: Life, steps: Iterable[Taken]) -> Life:
    """The life as the steps that were kept made it, the first first."""
    for taken in steps:
        born = take(born, taken)
    return born


def _check_state(life: Life, step: Step, row: Row | None) -> None:
    told = {Step.DISPATCH, Step.ELEVATE, *([Step.ARRIVE] if life.owed else [])}  # those say better why not
    if row is None or life.state not in row.sources or (_is_senseless(life, step) and step not in told):
        raise StepImpossible(incident=life.incident, state=life.state, step=step, possible=Listed(_told(life)))
    if step is Step.DISPATCH and _is_ruled(life):
        raise RulingNeeded(incident=life.incident, returns=life.returns)
    if step is Step.ELEVATE and life.tier >= TIERS:
        raise LastTier(incident=life.incident)


def _told(life: Life) -> Iterator[Step]:
    """What a refusal tells of as possible: what somebody can do."""
    return (step for step in possible(life) if step not in HALVES)


def _is_senseless(life: Life, step: Step) -> bool:
    """Whether it has nothing to be done to, though its state would allow it."""
    never = {
        Step.DISPATCH: _is_ruled(life),
        Step.ELEVATE: life.tier >= TIERS,
        Step.ANSWER: not life.owed,
        Step.WITHDRAW: not life.owed,
        Step.ARRIVE: not any(task.is_whistled for task in life.owed),
        Step.RELEASE: life.supervised_by is None,
        Step.CALL_BACK: life.satisfied is not None,
        Step.REOPEN: life.merged_into is not None,
        Step.SPLIT: life.merged_into is None,
    }
    return never.get(step, False)


def _is_ruled(life: Life) -> bool:
    return life.state is State.RETURNED and life.returns >= RULED_AFTER


def _is_same(life: Life, step: Step, actor: str) -> bool:
    """Whether the step is for somebody else than who handled it, by whatever account. What was settled its settler may close."""
    mine = life.handled_by is not None and hands(actor) & hands(life.handled_by)
    return life.rows[step].apart and bool(mine) and not (step is Step.CLOSE and life.settled)


def _changed(life: Life, taken: Taken) -> Life:
    """What else a step changes beside the state."""
    match taken.step:
        case Step.ASSIST | Step.INFORM | Step.WHISTLE | Step.UPWARD:
            asked = Task(number=len(life.tasks) + 1, kind=TaskKind(taken.step), office=taken.office, until=_instant(taken.until))
            return replace(life, tasks=(*life.tasks, asked))
        case Step.ARRIVE | Step.ANSWER | Step.WITHDRAW:
            return replace(life, tasks=_after(life, taken))
        case Step.RETYPE | Step.RELOCATE | Step.REHOME:
            return _routed_anew(life, taken)
    return replace(life, **_also(life, taken))


def _also(life: Life, taken: Taken) -> dict[str, Any]:  # noqa: PLR0911, PLR0912 (a table: each step its row)
    match taken.step:
        case Step.DISPATCH | Step.TRANSFER:
            return {"office": taken.office}
        case Step.RULE:
            return {"office": taken.office, "returns": 0}
        case Step.ELEVATE:
            return {"office": taken.office, "tier": life.tier + 1}
        case Step.ACKNOWLEDGE:
            return {"keeper": life.office}
        case Step.RETURN:
            return {"returns": life.returns + 1}
        case Step.SUPERVISE:
            return {"supervised_by": taken.actor, "supervised_until": _instant(taken.until)}
        case Step.RELEASE:
            return {"supervised_by": None, "supervised_until": None}
        case Step.REGRADE:
            return {"grade": _read(taken, "grade", Grade)}
        case Step.MERGE:
            return {"merged_into": taken.into}
        case Step.JOIN:
            more = {"replied": False} if taken.contact_left else {}
            return {"contact_left": life.contact_left or taken.contact_left, **more}
        case Step.SPLIT:
            return {"merged_into": None, "replied": False}
        case Step.SHED:
            return {"contact_left": taken.contact_left}
        case Step.HANDLE:
            return {"handled_by": taken.actor, "settled": False}
        case Step.SETTLE:
            return {"handled_by": taken.actor, "settled": True, "state": State.HANDLED if taken.drawn else State.INSPECTED}
        case Step.REWORK:
            return {"reworks": life.reworks + 1}
        case Step.REPLY:
            return {"replied": True}
        case Step.CALL_BACK:
            said = _read(taken, "satisfied", Satisfied)
            return _opened_again(life) if said is Satisfied.NO else {"satisfied": said}
        case Step.REOPEN:
            return _opened_again(life)
    return {}


def _opened_again(life: Life) -> dict[str, Any]:
    """From anew, with nothing of how it ended; who was answered is answered again."""
    anew = {"state": State.FILED, "replied": False, "handled_by": None, "settled": False, "satisfied": None}
    return anew | {"reopened": life.reopened + 1}


def _routed_anew(life: Life, taken: Taken) -> Life:
    """Another type or place is matched and routed again. Where an office other than the present one comes out, or none had been asked
    yet, it goes there; nobody found, it is for a person to say. Whoever verifies goes on verifying."""
    template = Template(taken.template) if taken.template else life.template
    if life.state is State.VERIFYING:
        return replace(life, template=template, office=taken.office or None)
    if taken.step is Step.REHOME and not (taken.office and life.state is State.DISPATCHED):
        return replace(life, template=template)  # whoever began goes on
    fresh = life.state in {State.TRIAGE, State.FILED, State.RETURNED} or taken.office != life.office
    state = State.TRIAGE if not taken.office else State.DISPATCHED if fresh else life.state
    return replace(life, template=template, office=taken.office or None, state=state)


def _after(life: Life, taken: Taken) -> tuple[Task, ...]:
    """The tasks, with what the step did to one of them."""
    found = next((task for task in life.owed if str(task.number) == taken.task.strip()), None)
    if found is None:
        raise TaskMissing(incident=life.incident, task=taken.task)
    if taken.step is Step.ARRIVE and not found.is_whistled:
        raise NotCalled(incident=life.incident, task=found.number, kind=found.kind, standing=found.standing)
    flags = {Step.ARRIVE: "arrived", Step.ANSWER: "answered", Step.WITHDRAW: "withdrawn"}
    done: dict[str, Any] = {flags[taken.step]: True}
    return tuple(replace(task, **done) if task is found else task for task in life.tasks)


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _read(taken: Taken, evidence: str, words: type[Word]) -> Word:
    """One of these words, or EvidenceUnfit."""
    given = getattr(taken, evidence)
    if given not in set(words):
        raise EvidenceUnfit(step=taken.step, evidence=evidence, given=given)
    return words(given)
