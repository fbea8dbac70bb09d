"""The walls at full scale: a million incidents found by index, a hundred thousand transactions on three connections."""

import pytest

from gridmap.store import Store
from tests import postgres
from tests.store.crowd import Crowd, grow
from tests.store.test_walls import assert_by_index

pytestmark = pytest.mark.proof


def test_among_a_million_incidents_maps_and_lists_are_found_by_index(postgres_url: str, migrated_template: str) -> None:
    with postgres.fresh_database(postgres_url, migrated_template) as url, Store.open(url) as store:
        grow(url, store, 1_000_000)
        assert_by_index(store)


def test_a_hundred_thousand_transactions_on_three_connections_see_no_foreign_row(postgres_url: str, migrated_template: str) -> None:
    with postgres.fresh_database(postgres_url, migrated_template) as url:
        assert Crowd(url, postgres_url).run(transactions=100_000, kills=300) >= 98_000
