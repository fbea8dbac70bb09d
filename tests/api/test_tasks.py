"""What the service does by itself."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import create_app, live
from api.tasks import Task, running
from gridmap.access import operator
from gridmap.errors import StoreUnreachable
from gridmap.flows.intake import receive
from gridmap.incidents import Channel, Report
from gridmap.settings import Settings
from gridmap.store import Store
from tests import patient
from tests.serving import some_settings
from tests.small_land import IN_CELL_1, settle


@pytest.fixture
def land(tmp_path: Path) -> Iterator[Store]:
    with Store.open(patient.migrated(tmp_path)) as store:
        settle(store)
        yield store


@contextmanager
def doing(store: Store, *tasks: Task) -> Iterator[None]:
    """A service that does these tasks and nothing else."""
    app = FastAPI(lifespan=running(store, some_settings(), live.Live(store).running, tasks))
    with TestClient(app):
        yield


def test_contacts_past_their_term_are_gone_soon_after_the_service_starts(land: Store) -> None:
    lon, lat = IN_CELL_1
    for n, days in enumerate((200, 100)):
        sent = Report(
            issue="E0113", channel=Channel.SYSTEM, lon=lon, lat=lat, datum="wgs84", sender="x", key=str(n), contact=f"1390000000{n}"
        )
        receive(land, sent, now=datetime.now(some_settings().timezone) - timedelta(days=days), actor=operator("test"))
    file = Path(str(land._engine.url.database))
    assert b"13900000000" in file.read_bytes()
    with TestClient(create_app(land, some_settings())):
        patient.until(lambda: b"13900000000" not in file.read_bytes())
    assert b"13900000001" in file.read_bytes()


def test_a_task_is_done_again_and_again_and_once_more_at_the_end_if_it_asks_for_that(land: Store) -> None:
    done: dict[str, int] = {"often": 0, "once": 0, "end": 0}

    def count(name: str) -> Task:
        def do(_store: Store, _settings: Settings, now: datetime) -> None:
            assert now.tzinfo
            done[name] += 1

        return Task(name, 0.01 if name == "often" else 3600, do, at_end=name == "end")

    with doing(land, *(count(name) for name in done)):
        patient.until(lambda: done["often"] > 3 and done["once"] and done["end"])
    assert done["once"] == 1
    assert done["end"] == 2


def test_a_task_that_is_refused_is_told_and_tried_again(land: Store, caplog: pytest.LogCaptureFixture) -> None:
    tried: list[datetime] = []

    def do(_store: Store, _settings: Settings, now: datetime) -> None:
        tried.append(now)
        raise StoreUnreachable(url="sqlite:///x", reason="away")

    with caplog.at_level(logging.WARNING, "gridmap.tasks"), doing(land, Task("refused", 0.01, do)):
        patient.until(lambda: len(tried) > 2)
    assert "refused: " in caplog.text
    assert "away" in caplog.text


def test_a_fault_of_ours_ends_its_task_only_and_is_told(land: Store, caplog: pytest.LogCaptureFixture) -> None:
    done: list[datetime] = []

    def broken(_store: Store, _settings: Settings, _now: datetime) -> None:
        raise AssertionError("a fault of ours")

    with doing(land, Task("broken", 0.01, broken), Task("whole", 0.01, lambda _store, _settings, now: done.append(now))):
        patient.until(lambda: "the task broken has stopped" in caplog.text and len(done) > 3)
