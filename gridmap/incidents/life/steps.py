"""The steps of an incident's life as rows: where each leads from and to, what it needs, and what its taker must be allowed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gridmap.access import Action
from gridmap.incidents.life.states import ENDED, OPEN_STATES, Evidence, State, Step, Template


@dataclass(frozen=True, slots=True)
class Row:
    """A step: where it leads from, where to (None: it stays, or what it brings along decides), what one must be allowed, what it needs.

    `apart` is for whoever did not handle it; `told` for what must not happen before the reporter, if one left a contact, was answered;
    `answered` for what must not happen while another office owes an answer; `outcome` for what an answer is about: whoever was answered
    before it is answered again.
    """

    sources: frozenset[State]
    target: State | None
    action: Action
    needs: frozenset[Evidence] = frozenset()
    apart: bool = False
    told: bool = False
    answered: bool = False
    outcome: bool = False


def _row(sources: Iterable[State], target: State | None, action: Action, *needs: Evidence, **more: bool) -> Row:
    return Row(frozenset(sources), target, action, frozenset(needs), **more)


_S, _A, _E = State, Action, Evidence
_BEFORE = frozenset({_S.TRIAGE, _S.VERIFYING, _S.FILED})
_UNDER_WAY = frozenset({_S.DISPATCHED, _S.ACKNOWLEDGED, _S.IN_PROGRESS})
_BEGUN = frozenset({_S.ACKNOWLEDGED, _S.IN_PROGRESS})
_UNTIL_HANDLED = _BEFORE | _UNDER_WAY | {_S.RETURNED}

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
        Step.EXTEND: _row(_BEGUN, None, _A.INCIDENT_DISPATCH, _E.REASON, _E.UNTIL),
        Step.SUSPEND: _row(_BEGUN, _S.SUSPENDED, _A.INCIDENT_DISPATCH, _E.REASON, _E.UNTIL),
        Step.RESUME: _row({_S.SUSPENDED}, _S.IN_PROGRESS, _A.INCIDENT_DISPATCH),
        # Other offices, each with a task of its own.
        Step.ASSIST: _row(_UNDER_WAY, None, _A.INCIDENT_DISPATCH, _E.OFFICE, _E.UNTIL, _E.REASON),
        Step.INFORM: _row(OPEN_STATES, None, _A.INCIDENT_DISPATCH, _E.OFFICE),
        Step.WHISTLE: _row({*_UNDER_WAY, _S.FILED}, None, _A.INCIDENT_DISPATCH, _E.OFFICE, _E.UNTIL, _E.REASON),
        Step.UPWARD: _row(_UNTIL_HANDLED, None, _A.INCIDENT_DISPATCH, _E.OFFICE, _E.UNTIL, _E.REASON),
        Step.ARRIVE: _row(OPEN_STATES, None, _A.INCIDENT_ANSWER, _E.TASK),
        Step.ANSWER: _row(OPEN_STATES, None, _A.INCIDENT_ANSWER, _E.TASK, _E.REASON),
        Step.WITHDRAW: _row(OPEN_STATES, None, _A.INCIDENT_DISPATCH, _E.TASK, _E.REASON),
        Step.SUPERVISE: _row(OPEN_STATES, None, _A.INCIDENT_RULE, _E.REASON, _E.UNTIL),
        Step.RELEASE: _row(OPEN_STATES, None, _A.INCIDENT_RULE, _E.REASON),
        # What it is, where it is, and of which other it is a part. What is found anew from it comes along: the office, the template.
        Step.REGRADE: _row(OPEN_STATES, None, _A.INCIDENT_DISPATCH, _E.GRADE, _E.REASON),
        Step.RETYPE: _row(_UNTIL_HANDLED, None, _A.INCIDENT_DISPATCH, _E.ISSUE, _E.REASON),
        Step.RELOCATE: _row(_UNTIL_HANDLED, None, _A.INCIDENT_DISPATCH, _E.PLACE, _E.REASON),
        Step.REHOME: _row(OPEN_STATES, None, _A.INCIDENT_DISPATCH, _E.REASON),
        Step.MERGE: _row(_UNTIL_HANDLED, _S.VOIDED, _A.INCIDENT_CLOSE, _E.INTO, answered=True),
        Step.JOIN: _row(OPEN_STATES, None, _A.INCIDENT_CLOSE),
        Step.SPLIT: _row({_S.VOIDED}, _S.FILED, _A.INCIDENT_CLOSE, _E.REASON),
        Step.SHED: _row(OPEN_STATES, None, _A.INCIDENT_CLOSE),
        Step.HANDLE: _row(_BEGUN, _S.HANDLED, _A.INCIDENT_HANDLE, _E.REASON, answered=True, outcome=True),
        Step.SETTLE: _row({_S.FILED, _S.DISPATCHED}, _S.INSPECTED, _A.INCIDENT_SETTLE, _E.PHOTO, answered=True, outcome=True),
        Step.INSPECT: _row({_S.HANDLED}, _S.INSPECTED, _A.INCIDENT_INSPECT, apart=True),
        Step.REWORK: _row({_S.HANDLED, _S.INSPECTED}, _S.IN_PROGRESS, _A.INCIDENT_INSPECT, _E.REASON, apart=True, outcome=True),
        Step.REPLY: _row(OPEN_STATES, None, _A.INCIDENT_CLOSE, _E.REASON),
        Step.CLOSE: _row({_S.INSPECTED, _S.NOT_FILED}, _S.CLOSED, _A.INCIDENT_CLOSE, apart=True, told=True, answered=True),
        Step.VOID: _row(OPEN_STATES, _S.VOIDED, _A.INCIDENT_CLOSE, _E.REASON, apart=True, told=True),
        Step.CALL_BACK: _row({_S.CLOSED}, None, _A.INCIDENT_CLOSE, _E.SATISFIED, apart=True),
        Step.REOPEN: _row({_S.NOT_FILED, *ENDED}, _S.FILED, _A.INCIDENT_CLOSE, _E.REASON, outcome=True),
    }
)
"""What can be done to an incident, and to which."""


def _mediated() -> Mapping[Step, Row]:
    """A dispute (domain: 分级调解) is mediated, first where it arose, then a level higher each time that it fails; what it ends in is an
    agreement, whose text lies sealed elsewhere. Nobody settles one by a photo."""
    own = {
        Step.ELEVATE: _row(_BEGUN, _S.DISPATCHED, _A.INCIDENT_HANDLE, _E.OFFICE, _E.REASON, answered=True),
        Step.HANDLE: replace(STEPS[Step.HANDLE], needs=frozenset({_E.AGREEMENT})),
    }
    return MappingProxyType({step: own.get(step) or STEPS[step] for step in Step if step in {*STEPS, *own} - {Step.SETTLE}})


TEMPLATES: Mapping[Template, Mapping[Step, Row]] = MappingProxyType({Template.REPAIR: STEPS, Template.DISPUTE: _mediated()})
"""The steps that each kind of life has, in the order of `Step`."""
ROWS: Mapping[Step, tuple[Row, ...]] = MappingProxyType(
    {step: tuple(dict.fromkeys(rows[step] for rows in TEMPLATES.values() if step in rows)) for step in Step}
)
"""Each step with its rows in any template; its action is the same in all."""
HALVES = frozenset({Step.JOIN, Step.SHED})
"""What an incident does because another is merged into it, or taken out of it: nobody takes it by itself."""
ACTIONS: Mapping[Step, Action] = MappingProxyType({step: rows[0].action for step, rows in ROWS.items()})
"""What one must be allowed to take each step."""
