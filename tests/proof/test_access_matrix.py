"""The access matrix at large: operations × everybody × incidents × ways in, on both databases and with each wall alone.

Of the hundred thousand questions that can be asked, a fixed draw of SHARE is; every operation, person and incident is among them.
"""

import logging
from collections.abc import Iterator

import pytest

from gridmap import access, passwords
from gridmap.store import Store, scoping
from tests.api.matrix import commands, harmless, live
from tests.api.matrix.asking import Asking
from tests.api.matrix.matrix import FEW, PARTS, asked, besides, judge, notices, too_many, without
from tests.api.matrix.operations import questions
from tests.api.matrix.ways import etags, heads, methods, packings

pytestmark = pytest.mark.proof
SHARE = 0.3


@pytest.fixture(autouse=True)
def _quick_passwords() -> Iterator[None]:
    passwords.set_cost(passwords.Cost(8, 1, 1))
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
    passwords.set_cost(passwords.COST)


def whole(asking: Asking) -> None:
    """Every part by every way in both languages, then every value of every parameter, then the streams."""
    asking.share = SHARE
    for asking.way, asking.lang in (("cookie", "en"), ("bearer", "zh")):
        judge(asking, asking.world.people, asking.world.rows, PARTS)
    asking.way = "cookie"
    for person in asking.world.people:
        for operation in asking.operations.values():
            if operation.method == "GET" and operation.name != "follow_incidents":
                for path, query in asking.some(questions(asking.world, operation)):
                    asking.ask(person, operation, path, query)
        etags(asking, person)
        methods(asking, person)
        heads(asking, person)
        packings(asking, person)
    live.streams(asking, asking.world.people)
    harmless.endings(asking, asking.world.person("bare"))


def test_nothing_leaks_and_everything_allowed_works(store: Store) -> None:
    commands.known()
    with asked(store) as asking:
        harmless.changes(asking)
        whole(asking)
        cells = sum(asking.cells.values())
        print(f"\n{store.dialect}: {cells} cells in {len(asking.cells)} operations and commands, {len(asking.faults)} faults")
        assert not asking.faults, asking.told
        assert cells >= 10_000


def test_row_level_security_alone_lets_nothing_through(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.dialect == "sqlite":
        pytest.skip("SQLite has the first wall alone")
    with asked(store) as asking:
        monkeypatch.setattr(scoping, "_rows", lambda _table, _scope: True)
        asking.share = SHARE
        judge(asking, asking.world.people, asking.world.rows, PARTS)
        print(f"\n{sum(asking.cells.values())} cells, {len(asking.faults)} faults")
        assert not asking.faults, asking.told


def test_each_rule_of_access_counts_and_none_may_be_added(store: Store) -> None:
    with asked(store) as asking:
        rows = [asking.world.row(name) for name in FEW]
        for rule in access.ALLOWED:
            with without(rule):
                assert notices(asking, rule, rows), f"without {rule}"
        added = too_many()
        for rule in added:
            with besides(rule):
                assert notices(asking, rule, rows), f"besides {rule}"
        print(f"\n{store.dialect}: {len(access.ALLOWED)} rules taken away and {len(added)} added, all noticed")
