"""The access matrix at the scale of every day: who gets what by which way, by an oracle of its own; and that each rule of access counts."""

import logging
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from gridmap import access, passwords
from gridmap.access import Role
from gridmap.store import Store, scoping
from tests.api.matrix import commands, harmless, live
from tests.api.matrix.asking import Asking
from tests.api.matrix.matrix import FEW, PARTS, REPRESENTATIVES, asked, besides, judge, notices, too_many, without
from tests.api.matrix.operations import Unknown
from tests.api.matrix.oracle import Person
from tests.api.matrix.ways import etags, heads, methods
from tests.api.matrix.world import Row


@pytest.fixture(autouse=True)
def _quick_passwords() -> Iterator[None]:
    passwords.set_cost(passwords.Cost(8, 1, 1))
    logging.disable(logging.WARNING)  # hundreds are refused here
    yield
    logging.disable(logging.NOTSET)
    passwords.set_cost(passwords.COST)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Asking]:
    """The world on the embedded database, which has the first wall alone."""
    with Store.open(f"sqlite:///{tmp_path}/matrix.db") as store, asked(store) as asking:
        yield asking


def few(asking: Asking) -> list[Row]:
    return [asking.world.row(name) for name in FEW]


def some(asking: Asking) -> list[Person]:
    return [asking.world.person(name) for name in REPRESENTATIVES]


def test_everybody_gets_what_is_theirs_and_nothing_else(store: Store) -> None:
    with asked(store) as asking:
        asking.share = 0.05
        for first, asking.way, asking.lang in ((0, "cookie", "en"), (1, "bearer", "zh")):
            judge(asking, some(asking)[first::2], few(asking))
        etags(asking, asking.world.person("dispatcherv11"))
        for person in some(asking)[::5]:
            methods(asking, person)
            heads(asking, person)
        asking.way = "cookie"
        live.streams(asking, some(asking)[::4])
        assert not asking.faults, asking.told


def test_what_is_in_no_table_fails(small: Asking) -> None:
    commands.known()
    harmless.changes(small)
    with pytest.raises(Unknown):
        commands.named({"flow.of_tomorrow"})


def test_row_level_security_alone_lets_nothing_through(fresh_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(fresh_postgres) as store, asked(store) as asking:
        monkeypatch.setattr(scoping, "_rows", lambda _table, _scope: True)
        asking.share = 0.1
        judge(asking, some(asking)[::2], few(asking), [part for part in PARTS if part.rows])
        assert not asking.faults, asking.told


def test_without_any_one_rule_of_access_the_matrix_fails(small: Asking) -> None:
    commands.operators(small)
    assert not small.faults
    for rule in access.ALLOWED:
        with without(rule):
            assert notices(small, rule, few(small)), rule


def test_with_a_rule_too_many_the_matrix_fails(small: Asking) -> None:
    added = [rule for rule in too_many() if rule.role is not Role.RESIDENT]
    for rule in Random(3).sample(added, 4):
        with besides(rule):
            assert notices(small, rule, few(small)), rule
