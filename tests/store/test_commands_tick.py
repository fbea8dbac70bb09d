"""`gridmap tick`, as it is typed: what moves on from the window, what another edition gives to others, and the ladder's steps."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gridmap.cli import door
from gridmap.errors import BadSettings
from gridmap.flows.intake import receive
from gridmap.flows.rehome import Rehoming
from gridmap.incidents import Channel, Report, State
from gridmap.settings import CHANNELS, REHOME, read_settings
from gridmap.store import Store, incidents
from tests.builders import ALL, OPERATOR
from tests.small_land import IN_CELL_1, settle

Typed = Callable[..., str]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDMAP_DATABASE_URL", raising=False)

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["gridmap", *arguments])
        with suppress(SystemExit):
            assert not door.run()
        return capsys.readouterr().out

    return run


def test_a_machine_without_the_service_sends_on_what_was_at_the_window(typed: Typed) -> None:
    lon, lat = IN_CELL_1
    report = Report(issue="E0113", channel=Channel.WINDOW, lon=lon, lat=lat, datum="wgs84")
    with Store.open("sqlite:///gridmap.db") as store:
        settle(store)
        answer = receive(store, report, now=datetime.now(UTC) - timedelta(days=20), actor=OPERATOR)
    told = json.loads(typed("tick", "--json"))
    assert (told["moved_on"], told["moved"], told["asked"], told["held"]) == (1, 0, 0, False)
    with Store.open("sqlite:///gridmap.db") as store, store.read(ALL) as tx:
        assert incidents.get(tx, answer.incident).state is State.DISPATCHED
    assert json.loads(typed("tick", "--json"))["moved_on"] == 0


def test_a_report_by_hand_is_looked_into_where_the_county_says_so(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open("sqlite:///gridmap.db") as store:
        settle(store)
    lon, lat = map(str, IN_CELL_1)
    sent = ("report", "--issue", "E0113", "--lon", lon, "--lat", lat, "--datum", "wgs84", "--json", "--channel")
    assert json.loads(typed(*sent, "resident"))["state"] == "dispatched"
    monkeypatch.setenv("GRIDMAP_VERIFY", "resident, hotline")
    assert json.loads(typed(*sent, "resident"))["state"] == "verifying"
    assert "looked into" in typed(*sent[:-2], "--channel", "hotline")
    assert "window" in typed(*sent[:-2], "--channel", "window")


def test_the_settings_name_what_there_is_and_every_fault_is_told() -> None:
    assert tuple(Channel) == CHANNELS
    assert tuple(Rehoming) == REHOME
    assert read_settings({}).rehome == "ask"
    assert read_settings({"GRIDMAP_VERIFY": "resident,hotline"}).verify == {"resident", "hotline"}
    with pytest.raises(BadSettings, match=r"(?s)GRIDMAP_VERIFY has 'media'.*GRIDMAP_REHOME='later'"):
        read_settings({"GRIDMAP_VERIFY": "resident media", "GRIDMAP_REHOME": "later"})
