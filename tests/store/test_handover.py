"""All that is open of a worker passes on in one act: each incident to who stands in there, each in its log, nothing lost."""

import random
from datetime import timedelta

import pytest

from gridmap.access import Actor, Forbidden, Grant, Role, operator
from gridmap.duty import Duty, Leave, Post
from gridmap.errors import Refusal
from gridmap.flows.accounts import WorkerMissing
from gridmap.flows.handover import HandoverUnexplained, SuccessorUnfit, hand_over
from gridmap.flows.intake import receive
from gridmap.flows.step import step
from gridmap.flows.verify_history import verify
from gridmap.incidents import OPEN_STATES, Channel, Incident, Report, State
from gridmap.incidents.life import Step, Taken
from gridmap.store import Store, clocks, handovers, history, incidents, lives, people
from gridmap.store.faults import IncidentChanged
from tests.builders import ALL
from tests.closing import close
from tests.small_land import CELLS, IN_CELL_1, IN_EAST, LONG_AGO, NOW, TOWN, WEST, settle

ME = operator("test")
DAY = timedelta(days=1)
DESK = Actor("desk", "account-desk", None, (Grant(Role.DISPATCHER, TOWN),))
MIDDLES = (IN_CELL_1, (113.015, 28.005), (113.005, 28.015), (113.015, 28.015), IN_EAST)


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def sent(store: Store, point: tuple[float, float] = IN_CELL_1, *, issue: str = "E0113") -> Incident:
    answer = receive(store, Report(issue=issue, channel=Channel.SYSTEM, lon=point[0], lat=point[1], datum="wgs84"), now=NOW, actor=ME)
    return now_of(store, answer.number)


def now_of(store: Store, number: str) -> Incident:
    with store.read(ALL) as tx:
        return incidents.get(tx, number)


def who(one: Incident) -> tuple[str | None, str | None]:
    return one.worker, one.backup


def test_each_open_incident_goes_to_the_backup_else_to_the_leader_and_closed_ones_stay(county: Store) -> None:
    backed, closed = sent(county), sent(county)
    close(county, closed.number, "done", now=NOW, actor=ME)
    with county.begin(ALL) as tx:
        people.put_posts(tx, [Post("W1", CELLS[1], Duty.WORKER, LONG_AGO), Post("W2", CELLS[1], Duty.WORKER, LONG_AGO, NOW)])
    alone = sent(county, MIDDLES[1])
    assert (who(backed), who(alone)) == (("W1", "W5"), ("W1", None))
    done = hand_over(county, "W1", reason="leave", now=NOW, actor=DESK)
    assert [(one.number, *who(one)) for one in done.given] == [(backed.number, "W5", None), (alone.number, "W6", None)]
    assert (done.stay, done.posts_ended, who(now_of(county, closed.number))) == ((), 0, ("W1", "W5"))
    assert hand_over(county, "W1", reason="leave", now=NOW, actor=DESK).given == ()


def test_one_named_worker_takes_all_and_whoever_was_only_the_backup_is_replaced_as_that(county: Store) -> None:
    mine, other = sent(county), sent(county, MIDDLES[1])
    done = hand_over(county, "W1", to="W2", reason="leave", now=NOW, actor=DESK)
    assert [who(one) for one in done.given] == [("W2", "W5")]
    assert who(now_of(county, other.number)) == ("W2", None)
    done = hand_over(county, "W5", reason="leave", now=NOW, actor=DESK)
    assert [(one.number, *who(one)) for one in done.given] == [(mine.number, "W2", None)]


def test_every_hand_over_is_in_the_log_and_the_log_still_makes_the_life(county: Store) -> None:
    one = sent(county)
    done = hand_over(county, "W1", reason="leave", now=NOW, actor=DESK)
    [after] = done.given
    with county.read(ALL) as tx:
        log = incidents.history(tx, one.id)
        assert lives.replayed(tx, after) == after.life
        assert [row.what for row in history.rows(tx, limit=10)][-2:] == ["incident.hand_over", "worker.hand_over"]
    assert (log[-1].actor, log[-1].to_state, after.revision) == ("desk", State.DISPATCHED, 2)
    wanted = {"from_worker": "W1", "to_worker": "W5", "from_backup": "W5", "to_backup": None, "reason": "leave", "revision": 2}
    assert log[-1].facts == wanted
    assert not verify(county, None, actor=ME).faults
    with pytest.raises(IncidentChanged):
        step(county, one.number, Taken(step=Step.VOID, actor="", reason="x"), revision=1, now=NOW, actor=ME)


def test_what_was_handed_over_takes_steps_and_its_clocks_go_on(county: Store) -> None:
    one = sent(county)
    hand_over(county, "W1", reason="leave", now=NOW, actor=DESK)
    done = step(county, one.number, Taken(step=Step.ACKNOWLEDGE, actor=""), revision=2, now=NOW + timedelta(hours=1), actor=ME)
    assert (done.worker, done.clock, done.revision) == ("W5", "handle", 3)
    with county.read(ALL) as tx:
        assert lives.replayed(tx, done) == done.life
        assert lives.clocked(tx, done, NOW) == clocks.of_incident(tx, done.id)


def test_who_is_on_leave_stands_in_for_nobody_and_what_nobody_takes_stays_and_is_told(county: Store) -> None:
    one = sent(county)
    with county.begin(ALL) as tx:
        people.put_leaves(tx, [Leave("W5", LONG_AGO), Leave("W6", NOW, NOW + DAY)])
    done = hand_over(county, "W1", reason="leave", now=NOW, actor=DESK)
    assert (done.given, done.stay, who(now_of(county, one.number))) == ((), (one.number,), ("W1", "W5"))
    assert [who(each) for each in hand_over(county, "W1", reason="leave", now=NOW + DAY, actor=DESK).given] == [("W6", None)]


def test_who_resigns_loses_every_post_and_no_new_incident_comes_to_them(county: Store) -> None:
    sent(county)
    with county.begin(ALL) as tx:
        people.put_posts(tx, [Post("W1", CELLS[1], Duty.BACKUP, NOW + DAY), Post("W1", CELLS[2], Duty.POLICE, LONG_AGO, NOW - DAY)])
    done = hand_over(county, "W1", reason="resigned", resigns=True, now=NOW, actor=ME)
    assert (len(done.given), done.posts_ended) == (1, 2)
    with county.read(ALL) as tx:
        held = [post for hours in range(49) for post in people.posts(tx, at=NOW + timedelta(hours=hours, seconds=1), worker="W1")]
        assert held == []
        assert people.posts(tx, at=NOW, worker="W1") == ()
    assert who(sent(county)) == ("W5", None)
    assert hand_over(county, "W1", reason="resigned", resigns=True, now=NOW, actor=ME).posts_ended == 0


def test_ending_posts_needs_the_right_to_and_nothing_is_done_without(county: Store) -> None:
    one = sent(county)
    for actor in (DESK, Actor("admin", "a", None, (Grant(Role.ADMINISTRATOR),)), Actor("w", "a", "W1", (Grant(Role.WORKER, CELLS[0]),))):
        with pytest.raises(Forbidden):
            hand_over(county, "W1", reason="resigned", resigns=True, now=NOW, actor=actor)
    assert who(now_of(county, one.number)) == ("W1", "W5")
    with county.read(ALL) as tx:
        assert len(people.posts(tx, at=NOW, worker="W1")) == 1


def test_a_desk_hands_over_what_lies_in_its_jurisdiction_only(county: Store) -> None:
    with county.begin(ALL) as tx:
        people.put_posts(tx, [Post("W1", CELLS[1][:9] + "002", Duty.WORKER, LONG_AGO)])
    west, east = sent(county), sent(county, IN_EAST)
    assert east.worker == "W1"
    desk = Actor("desk", "a", None, (Grant(Role.DISPATCHER, WEST),))
    assert [one.number for one in hand_over(county, "W1", reason="leave", now=NOW, actor=desk).given] == [west.number]
    assert now_of(county, east.number).worker == "W1"


def test_what_cannot_be_handed_over_is_refused_with_a_name(county: Store) -> None:
    with county.begin(ALL) as tx:
        people.put_leaves(tx, [Leave("W3", LONG_AGO)])
        people.put_posts(tx, [Post("W4", CELLS[3], Duty.WORKER, LONG_AGO, NOW)])
    refusals: list[tuple[type[Refusal], dict[str, str]]] = [
        (WorkerMissing, {"worker": "W99"}), (WorkerMissing, {"to": "W99"}), (HandoverUnexplained, {"reason": " "}),
        (HandoverUnexplained, {"reason": "x" * 501}), (SuccessorUnfit, {"to": "W1"}), (SuccessorUnfit, {"to": "W3"}),
        (SuccessorUnfit, {"to": "W4"}),
    ]  # fmt: skip
    for refusal, facts in refusals:
        with pytest.raises(refusal):
            hand_over(county, **({"worker": "W1", "reason": "leave"} | facts), now=NOW, actor=ME)


def test_no_open_incident_is_left_with_who_handed_over_while_somebody_present_could_take_it(county: Store) -> None:
    """Drawn posts, leaves and incidents: afterwards each is with somebody present who stands there, or it is told."""
    draw = random.Random(5)
    with county.begin(ALL) as tx:
        drawn = [
            Post(f"W{draw.randint(1, 6)}", draw.choice([*CELLS, WEST, TOWN]), draw.choice(list(Duty)), LONG_AGO + n * DAY)
            for n in range(20)
        ]
        people.put_posts(tx, drawn)
    for _ in range(20):
        sent(county, draw.choice(MIDDLES), issue=draw.choice(["E0113", "D02"]))
    for day in range(1, 7):
        with county.begin(ALL) as tx:
            people.put_leaves(tx, [Leave(f"W{draw.randint(1, 6)}", NOW + day * DAY, NOW + (day + 2) * DAY)])
        worker, at = f"W{draw.randint(1, 6)}", NOW + day * DAY
        done = hand_over(county, worker, reason="leave", now=at, actor=ME)
        with county.read(ALL) as tx:
            away = {leave.worker for leave in people.leaves(tx, at=at)} | {worker}
            held = people.posts(tx, at=at)
            assert {one.number for one in handovers.open_of(tx, worker)} == set(done.stay)
            for one in incidents.list_(tx, states=OPEN_STATES, limit=1000):
                assert lives.replayed(tx, one) == one.life
        answering = {Duty.WORKER, Duty.BACKUP, Duty.LEADER}
        stand = {(post.worker, post.area) for post in held if post.duty in answering and post.worker not in away}
        for one in done.given:
            path = {one.township, one.village, one.cell}
            assert one.worker != one.backup
            assert worker not in who(one)
            assert one.worker in {who for who, area in stand if area in path} or one.worker != worker
        for number in done.stay:
            one = now_of(county, number)
            assert not {who for who, area in stand if area in {one.township, one.village, one.cell}}
