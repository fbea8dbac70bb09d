"""The demonstration's accounts: one for each role, each able to sign in with the password that was shown."""

from collections.abc import Iterator

import pytest

from gridmap.access import Action, Role, allowed, may
from gridmap.flows.act import act_as
from gridmap.flows.demo_accounts import make_demo_accounts
from gridmap.flows.sign_in import sign_in, who
from gridmap.passwords import COST, Cost, set_cost
from gridmap.store import Store
from tests.builders import OPERATOR
from tests.small_land import NOW, settle


@pytest.fixture(autouse=True)
def _light() -> Iterator[None]:
    set_cost(Cost(8, 1, 1))
    yield
    set_cost(COST)


def test_each_role_signs_in_with_the_password_that_was_shown(store: Store) -> None:
    settle(store)
    made = make_demo_accounts(store, actor=OPERATOR, now=NOW)
    assert {each.role for each in made} == set(Role) - {Role.RESIDENT, Role.OPERATOR, Role.HANDLER}
    for each in made:
        session = sign_in(store, each.name, each.password, browser=None, network="127.0.0.0/24", label="", now=NOW).session
        found = who(store, session, now=NOW)
        assert found is not None
        assert [grant.role for grant in found.actor.grants] == ([] if each.waits else [each.role])
    assert len({each.password for each in made}) == len(made)


def test_the_second_administrator_waits_for_the_first(store: Store) -> None:
    settle(store)
    make_demo_accounts(store, actor=OPERATOR, now=NOW)
    first, second = (act_as(store, name, login="test", now=NOW) for name in ("administrator", "administrator-2"))
    assert allowed(first, Action.GRANT_CHANGE).everywhere
    assert not may(second, Action.GRANT_CHANGE)
