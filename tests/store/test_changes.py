"""The live stream's source: nobody who follows it ever loses a change, whoever writes at the same time."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from sqlalchemy import text

from gridmap.incidents.life import Step, Taken
from gridmap.store import Store, incidents, lives
from tests import patient
from tests.builders import ALL
from tests.store.build import NOON, keep, settle


def test_changes_come_in_order_from_a_cursor_and_stop_at_a_limit(store):
    settle(store)
    with store.begin(ALL) as tx:
        assert incidents.latest_change(tx) == 0
        made = keep(tx, 3)
        lives.take(tx, made[0].id, Taken(step=Step.SETTLE, actor="x", photo="p"), at=NOON, expected_revision=1)
        changes = incidents.changes_after(tx, 0, 10)
        assert [which for _, which in changes] == [*(one.id for one in made), made[0].id]
        assert incidents.changes_after(tx, 0, 2) == changes[:2]
        assert incidents.changes_after(tx, changes[1][0], 10) == changes[2:]
        assert incidents.latest_change(tx) == changes[-1][0]
        assert incidents.changes_after(tx, changes[-1][0], 10) == ()


def _wait_for_a_waiter(store: Store) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted")
    last = time.monotonic() + patient.SECONDS
    while True:
        with store.read(ALL) as tx:
            if tx.scalar(waiting):
                return
        assert time.monotonic() < last, "nobody waits"
        time.sleep(0.01)


def test_a_change_that_is_still_uncommitted_is_never_overtaken(fresh_postgres):
    """On PostgreSQL ids are given out before commits: without a lock the second writer's row would appear first, with a higher id."""
    with Store.open(fresh_postgres) as store, ThreadPoolExecutor(1) as pool:
        settle(store)

        def second() -> str:
            with store.begin(ALL) as tx:
                return keep(tx)[0].id

        with store.begin(ALL) as first:
            mine = keep(first)[0].id
            other = pool.submit(second)
            _wait_for_a_waiter(store)
            with store.read(ALL) as tx:
                assert incidents.changes_after(tx, 0, 10) == ()
            assert not other.done()
        other_id = other.result(timeout=patient.SECONDS)
        with store.read(ALL) as tx:
            assert [which for _, which in incidents.changes_after(tx, 0, 10)] == [mine, other_id]


def test_a_follower_sees_every_change_once_while_many_write(store):
    settle(store)
    writers, each = 4, 15
    done = Event()

    def write() -> list[str]:
        found = []
        for _ in range(each):
            with store.begin(ALL) as tx:
                found.append(keep(tx)[0].id)
        return found

    def follow() -> list[str]:
        seen: list[str] = []
        cursor = 0
        while True:
            last_look = done.is_set()
            with store.read(ALL) as tx:
                changes = incidents.changes_after(tx, cursor, 7)
            seen += [which for _, which in changes]
            cursor = changes[-1][0] if changes else cursor
            if last_look and not changes:
                return seen

    with ThreadPoolExecutor(writers + 1) as pool:
        follower = pool.submit(follow)
        writing = [pool.submit(write) for _ in range(writers)]
        try:
            written = [one for found in writing for one in found.result(timeout=patient.SECONDS)]
        finally:
            done.set()  # also where a writer failed: the pool waits for the follower
        seen = follower.result(timeout=patient.SECONDS)
    assert len(seen) == writers * each
    assert sorted(seen) == sorted(written)
