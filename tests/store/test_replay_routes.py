"""What other rules would have done is told without doing it, on the land and for the office of each incident's own time."""

import csv
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from shapely import box

from gridmap.access import Actor, Grant, Role, operator
from gridmap.catalogue import By, Rule
from gridmap.flows import replay_routes as module
from gridmap.flows.given_rules import RulesUnusable
from gridmap.flows.intake import receive
from gridmap.flows.replay_routes import Replay, SpanAhead, SpanEmpty, replay_routes
from gridmap.flows.step import step
from gridmap.grid import Area, Level
from gridmap.incidents import Channel, Report
from gridmap.incidents.life import Step, Taken
from gridmap.store import Store, catalogues, editions, history, incidents
from tests.builders import ALL
from tests.small_land import AREAS, CELLS, EAST, IN_CELL_1, IN_EAST, NOW, OUTSIDE, RULES, TOWN, settle

ME = operator("test")
HOUR = timedelta(hours=1)
OTHERS = (Rule("*", "*", By.TERRITORY, level="village"), Rule("WATER", "C0101", By.OWNER))


def send(store: Store, issue: str, point: tuple[float, float], at: datetime = NOW) -> str:
    report = Report(issue=issue, channel=Channel.SYSTEM, lon=point[0], lat=point[1], datum="wgs84")
    return receive(store, report, now=at, actor=ME).number


def replayed(store: Store, rules: tuple[Rule, ...] = OTHERS, *, actor: Actor = ME, out: Path | None = None) -> Replay:
    return replay_routes(store, rules, since=NOW, until=NOW + 24 * HOUR, now=NOW + 24 * HOUR, actor=actor, out=out)


def test_the_rules_in_force_change_nothing(store: Store) -> None:
    settle(store)
    for number, issue in enumerate(("E0113", "D02", "C0101", "X99") * 3):
        send(store, issue, random.Random(number).choice((IN_CELL_1, IN_EAST, OUTSIDE)))
    done = replayed(store, RULES)
    assert (done.read, done.changed, done.shown) == (12, 0, [])
    assert done.before == done.after


def test_the_replay_foretells_what_intake_does_under_the_new_rules(store: Store) -> None:
    settle(store)
    asked = [(issue, point) for issue in ("E0113", "D02", "C0101") for point in (IN_CELL_1, IN_EAST)]
    numbers = [send(store, *one) for one in asked]
    with store.read(ALL) as tx:
        first = {number: incidents.get(tx, number).office for number in numbers}
    told = {moved.one.number: moved.to for moved in replayed(store).shown}
    with store.begin(ALL) as tx:
        catalogues.put_rules(tx, OTHERS)
    for number, (issue, point) in zip(numbers, asked, strict=True):
        report = Report(issue=issue, channel=Channel.SYSTEM, lon=point[0], lat=point[1], datum="wgs84")
        office = receive(store, report, now=NOW + 48 * HOUR, actor=ME).office
        assert office
        assert office.code == told.get(number, first[number])


def test_each_incident_is_routed_on_its_own_edition_and_in_its_own_span(store: Store) -> None:
    settle(store)
    send(store, "E0113", IN_EAST, NOW - HOUR)
    old = send(store, "E0113", IN_EAST)
    west, east = box(113.0, 28.0, 113.03, 28.02), box(113.03, 28.0, 113.04, 28.02)
    areas = [
        Area(a.code, a.level, a.name, a.parent, {CELLS[0][:12]: west, EAST: east}.get(a.code, a.shape))
        for a in AREAS
        if a.level != Level.CELL
    ]
    with store.begin(ALL) as tx:
        editions.add(tx, areas, in_force_from=NOW + HOUR, recorded_at=NOW + HOUR)
    new = send(store, "E0113", (113.025, 28.01), NOW + 2 * HOUR)
    send(store, "E0113", IN_EAST, NOW + 24 * HOUR)
    done = replayed(store)
    assert [(moved.one.number, moved.one.edition, moved.to) for moved in done.shown] == [(old, 1, "CT"), (new, 2, "CW")]
    assert done.read == 2
    assert "Hedong" in done.shown[0].as_dict("en")["why"]


def test_compared_is_the_office_that_was_named_at_receipt_and_today_s_is_told(store: Store) -> None:
    settle(store)
    number = send(store, "E0113", IN_CELL_1)
    step(store, number, Taken(step=Step.TRANSFER, actor="", office="CW", reason="theirs"), revision=1, now=NOW + HOUR, actor=ME)
    told = replayed(store).as_dict("en")
    assert [(one["from_office"], one["to_office"], one["office_now"]) for one in told["changes"]] == [("ROADS", "CW", "CW")]
    assert (told["changed"], told["as_now"]) == (1, 1)
    assert {one["code"]: (one["before"], one["after"]) for one in told["offices"]} == {"ROADS": (1, 0), "CW": (0, 1)}


def test_nothing_is_changed_and_the_memory_is_bounded(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(store)
    monkeypatch.setattr(module, "PAGE", 2)
    monkeypatch.setattr(module, "SHOWN", 3)
    numbers = [send(store, "E0113", IN_CELL_1) for _ in range(7)]
    with store.read(ALL) as tx:
        before = history.head(tx)
    done = replayed(store, out=tmp_path / "changes.csv")
    with store.read(ALL) as tx:
        assert history.head(tx) == before
    assert (done.changed, len(done.shown), done.as_dict("en")["left_off"]) == (7, 3, 4)
    with (tmp_path / "changes.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["number"] for row in csv.DictReader(file)] == numbers
    assert [path.name for path in tmp_path.glob("*changes*")] == ["changes.csv"]


def test_nobody_replays_what_they_may_not_see(store: Store) -> None:
    settle(store)
    send(store, "E0113", IN_CELL_1)
    mine = send(store, "E0113", IN_EAST)
    desk = Actor("desk", "a", grants=(Grant(Role.DISPATCHER, EAST),))
    assert [moved.one.number for moved in replayed(store, actor=desk).shown] == [mine]
    assert replayed(store, actor=Actor("desk", "a", grants=(Grant(Role.DISPATCHER, TOWN),))).read == 2


def test_a_span_and_rules_that_cannot_be_are_refused(store: Store) -> None:
    settle(store)
    with pytest.raises(SpanEmpty):
        replay_routes(store, OTHERS, since=NOW - HOUR, until=NOW - HOUR, now=NOW, actor=ME)
    with pytest.raises(SpanAhead):
        replay_routes(store, OTHERS, since=NOW, until=NOW + HOUR, now=NOW, actor=ME)
    with pytest.raises(RulesUnusable):
        replayed(store, (Rule("NOBODY", "*", By.SUBJECT),))
