"""Reports are kept once, incidents keep what they were matched to, lists are paged without gaps, the log only grows."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError

from gridmap.errors import IncidentMissing
from gridmap.flows.verify_history import verify
from gridmap.incidents import State
from gridmap.store import history, ids, incidents
from tests.builders import ALL, OPERATOR
from tests.closing import close_within
from tests.store import build
from tests.store.build import DAY, NOON, counted, incident, keep, received, settle


def test_an_incident_comes_back_as_it_was_kept_by_id_and_by_number(store):
    settle(store)
    with store.begin(ALL) as tx:
        (number,) = incidents.numbers(tx, 1, year=2026)
        made = incident(number)
        incidents.add_many(tx, [received(made, key="k1")])
    with store.read(ALL) as tx:
        assert incidents.get(tx, made.id) == made
        assert incidents.get(tx, number) == made
        assert incidents.reports(tx, made.id) == (build.report("k1"),)
        for unknown in (ids.new(NOON), "2026-999999", "", "x" * 36):
            with pytest.raises(IncidentMissing):
                incidents.get(tx, unknown)


def test_an_incident_without_a_point_and_without_a_place_is_kept(store):
    settle(store)
    with store.begin(ALL) as tx:
        (made,) = keep(tx, lon=None, cell=None)
        assert incidents.get(tx, made.id) == made
        assert made.state == State.TRIAGE


def test_numbers_are_readable_and_go_on_over_the_years(store):
    settle(store)
    with store.begin(ALL) as tx:
        first = incidents.numbers(tx, 2, year=2026)
        incidents.add_many(tx, [received(incident(number)) for number in first])
        second = incidents.numbers(tx, 1, year=2027)
    assert first == ["2026-000001", "2026-000002"]
    assert second == ["2027-000003"]


def test_ids_are_uuids_of_version_7_and_sort_by_time():
    made = [ids.new(NOON + n * DAY) for n in range(5)]
    assert made == sorted(made)
    assert len({ids.new(NOON) for _ in range(1000)}) == 1000
    for text in made:
        assert UUID(text).version == 7
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text)
    assert UUID(ids.new(NOON)).int >> 80 == int(NOON.timestamp() * 1000)


def test_a_repeated_key_is_known_and_the_first_answer_stays_byte_for_byte(store):
    settle(store)
    with store.begin(ALL) as tx:
        one, two = (incident(number) for number in incidents.numbers(tx, 2, year=2026))
        first = received(one, key="k", answer="first")
        assert incidents.first_answers(tx, [("hotline", "k")]) == {}
        incidents.add_many(tx, [first])
    with pytest.raises(IntegrityError), store.begin(ALL) as tx:  # whoever did not ask
        incidents.add_many(tx, [received(two, key="k", answer="second")])
    with store.read(ALL) as tx:
        kept = incidents.first_answers(tx, [("hotline", "k")])["hotline", "k"]
        assert (kept.body_hash, kept.report_id) == ("0" * 64, first.report_id)
        assert list(kept.answer.items()) == [("z", "first"), ("a", one.number)]
        with pytest.raises(IncidentMissing):
            incidents.get(tx, two.id)
        assert incidents.latest_change(tx) == 1


def test_the_same_key_of_another_sender_is_another_report_and_no_key_is_always_new(store):
    settle(store)
    with store.begin(ALL) as tx:
        made = [incident(number) for number in incidents.numbers(tx, 4, year=2026)]
        keys = [("a", "k"), ("b", "k"), ("a", ""), ("a", "")]
        incidents.add_many(tx, [received(one, key=key, sender=sender) for one, (sender, key) in zip(made, keys, strict=True)])
        assert incidents.count(tx)[State.DISPATCHED] == 4
        assert set(incidents.first_answers(tx, keys)) == {("a", "k"), ("b", "k")}
        assert incidents.first_answers(tx, []) == {}
        assert incidents.reports(tx, made[2].id)[0].key == ""


def test_many_are_kept_at_once_and_of_none_nothing(store):
    settle(store)
    with store.begin(ALL) as tx:
        made = [incident(number) for number in incidents.numbers(tx, 1500, year=2026)]
        incidents.add_many(tx, [received(one, key=f"k{n}") for n, one in enumerate(made)])
        incidents.add_many(tx, [])
        assert incidents.numbers(tx, 0, year=2026) == []
        assert incidents.count(tx)[State.DISPATCHED] == 1500
        assert len(incidents.first_answers(tx, [("hotline", f"k{n}") for n in range(2000)])) == 1500


def test_the_same_report_sent_by_many_at_once_is_kept_once_and_all_get_the_first_answer(store):
    settle(store)
    senders, keys = 8, 5
    start = Barrier(senders)

    def send(who: int) -> list[object]:
        start.wait()
        answers = []
        for n in range(keys):
            with store.begin(ALL) as tx:
                history.hold(tx)
                key = [("hotline", f"k{n}")]
                if not incidents.first_answers(tx, key):
                    (number,) = incidents.numbers(tx, 1, year=2026)
                    incidents.add_many(tx, [received(incident(number), key=f"k{n}", answer=f"sender {who}")])
                answers.append(incidents.first_answers(tx, key))
        return answers

    with ThreadPoolExecutor(senders) as pool:
        told = list(pool.map(send, range(senders)))
    assert all(answers == told[0] for answers in told)
    with store.read(ALL) as tx:
        assert counted(incidents.count(tx)) == {State.DISPATCHED: keys}


def test_pages_have_no_gaps_and_no_repeats_while_new_incidents_come_in(store):
    settle(store)
    with store.begin(ALL) as tx:
        made = keep(tx, 25)
    seen: list[str] = []
    after = None
    while True:
        with store.begin(ALL) as tx:
            page = incidents.list_(tx, after=after, limit=10)
            keep(tx, 3)
        seen += [one.number for one in page]
        if len(page) < 10:
            break
        after = page[-1].number
    assert seen == [one.number for one in reversed(made)]
    with store.read(ALL) as tx, pytest.raises(IncidentMissing):
        incidents.list_(tx, after="nonsense", limit=1)


def test_lists_are_narrowed_by_state_box_and_area_of_any_level(store):
    settle(store)
    with store.begin(ALL) as tx:
        (west,) = keep(tx, lon=0.1)
        (east,) = keep(tx, lon=0.9, cell="330100001001002")
        (nowhere,) = keep(tx, lon=None, cell=None)
        closed = close_within(tx, keep(tx)[0].id, at=NOON + DAY)

        def found(**narrowed: object) -> set[str]:
            return {one.number for one in incidents.list_(tx, limit=100, **narrowed)}

        assert found() == {west.number, east.number, nowhere.number}
        assert found(states=[State.TRIAGE]) == {nowhere.number}
        assert found(states=[State.CLOSED]) == {closed.number}
        assert found(states=[]) == set()
        assert found(bbox=(0.0, 0.0, 0.1, 0.5)) == {west.number}
        assert found(bbox=(0.2, 0.0, 1.0, 1.0)) == {east.number}
        assert found(area="330100001") == found(area="330100001001") == {west.number, east.number}
        assert found(area="330100001001002") == {east.number}
        assert found(area="330100001001", bbox=(0.0, 0.0, 0.5, 1.0), states=list(State)) == {west.number, closed.number}
        assert counted(incidents.count(tx, area="330100001001001")) == {State.DISPATCHED: 1, State.CLOSED: 1}
        assert incidents.count(tx, states=[State.TRIAGE]) == {State.TRIAGE: 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"cell": "330100001001777"},
        {"edition": 7},
        {"worker": "nobody"},
        {"office": "none"},
        {"lat": None},
        {"lon": 181.0},
        {"grade": "urgent"},
    ],
)
def test_the_database_refuses_an_incident_that_names_what_is_not_there(store, wrong):
    settle(store)
    with store.begin(ALL) as tx:
        (number,) = incidents.numbers(tx, 1, year=2026)
    with pytest.raises(IntegrityError), store.begin(ALL) as tx:
        incidents.add_many(tx, [received(replace(incident(number), **wrong))])
    with store.read(ALL) as tx:
        assert incidents.list_(tx, limit=9) == ()


def test_a_transaction_asks_for_the_head_of_the_history_once(store):
    settle(store)
    asked: list[str] = []

    def hear(*told: object) -> None:
        asked.append(str(told[2]))

    with store.begin(ALL) as tx:
        event.listen(tx.engine, "before_cursor_execute", hear)
        history.hold(tx)
        keep(tx, 2)
        keep(tx, 1)
        assert history.head(tx)[0] == 3
        event.remove(tx.engine, "before_cursor_execute", hear)
    heads = [each for each in asked if each.startswith("SELECT") and "FROM history_head" in each]
    assert len(heads) == 2  # once to hold it, and by this test itself
    with store.begin(ALL) as tx:
        assert keep(tx)
        assert history.head(tx)[0] == 4


def test_what_a_savepoint_undid_is_not_remembered_of_the_history(store):
    settle(store)
    with store.begin(ALL) as tx:
        keep(tx)
        undone = tx.begin_nested()
        keep(tx)
        undone.rollback()
        keep(tx)
        assert history.head(tx)[0] == 2
        with tx.begin_nested():
            keep(tx)
        keep(tx)
        assert history.head(tx)[0] == 4
    assert verify(store, None, actor=OPERATOR).faults == ()
