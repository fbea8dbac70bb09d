"""Two incidents become one matter: every report goes along, everybody who follows one is told of it, and it can be taken back."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.access import ANONYMOUS, Action, Actor, Forbidden, Grant, Role, allowed, operator
from gridmap.errors import IncidentMissing, Refusal
from gridmap.flows.contact import read_contacts
from gridmap.flows.follow import follow
from gridmap.flows.intake import receive
from gridmap.flows.merge import IntoEnded, IntoMerged, MergedIntoItself, MergeUnexplained, merge, split
from gridmap.flows.step import StepOfAnother, step, steps_of
from gridmap.flows.verify_history import verify
from gridmap.incidents import Answer, Channel, Incident, Report, State
from gridmap.incidents.contact import KEPT_FROM_CLOSING, KEPT_FROM_RECEIPT
from gridmap.incidents.life import HALVES, LONGEST, EvidenceTooLong, ReplyMissing, Step, StepImpossible, Taken, TasksOwed
from gridmap.incidents.public import PublicState
from gridmap.store import Store, clocks, contacts, incidents, lives, public
from gridmap.store.faults import IncidentChanged
from tests.builders import ALL
from tests.closing import close
from tests.small_land import CELLS, IN_CELL_1, IN_EAST, NOW, TOWN, WEST, settle

ME = operator("test")
DAY = timedelta(days=1)
DESK = Actor("desk", "account-desk", None, (Grant(Role.DISPATCHER, TOWN),))
WEST_DESK = Actor("west", "account-west", None, (Grant(Role.DISPATCHER, WEST),))
BESIDE = (IN_CELL_1[0] + 0.0004, IN_CELL_1[1])
PHONE, OTHER_PHONE = "0700-1234567", "0700-7654321"


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def sent(store: Store, contact: str = "", point: tuple[float, float] | None = IN_CELL_1, **more: object) -> Answer:
    where = {"lon": point[0], "lat": point[1], "datum": "wgs84"} if point else {"place": "by the bridge"}
    one = Report(**{"issue": "E0113", "channel": Channel.RESIDENT, "contact": contact} | where | more)  # type: ignore[arg-type]
    return receive(store, one, now=NOW, actor=ME)


def now_of(store: Store, id: str) -> Incident:
    with store.read(ALL) as tx:
        return incidents.get(tx, id)


def reports(store: Store, one: Answer) -> int:
    with store.read(ALL) as tx:
        return len(incidents.reports(tx, one.incident))


def whole(store: Store, *answers: Answer) -> None:
    """Of each incident log and row agree, also about its clocks."""
    with store.read(ALL) as tx:
        for each in answers:
            one = incidents.get(tx, each.incident)
            assert lives.replayed(tx, one) == one.life
            assert lives.clocked(tx, one, NOW) == clocks.of_incident(tx, one.id)


def together(store: Store, one: Answer, other: Answer, actor: Actor = DESK, **more: object) -> Incident:
    known: dict[str, object] = {"revision": None, "into_revision": None}
    return merge(store, one.number, other.number, **known | more, now=NOW, actor=actor).incident  # type: ignore[arg-type]


def apart(store: Store, one: Answer, actor: Actor = DESK, **more: object) -> Incident:
    known: dict[str, object] = {"revision": None, "into_revision": None, "reason": "two holes"}
    return split(store, one.number, **known | more, now=NOW, actor=actor).incident  # type: ignore[arg-type]


def followed(store: Store, one: Answer) -> tuple[str, State]:
    found = follow(store, one.report, network="n", actor=ANONYMOUS, now=NOW)
    return found.number, found.state


def shown(store: Store) -> list[PublicState]:
    with store.read(ALL) as tx:
        return sorted(each.state for each in public.counts(tx, states=list(PublicState), limit=9) for _ in range(each.count))


def test_the_reports_go_along_and_the_one_ends_as_a_part_of_the_other(county: Store) -> None:
    one, other = sent(county, PHONE), sent(county)
    done = merge(county, one.incident, other.number, revision=1, into_revision=1, reason="one hole", now=NOW, actor=DESK)
    assert (done.incident, done.into, done.reports) == (now_of(county, one.incident), now_of(county, other.incident), 1)
    assert (done.incident.state, done.incident.merged_into, done.incident.due_at) == (State.VOIDED, other.number, None)
    assert (done.into.state, done.into.contact_left, done.into.revision) == (State.DISPATCHED, True, 2)
    assert (reports(county, one), reports(county, other)) == (0, 2)
    assert followed(county, one) == followed(county, other) == (other.number, State.DISPATCHED)
    assert shown(county) == [PublicState.CLOSED, PublicState.OPEN]
    whole(county, one, other)
    with county.read(ALL) as tx:
        assert [row.what for row in incidents.history(tx, one.incident)] == ["receive", "report.move", "incident.merge"]
        assert [row.what for row in incidents.history(tx, other.incident)] == ["receive", "incident.join", "report.move"]
        last = incidents.history(tx, one.incident)[-1]
        assert (last.actor, last.facts) == ("desk", {"into": other.number, "reason": "one hole", "revision": 2})
    assert verify(county, None, actor=ME).faults == ()


def test_all_who_left_a_contact_are_answered_before_it_closes_and_can_be_reached_as_long_as_it_is_open(county: Store) -> None:
    one, other = sent(county, PHONE), sent(county)
    together(county, one, other)
    late = NOW + KEPT_FROM_CLOSING + DAY
    assert [each.contact for each in read_contacts(county, other.number, "ask back", now=late, actor=DESK)] == [PHONE]
    assert read_contacts(county, one.number, "ask back", now=late, actor=DESK) == ()
    settled = step(county, other.number, Taken(step=Step.SETTLE, actor="", photo="p"), revision=None, now=NOW, actor=ME, draw=lambda: False)
    with pytest.raises(ReplyMissing):
        step(county, other.number, Taken(step=Step.CLOSE, actor=""), revision=settled.revision, now=NOW, actor=DESK)
    step(county, other.number, Taken(step=Step.REPLY, actor="", reason="mended"), revision=None, now=NOW, actor=DESK)
    assert step(county, other.number, Taken(step=Step.CLOSE, actor=""), revision=None, now=NOW, actor=DESK).state is State.CLOSED
    assert followed(county, one) == (other.number, State.CLOSED)


def test_who_was_answered_before_others_joined_is_answered_again_with_them(county: Store) -> None:
    other = sent(county, OTHER_PHONE)
    step(county, other.number, Taken(step=Step.REPLY, actor="", reason="seen"), revision=None, now=NOW, actor=DESK)
    together(county, sent(county), other)
    assert now_of(county, other.incident).replied
    together(county, sent(county, PHONE), other)
    assert now_of(county, other.incident).life.must_reply


def test_what_cannot_be_merged_stays_as_it_was(county: Store) -> None:
    one, other, third, ended, east = (sent(county), sent(county), sent(county), sent(county), sent(county, point=IN_EAST))
    together(county, third, other)
    close(county, ended.incident, "done", now=NOW, actor=ME)
    before = [now_of(county, each.incident) for each in (one, other, third, ended, east)]
    for first, second, actor, more, refusal in (
        (one, one, DESK, {}, MergedIntoItself),
        (one, third, DESK, {}, IntoMerged),
        (third, other, DESK, {}, StepImpossible),
        (one, ended, DESK, {}, IntoEnded),
        (ended, one, DESK, {}, StepImpossible),
        (one, east, WEST_DESK, {}, IncidentMissing),
        (east, one, WEST_DESK, {}, IncidentMissing),
        (one, other, Actor("w1", "a", "W1", (Grant(Role.WORKER, CELLS[0]),)), {}, Forbidden),
        (one, other, DESK, {"revision": 2}, IncidentChanged),
        (one, other, DESK, {"into_revision": 1}, IncidentChanged),
        (one, other, DESK, {"reason": "x" * (LONGEST + 1)}, EvidenceTooLong),
    ):
        with pytest.raises(refusal):
            together(county, first, second, actor, **more)
    assert [now_of(county, each.incident) for each in (one, other, third, ended, east)] == before
    assert [reports(county, each) for each in (one, other, third, ended, east)] == [1, 2, 0, 1, 1]


def test_what_would_not_be_suggested_is_merged_with_a_reason(county: Store) -> None:
    one, near, far, earlier = sent(county), sent(county, point=BESIDE), sent(county, point=IN_EAST), sent(county, at=NOW - 2 * DAY)
    water, unplaced = sent(county, issue="C0101"), sent(county, point=None)
    for other, told in (
        (far, r"about Damaged road \(E0113\), .* lie 2,5\d\d m and 0.0 hours apart"),
        (earlier, "lie 0 m and 48.0 hours apart"),
        (water, r"about Damaged road \(E0113\), .* about Water manhole \(C0101\), and they lie 0 m"),
        (unplaced, "how far from each other nobody knows"),
    ):
        before = now_of(county, other.incident)
        with pytest.raises(MergeUnexplained, match=told):
            together(county, one, other, ME)
        assert now_of(county, other.incident) == before
        together(county, one, other, ME, reason="one hole")
        apart(county, one, ME)
    assert together(county, one, near).merged_into == near.number


def test_while_another_office_owes_an_answer_it_is_no_part_of_another(county: Store) -> None:
    one, other = sent(county), sent(county)
    asks = Taken(step=Step.ASSIST, actor="", office="WATER", reason="a pipe", until=(NOW + DAY).isoformat())
    step(county, one.number, asks, revision=None, now=NOW, actor=DESK)
    with pytest.raises(TasksOwed):
        together(county, one, other)
    assert reports(county, one) == 1


def test_it_is_a_step_like_others_whose_other_half_nobody_takes_or_is_offered(county: Store) -> None:
    one, other = sent(county, PHONE), sent(county)

    def go(taken: Step, revision: int | None = None) -> Incident:
        given = Taken(step=taken, actor="", into=other.number, reason="one hole")
        return step(county, one.number, given, revision=revision, now=NOW, actor=DESK)

    for each in HALVES:
        assert each not in steps_of(DESK, now_of(county, one.incident))
        with pytest.raises(StepOfAnother):
            go(each)
    assert Step.MERGE in steps_of(DESK, now_of(county, one.incident))
    with pytest.raises(IncidentChanged):
        go(Step.MERGE, 7)
    assert go(Step.MERGE, 1).merged_into == other.number
    assert (reports(county, one), reports(county, other)) == (0, 2)
    assert steps_of(DESK, now_of(county, one.incident)) == (Step.SPLIT,)
    with pytest.raises(StepImpossible):
        go(Step.REOPEN)
    assert go(Step.SPLIT, 2).state is State.FILED
    assert (reports(county, one), reports(county, other)) == (1, 1)
    whole(county, one, other)


def test_taken_back_each_has_its_own_reports_and_its_own_reporters_to_answer(county: Store) -> None:
    one, other = sent(county, PHONE), sent(county)
    together(county, one, other)
    back = split(county, one.number, revision=2, into_revision=2, reason="two holes", now=NOW, actor=DESK)
    assert (back.incident.state, back.incident.merged_into, back.reports) == (State.FILED, None, 1)
    assert (back.incident.clock, back.incident.due_at is not None) == ("handle", True)
    assert (back.incident.life.must_reply, back.into.contact_left, back.into.state) == (True, False, State.DISPATCHED)
    assert (reports(county, one), reports(county, other)) == (1, 1)
    assert (followed(county, one)[0], followed(county, other)[0]) == (one.number, other.number)
    assert shown(county) == [PublicState.OPEN] * 2
    whole(county, one, other)
    with county.read(ALL) as tx:
        [kept] = contacts.of_incident(tx, one.incident, at=NOW)
    assert kept.kept_until == NOW + KEPT_FROM_RECEIPT
    assert close(county, one.incident, "done", now=NOW, actor=ME).state is State.CLOSED


def test_what_came_with_a_part_goes_back_with_it_and_no_further(county: Store) -> None:
    first, second, third = sent(county), sent(county, PHONE), sent(county)
    together(county, first, second)
    together(county, second, third)
    with pytest.raises(IntoMerged):
        apart(county, first)
    assert [reports(county, each) for each in (first, second, third)] == [0, 0, 3]
    apart(county, second)
    assert [reports(county, each) for each in (first, second, third)] == [0, 2, 1]
    apart(county, first)
    assert [reports(county, each) for each in (first, second, third)] == [1, 1, 1]
    together(county, first, third)
    apart(county, first)
    assert [reports(county, each) for each in (first, second, third)] == [1, 1, 1]
    whole(county, first, second, third)


def test_it_is_taken_back_only_by_whom_from_what_and_on_what_it_may(county: Store) -> None:
    one, other, east = sent(county), sent(county), sent(county, point=IN_EAST)
    together(county, one, other)
    for answer, actor, more, refusal in (
        (other, DESK, {}, StepImpossible),
        (one, DESK, {"reason": " "}, Refusal),
        (one, DESK, {"revision": 1}, IncidentChanged),
        (one, DESK, {"into_revision": 1}, IncidentChanged),
        (one, Actor("far", "f", None, (Grant(Role.DISPATCHER, CELLS[1]),)), {}, IncidentMissing),
    ):
        with pytest.raises(refusal):
            apart(county, answer, actor, **more)
    together(county, sent(county), east, reason="one hole")
    close(county, other.incident, "done", now=NOW, actor=ME)
    with pytest.raises(IntoEnded):
        apart(county, one)
    assert (reports(county, one), reports(county, other)) == (0, 2)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_merged_and_taken_back_no_report_is_lost_and_every_log_replays(county: Store, data: st.DataObject) -> None:
    made = [sent(county, contact) for contact in (PHONE, "", OTHER_PHONE, "")]
    pairs = [(one, other) for one in made for other in (None, *made)]
    for one, other in data.draw(st.lists(st.sampled_from(pairs), max_size=12)):
        try:
            apart(county, one) if other is None else together(county, one, other)
        except Refusal:
            continue
    whole(county, *made)
    assert sum(reports(county, each) for each in made) == len(made)
    for each in made:
        one = now_of(county, each.incident)
        assert (reports(county, each) == 0) is (one.merged_into is not None)
        with county.read(ALL) as tx:
            assert one.merged_into or one.contact_left is contacts.is_any_left(tx, one.id)
        number, state = followed(county, each)
        assert state is not State.VOIDED
        assert number == one.number or one.merged_into


def test_on_postgresql_nobody_moves_a_report_to_what_they_do_not_see(fresh_postgres: str) -> None:
    """The second wall alone: the first is not asked."""
    with Store.open(fresh_postgres) as store:
        settle(store)
        one, other, east = sent(store), sent(store), sent(store, point=IN_EAST)
        moved = "UPDATE report SET incident = %(to)s WHERE id = %(id)s"
        for actor, action, report, to, wanted in (
            (WEST_DESK, Action.INCIDENT_CLOSE, one, other, 1),
            (WEST_DESK, Action.INCIDENT_CLOSE, east, one, 0),
            (WEST_DESK, Action.INCIDENT_DISPATCH, one, other, 0),
            (ME, Action.INCIDENT_READ, one, other, 0),
        ):
            with store.begin(allowed(actor, action)) as tx:
                assert tx.exec_driver_sql(moved, {"to": to.incident, "id": report.report}).rowcount == wanted
        with pytest.raises(Exception, match="row-level security"), store.begin(allowed(WEST_DESK, Action.INCIDENT_CLOSE)) as tx:
            tx.exec_driver_sql(moved, {"to": east.incident, "id": one.report})
