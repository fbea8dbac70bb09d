"""The history: chained, witnessed outside the database, verified; whatever was forged is named."""

from pathlib import Path

import pytest

from gridmap.store import Store
from tests.store import tampering
from tests.store.tampering import Forger


@pytest.fixture
def forger(store: Store, tmp_path: Path, request: pytest.FixtureRequest) -> Forger:
    anchors = tmp_path / "anchors"
    tampering.true_history(store, anchors)
    url = "" if store.file else request.getfixturevalue("fresh_postgres")
    return Forger(store, url, anchors)


def test_a_true_history_is_found_true(forger):
    found = tampering.look(forger)
    assert found.faults == ()
    assert found.rows == len(forger.rows())
    assert found.anchors == len(forger.anchors.read_bytes().splitlines())


def test_every_forgery_is_told_with_its_first_bad_row(forger):
    counts, missed = tampering.tamper(forger, 68, seed=3)
    assert missed == []
    assert set(counts) == set(tampering.KINDS)
