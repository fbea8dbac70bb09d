"""`gridmap notify` and `gridmap notices`, as they are typed."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gridmap.cli import door
from gridmap.flows.notify import ATTEMPTS
from gridmap.store import Store, notices
from tests.accounts import person
from tests.builders import ALL
from tests.receiver import SECRET, Receiver, receiving
from tests.small_land import settle
from tests.store.test_commands_incidents import Said
from tests.store.test_notify import Box, Clock, deliver, take_in

Typed = Callable[..., Said]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """A terminal in a folder with a county in the embedded database and one incident, of which nobody was told."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDMAP_DATABASE_URL", raising=False)
    monkeypatch.setenv("LOGNAME", "root")
    with Store.open("sqlite:///gridmap.db") as store:
        settle(store)
        take_in(store)

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["gridmap", *arguments])
        try:
            code = door.run()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Said(code, *capsys.readouterr())

    root, level = logging.getLogger(), logging.getLogger("gridmap.notices").level
    handlers = root.handlers[:]
    yield run
    root.handlers[:] = handlers
    logging.getLogger("gridmap.notices").setLevel(level)
    logging.captureWarnings(False)


def test_without_a_webhook_the_log_is_told_a_line_for_each_notice(typed: Typed) -> None:
    said = typed("notify")
    assert said.out == "1 notices delivered, 0 are tried again later, 0 were given up.\n"
    told = json.loads(said.err)
    assert (told["from"], "2026-000001" in told["message"]) == ("gridmap.notices", True)
    assert typed("notify", "--json").answer == {"sent": 0, "failed": 0, "parked": 0}
    assert typed("notices").out.startswith("0 to be sent, 1 delivered, 0 given up.\n")


def test_with_one_the_receiver_is_told_and_what_it_refuses_can_be_seen(
    typed: Typed, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDMAP_WEBHOOK_URL", receiver.url)
    monkeypatch.setenv("GRIDMAP_WEBHOOK_SECRET", SECRET)
    receiver.statuses = [503]
    assert typed("notify", "--json").answer == {"sent": 0, "failed": 1, "parked": 0}
    shown = typed("notices", "--standing", "pending").out
    assert "new incident  2026-000001  ROADS  to be sent  status 503" in shown
    with Store.open("sqlite:///gridmap.db") as store:
        clock = Clock()
        while notices_of(store)[0].parked_at is None:
            clock.now = notices_of(store)[0].next_at or clock.now
            deliver(store, Box("status 500"), clock)
    [parked] = typed("notices", "--standing", "parked", "--json").answer["notices"]
    assert (parked["standing"], parked["attempts"], parked["fault"]) == ("parked", ATTEMPTS, "status 500")
    assert typed("notify", "--parked", "--json").answer == {"sent": 1, "failed": 0, "parked": 0}
    assert set(receiver.took) == {parked["id"]}


def notices_of(store: Store) -> tuple[notices.Kept, ...]:
    with store.read(ALL) as tx:
        return notices.list_(tx, limit=9)


def test_who_has_no_right_to_them_neither_looks_nor_delivers(typed: Typed) -> None:
    with Store.open("sqlite:///gridmap.db") as store:
        person(store, "ada", worker="W1")
    for command in ("notices", "notify"):
        assert typed(command, "--as", "ada").code == 1
