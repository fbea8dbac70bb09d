"""The escalation ladder: each step is done once, however often, late or strangely it is asked for."""

import random
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.access import ANONYMOUS, Action, Actor, Grant, Role, SignInNeeded, allowed, operator
from gridmap.flows.import_register import import_register
from gridmap.flows.step import step
from gridmap.flows.tick import LASTS, SWEEP, Ticked, _sweep, tick
from gridmap.incidents import Incident
from gridmap.incidents.life import Step, Taken
from gridmap.limits import LADDERS, steps_due
from gridmap.store import Store, calendars, clocks, incidents, leases, lives
from gridmap.tables import Register
from tests.builders import ALL, OPERATOR
from tests.store.crowd import grow, wind
from tests.store.test_deadlines import COLLAPSE, SHANGHAI, at, county, go, lay, now_of, runs, take_in
from tests.store.test_walls import planned

__all__ = ["county"]
MINUTE = timedelta(minutes=1)
LATE = at("12-01 09:00")


def sweep(store: Store, when: str | datetime, holder: str = "here", **more: object) -> Ticked:
    now = at(when) if isinstance(when, str) else when
    return tick(store, now=now, holder=holder, actor=OPERATOR, **more)  # type: ignore[arg-type]


def told(store: Store, one: Incident) -> list[tuple[str, str, datetime]]:
    """What the history tells of the incident's ladders: which clock, which level, when."""
    with store.read(ALL) as tx:
        rows = [row for row in incidents.history(tx, one.id) if row.what == "incident.escalate"]
    return [(row.facts["clock"], row.facts["level"], row.at) for row in rows]


def levels(store: Store, one: Incident) -> list[str]:
    return [f"{clock} {level}" for clock, level, _ in told(store, one)]


def test_a_ladder_is_climbed_step_by_step_as_the_clock_comes_to_them(county: Store) -> None:
    one = go(county, take_in(county, "03-03 09:00", COLLAPSE.code), ("03-03 09:10", Step.ACKNOWLEDGE))
    assert sweep(county, "03-03 10:35") == Ticked(0)
    for when, wanted in (("10:36", 1), ("10:37", 0), ("11:00", 1), ("11:59", 0), ("12:00", 1), ("13:00", 1), ("15:00", 0)):
        assert sweep(county, f"03-03 {when}") == Ticked(wanted), when
    assert told(county, one) == [
        ("handle", "village", at("03-03 10:36")), ("handle", "township", at("03-03 11:00")),
        ("handle", "county", at("03-03 12:00")), ("handle", "city", at("03-03 13:00")),
    ]  # fmt: skip
    with county.read(ALL) as tx:
        assert clocks.fired(tx, one.id) == {f"handle.1.{level}" for level in ("village", "township", "county", "city")}
    assert runs(county, one)["handle.1"].next_at is None


def test_a_step_that_was_owed_when_it_was_handled_is_done_late_and_none_after_it(county: Store) -> None:
    one = take_in(county, "03-03 09:00", COLLAPSE.code)
    one = go(county, one, ("03-03 09:10", Step.ACKNOWLEDGE), ("03-03 11:30", Step.HANDLE), ("03-03 11:40", Step.INSPECT))
    assert sweep(county, "03-09 09:00") == Ticked(2)
    assert levels(county, one) == ["handle village", "handle township"]


def test_who_does_not_acknowledge_is_told_of_at_the_township(county: Store) -> None:
    one = take_in(county, "03-03 09:00", COLLAPSE.code)
    assert sweep(county, "03-03 10:00") == Ticked(2)
    assert levels(county, one) == ["acknowledge village", "acknowledge township"]


def test_what_stands_climbs_no_further_until_it_goes_on(county: Store) -> None:
    one = go(county, take_in(county, "03-03 09:00", COLLAPSE.code), ("03-03 09:10", Step.ACKNOWLEDGE), ("03-03 10:30", Step.SUSPEND))
    assert sweep(county, "03-20 09:00") == Ticked(0)
    one = go(county, one, ("03-20 09:00", Step.RESUME))
    assert sweep(county, "03-20 09:05") == Ticked(0)
    assert sweep(county, "03-20 09:06") == Ticked(1)


def test_a_clock_that_jumps_back_and_forth_does_no_step_twice_and_holds_nobody_off(county: Store) -> None:
    one = take_in(county, "03-03 09:00", COLLAPSE.code)
    assert sweep(county, "03-03 09:30") == Ticked(1)
    assert sweep(county, "03-04 09:00") == Ticked(5)
    for when in ("03-03 09:30", "03-02 09:00", "03-04 09:00", "12-31 09:00"):
        assert sweep(county, when) == Ticked(0)
    assert max(Counter(levels(county, one)).values()) == 1
    with county.begin(ALL) as tx:
        assert leases.take(tx, SWEEP, "then", now=at("12-31 09:00"), lasts=LASTS)
    other = take_in(county, "03-05 09:00", COLLAPSE.code)
    assert sweep(county, "03-05 09:30") == Ticked(1), "a lease from a day that was never reached"
    assert levels(county, other) == ["acknowledge village"]


def test_while_one_sweeps_another_does_not_and_who_overslept_finds_out(county: Store) -> None:
    one, other = (take_in(county, "03-03 09:00", COLLAPSE.code) for _ in range(2))
    with county.begin(ALL) as tx:
        mine = leases.take(tx, SWEEP, "mine", now=at("03-03 09:30"), lasts=LASTS)
        assert mine is not None
    assert sweep(county, "03-03 09:31") == Ticked(0, held=True)
    assert sweep(county, "03-03 09:36", holder="theirs") == Ticked(2)
    with county.begin(ALL) as tx:
        assert not leases.keep(tx, SWEEP, mine, until=at("03-03 10:00"))
    assert (levels(county, one), levels(county, other)) == (["acknowledge village"],) * 2


def test_who_loses_the_lease_between_two_transactions_stops(county: Store) -> None:
    made = [take_in(county, "03-03 09:00", COLLAPSE.code) for _ in range(3)]
    scope, now = ALL, at("03-03 09:30")
    with county.begin(ALL) as tx:
        fence = leases.take(tx, SWEEP, "slow", now=now, lasts=LASTS) or 0
    first = _sweep(county, scope, fence, now=now, batch=1, advance=lambda due: None)
    assert sweep(county, now + LASTS, holder="quick").escalated == 2
    assert (first, _sweep(county, scope, fence, now=now, batch=1, advance=lambda due: None)) == ((1, True), (None, False))
    assert [levels(county, one) for one in made] == [["acknowledge village"]] * 3


KILLED = """
import os, signal, sys
from datetime import datetime
from gridmap.access import operator
from gridmap.flows.tick import tick
from gridmap.store import Store
left = int(sys.argv[3])
def advance(due):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
with Store.open(sys.argv[1]) as store:
    tick(store, now=datetime.fromisoformat(sys.argv[2]), holder=f"{os.getpid()}", actor=operator("test"), batch=2, advance=advance)
"""


def test_a_sweep_that_is_killed_half_way_is_finished_by_the_next_and_no_step_is_done_twice(
    tmp_path_factory: pytest.TempPathFactory, fresh_postgres: str
) -> None:
    for url in (f"sqlite:///{tmp_path_factory.mktemp('killed')}/a.db", fresh_postgres):
        with Store.open(url) as store:
            lay(store)
            made = [take_in(store, "03-03 09:00", COLLAPSE.code) for _ in range(4)]
            now = at("03-03 09:30")
            for left in (3, 1, 2):
                done = subprocess.run([sys.executable, "-c", KILLED, url, now.isoformat(), str(left)], check=False, timeout=60)
                assert done.returncode == -signal.SIGKILL
                now += LASTS + MINUTE
            found = [len(told(store, one)) for one in made]
            assert sum(found) == 2, "the first two were kept before the first kill, nothing after it"
            sweep(store, now)
            assert [levels(store, one).count("acknowledge village") for one in made] == [1] * 4
            assert all(count == 1 for one in made for count in Counter(levels(store, one)).values())


def test_many_who_sweep_at_once_do_each_step_once(county: Store) -> None:
    made = [take_in(county, "03-03 09:00", COLLAPSE.code) for _ in range(10)]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda n: sweep(county, "03-03 09:30", holder=str(n), batch=3), range(6)))
    assert sum(each.escalated for each in done) == len(made)
    assert [levels(county, one) for one in made] == [["acknowledge village"]] * len(made)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_whenever_it_is_swept_what_was_done_in_the_end_is_what_the_clocks_owed(county: Store, seed: int) -> None:
    """Sweeps at random instants, also before the last one, between the steps of a life."""
    chance = random.Random(seed)
    one, now = take_in(county, "03-03 09:00", chance.choice((COLLAPSE.code, "E0113"))), at("03-03 09:00")
    way = [Step.ACKNOWLEDGE, Step.START, Step.SUSPEND, Step.RESUME, Step.HANDLE, Step.REWORK, Step.HANDLE, Step.INSPECT]
    for each in way:
        now += timedelta(minutes=chance.choice((5, 90, 600, 5000)))
        for _ in range(chance.randrange(3)):
            sweep(county, now + timedelta(minutes=chance.randrange(-5000, 1)))
        taken = Taken(step=each, actor="", reason="x", until=(now + timedelta(days=9)).isoformat())
        one = step(county, one.id, taken, revision=one.revision, now=now, actor=operator(f"{each} {one.revision}"))
    sweep(county, LATE)
    with county.read(ALL) as tx:
        fired, times = clocks.fired(tx, one.id), calendars.working_time(tx, now)
        owed = {due.key for run in clocks.of_incident(tx, one.id) for due in steps_due(times, LADDERS[run.clock.name], run.clock, LATE, ())}
        assert fired == owed
    assert Counter(levels(county, one)).total() == len(fired)
    assert sweep(county, LATE) == Ticked(0)


def test_another_calendar_moves_what_runs_with_the_next_sweep(county: Store, tmp_path: Path) -> None:
    one = go(county, take_in(county, "04-29 09:00"), ("04-29 10:00", Step.ACKNOWLEDGE))
    done = go(county, take_in(county, "04-29 09:00"), ("04-29 09:30", Step.SETTLE))
    assert one.due_at == at("05-06 09:00")
    file = tmp_path / "calendar.csv"
    file.write_text("kind,since,until\nholiday,2026-05-01,2026-05-05\nworkday,2026-05-09,\n")
    import_register(county, Register.CALENDAR, file, now=at("04-30 09:00"), zone=SHANGHAI, actor=OPERATOR)
    assert sweep(county, "04-30 09:01") == Ticked(0)
    assert now_of(county, one.id).due_at == at("05-09 09:00"), "Wed, Thu, then Wed to Fri"
    with county.read(ALL) as tx:
        assert lives.clocked(tx, one, at("05-01 09:00")) == clocks.of_incident(tx, one.id)
        assert not clocks.is_any_ripe(tx, at("04-30 09:02"))
    assert now_of(county, done.id) == done
    assert sweep(county, "05-09 09:01").escalated == 2


def test_what_is_due_and_what_is_owed_are_found_by_index(fresh_postgres: str) -> None:
    with Store.open(fresh_postgres) as store:
        grow(fresh_postgres, store, 20_000)
        wind(fresh_postgres, ripe=30)
        assert_due_by_index(store)
        done = tick(store, now=datetime.now(SHANGHAI), holder="here", actor=OPERATOR)
        assert done.escalated >= 30
        assert tick(store, now=datetime.now(SHANGHAI), holder="here", actor=OPERATOR) == Ticked(0)


def assert_due_by_index(store: Store) -> None:
    """The queries of the list and of the sweep, planned as the roles that really ask them."""
    now = datetime.now(SHANGHAI)
    desk = allowed(Actor("c", "c", None, (Grant(Role.DISPATCHER),)), Action.INCIDENT_READ)
    assert "ix_incident_due_at" in planned(store, desk, lambda tx: incidents.list_(tx, order=incidents.Order.DUE, limit=100))
    assert "ix_clock_next_at" in planned(store, ALL, lambda tx: clocks.is_any_ripe(tx, now))


def test_only_the_operator_ticks(county: Store) -> None:
    with pytest.raises(SignInNeeded):
        tick(county, now=at("03-03 09:00"), holder="x", actor=ANONYMOUS)
