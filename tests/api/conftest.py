"""The service over a small land, asked without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api import create_app
from gridmap.store import Store
from tests import patient
from tests.serving import some_settings
from tests.small_land import settle


@pytest.fixture
def land(store: Store) -> Store:
    settle(store)
    return store


@pytest.fixture
def client(land: Store) -> Iterator[TestClient]:
    with TestClient(create_app(land, some_settings()), base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as asking:
        yield asking


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[TestClient]:
    """The service over the embedded database, for what does not depend on which one it is."""
    with Store.open(patient.migrated(tmp_path)) as store:
        settle(store)
        with TestClient(create_app(store, some_settings()), base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as asking:
            yield asking


@pytest.fixture
def bare(store: Store) -> Iterator[TestClient]:
    """The service over a store in which nothing was published."""
    with TestClient(create_app(store, some_settings()), base_url="http://127.0.0.1:8000") as asking:
        yield asking
