"""Tasks of other offices: each sees what it was asked about, answers its own tasks alone, and sees nothing once it is asked no longer."""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, update

from gridmap.access import Action, Actor, Forbidden, Grant, Role, allowed
from gridmap.catalogue import Grade
from gridmap.errors import IncidentMissing, OfficeMissing, Refusal
from gridmap.flows.contact import read_contacts
from gridmap.flows.fitting import CentreMissing, CentreWrong, NothingChanges, OfficeHasIt, TermNotLater
from gridmap.flows.rematch import IssueMissing, PinUnreadable
from gridmap.flows.step import UntilPast, own_tasks, step, steps_of
from gridmap.incidents import Incident, State
from gridmap.incidents.life import EvidenceUnfit, NotCalled, Step, Taken, TaskKind, TaskMissing, TasksOwed, Template
from gridmap.store import Store, Tx, incidents, lives
from gridmap.store.faults import TaskOfAnother
from gridmap.store.schema import incident
from gridmap.store.scoping import within
from tests.builders import ALL
from tests.small_land import IN_EAST, NOW, TOWN, settle
from tests.store.test_lives import DESK, LEADER, ROADS, SUPERVISOR, WATER, WORKER, now_of, take_in

DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
COUNTY_DESK = Actor("county", "account-county", None, (Grant(Role.DISPATCHER),))
LATER = (NOW + 3 * DAY).isoformat()
CENTRES = {code: Actor(code, f"account-{code}", None, (Grant(Role.HANDLER, None, code),)) for code in ("CT", "C0")}
CENTRE = Actor("centre", "account-centre", None, (Grant(Role.HANDLER, None, "CW"),))
ROAD = Actor("road", "account-road", None, (Grant(Role.HANDLER, None, "ROAD"),))  # a part of another's code is nobody's
OTHERS = (WATER, CENTRE, ROAD)


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def do(store: Store, one: Incident, what: Step, actor: Actor, **more: str) -> Incident:
    given = {"reason": "because"} | more
    return step(store, one.id, Taken(step=what, actor="x", **given), revision=None, now=NOW, actor=actor)  # type: ignore[arg-type]


def seen_by(store: Store, actor: Actor) -> set[str]:
    """What the list shows; it must agree with the single incident, the counts and the map."""
    with store.read(allowed(actor, Action.INCIDENT_READ)) as tx:
        found = {one.id for one in incidents.list_(tx, limit=100)}
        assert sum(incidents.count(tx).values()) == len(found)
        assert {one.id for one in incidents.list_(tx, bbox=(112, 27, 114, 29), limit=100)} == found
        assert {one.id for one in incidents.list_(tx, order=incidents.Order.DUE, limit=100)} == found
        changed = {incident for _, incident in incidents.changes_after(tx, 0, 100)}
        assert changed == found
    return found


def is_there(store: Store, one: Incident, actor: Actor) -> bool:
    with store.read(allowed(actor, Action.INCIDENT_READ)) as tx:
        try:
            assert incidents.get(tx, one.number).tasks
        except IncidentMissing:
            return False
    return True


def test_whoever_is_asked_sees_that_incident_and_no_other_and_nobody_else_sees_more_than_before(county: Store) -> None:
    one, other = take_in(county), take_in(county, lon=IN_EAST[0], lat=IN_EAST[1])
    assert [seen_by(county, actor) for actor in OTHERS] == [set(), set(), set()]
    one = do(county, one, Step.ASSIST, DESK, office="WATER", until=LATER)
    assert seen_by(county, WATER) == {one.id}
    assert is_there(county, one, WATER)
    assert not is_there(county, other, WATER)
    assert [seen_by(county, actor) for actor in (CENTRE, ROAD)] == [set(), set()]
    assert seen_by(county, ROADS) == {one.id, other.id}


@pytest.mark.parametrize("kind", [Step.ASSIST, Step.WHISTLE, Step.UPWARD, Step.INFORM])
def test_what_is_withdrawn_is_seen_no_more_and_what_was_told_is_seen_for_good(county: Store, kind: Step) -> None:
    asked = CENTRES["CT"] if kind is Step.UPWARD else WATER
    [office] = [grant.office for grant in asked.grants]
    one = do(county, take_in(county), kind, DESK, office=office, until=LATER)
    assert [(task.kind, task.office, task.owed) for task in one.tasks] == [(TaskKind(kind), office, kind is not Step.INFORM)]
    assert is_there(county, one, asked)
    if kind is Step.INFORM:
        with pytest.raises(Refusal):
            do(county, one, Step.WITHDRAW, DESK, task="1")
        one = do(county, one, Step.TRANSFER, DESK, office="CW")
        assert is_there(county, one, WATER)
        return
    with county.read(ALL) as tx:
        before = incidents.latest_change(tx)
    one = do(county, one, Step.WITHDRAW, DESK, task="1")
    assert (seen_by(county, asked), is_there(county, one, asked)) == (set(), False)
    with county.read(ALL) as tx:
        assert lives.left(tx, before)[one.id].offices == {office}
        assert incidents.history(tx, one.id)[-1].facts["from_asked"] == [office]


def test_an_office_that_is_asked_twice_goes_on_seeing_it_while_one_of_the_two_stands(county: Store) -> None:
    one = do(county, take_in(county), Step.ASSIST, DESK, office="WATER", until=LATER)
    one = do(county, one, Step.INFORM, DESK, office="WATER")
    with county.read(ALL) as tx:
        before = incidents.latest_change(tx)
    one = do(county, one, Step.WITHDRAW, DESK, task="1")
    assert is_there(county, one, WATER)
    with county.read(ALL) as tx:
        assert lives.left(tx, before)[one.id].offices == set()


def test_whoever_is_asked_arrives_and_answers_and_does_nothing_else(county: Store) -> None:
    one = do(county, take_in(county, contact="0700-1234567"), Step.WHISTLE, DESK, office="WATER", until=LATER)
    assert steps_of(WATER, one) == (Step.ARRIVE, Step.ANSWER)
    for what in Step:
        if what not in {Step.ARRIVE, Step.ANSWER}:
            with pytest.raises((Forbidden, IncidentMissing)):
                do(county, one, what, WATER, office="CW", until=LATER, photo="p", task="1", agreement="2026-17")
    with pytest.raises(IncidentMissing):
        read_contacts(county, one.number, "why", now=NOW, actor=WATER)
    one = do(county, one, Step.ARRIVE, WATER, task="1")
    assert (one.tasks[0].arrived, steps_of(WATER, one)) == (True, (Step.ANSWER,))
    one = do(county, one, Step.ANSWER, WATER, task="1", reason="our pipe is sound")
    assert (one.life.owed, steps_of(WATER, one), is_there(county, one, WATER)) == ((), (), True)
    with county.read(ALL) as tx:
        assert lives.replayed(tx, now_of(county, one.id)) == one.life


def test_nobody_answers_another_offices_task(county: Store) -> None:
    one = do(county, take_in(county), Step.WHISTLE, DESK, office="WATER", until=LATER)
    one = do(county, one, Step.WHISTLE, DESK, office="CW", until=LATER)
    for what in (Step.ARRIVE, Step.ANSWER):
        with pytest.raises(TaskOfAnother) as refused:
            do(county, one, what, WATER, task="2")
        assert refused.value.facts == {"incident": one.number, "task": 2, "office": "CW"}
        with pytest.raises(TaskMissing):
            do(county, one, what, WATER, task="3")
        for actor in (DESK, LEADER, SUPERVISOR, WORKER):
            with pytest.raises(Forbidden):
                do(county, one, what, actor, task="1")
        with pytest.raises(IncidentMissing):  # whose it is, is not thereby asked
            do(county, one, what, ROADS, task="1")
    assert now_of(county, one.id) == one
    assert [[task.number for task in own_tasks(actor, one)] for actor in (WATER, CENTRE, ROAD, DESK)] == [[1], [2], [], []]
    done = do(county, do(county, one, Step.ANSWER, WATER, task=" 1 "), Step.ANSWER, CENTRE, task="2")
    assert done.life.owed == ()


def test_one_arrives_only_where_one_was_called_to_the_spot_and_once(county: Store) -> None:
    one = do(county, take_in(county), Step.ASSIST, DESK, office="WATER", until=LATER)
    with pytest.raises(NotCalled, match="only where one was called to the spot"):
        do(county, one, Step.ARRIVE, WATER, task="1")
    one = do(county, one, Step.WHISTLE, DESK, office="WATER", until=LATER)
    with pytest.raises(NotCalled):
        do(county, one, Step.ARRIVE, WATER, task="1")
    one = do(county, one, Step.ARRIVE, WATER, task="2")
    with pytest.raises(NotCalled, match="is at “on the spot”"):
        do(county, one, Step.ARRIVE, WATER, task="2")
    with pytest.raises(TaskMissing):
        do(county, one, Step.ARRIVE, WATER, task="3")
    assert now_of(county, one.id) == one


def test_who_is_responsible_is_neither_asked_beside_itself_nor_given_what_it_has(county: Store) -> None:
    one = take_in(county)
    for what in (Step.ASSIST, Step.WHISTLE, Step.INFORM, Step.UPWARD, Step.TRANSFER):
        with pytest.raises(OfficeHasIt, match=r"with Urban management \(ROADS\) already"):
            do(county, one, what, DESK, office="ROADS", until=LATER)
    assert now_of(county, one.id) == one


def test_only_a_centre_above_coordinates(county: Store) -> None:
    one = take_in(county)
    for office in ("WATER", "CW"):
        with pytest.raises(CentreWrong, match=r"stands Hedong centre \(CT\), County centre \(C0\)\.$"):
            do(county, one, Step.UPWARD, DESK, office=office, until=LATER)
    assert [do(county, one, Step.UPWARD, DESK, office=office, until=LATER).tasks[-1].office for office in ("CT", "C0")] == ["CT", "C0"]
    at_township = do(county, take_in(county, lon=IN_EAST[0], lat=IN_EAST[1], issue="D02"), Step.UPWARD, DESK, office="C0", until=LATER)
    assert at_township.office == "CT"
    unplaced = take_in(county, lon=None, lat=None, datum="", place="by the bridge")
    with pytest.raises(CentreWrong, match=r"stands County centre \(C0\)\.$"):
        do(county, unplaced, Step.UPWARD, COUNTY_DESK, office="CT", until=LATER)
    at_county = do(county, one, Step.TRANSFER, DESK, office="C0")
    with pytest.raises(CentreMissing):
        do(county, at_county, Step.UPWARD, DESK, office="CT", until=LATER)


def test_what_is_so_already_is_no_step(county: Store) -> None:
    one = do(county, take_in(county), Step.REGRADE, DESK, grade="difficult")
    one = do(county, one, Step.SUPERVISE, SUPERVISOR, until=LATER)
    for what, actor, given in (
        (Step.REGRADE, DESK, {"grade": "difficult"}),
        (Step.SUPERVISE, SUPERVISOR, {"until": datetime.fromisoformat(LATER).astimezone(SHANGHAI).isoformat()}),
    ):
        with pytest.raises(NothingChanges):
            do(county, one, what, actor, **given)
    assert now_of(county, one.id) == one
    assert do(county, one, Step.SUPERVISE, SUPERVISOR, until=(NOW + 4 * DAY).isoformat()).supervised_until == NOW + 4 * DAY


def test_an_extension_ends_after_the_limit_that_it_extends(county: Store) -> None:
    one = do(county, take_in(county), Step.ACKNOWLEDGE, ROADS)
    assert (one.clock, one.due_at is not None) == ("handle", True)
    due = one.due_at or NOW
    for until in (due - DAY, due, due.astimezone(SHANGHAI)):
        with pytest.raises(TermNotLater) as refused:
            do(county, one, Step.EXTEND, DESK, until=until.isoformat())
        assert datetime.fromisoformat(str(refused.value.facts["due"])) == due
    later = do(county, one, Step.EXTEND, DESK, until=(due + DAY).isoformat())
    assert later.due_at == due + DAY
    with pytest.raises(TermNotLater):
        do(county, later, Step.EXTEND, DESK, until=(due + DAY / 2).isoformat())


def test_it_is_not_handled_before_every_office_has_answered(county: Store) -> None:
    one = do(county, take_in(county), Step.ASSIST, DESK, office="WATER", until=LATER)
    one = do(county, do(county, one, Step.ACKNOWLEDGE, ROADS), Step.START, ROADS)
    with pytest.raises(TasksOwed):
        do(county, one, Step.HANDLE, ROADS)
    one = do(county, one, Step.ANSWER, WATER, task="1")
    assert do(county, one, Step.HANDLE, ROADS).state is State.HANDLED


def test_a_dispute_is_passed_to_the_level_above_by_its_office_which_sees_it_no_more(county: Store) -> None:
    one, other = take_in(county, issue="D02"), take_in(county, issue="D02")
    with county.begin(ALL) as tx:
        tx.execute(update(incident).where(within(tx, incident)).values(template=str(Template.DISPUTE)))
    for each in (one, other):
        do(county, each, Step.ACKNOWLEDGE, CENTRE)
    with county.read(ALL) as tx:
        before = incidents.latest_change(tx)
    up = do(county, one, Step.ELEVATE, CENTRE, office="CT")
    assert (up.office, up.tier, up.state, up.keeper) == ("CT", 2, State.DISPATCHED, "CW")
    assert seen_by(county, CENTRE) == {other.id}
    with county.read(ALL) as tx:
        assert lives.left(tx, before)[one.id].offices == {"CW"}
    with pytest.raises(IncidentMissing):
        do(county, one, Step.START, CENTRE)
    for office in ("ROADS", "WATER"):  # and it is no way to another's matters
        with pytest.raises(IncidentMissing):
            do(county, take_in(county, issue="E0113"), Step.ELEVATE, CENTRE, office=office)


def test_whoever_supervises_is_who_says_so_until_a_day_to_come(county: Store) -> None:
    one = take_in(county)
    with pytest.raises(UntilPast):
        do(county, one, Step.SUPERVISE, SUPERVISOR, until=NOW.isoformat())
    with pytest.raises(Forbidden):
        do(county, one, Step.SUPERVISE, DESK, until=LATER)
    one = do(county, one, Step.SUPERVISE, SUPERVISOR, until=LATER)
    assert (one.supervised_by, one.supervised_until, one.state) == ("sup", NOW + 3 * DAY, State.DISPATCHED)
    one = do(county, one, Step.SUPERVISE, LEADER, until=LATER)  # another takes it over
    assert one.supervised_by == "leader"
    one = do(county, one, Step.RELEASE, LEADER)
    assert (one.supervised_by, one.supervised_until) == (None, None)
    with county.read(ALL) as tx:
        assert lives.replayed(tx, one) == one.life


def test_what_comes_along_must_be_there_or_fit(county: Store) -> None:
    one = take_in(county)
    for what, given, refusal in (
        (Step.ASSIST, {"office": "NOWHERE", "until": LATER}, OfficeMissing),
        (Step.ASSIST, {"office": "WATER", "until": NOW.isoformat()}, UntilPast),
        (Step.REGRADE, {"grade": "purple"}, EvidenceUnfit),
        (Step.RETYPE, {"issue": "X99"}, IssueMissing),
        (Step.RELOCATE, {"place": "here"}, PinUnreadable),
        (Step.RELOCATE, {"place": "28,113"}, PinUnreadable),
        (Step.RELOCATE, {"place": "nan,nan"}, Refusal),
        (Step.WITHDRAW, {"task": "1"}, Refusal),
    ):
        with pytest.raises(refusal):
            do(county, one, what, DESK, **given)
    assert now_of(county, one.id) == one
    assert do(county, one, Step.REGRADE, DESK, grade="difficult").grade is Grade.DIFFICULT
    far = Actor("far", "f", None, (Grant(Role.DISPATCHER, TOWN[:-1] + "9"),))
    with pytest.raises(IncidentMissing):  # who has no such incident learns nothing about offices
        do(county, one, Step.INFORM, far, office="NOWHERE")


def test_what_is_owed_or_supervised_is_listed_as_far_as_one_sees_it(county: Store) -> None:
    owed = do(county, take_in(county), Step.ASSIST, DESK, office="WATER", until=LATER)
    told = do(county, take_in(county), Step.INFORM, DESK, office="WATER")
    watched = do(county, take_in(county), Step.SUPERVISE, SUPERVISOR, until=LATER)
    for actor, seen in (
        (DESK, {owed.id, told.id, watched.id}),
        (WATER, {owed.id, told.id}),
        (CENTRE, set()),
        (ROADS, {owed.id, told.id, watched.id}),
    ):
        with county.read(allowed(actor, Action.INCIDENT_READ)) as tx:
            for only, wanted in (
                ({"owed": True}, {owed.id}),
                ({"supervised": True}, {watched.id}),
                ({"owed": True, "supervised": True}, set()),
            ):
                assert {one.id for one in incidents.list_(tx, limit=9, **only)} == seen & wanted
                assert sum(incidents.count(tx, **only).values()) == len(seen & wanted)


def test_an_offices_list_is_found_by_index_on_the_embedded_database_too(county: Store) -> None:
    if county.dialect != "sqlite":
        return  # tests/store/test_walls.py has the other's plans
    for ask in (incidents.count, lambda tx: incidents.list_(tx, limit=100), lambda tx: incidents.list_(tx, area=TOWN, limit=100)):
        assert not re.search(r"SCAN incident(?! USING INDEX ix_incident_open)", _planned(county, ask))
    with county.read(allowed(WATER, Action.INCIDENT_READ)) as tx:
        take = "EXPLAIN QUERY PLAN SELECT id FROM incident WHERE asked > '' AND instr(asked, char(31) || 'WATER' || char(31)) > 0"
        assert "ix_incident_asked" in str(tx.exec_driver_sql(take).all())


def _planned(store: Store, ask: Any) -> str:
    said: list[tuple[str, Any]] = []

    def listen(_tx: Tx, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        said.append((statement, parameters))

    with store.read(allowed(WATER, Action.INCIDENT_READ)) as tx:
        event.listen(tx, "before_cursor_execute", listen)
        ask(tx)
        asked = [each for each in said if "FROM incident" in each[0]]
        return "\n".join(str(tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()) for statement, given in asked)
