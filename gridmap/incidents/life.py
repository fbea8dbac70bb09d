"""An incident's life: its states, and the steps between them, as rows.

A step names the states that it leads from, the one that it leads to, the action that whoever takes it must be allowed (`gridmap.access`),
and the evidence that it needs. `take` makes of a life and a step the life after it, or refuses with the sentence why; `replay` makes of
the steps that were kept the life as it stands. Nothing else changes a life.

The national flow is 受理-立案-派遣-处置-核查-结案 (accepted, filed, dispatched, handled, inspected, closed); beside it 回退, 延期, 挂账,
返工 and 作废. 核实 (here: verify) is before filing, 核查 (inspect) after handling; whoever handles neither inspects nor closes (监管分离),
except who settles it on the spot with a photo (自处理), of which a share is inspected by another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from gridmap.access import Action, hands
from gridmap.errors import BadInput, Conflict
from gridmap.words import Lang, say


class State(StrEnum):
    """Where an incident stands. Triage is a person's queue: nothing that was accepted is ever lost."""

    TRIAGE = "triage"  # 待判: its place, type or office is for a person to say
    VERIFYING = "verifying"  # 核实: somebody looks whether it is so, before it is filed
    NOT_FILED = "not_filed"  # 不予立案
    FILED = "filed"  # 立案: it is to be dealt with, no office was asked yet
    DISPATCHED = "dispatched"  # 派遣
    ACKNOWLEDGED = "acknowledged"  # 签收
    IN_PROGRESS = "in_progress"  # 处置
    SUSPENDED = "suspended"  # 挂账
    RETURNED = "returned"  # 回退: the office says that it is not its matter
    HANDLED = "handled"  # 处置完毕: waits for the inspection
    INSPECTED = "inspected"  # 核查通过
    CLOSED = "closed"  # 结案
    VOIDED = "voided"  # 作废

    def text(self, lang: Lang = "en") -> str:
        return say(f"state.{self}", lang)


ENDED = frozenset({State.CLOSED, State.VOIDED})
OPEN_STATES = tuple(state for state in State if state not in ENDED)
_UNDER_WAY = frozenset({State.DISPATCHED, State.ACKNOWLEDGED, State.IN_PROGRESS})
_BEFORE = frozenset({State.TRIAGE, State.VERIFYING, State.FILED})


class Evidence(StrEnum):
    """What a step must bring along."""

    REASON = "reason"
    PHOTO = "photo"
    OFFICE = "office"
    UNTIL = "until"

    def text(self, lang: Lang = "en") -> str:
        return say(f"evidence.{self}", lang)


class Step(StrEnum):
    """Everything that can be done to an incident."""

    ASK_VERIFY = "ask_verify"
    VERIFY = "verify"
    FILE = "file"
    DECLINE = "decline"
    DISPATCH = "dispatch"
    ACKNOWLEDGE = "acknowledge"
    START = "start"
    RETURN = "return"
    TRANSFER = "transfer"
    RULE = "rule"
    EXTEND = "extend"
    SUSPEND = "suspend"
    RESUME = "resume"
    HANDLE = "handle"
    SETTLE = "settle"
    INSPECT = "inspect"
    REWORK = "rework"
    REPLY = "reply"
    CLOSE = "close"
    VOID = "void"
    REOPEN = "reopen"

    def text(self, lang: Lang = "en") -> str:
        return say(f"step.{self}", lang)


@dataclass(frozen=True, slots=True)
class Row:
    """A step: where it leads from, where to (None: it stays), what one must be allowed, what it needs.

    `apart` is for whoever did not handle it; `told` for what must not happen before the reporter, if one left a contact, was answered;
    `outcome` for what an answer is about: whoever was answered before it is answered again.
    """

    sources: frozenset[State]
    target: State | None
    action: Action
    needs: frozenset[Evidence] = frozenset()
    apart: bool = False
    told: bool = False
    outcome: bool = False


def _row(sources: Iterable[State], target: State | None, action: Action, *needs: Evidence, **more: bool) -> Row:
    return Row(frozenset(sources), target, action, frozenset(needs), **more)


_S, _A, _E = State, Action, Evidence
STEPS: Mapping[Step, Row] = MappingProxyType(
    {
        Step.ASK_VERIFY: _row({_S.TRIAGE}, _S.VERIFYING, _A.INCIDENT_DISPATCH),
        Step.VERIFY: _row({_S.VERIFYING}, _S.FILED, _A.INCIDENT_INSPECT),
        Step.FILE: _row({_S.TRIAGE, _S.VERIFYING}, _S.FILED, _A.INCIDENT_DISPATCH),
        Step.DECLINE: _row(_BEFORE, _S.NOT_FILED, _A.INCIDENT_DISPATCH, _E.REASON, outcome=True),
        Step.DISPATCH: _row({_S.TRIAGE, _S.FILED, _S.RETURNED}, _S.DISPATCHED, _A.INCIDENT_DISPATCH, _E.OFFICE),
        Step.ACKNOWLEDGE: _row({_S.DISPATCHED}, _S.ACKNOWLEDGED, _A.INCIDENT_HANDLE),
        Step.START: _row({_S.ACKNOWLEDGED}, _S.IN_PROGRESS, _A.INCIDENT_HANDLE),
        Step.RETURN: _row({_S.DISPATCHED, _S.ACKNOWLEDGED}, _S.RETURNED, _A.INCIDENT_HANDLE, _E.REASON),
        Step.TRANSFER: _row(_UNDER_WAY, _S.DISPATCHED, _A.INCIDENT_DISPATCH, _E.OFFICE, _E.REASON),
        Step.RULE: _row({_S.RETURNED}, _S.DISPATCHED, _A.INCIDENT_RULE, _E.OFFICE, _E.REASON),
        Step.EXTEND: _row({_S.ACKNOWLEDGED, _S.IN_PROGRESS}, None, _A.INCIDENT_DISPATCH, _E.REASON, _E.UNTIL),
        Step.SUSPEND: _row({_S.ACKNOWLEDGED, _S.IN_PROGRESS}, _S.SUSPENDED, _A.INCIDENT_DISPATCH, _E.REASON, _E.UNTIL),
        Step.RESUME: _row({_S.SUSPENDED}, _S.IN_PROGRESS, _A.INCIDENT_DISPATCH),
        Step.HANDLE: _row({_S.ACKNOWLEDGED, _S.IN_PROGRESS}, _S.HANDLED, _A.INCIDENT_HANDLE, _E.REASON, outcome=True),
        Step.SETTLE: _row({_S.FILED, _S.DISPATCHED}, _S.INSPECTED, _A.INCIDENT_SETTLE, _E.PHOTO, outcome=True),
        Step.INSPECT: _row({_S.HANDLED}, _S.INSPECTED, _A.INCIDENT_INSPECT, apart=True),
        Step.REWORK: _row({_S.HANDLED, _S.INSPECTED}, _S.IN_PROGRESS, _A.INCIDENT_INSPECT, _E.REASON, apart=True, outcome=True),
        Step.REPLY: _row(OPEN_STATES, None, _A.INCIDENT_CLOSE, _E.REASON),
        Step.CLOSE: _row({_S.INSPECTED, _S.NOT_FILED}, _S.CLOSED, _A.INCIDENT_CLOSE, apart=True, told=True),
        Step.VOID: _row(OPEN_STATES, _S.VOIDED, _A.INCIDENT_CLOSE, _E.REASON, apart=True, told=True),
        Step.REOPEN: _row({_S.NOT_FILED, *ENDED}, _S.FILED, _A.INCIDENT_CLOSE, _E.REASON, outcome=True),
    }
)
"""What can be done to an incident, and to which."""

RULED_AFTER = 2  # returns: then somebody named says whose it is


class Listed(tuple[Any, ...]):
    """Steps or evidence, which say themselves in the reader's language one after the other."""

    def text(self, lang: Lang = "en") -> str:
        return ("、" if lang == "zh" else ", ").join(f"“{each.text(lang)}”" for each in self)


class StepImpossible(Conflict):
    """The incident's state does not allow this step; facts: incident, state, step, possible."""


class EvidenceMissing(BadInput):
    """The step needs what was not given; facts: step, missing."""


class HandledByYou(Conflict):
    """Whoever handled it neither inspects, closes nor voids it; facts: incident, step."""


class ReplyMissing(Conflict):
    """A reporter left a contact and was not answered yet; facts: incident, step."""


class RulingNeeded(Conflict):
    """Returned twice: somebody named rules whose it is; facts: incident, returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One step as it was taken, and is kept: who took it, and what came along. `drawn` says that another looks at it once more."""

    step: Step
    actor: str
    reason: str = ""
    photo: str = ""
    office: str = ""
    until: str = ""
    drawn: bool = False

    @property
    def evidence(self) -> frozenset[Evidence]:
        return frozenset(each for each in Evidence if getattr(self, each).strip())

    def facts(self) -> dict[str, Any]:
        """What the log keeps of it beside its step and actor; `Taken.read` reads it back."""
        given: dict[str, Any] = {str(each): getattr(self, each) for each in Evidence if each in self.evidence}
        return given | ({"drawn": True} if self.drawn else {})

    @classmethod
    def read(cls, step: Step, actor: str, facts: Mapping[str, Any]) -> "Taken":
        """The step that was kept with these facts; others among them are of no matter."""
        given = {str(each): str(facts.get(each, "")) for each in Evidence}
        return cls(step=step, actor=actor, **given, drawn=bool(facts.get("drawn")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """How far an incident has come. `revision` counts its steps from 1; `handled_by` is who handled it last, on the spot if `settled`."""

    incident: str
    state: State
    revision: int = 1
    office: str | None = None
    contact_left: bool = False
    replied: bool = False
    returns: int = 0
    reworks: int = 0
    reopened: int = 0
    handled_by: str | None = None
    settled: bool = False

    @property
    def must_reply(self) -> bool:
        return self.contact_left and not self.replied


def possible(life: Life) -> tuple[Step, ...]:
    """The steps that the state allows, whoever takes them, in the order of STEPS."""
    return tuple(step for step, row in STEPS.items() if life.state in row.sources and not (step is Step.DISPATCH and _is_ruled(life)))


def open_to(life: Life, actor: str) -> tuple[Step, ...]:
    """Those of them that this actor could take now with the evidence they need, as far as the life itself goes."""
    return tuple(step for step in possible(life) if not _is_same(life, step, actor) and not (STEPS[step].told and life.must_reply))


def take(life: Life, taken: Taken) -> Life:
    """The life after the step; StepImpossible, RulingNeeded, EvidenceMissing, HandledByYou, ReplyMissing.

    Whether the actor may take it at all is `gridmap.access`'s to say, by the step's action.
    """
    row = STEPS[taken.step]
    if life.state not in row.sources:
        raise StepImpossible(incident=life.incident, state=life.state, step=taken.step, possible=Listed(possible(life)))
    if taken.step is Step.DISPATCH and _is_ruled(life):
        raise RulingNeeded(incident=life.incident, returns=life.returns)
    if missing := row.needs - taken.evidence:
        raise EvidenceMissing(step=taken.step, missing=Listed(sorted(missing)))
    if _is_same(life, taken.step, taken.actor):
        raise HandledByYou(incident=life.incident, step=taken.step)
    if row.told and life.must_reply:
        raise ReplyMissing(incident=life.incident, step=taken.step)
    moved = replace(life, state=row.target or life.state, revision=life.revision + 1)
    return _changed(replace(moved, replied=False) if row.outcome else moved, taken)


def replay(born: Life, steps: Iterable[Taken]) -> Life:
    """The life as the steps that were kept made it, the first first."""
    for taken in steps:
        born = take(born, taken)
    return born


def _is_ruled(life: Life) -> bool:
    return life.state is State.RETURNED and life.returns >= RULED_AFTER


def _is_same(life: Life, step: Step, actor: str) -> bool:
    """Whether the step is for somebody else than who handled it, by whatever account. What was settled its settler may close."""
    mine = life.handled_by is not None and hands(actor) & hands(life.handled_by)
    return STEPS[step].apart and bool(mine) and not (step is Step.CLOSE and life.settled)


def _changed(life: Life, taken: Taken) -> Life:
    """What else a step changes beside the state."""
    also: dict[str, Any] = {}
    match taken.step:
        case Step.DISPATCH | Step.TRANSFER:
            also = {"office": taken.office}
        case Step.RULE:
            also = {"office": taken.office, "returns": 0}
        case Step.RETURN:
            also = {"returns": life.returns + 1}
        case Step.HANDLE:
            also = {"handled_by": taken.actor, "settled": False}
        case Step.SETTLE:
            also = {"handled_by": taken.actor, "settled": True, "state": State.HANDLED if taken.drawn else State.INSPECTED}
        case Step.REWORK:
            also = {"reworks": life.reworks + 1}
        case Step.REPLY:
            also = {"replied": True}
        case Step.REOPEN:
            also = {"reopened": life.reopened + 1, "handled_by": None, "settled": False}
    return replace(life, **also)
