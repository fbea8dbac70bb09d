"""The reporter is called back: satisfied or not is kept, and who is not has it opened again in the same step."""

from datetime import timedelta

import pytest

from gridmap.access import Actor, Forbidden, Grant, Role, operator
from gridmap.flows.contact import read_contacts
from gridmap.flows.purge import purge_contacts
from gridmap.flows.step import step
from gridmap.incidents import Incident, State
from gridmap.incidents.contact import KEPT_FROM_CLOSING, KEPT_FROM_RECEIPT
from gridmap.incidents.life import EvidenceMissing, EvidenceUnfit, HandledByYou, ReplyMissing, Satisfied, Step, StepImpossible, Taken
from gridmap.incidents.public import PublicState
from gridmap.store import Store, clocks, contacts, incidents, lives, public
from tests.builders import ALL
from tests.closing import close
from tests.small_land import NOW, TOWN, settle
from tests.store.test_lives import DESK, ROADS, WORKER, now_of, take_in

PHONE = "0700-1234567"
DAY = timedelta(days=1)
ME = operator("test")


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def closed(store: Store) -> Incident:
    return close(store, take_in(store, PHONE).id, "done", now=NOW, actor=ME)


def call(store: Store, one: Incident, said: str, *, actor: Actor = DESK, at: timedelta = timedelta(0), reason: str = "") -> Incident:
    taken = Taken(step=Step.CALL_BACK, actor="", satisfied=said, reason=reason)
    return step(store, one.id, taken, revision=one.revision, now=NOW + at, actor=actor)


def shown(store: Store) -> list[PublicState]:
    with store.read(ALL) as tx:
        return [each.state for each in public.counts(tx, states=list(PublicState), limit=9)]


def whole(store: Store, one: Incident) -> None:
    with store.read(ALL) as tx:
        assert lives.replayed(tx, one) == one.life
        assert lives.clocked(tx, one, NOW) == clocks.of_incident(tx, one.id)


@pytest.mark.parametrize("said", [Satisfied.YES, Satisfied.MOSTLY])
def test_who_is_satisfied_is_kept_as_such_once_and_it_stays_closed(county: Store, said: Satisfied) -> None:
    one = call(county, closed(county), said)
    assert (one.state, one.satisfied, one.due_at) == (State.CLOSED, said, None)
    whole(county, one)
    with pytest.raises(StepImpossible):
        call(county, one, Satisfied.NO)


def test_who_is_not_satisfied_has_it_opened_again_in_the_same_step(county: Store) -> None:
    before = closed(county)
    one = call(county, before, Satisfied.NO, reason="the hole is there again")
    assert (one.state, one.revision, one.reopened, one.satisfied) == (State.FILED, before.revision + 1, 1, None)
    assert (one.handled_by, one.replied, one.life.must_reply) == (None, False, True)
    assert shown(county) == [PublicState.OPEN]
    assert (one.clock, one.due_at is not None) == ("handle", True)
    whole(county, one)
    with county.read(ALL) as tx:
        last = incidents.history(tx, one.id)[-1]
    assert (last.what, last.from_state, last.to_state) == ("incident.call_back", State.CLOSED, State.FILED)
    assert last.facts == {"satisfied": "no", "reason": "the hole is there again", "revision": one.revision}
    settled = step(county, one.id, Taken(step=Step.DISPATCH, actor="", office="ROADS"), revision=None, now=NOW, actor=DESK)
    for each in (Step.ACKNOWLEDGE, Step.HANDLE):
        settled = step(county, one.id, Taken(step=each, actor="", reason="mended"), revision=None, now=NOW, actor=ROADS)
    inspected = step(county, one.id, Taken(step=Step.INSPECT, actor=""), revision=settled.revision, now=NOW, actor=WORKER)
    with pytest.raises(ReplyMissing):
        step(county, one.id, Taken(step=Step.CLOSE, actor=""), revision=inspected.revision, now=NOW, actor=DESK)


def test_the_contact_is_there_for_the_call_and_as_long_as_the_matter_is_open_again(county: Store) -> None:
    one, late = closed(county), KEPT_FROM_CLOSING - DAY
    assert [each.contact for each in read_contacts(county, one.number, "call back", now=NOW + late, actor=DESK)] == [PHONE]
    call(county, one, Satisfied.NO, at=late)
    purge_contacts(county, now=NOW + KEPT_FROM_CLOSING + DAY, actor=ME)
    [kept] = read_contacts(county, one.number, "tell of the outcome", now=NOW + KEPT_FROM_CLOSING + DAY, actor=DESK)
    assert (kept.contact, kept.kept_until) == (PHONE, NOW + KEPT_FROM_RECEIPT)


def test_what_is_past_its_term_does_not_come_back_with_the_matter(county: Store) -> None:
    one = closed(county)
    again = step(
        county, one.id, Taken(step=Step.REOPEN, actor="", reason="x"), revision=None, now=NOW + KEPT_FROM_CLOSING, actor=DESK
    )  # fmt: skip
    assert read_contacts(county, again.number, "x", now=NOW + KEPT_FROM_CLOSING, actor=DESK) == ()
    with county.read(ALL) as tx:
        assert contacts.overdue(tx, at=NOW + KEPT_FROM_CLOSING) == 1


def test_only_a_word_that_is_one_and_only_by_whom_it_may(county: Store) -> None:
    one = closed(county)
    for said, actor, refusal in (
        ("", DESK, EvidenceMissing),
        ("perhaps", DESK, EvidenceUnfit),
        ("yes", ME, HandledByYou),
        ("yes", ROADS, Forbidden),
        ("yes", Actor("sup", "s", None, (Grant(Role.SUPERVISOR, TOWN),)), Forbidden),
    ):
        with pytest.raises(refusal):
            call(county, one, said, actor=actor)
    with pytest.raises(StepImpossible):
        call(county, take_in(county, PHONE), "yes")
    assert now_of(county, one.id) == one
