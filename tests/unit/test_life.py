"""An incident's life: no step leads where it may not, its log replays to the same life, and every life can end."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from gridmap.access import ALLOWED, Action, Role
from gridmap.errors import Refusal
from gridmap.incidents.life import (
    ACTIONS,
    ENDED,
    HALVES,
    OPEN_STATES,
    ROWS,
    RULED_AFTER,
    TEMPLATES,
    Evidence,
    EvidenceMissing,
    EvidenceUnfit,
    HandledByYou,
    Life,
    NotCalled,
    ReplyMissing,
    RulingNeeded,
    Satisfied,
    State,
    Step,
    StepImpossible,
    Taken,
    TaskKind,
    TaskMissing,
    Template,
    open_to,
    possible,
    replay,
    take,
)
from gridmap.words import LANGS

ACTORS = ("an", "bo", "cai")
AFTER_HANDLING = {State.HANDLED, State.INSPECTED}
births = st.builds(
    Life,
    incident=st.just("2026-000001"),
    state=st.sampled_from([State.TRIAGE, State.DISPATCHED]),
    office=st.sampled_from([None, "ROADS"]),
    contact_left=st.booleans(),
    template=st.sampled_from(list(Template)),
)
steps = st.builds(
    Taken,
    step=st.sampled_from(list(Step)),
    actor=st.sampled_from(ACTORS),
    reason=st.sampled_from(["", "because"]),
    photo=st.sampled_from(["", "p.jpg"]),
    office=st.sampled_from(["", "WATER"]),
    until=st.sampled_from(["", "2026-04-01T00:00:00+08:00"]),
    task=st.sampled_from(["", "1", "2"]),
    grade=st.sampled_from(["", "complex", "purple"]),
    issue=st.sampled_from(["", "0505"]),
    place=st.sampled_from(["", "118.1,25.5"]),
    into=st.sampled_from(["", "2026-000002"]),
    agreement=st.sampled_from(["", "sealed-7.pdf"]),
    satisfied=st.sampled_from(["", *Satisfied]),
    template=st.sampled_from(["", *Template]),
    other=st.sampled_from(["", "2026-000002"]),
    drawn=st.booleans(),
    contact_left=st.booleans(),
)


def life(state: State, **more: object) -> Life:
    return Life(incident="2026-000001", state=state, **more)  # type: ignore[arg-type]


def whole(step: Step, actor: str = "an", **more: object) -> Taken:
    """The step with all evidence that any needs."""
    given = {
        "reason": "because", "photo": "p.jpg", "office": "WATER", "until": "2026-04-01T00:00:00+08:00", "task": "1", "grade": "complex",
        "issue": "0505", "place": "118.1,25.5", "into": "2026-000002", "agreement": "sealed-7.pdf", "satisfied": "yes",
    }  # fmt: skip
    return Taken(step=step, actor=actor, **given | more)  # type: ignore[arg-type]


def outcome(one: Life, taken: Taken) -> Life | Refusal:
    """The life after the step, or why there is none."""
    try:
        return take(one, taken)
    except Refusal as refusal:
        return refusal


class Living(RuleBasedStateMachine):
    """Steps of all kinds by three people, most of them impossible, and a log of those that were taken."""

    def __init__(self) -> None:
        super().__init__()
        self.life: Life | None = None
        self.log: list[Taken] = []

    @precondition(lambda self: self.life is None)
    @rule(born=births)
    def is_born(self, born: Life) -> None:
        self.born = self.life = born

    @precondition(lambda self: self.life is not None)
    @rule(taken=steps)
    def tries(self, taken: Taken) -> None:
        before = self.life
        assert before is not None
        after = outcome(before, taken)
        if isinstance(after, Refusal):
            assert all(after.text(lang) for lang in LANGS)
            fits = not isinstance(after, EvidenceMissing | EvidenceUnfit | TaskMissing | NotCalled)
            assert not (fits and taken.step in open_to(before, taken.actor))
            return
        assert taken.step in open_to(before, taken.actor)
        assert after.revision == before.revision + 1
        assert after.state in ENDED or possible(after)
        if after.state is State.CLOSED:
            assert not after.must_reply
            assert before.state in {State.INSPECTED, State.NOT_FILED, State.CLOSED}
            assert not after.owed
            assert taken.actor != before.handled_by or before.settled
        if after.state in AFTER_HANDLING and before.state not in AFTER_HANDLING:
            assert taken.step in {Step.HANDLE, Step.SETTLE}
        self.life = after
        self.log.append(taken)

    @precondition(lambda self: self.life is not None)
    @rule(actor=st.sampled_from(ACTORS), data=st.data())
    def goes_on(self, actor: str, data: st.DataObject) -> None:
        """A step that is possible, so that far states are reached."""
        assert self.life is not None
        ways = open_to(self.life, actor)
        if ways:
            owed = str(self.life.owed[0].number) if self.life.owed else "1"
            self.tries(whole(data.draw(st.sampled_from(ways)), actor, drawn=data.draw(st.booleans()), task=owed))

    @invariant()
    def is_what_its_log_says(self) -> None:
        if self.life is not None:
            assert replay(self.born, self.log) == self.life
            kept = [Taken.read(each.step, each.actor, {**each.facts(), "revision": 7}) for each in self.log]
            assert replay(self.born, kept) == self.life


def run_living(operations: int) -> None:
    """So many operations in runs of fifty."""
    runs = settings(max_examples=operations // 50, stateful_step_count=50, deadline=None, database=None)
    run_state_machine_as_test(Living, settings=runs)


def test_two_thousand_random_steps_by_everybody_reach_no_illegal_state_and_the_log_replays() -> None:
    run_living(2_000)


@pytest.mark.proof
def test_a_hundred_thousand_random_steps_reach_no_illegal_state_and_the_log_replays() -> None:
    run_living(int(os.environ.get("GRIDMAP_OPERATIONS", "100000")))


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("handled_by", [None, "an"])
@pytest.mark.parametrize("contact_left", [False, True])
def test_from_every_state_two_people_reach_closed_and_from_every_open_one_voided(
    state: State, handled_by: str | None, contact_left: bool
) -> None:
    for end in State.CLOSED, State.VOIDED:
        seen, todo = set(), [life(state, handled_by=handled_by, contact_left=contact_left, returns=RULED_AFTER)]
        while todo and not any(each.state is end for each in todo):
            one = todo.pop(0)
            known = (one.state, one.replied, one.handled_by, one.returns >= RULED_AFTER)
            if known not in seen:
                seen.add(known)
                todo += [take(one, whole(step, actor)) for actor in ("an", "bo") for step in open_to(one, actor)]
        assert todo, (state, end)


def test_every_state_is_reached_from_a_report() -> None:
    reached, todo = set(), [life(State.TRIAGE)]
    while todo:
        one = todo.pop()
        if one.state not in reached:
            reached.add(one.state)
            todo += [take(one, whole(step, "bo")) for step in open_to(one, "bo")] if one.handled_by is None else []
            todo += [take(one, whole(step, "cai")) for step in open_to(one, "cai")]
    assert reached == set(State)


def test_the_national_flow_from_report_to_closed() -> None:
    one = life(State.TRIAGE, contact_left=True)
    for step, actor, state in (
        (Step.ASK_VERIFY, "desk", State.VERIFYING), (Step.VERIFY, "worker", State.FILED), (Step.DISPATCH, "desk", State.DISPATCHED),
        (Step.ACKNOWLEDGE, "office", State.ACKNOWLEDGED), (Step.START, "office", State.IN_PROGRESS), (Step.HANDLE, "office", State.HANDLED),
        (Step.INSPECT, "worker", State.INSPECTED), (Step.REPLY, "desk", State.INSPECTED), (Step.CLOSE, "desk", State.CLOSED),
        (Step.REOPEN, "desk", State.FILED),
    ):  # fmt: skip
        one = take(one, whole(step, actor))
        assert one.state is state
    assert (one.revision, one.office, one.reopened, one.handled_by, one.must_reply) == (11, "WATER", 1, None, True)


def test_whoever_handled_it_neither_inspects_closes_nor_voids_it() -> None:
    handled = take(life(State.IN_PROGRESS), whole(Step.HANDLE, "an"))
    for step in Step.INSPECT, Step.REWORK, Step.VOID:
        with pytest.raises(HandledByYou):
            take(handled, whole(step, "an"))
    inspected = take(handled, whole(Step.INSPECT, "bo"))
    with pytest.raises(HandledByYou):
        take(inspected, whole(Step.CLOSE, "an"))
    assert take(inspected, whole(Step.CLOSE, "bo")).state is State.CLOSED


def test_one_login_at_the_machine_is_one_person_by_whatever_accounts() -> None:
    for handler, other in (
        ("an", "an (operator:root)"),
        ("an (operator:root)", "bo (operator:root)"),
        ("an (operator:root)", "operator:root"),
    ):
        for first, second in ((handler, other), (other, handler)):
            with pytest.raises(HandledByYou):
                take(take(life(State.IN_PROGRESS), whole(Step.HANDLE, first)), whole(Step.INSPECT, second))


def test_what_was_settled_on_the_spot_its_settler_may_close_unless_another_was_drawn_to_look() -> None:
    assert take(take(life(State.DISPATCHED), whole(Step.SETTLE)), whole(Step.CLOSE)).state is State.CLOSED
    drawn = take(life(State.DISPATCHED), whole(Step.SETTLE, drawn=True))
    assert drawn.state is State.HANDLED
    with pytest.raises(HandledByYou):
        take(drawn, whole(Step.INSPECT))
    again = take(take(drawn, whole(Step.REWORK, "bo")), whole(Step.HANDLE))
    with pytest.raises(HandledByYou):
        take(take(again, whole(Step.INSPECT, "bo")), whole(Step.CLOSE))


def test_an_answer_given_before_the_outcome_was_known_is_none() -> None:
    early = take(life(State.IN_PROGRESS, contact_left=True), whole(Step.REPLY))
    handled = take(take(early, whole(Step.HANDLE)), whole(Step.INSPECT, "bo"))
    with pytest.raises(ReplyMissing):
        take(handled, whole(Step.CLOSE, "bo"))
    assert take(take(handled, whole(Step.REPLY, "bo")), whole(Step.CLOSE, "bo")).state is State.CLOSED


def test_after_the_second_return_somebody_rules_and_then_it_can_be_returned_again() -> None:
    one = life(State.DISPATCHED)
    for _ in range(RULED_AFTER - 1):
        one = take(take(one, whole(Step.RETURN)), whole(Step.DISPATCH))
    returned = take(one, whole(Step.RETURN))
    assert Step.DISPATCH not in possible(returned)
    with pytest.raises(RulingNeeded):
        take(returned, whole(Step.DISPATCH))
    ruled = take(returned, whole(Step.RULE))
    assert (ruled.state, ruled.office, ruled.returns) == (State.DISPATCHED, "WATER", 0)


@given(births, st.sampled_from(list(Step)))
def test_a_refusal_names_what_is_possible_or_missing(born: Life, step: Step) -> None:
    found = outcome(born, Taken(step=step, actor="an"))
    if isinstance(found, StepImpossible):
        told = tuple(each for each in possible(born) if each not in HALVES)
        assert found.facts["possible"] == told
        assert all(each.text("zh") in found.text("zh") for each in told)
    elif isinstance(found, EvidenceMissing):
        assert set(found.facts["missing"]) == born.rows[step].needs
    else:
        assert isinstance(found, ReplyMissing) is (step not in open_to(born, "an"))


def test_every_step_is_a_row_that_leads_somewhere_and_a_role_may_take_it() -> None:
    assert {step for rows in TEMPLATES.values() for step in rows} == set(Step)
    for step, rows in ROWS.items():
        assert all(row.sources and row.action is ACTIONS[step] for row in rows), step
        assert any(rule.action is ACTIONS[step] and rule.role not in {Role.OPERATOR, Role.RESIDENT} for rule in ALLOWED), step
        assert Action.INCIDENT_READ is not ACTIONS[step]
    assert set(OPEN_STATES) | ENDED == set(State)


@pytest.mark.parametrize("lang", LANGS)
def test_states_steps_and_evidence_have_names_of_their_own(lang: str) -> None:
    for kind in (State, Step, Evidence, Satisfied, TaskKind, Template):
        assert len({each.text(lang) for each in kind}) == len(kind)  # type: ignore[attr-defined]
