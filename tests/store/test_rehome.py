"""Another edition takes effect: what is open stays, moves, or is a person's to say, once; what is closed keeps its cell for ever."""

from dataclasses import replace
from datetime import timedelta

import pytest
from shapely import box

from gridmap.access import ANONYMOUS, SignInNeeded, operator
from gridmap.flows.batches import LASTS
from gridmap.flows.rehome import ASKED, Rehomed, Rehoming, rehome
from gridmap.grid import Area
from gridmap.incidents import Incident, State
from gridmap.incidents.life import Step
from gridmap.store import Store, clocks, editions, incidents, lives, sweeps
from tests import postgres
from tests.builders import ALL, OPERATOR
from tests.closing import close
from tests.small_land import AREAS, CELLS, NOW, settle
from tests.store.crowd import grow
from tests.store.test_rematch import DESK, IN_CELL_4, ROADS, go, now_of, take_in
from tests.store.test_walls import planned

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LATER = NOW + DAY


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def redraw(store: Store, number: int = 0) -> None:
    """An edition in which the first cell is smaller: what was in its east is the second cell's."""
    west, east = box(113.0, 28.0, 113.004 - number / 1e4, 28.01), box(113.004 - number / 1e4, 28.0, 113.02, 28.01)
    shapes = {CELLS[0]: west, CELLS[1]: east}
    areas: tuple[Area, ...] = tuple(replace(area, shape=shapes.get(area.code, area.shape)) for area in AREAS)
    with store.begin(ALL) as tx:
        editions.add(tx, areas, in_force_from=LATER + number * DAY, recorded_at=NOW)


def homed(store: Store, policy: Rehoming, **more: object) -> Rehomed:
    return rehome(store, policy, **({"now": LATER + MINUTE, "holder": "here", "actor": OPERATOR} | more))  # type: ignore[arg-type]


def whats(store: Store, one: Incident) -> list[str]:
    with store.read(ALL) as tx:
        now = incidents.get(tx, one.id)
        assert lives.replayed(tx, now) == now.life
        assert lives.clocked(tx, now, NOW) == clocks.of_incident(tx, now.id)
        rows = incidents.history(tx, one.id)
        assert len(rows) == now.revision
        return [row.what for row in rows]


def test_what_lies_elsewhere_now_moves_with_its_office_and_clocks_as_they_were(county: Store) -> None:
    moves, stays = take_in(county), take_in(county, lon=IN_CELL_4[0], lat=IN_CELL_4[1])
    begun = go(county, take_in(county), Step.ACKNOWLEDGE, ROADS)
    done = close(county, take_in(county).id, "done", now=NOW, actor=operator("desk"))
    redraw(county)
    assert homed(county, Rehoming.MOVE, now=LATER - MINUTE) == Rehomed(), "not yet in force"
    assert homed(county, Rehoming.MOVE) == Rehomed(stayed=1, moved=2)
    for before in (moves, begun):
        now = now_of(county, before.id)
        assert (now.cell, now.worker, now.edition, now.homed_in) == (CELLS[1], "W2", 2, 2)
        assert (now.state, now.office, now.due_at, now.revision) == (before.state, before.office, before.due_at, before.revision + 1)
        assert whats(county, before)[-1] == "incident.rehome"
    assert now_of(county, stays.id) == replace(stays, homed_in=2)
    assert now_of(county, done.id) == done
    assert (done.state, done.cell) == (State.CLOSED, CELLS[0])
    assert homed(county, Rehoming.MOVE) == Rehomed(), "each once"


def test_a_person_is_asked_and_can_say_that_it_moves(county: Store) -> None:
    one = take_in(county)
    redraw(county)
    assert homed(county, Rehoming.ASK) == Rehomed(asked=1)
    asked = now_of(county, one.id)
    assert asked == replace(one, homed_in=2, revision=2)
    assert whats(county, one)[-1] == ASKED
    with county.read(ALL) as tx:
        facts = incidents.history(tx, one.id)[-1].facts
        assert [which for _, which in incidents.changes_after(tx, 1, 9)] == [one.id], "whoever looks is told"
    assert (facts["cell"], facts["worker"], facts["edition"]) == (CELLS[1], "W2", 2)
    assert homed(county, Rehoming.ASK) == Rehomed()
    moved = go(county, asked, Step.REHOME, DESK, LATER + DAY)
    assert (moved.cell, moved.worker, moved.due_at) == (CELLS[1], "W2", one.due_at)


def test_or_all_stay_where_they_were_and_the_next_edition_is_another_question(county: Store) -> None:
    one = take_in(county)
    redraw(county)
    assert homed(county, Rehoming.STAY) == Rehomed(stayed=1)
    assert now_of(county, one.id) == replace(one, homed_in=2)
    redraw(county, 1)
    assert homed(county, Rehoming.ASK, now=LATER + DAY + MINUTE) == Rehomed(asked=1)


def test_a_sweep_that_dies_loses_nothing_and_what_it_did_is_not_done_twice(county: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [take_in(county) for _ in range(5)]
    redraw(county)
    note, count = lives.take, []

    def dies(*given: object, **more: object) -> Incident:
        count.append(1)
        if len(count) == 4:
            raise KeyboardInterrupt
        return note(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(lives, "take", dies)
    with pytest.raises(KeyboardInterrupt):
        homed(county, Rehoming.MOVE, batch=2)
    monkeypatch.undo()
    assert sorted(now_of(county, one.id).homed_in or 0 for one in made) == [1, 1, 1, 2, 2]
    assert homed(county, Rehoming.MOVE, holder="there") == Rehomed(held=True)
    assert homed(county, Rehoming.MOVE, holder="there", now=LATER + LASTS + 2 * MINUTE, batch=2) == Rehomed(moved=3)
    assert [whats(county, one) for one in made] == [["receive", "incident.rehome"]] * 5


def test_what_has_no_point_has_nothing_to_be_held_against(county: Store) -> None:
    one = take_in(county, lon=None, lat=None, datum="", place="by the bridge")
    redraw(county)
    assert homed(county, Rehoming.MOVE) == Rehomed(stayed=1)
    assert now_of(county, one.id).state is State.TRIAGE


def test_what_was_not_held_against_an_edition_is_found_by_index(fresh_postgres: str) -> None:
    with Store.open(fresh_postgres) as store:
        grow(fresh_postgres, store, 20_000)
        postgres.run_sql(fresh_postgres, "UPDATE incident SET homed_in = 1")
        postgres.run_sql(fresh_postgres, "VACUUM ANALYZE")
        assert "ix_incident_open_homed_in" in planned(store, ALL, lambda tx: sweeps.homed_before(tx, 1, 1))
        assert "Seq Scan on incident" not in planned(store, ALL, lambda tx: sweeps.moving_on(tx, NOW, 1))


def test_only_the_operator_rehomes(county: Store) -> None:
    with pytest.raises(SignInNeeded):
        homed(county, Rehoming.STAY, actor=ANONYMOUS)
