"""Restarts lose nothing, at full scale: twenty services follow each other under load."""

import pytest
from sqlalchemy import select

from api.server import listen
from gridmap.store import Store
from gridmap.store.schema import report
from gridmap.store.scoping import within
from tests.builders import ALL
from tests.rolling import follow
from tests.small_land import settle

pytestmark = pytest.mark.proof


@pytest.mark.parametrize("times", [20])
def test_twenty_services_follow_each_other_without_a_failed_request(fresh_postgres, tmp_path, times, capsys) -> None:
    with Store.open(fresh_postgres) as store:
        settle(store)
        with listen("127.0.0.1", 0) as listening:
            seen, ended = follow(listening, fresh_postgres, tmp_path, times=times, clients=8)
        with store.read(ALL) as tx:
            kept = sorted(tx.scalars(select(report.c.key).where(within(tx, report))))
    with capsys.disabled():
        print(f"\n{len(ended)} restarts: {len(seen.acknowledged)} reports and {seen.read} questions answered, {len(seen.failed)} failed")
    assert seen.failed == []
    assert kept == sorted(seen.acknowledged)
    assert ended == [0] * times
