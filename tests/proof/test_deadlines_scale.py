"""Deadlines among a million incidents: what is due first is found by index, and a sweep is done before anybody notices."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gridmap.flows.tick import tick
from gridmap.store import Store
from tests import postgres
from tests.builders import OPERATOR
from tests.store.crowd import grow, wind
from tests.store.test_tick import assert_due_by_index

pytestmark = pytest.mark.proof


def test_among_a_million_incidents_a_sweep_takes_a_second_at_most(postgres_url: str, migrated_template: str) -> None:
    with postgres.fresh_database(postgres_url, migrated_template) as url, Store.open(url) as store:
        grow(url, store, 1_000_000)
        wind(url, ripe=100)
        assert_due_by_index(store)
        now = datetime.now(ZoneInfo("Asia/Shanghai"))
        took = []
        for _ in range(2):  # with steps that are owed, and without
            before = time.perf_counter()
            print(f"\n{tick(store, now=now, holder='proof', actor=OPERATOR)}")
            took.append(time.perf_counter() - before)
        print(f"{took[0]:.3f} s, {took[1]:.3f} s")
        assert max(took) <= 1.0
