"""An alarm when the share that falls to the backstop jumps, and none where it is chance or too little to tell."""

import json
import random
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from gridmap.access import Actor, Grant, Role, operator
from gridmap.cli import door
from gridmap.flows.backstop_share import BackstopShare, backstop_share
from gridmap.flows.intake import receive_many
from gridmap.flows.replay_routes import SpanAhead
from gridmap.incidents import Channel, Report
from gridmap.routing.backstop import ENOUGH, POINTS, Fallen, jumped
from gridmap.store import Store
from tests.small_land import IN_CELL_1, IN_EAST, NOW, OUTSIDE, TOWN, WEST, settle

ME = operator("test")
WEEK = timedelta(weeks=1)


def send(store: Store, *, weeks: int, ruled: int, fell: int, point: tuple[float, float] = IN_CELL_1) -> None:
    """So many reports so many weeks ago: of a type that a rule names, and of one that none names here (a manhole without an owner)."""
    at = NOW - weeks * WEEK - timedelta(hours=1)
    issues = ["E0113"] * ruled + ["D02"] * fell
    reports = [Report(issue=issue, channel=Channel.SYSTEM, lon=point[0], lat=point[1], datum="wgs84") for issue in issues]
    receive_many(store, reports, now=at, actor=ME)


def shares(store: Store, actor: Actor = ME, weeks: int = 1) -> BackstopShare:
    return backstop_share(store, since=NOW - weeks * WEEK, now=NOW, actor=actor)


def test_the_shares_are_those_of_what_was_routed_by_week_and_township(store: Store) -> None:
    """In the east village no centre stands: its quarrels fall to the township's; the west's rule gives them to the village's."""
    settle(store)
    send(store, weeks=0, ruled=3, fell=2, point=IN_EAST)
    send(store, weeks=0, ruled=0, fell=4, point=IN_CELL_1)
    send(store, weeks=0, ruled=5, fell=5, point=OUTSIDE)
    send(store, weeks=1, ruled=1, fell=1, point=IN_EAST)
    told = shares(store, weeks=2).as_dict("en")
    assert [[(a["code"], a["routed"], a["backstop"]) for a in week["areas"]] for week in told["weeks"]] == [
        [(None, 9, 2), (TOWN, 9, 2)],
        [(None, 2, 1), (TOWN, 2, 1)],
    ]
    assert (told["weeks"][0]["areas"][1]["name"], told["weeks"][0]["areas"][1]["share_before"]) == ("Hedong", 0.5)
    assert told["weeks"][1]["areas"][1]["share_before"] is None


def test_a_jump_alarms_in_its_week_and_nowhere_else(store: Store) -> None:
    settle(store)
    for weeks in range(2, 7):
        send(store, weeks=weeks, ruled=27, fell=3, point=IN_EAST)
    send(store, weeks=1, ruled=10, fell=20, point=IN_EAST)
    send(store, weeks=0, ruled=27, fell=3, point=IN_EAST)
    told = shares(store, weeks=3).as_dict("zh")
    assert [(one["since"], one["code"]) for one in told["alarms"]] == [((NOW - 2 * WEEK).isoformat(), code) for code in (None, TOWN)]


def test_nobody_is_told_of_places_that_they_may_not_see(store: Store) -> None:
    settle(store)
    send(store, weeks=0, ruled=1, fell=1, point=IN_EAST)
    desk = Actor("desk", "a", None, (Grant(Role.DISPATCHER, WEST),))
    assert [area["routed"] for area in shares(store, desk).as_dict("en")["weeks"][0]["areas"]] == [0]


def test_a_span_that_has_not_begun_is_refused(store: Store) -> None:
    with pytest.raises(SpanAhead):
        backstop_share(store, since=NOW, now=NOW, actor=ME)


def test_chance_alone_seldom_alarms_and_a_real_jump_of_thirty_points_nearly_always_does() -> None:
    draw = random.Random(3)

    def fallen(number: int, share: float) -> Fallen:
        return Fallen(number, sum(draw.random() < share for _ in range(number)))

    false = sum(jumped(fallen(60, 0.1), fallen(240, 0.1)) for _ in range(2000))
    right = sum(jumped(fallen(60, 0.4), fallen(240, 0.1)) for _ in range(500))
    assert false <= 8
    assert right >= 475


def test_the_rule_is_what_it_says() -> None:
    before = Fallen(400, 40)
    assert jumped(Fallen(100, 30), before)
    assert not jumped(Fallen(1000, 190), before)  # sure, and less than POINTS
    assert not jumped(Fallen(ENOUGH, 5), before)  # 15 points, and may be chance
    assert not jumped(Fallen(ENOUGH - 1, ENOUGH - 1), before)
    assert not jumped(Fallen(100, 100), Fallen(ENOUGH - 1, 0))
    assert jumped(Fallen(100, 100), Fallen(ENOUGH, 0))
    assert POINTS == 0.1


def test_the_command_tells_the_weeks_and_the_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDMAP_DATABASE_URL", raising=False)
    with Store.open("sqlite:///gridmap.db") as store:
        settle(store)
    for arguments in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", ["gridmap", "route", "backstop", *arguments])
        assert door.run() == 0
    told = capsys.readouterr().out.split("\n")
    assert told[4].startswith("An alarm: at least 20 reports in the week")
    assert len(json.loads(told[5])["weeks"]) == 4
