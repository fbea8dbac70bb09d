"""Steps as they are taken: by whom, on which revision, with what left in the log; and sixteen who step at once overwrite nothing."""

import os
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.access import Action, Actor, Forbidden, Grant, Role, SignInNeeded, allowed, operator
from gridmap.catalogue import Grade
from gridmap.errors import IncidentMissing, InstantUnreadable, OfficeMissing, Refusal
from gridmap.flows.intake import receive
from gridmap.flows.step import UntilPast, step
from gridmap.incidents import Channel, Incident, Report, State
from gridmap.incidents.life import (
    ACTIONS,
    ENDED,
    HALVES,
    LONGEST,
    EvidenceTooLong,
    HandledByYou,
    Satisfied,
    Step,
    StepImpossible,
    Taken,
    open_to,
)
from gridmap.incidents.public import PublicState
from gridmap.store import Store, clocks, contacts, handovers, history, incidents, lives, public
from gridmap.store.faults import IncidentChanged
from tests.builders import ALL
from tests.closing import close
from tests.small_land import CELLS, IN_CELL_1, NOW, TOWN, WEST, settle

DAY = timedelta(days=1)
DESK = Actor("desk", "account-desk", None, (Grant(Role.DISPATCHER, TOWN),))
ROADS = Actor("roads", "account-roads", None, (Grant(Role.HANDLER, None, "ROADS"),))
WATER = Actor("water", "account-water", None, (Grant(Role.HANDLER, None, "WATER"),))
WORKER = Actor("w1", "account-w1", "W1", (Grant(Role.WORKER, CELLS[0]),))
OTHER = Actor("w2", "account-w2", "W2", (Grant(Role.WORKER, CELLS[1]),))
LEADER = Actor("leader", "account-leader", "W6", (Grant(Role.LEADER, TOWN),))
SUPERVISOR = Actor("sup", "account-sup", None, (Grant(Role.SUPERVISOR),))
EVERYBODY = (DESK, ROADS, WATER, WORKER, OTHER, LEADER, SUPERVISOR)


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def take_in(store: Store, contact: str = "", **more: object) -> Incident:
    """A report about a damaged road in the first cell, and the incident that it became."""
    lon, lat = IN_CELL_1
    facts = {"issue": "E0113", "channel": Channel.HOTLINE, "text": "x", "lon": lon, "lat": lat, "datum": "wgs84", "contact": contact}
    answer = receive(store, Report(**(facts | more)), now=NOW, actor=operator("intake"))  # type: ignore[arg-type]
    return now_of(store, answer.incident)


def now_of(store: Store, id: str) -> Incident:
    with store.read(ALL) as tx:
        return incidents.get(tx, id)


def whole(taken: Step, **more: str) -> Taken:
    given = {
        "reason": "because", "photo": "p.jpg", "office": "ROADS", "until": (NOW + 9 * DAY).isoformat(), "task": "1", "grade": "complex",
        "satisfied": "yes", "issue": "E0113", "place": "113.005,28.005",
    }  # fmt: skip
    return Taken(step=taken, actor="somebody else", **(given | more))


def go(store: Store, one: Incident, *ways: tuple[Step, Actor]) -> Incident:
    """The incident after these steps, each on what the one before left."""
    for taken, actor in ways:
        one = step(store, one.id, whole(taken), revision=one.revision, now=NOW, actor=actor, draw=lambda: False)
    return one


RUNNING = {State.DISPATCHED, State.ACKNOWLEDGED, State.IN_PROGRESS, State.RETURNED, State.HANDLED}
HANDLED = ((Step.ACKNOWLEDGE, ROADS), (Step.START, ROADS), (Step.HANDLE, ROADS))


def test_the_countys_story_is_told_by_the_log_step_by_step(county: Store) -> None:
    one = take_in(county, contact="0700-1234567")
    assert (one.state, one.office, one.worker, one.contact_left) == (State.DISPATCHED, "ROADS", "W1", True)
    done = go(county, one, *HANDLED, (Step.INSPECT, WORKER), (Step.REPLY, DESK), (Step.CLOSE, DESK))
    assert done == now_of(county, one.id)
    assert (done.state, done.handled_by, done.replied, done.revision) == (State.CLOSED, "roads", True, 7)
    with county.read(ALL) as tx:
        log = incidents.history(tx, one.id)
        assert lives.replayed(tx, done) == done.life
    assert [row.what for row in log] == [
        "receive", "incident.acknowledge", "incident.start", "incident.handle", "incident.inspect", "incident.reply", "incident.close",
    ]  # fmt: skip
    assert [row.actor for row in log] == ["intake", "roads", "roads", "roads", "w1", "desk", "desk"]
    assert all(before.to_state is after.from_state for before, after in pairwise(log))
    assert log[3].facts == {"reason": "because", "photo": "p.jpg", "revision": 4}


def test_a_step_on_an_old_revision_is_refused_with_what_is_now_and_changes_nothing(county: Store) -> None:
    one = go(county, take_in(county), (Step.ACKNOWLEDGE, ROADS))
    with pytest.raises(IncidentChanged) as refused:
        step(county, one.number, whole(Step.START), revision=1, now=NOW, actor=ROADS)
    assert refused.value.facts == {"incident": one.number, "state": State.ACKNOWLEDGED, "revision": 2}
    assert now_of(county, one.id) == one
    assert step(county, one.number, whole(Step.START), revision=None, now=NOW, actor=ROADS).revision == 3


def test_a_row_that_is_no_longer_what_was_read_is_never_written_whatever_let_it_come_so_far(county: Store) -> None:
    one = take_in(county)
    now = go(county, one, (Step.ACKNOWLEDGE, ROADS))
    with pytest.raises(IncidentChanged) as refused, county.begin(allowed(DESK, Action.INCIDENT_CLOSE)) as tx:
        lives._write(tx, one, one.living(now.life))
    assert refused.value.facts["revision"] == 2
    assert now_of(county, one.id) == now


def test_each_step_is_its_roles_within_its_reach_and_for_others_it_is_not_there(county: Store) -> None:
    one = take_in(county)
    for taken, actor, refusal in (
        (Step.ACKNOWLEDGE, DESK, Forbidden),
        (Step.ACKNOWLEDGE, WATER, IncidentMissing),
        (Step.VOID, ROADS, Forbidden),
        (Step.SETTLE, OTHER, IncidentMissing),
        (Step.SETTLE, SUPERVISOR, Forbidden),
        (Step.TRANSFER, LEADER, Forbidden),
        (Step.TRANSFER, Actor("far", "f", None, (Grant(Role.DISPATCHER, WEST + "002"),)), IncidentMissing),
        (Step.CLOSE, Actor(), SignInNeeded),
    ):
        with pytest.raises(refusal):
            step(county, one.id, whole(taken), revision=1, now=NOW, actor=actor)
    assert now_of(county, one.id) == one
    assert go(county, one, (Step.SETTLE, WORKER)).handled_by == "w1"


def test_a_transfer_makes_it_the_other_offices_and_no_longer_the_first_ones(county: Store) -> None:
    one = take_in(county)
    moved = step(county, one.id, whole(Step.TRANSFER, office="WATER"), revision=1, now=NOW, actor=DESK)
    assert (moved.office, moved.state) == ("WATER", State.DISPATCHED)
    with pytest.raises(IncidentMissing):
        go(county, moved, (Step.ACKNOWLEDGE, ROADS))
    assert go(county, moved, (Step.ACKNOWLEDGE, WATER)).state is State.ACKNOWLEDGED


def test_after_two_returns_a_leader_or_supervisor_rules(county: Store) -> None:
    one = go(county, take_in(county), (Step.RETURN, ROADS), (Step.DISPATCH, DESK), (Step.RETURN, ROADS))
    with pytest.raises(Refusal, match="must rule"):
        go(county, one, (Step.DISPATCH, DESK))
    assert go(county, one, (Step.RULE, SUPERVISOR)).returns == 0


def test_what_comes_along_is_checked_before_anything_is_changed(county: Store) -> None:
    one = go(county, take_in(county), (Step.ACKNOWLEDGE, ROADS))
    for taken, refusal in (
        (whole(Step.TRANSFER, office="NOWHERE"), OfficeMissing),
        (whole(Step.TRANSFER, reason="x" * (LONGEST + 1)), EvidenceTooLong),
        (whole(Step.EXTEND, until=NOW.isoformat()), UntilPast),
        (whole(Step.EXTEND, until="soon"), InstantUnreadable),
        (whole(Step.EXTEND, until="2030-01-01"), InstantUnreadable),
        (whole(Step.CLOSE), StepImpossible),
        (Taken(step=Step.SUSPEND, actor="", reason="  "), Refusal),
    ):
        with pytest.raises(refusal):
            step(county, one.id, taken, revision=2, now=NOW, actor=DESK)
    with pytest.raises(IncidentMissing):
        step(county, "2026-999999", whole(Step.TRANSFER, office="NOWHERE"), revision=2, now=NOW, actor=DESK)
    assert now_of(county, one.id) == one


def test_who_settles_on_the_spot_is_drawn_now_and_then_for_another_to_look(county: Store) -> None:
    drawn = step(county, take_in(county).id, whole(Step.SETTLE), revision=1, now=NOW, actor=LEADER, draw=lambda: True)
    assert drawn.state is State.HANDLED
    with pytest.raises(HandledByYou):
        go(county, drawn, (Step.INSPECT, LEADER))
    assert go(county, drawn, (Step.INSPECT, WORKER), (Step.CLOSE, DESK)).state is State.CLOSED
    states = Counter(step(county, take_in(county).id, whole(Step.SETTLE), revision=1, now=NOW, actor=WORKER).state for _ in range(30))
    assert set(states) <= {State.INSPECTED, State.HANDLED}
    assert states[State.INSPECTED] > states[State.HANDLED]


def test_closing_shortens_the_contacts_and_settles_it_in_public_and_reopening_opens_it_there_again(county: Store) -> None:
    one = take_in(county, contact="0700-1234567")

    def shown() -> list[PublicState]:
        with county.read(ALL) as tx:
            return [each.state for each in public.counts(tx, states=list(PublicState), limit=9)]

    assert shown() == [PublicState.OPEN]
    closed = close(county, one.id, "done", now=NOW, actor=operator("desk"))
    assert shown() == [PublicState.CLOSED]
    with county.read(ALL) as tx:
        assert contacts.of_incident(tx, one.id, at=NOW + 29 * DAY)
        assert not contacts.of_incident(tx, one.id, at=NOW + 30 * DAY)
    again = go(county, closed, (Step.REOPEN, DESK))
    assert shown() == [PublicState.OPEN]
    assert (again.state, again.reopened, again.replied, again.handled_by) == (State.FILED, 1, False, None)


def test_a_voided_incident_is_no_longer_open_anywhere(county: Store) -> None:
    one = go(county, take_in(county), (Step.VOID, DESK))
    with county.read(ALL) as tx:
        assert incidents.list_(tx, limit=9) == ()
        assert incidents.list_(tx, states=[State.VOIDED], limit=9) == (one,)
        assert public.counts(tx, states=[PublicState.OPEN], limit=9) == ()


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), contact=st.sampled_from(["", "0700-1234567"]), placed=st.booleans())
def test_whatever_was_done_the_log_replays_to_the_row(county: Store, seed: int, contact: str, placed: bool) -> None:
    chance = random.Random(seed)
    where = {} if placed else {"lon": None, "lat": None, "datum": "", "place": "by the bridge"}
    one = take_in(county, contact, **where)
    for _ in range(15):
        one = _something(county, one.id, chance) or one
    with county.read(ALL) as tx:
        assert lives.replayed(tx, incidents.get(tx, one.id)) == one.life
        assert lives.clocked(tx, one, NOW) == clocks.of_incident(tx, one.id)
        waits = one.state in {State.TRIAGE, State.FILED} or bool(one.life.owed)
        assert one.due_at is not None if one.state in RUNNING else one.due_at is None or waits
        assert one.due_at is None or one.state not in ENDED  # lists of what is due rely on it
        rows = [row for row in incidents.history(tx, one.id) if row.to_state]
        assert [row.facts["revision"] for row in rows[1:]] == list(range(2, one.revision + 1))


def test_an_old_closing_without_steps_before_it_is_replayed_too(county: Store) -> None:
    one = take_in(county)
    with county.begin(ALL) as tx:
        history.hold(tx)
        after = one.living(lives.replace(one.life, state=State.CLOSED, revision=2))
        lives._write(tx, one, after)
        history.append(tx, [incidents.entry(after, at=NOW, what=lives.OLD_CLOSE, before=one.state, facts={"note": "done"})])
        assert lives.replayed(tx, after) == after.life
    assert go(county, after, (Step.REOPEN, DESK)).state is State.FILED


def test_what_was_handed_over_goes_on_with_its_clocks(county: Store) -> None:
    one = take_in(county)
    with county.begin(allowed(DESK, Action.INCIDENT_DISPATCH)) as tx:
        history.hold(tx)
        given = handovers.give(tx, one, worker="W2", backup=None, reason="leave", at=NOW)
    done = go(county, given, (Step.ACKNOWLEDGE, ROADS))
    assert (done.worker, done.clock, done.revision) == ("W2", "handle", 3)
    with county.read(ALL) as tx:
        assert lives.replayed(tx, done) == done.life
        assert lives.clocked(tx, done, NOW) == clocks.of_incident(tx, done.id)


THREADS, HOT = 16, 50


def _something(store: Store, id: str, chance: random.Random) -> Incident | None:
    """Look at the incident as somebody, and take one of the steps that are open to them, on what was seen; None where that is refused."""
    actor = chance.choice(EVERYBODY)
    with suppress(Refusal):
        with store.read(allowed(actor, Action.INCIDENT_READ)) as tx:
            seen = incidents.get(tx, id)
        ways = [each for each in open_to(seen.life, actor.name) if each not in ANOTHERS and any(allowed_there(actor, each, seen))]
        if ways:
            return step(store, id, something(chance, seen, ways), revision=seen.revision, now=NOW, actor=actor)
    return None


ANOTHERS = frozenset({Step.MERGE, Step.SPLIT}) | HALVES
"""Steps of two incidents at once."""


def something(chance: random.Random, seen: Incident, ways: Sequence[Step]) -> Taken:
    """One of these steps, with something or other of what it takes there."""
    taken = chance.choice([each for each in ways if offices_for(each, seen)])
    owed = [task.number for task in seen.life.owed if taken is not Step.ARRIVE or task.is_whistled]
    given = {"office": offices_for(taken, seen), "issue": ("E0113", "C0101", "D02"), "place": ("113.005,28.005", "113.03,28.01")}
    more = {name: chance.choice(values) for name, values in given.items()}
    more |= {"until": (NOW + (9 + seen.revision) * DAY).isoformat()}  # later than any before
    more |= {"grade": chance.choice([grade for grade in Grade if grade is not seen.grade])}
    return whole(taken, **more, satisfied=chance.choice(list(Satisfied)), agreement="2026-7", task=str(chance.choice(owed or [1])))


def offices_for(taken: Step, seen: Incident) -> list[str]:
    """Those that a step may name there: a dispute climbs, and who has it is neither asked nor given it."""
    if taken in {Step.ELEVATE, Step.UPWARD}:
        climbed = max({"CT": 2, "C0": 3}.get(seen.office or "", 1), seen.tier if taken is Step.ELEVATE else 1)
        above = [code for rung, code in ((2, "CT"), (3, "C0")) if rung > climbed and (rung > 2 or seen.township)]
        return above[:1] if taken is Step.ELEVATE else above
    return ["ROADS", "WATER"] if taken in {Step.DISPATCH, Step.RULE} else [code for code in ("ROADS", "WATER") if code != seen.office]


def allowed_there(actor: Actor, taken: Step, seen: Incident) -> list[bool]:
    with suppress(Forbidden):
        scope = allowed(actor, ACTIONS[taken])
        return [scope.holds((seen.township, seen.village, seen.cell), seen.office, (seen.worker, seen.backup))]
    return []


def crowd(store: Store, operations: int, hot: int = HOT) -> tuple[int, int]:
    """Sixteen at once look and step; how many steps were taken, and how many were refused as changed meanwhile.

    Each revision is the work of one step, decided on the revision before it: else somebody's change was overwritten.
    """
    ids = [take_in(store).id for _ in range(hot)]
    decided: list[tuple[str, int]] = []
    changed: list[str] = []
    blind: list[str] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(operations // THREADS):
            id, actor = chance.choice(ids), operator(f"client {seed}")
            with store.read(ALL) as tx:
                seen = incidents.get(tx, id)
            ways = [each for each in open_to(seen.life, actor.name) if each not in ANOTHERS]
            ways = [each for each in ways if each is not Step.VOID or chance.random() < 0.05]
            if not ways:
                continue
            try:
                step(store, id, something(chance, seen, ways), revision=seen.revision, now=NOW, actor=actor)
            except IncidentChanged:
                changed.append(id)
            except Refusal:  # it went on, and nobody looked at the revision
                blind.append(id)
            else:
                decided.append((id, seen.revision))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    assert len(set(decided)) == len(decided), "two steps were decided on one revision"
    assert not blind, "a step was judged on another state than was seen"
    for id in ids:
        mine = sorted(revision for which, revision in decided if which == id)
        with store.read(ALL) as tx:
            one = incidents.get(tx, id)
            assert mine == list(range(1, one.revision)), "a revision is missing"
            assert lives.replayed(tx, one) == one.life
    return len(decided), len(changed)


def test_sixteen_clients_on_few_incidents_leave_no_gap_and_overwrite_nothing(county: Store) -> None:
    taken, changed = crowd(county, 320, hot=5)
    assert taken > 60
    assert changed > 0


def test_without_the_check_of_the_revision_somebodys_change_is_overwritten(county: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lives, "_check_revision", lambda found, expected: None)
    with pytest.raises(AssertionError, match="two steps were decided on one revision"):
        crowd(county, 160, hot=2)


@pytest.mark.proof
def test_sixteen_clients_on_fifty_hot_incidents(county: Store) -> None:
    taken, changed = crowd(county, int(os.environ.get("GRIDMAP_OPERATIONS", "20000")))
    print(f"\n{county.dialect}: {taken} steps taken, {changed} refused as changed meanwhile")
    assert taken > 1_000
