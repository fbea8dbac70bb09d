"""One report however often it is sent: 10,000 keys, twenty copies each, over two processes."""

from pathlib import Path

import pytest

from gridmap.store import Store
from tests import copies
from tests.small_land import settle

pytestmark = pytest.mark.proof


def test_ten_thousand_keys_twenty_times_at_once_are_ten_thousand_reports(fresh_postgres: str, tmp_path: Path) -> None:
    with Store.open(fresh_postgres) as store:
        settle(store)
    copies.send_copies(fresh_postgres, tmp_path, keys=10_000, each=20)
