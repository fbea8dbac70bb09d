"""The live stream and who listens: each hears what lies in their scope, anew whenever that may have changed, and not a beat longer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self
from zoneinfo import ZoneInfo

import pytest

from api import asker, live
from api.live import TICK, Recall, Watcher
from gridmap.access import Role
from gridmap.duty import Duty, Post
from gridmap.flows import accounts, grants, sign_in, tokens
from gridmap.flows.act import act_as
from gridmap.flows.handover import hand_over
from gridmap.flows.import_register import import_register
from gridmap.flows.intake import receive_many
from gridmap.flows.step import step
from gridmap.incidents import Channel, Report
from gridmap.incidents.life import Step, Taken
from gridmap.store import Store, people
from gridmap.tables import Register
from tests import patient
from tests.accounts import now, person, session
from tests.api.test_live import _events, take
from tests.builders import ALL, OPERATOR
from tests.serving import serving
from tests.small_land import CELLS, EAST, IN_CELL_1, IN_EAST, LONG_AGO, POSTS, TOWN, WEST


def write(store: Store, *points: tuple[float, float]) -> list[str]:
    reports = [Report(issue="E0113", channel=Channel.SYSTEM, lon=lon, lat=lat, datum="wgs84", text="x") for lon, lat in points]
    return [outcome.incident for outcome in receive_many(store, reports, now=now(), actor=OPERATOR)]  # type: ignore[union-attr]


@contextmanager
def listening(url: str, raw: str) -> Iterator[Iterator[dict[str, Any]]]:
    """The events after the first beat: from then on nothing is missed."""
    with patient.stream("GET", f"{url}/api/live", headers={"Cookie": f"gridmap={raw}"}) as answer:
        assert answer.status_code == 200
        events = _events(answer.iter_lines())
        assert next(events)["event"] == "beat"
        yield events


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [event["data"]["id"] for event in events]


def test_each_page_hears_its_own_jurisdiction_and_nothing_beside(land: Store) -> None:
    person(land, "west", (Role.DISPATCHER, WEST))
    person(land, "east", (Role.SUPERVISOR, EAST))
    person(land, "chen", worker="W1")
    with (
        serving(land) as url,
        listening(url, session(land, "west")) as west,
        listening(url, session(land, "east")) as east,
        listening(url, session(land, "chen")) as chen,
    ):
        found = write(land, IN_CELL_1, IN_EAST, IN_CELL_1, IN_EAST)
        assert ids(take(west, 2)) == ids(take(chen, 2)) == [found[0], found[2]]
        assert ids(take(east, 2)) == [found[1], found[3]]


def test_an_office_that_passes_an_incident_on_is_told_to_load_again_and_the_other_hears_of_it(land: Store) -> None:
    for name, office in (("roads", "ROADS"), ("water", "WATER")):
        person(land, name)
        grants.propose_grant(land, name, Role.HANDLER, area=None, office=office, actor=OPERATOR, now=now())
    moved = Taken(step=Step.TRANSFER, actor="", office="WATER", reason="their pipe")
    with serving(land) as url:
        with listening(url, session(land, "roads")) as roads, listening(url, session(land, "water")) as water:
            [found] = write(land, IN_CELL_1)
            [heard] = take(roads, 1)
            step(land, found, moved, revision=1, now=now(), actor=OPERATOR)
            assert take(roads, 1)[0]["event"] == "reload"
            assert ids(take(water, 1)) == [found]
        with listening(f"{url}", session(land, "roads")) as roads:  # who was away when it left, too
            assert take(roads, 1)[0]["event"] == "reload"
    assert heard["data"]["properties"]["state"] == "dispatched"


def test_a_village_that_a_pin_leaves_is_told_to_load_again_and_the_other_hears_of_it(land: Store) -> None:
    person(land, "west", (Role.DISPATCHER, WEST))
    person(land, "east", (Role.SUPERVISOR, EAST))
    [found] = write(land, IN_CELL_1)
    moved = Taken(step=Step.RELOCATE, actor="", place=",".join(map(str, IN_EAST)), reason="on the other side of the brook")
    with serving(land) as url, listening(url, session(land, "west")) as west, listening(url, session(land, "east")) as east:
        assert ids(take(west, 1)) == [found]
        step(land, found, moved, revision=1, now=now(), actor=OPERATOR)
        assert take(west, 1)[0]["event"] == "reload"
        assert ids(take(east, 1)) == [found]


def test_an_office_that_is_asked_hears_of_it_until_it_is_asked_no_longer(land: Store) -> None:
    for name, office in (("centre", "CW"), ("water", "WATER")):
        person(land, name)
        grants.propose_grant(land, name, Role.HANDLER, area=None, office=office, actor=OPERATOR, now=now())
    asking = Taken(step=Step.ASSIST, actor="", office="WATER", until=(now() + timedelta(days=1)).isoformat(), reason="their pipe")
    withdrawing = Taken(step=Step.WITHDRAW, actor="", task="1", reason="not theirs")
    with serving(land) as url:
        with listening(url, session(land, "water")) as water, listening(url, session(land, "centre")) as centre:
            [found, _] = write(land, IN_CELL_1, IN_CELL_1)
            step(land, found, asking, revision=1, now=now(), actor=OPERATOR)
            assert ids(take(water, 1)) == [found]
            step(land, found, withdrawing, revision=2, now=now(), actor=OPERATOR)
            assert take(water, 1)[0]["event"] == "reload"
            step(land, found, Taken(step=Step.REPLY, actor="", reason="soon"), revision=3, now=now(), actor=OPERATOR)
            step(land, found, Taken(step=Step.INFORM, actor="", office="CW"), revision=4, now=now(), actor=OPERATOR)
            assert ids(take(centre, 1)) == [found]
            step(land, found, replace(asking, office="WATER"), revision=5, now=now(), actor=OPERATOR)
            assert ids(take(water, 1)) == [found]  # and nothing of what was between
        with listening(url, session(land, "water")) as water:  # who was away meanwhile, and is asked now, is told as it is now
            assert ids(take(water, 1)) == [found]


def test_a_worker_whose_incidents_are_handed_over_is_told_to_load_again_and_the_other_hears_of_them(land: Store) -> None:
    person(land, "chen", worker="W1")
    person(land, "wu", worker="W5")
    [found] = write(land, IN_CELL_1)
    with land.begin(ALL) as tx:  # the cell is another's now, the incident is not
        people.put_posts(tx, [replace(POSTS[0], until=now()), Post("W1", CELLS[3], Duty.WORKER, LONG_AGO)])
    with serving(land) as url, listening(url, session(land, "chen")) as chen, listening(url, session(land, "wu")) as wu:
        assert ids(take(chen, 1)) == ids(take(wu, 1)) == [found]
        hand_over(land, "W1", to="W5", reason="leave", now=now(), actor=OPERATOR)
        assert take(chen, 1)[0]["event"] == "reload"
        assert ids(take(wu, 1)) == [found]


def test_who_was_away_is_told_what_was_missed_within_the_scope_only(land: Store) -> None:
    person(land, "east", (Role.SUPERVISOR, EAST))
    found = write(land, IN_CELL_1, IN_EAST, IN_CELL_1)
    with serving(land) as url, listening(url, session(land, "east")) as east:
        assert ids(take(east, 1)) == [found[1]]
        found = write(land, IN_CELL_1, IN_EAST)
        assert ids(take(east, 1)) == [found[1]]


def test_a_stream_ends_when_what_signed_it_is_taken_back(land: Store) -> None:
    for name in ("out", "ended", "off", "grant", "other"):
        person(land, name, (Role.DISPATCHER, TOWN))
    raws = {name: session(land, name) for name in ("out", "ended", "off", "grant", "other")}
    listed = {each.account.name: each for each in accounts.list_accounts(land, actor=OPERATOR)}
    with serving(land) as url:

        def ends(name: str) -> bool:
            with listening(url, raws[name]) as events:
                if name == "out":
                    actor = act_as(land, name, login="test", now=now())
                    sign_in.sign_out(land, listed[name].tokens[0].id, actor=actor, now=now())
                elif name == "ended":
                    tokens.end_all(land, name, actor=OPERATOR, now=now())
                elif name == "off":
                    accounts.disable_account(land, name, actor=OPERATOR, now=now())
                else:
                    grants.end_grant(land, listed[name].grants[0].id, actor=OPERATOR, now=now())
                [unheard] = write(land, IN_CELL_1)
                return unheard not in ids(take(events, 100))

        with listening(url, raws["other"]) as other:
            assert [ends(name) for name in ("out", "ended", "off", "grant")] == [True] * 4
            assert len(take(other, 4)) == 4


def test_a_scope_that_becomes_another_tells_the_page_to_load_again(land: Store) -> None:
    person(land, "li", (Role.DISPATCHER, EAST))
    with serving(land) as url, listening(url, session(land, "li")) as events:
        [before] = write(land, IN_EAST)
        assert ids(take(events, 1)) == [before]  # else the new scope could be found before what was missed, which it makes needless
        grants.propose_grant(land, "li", Role.DISPATCHER, area=WEST, actor=OPERATOR, now=now())
        [found] = write(land, IN_CELL_1)
        reload, incident = take(events, 2)
        assert (reload["event"], incident["data"]["id"]) == ("reload", found)


def test_a_post_that_ends_ends_the_stream(land: Store, tmp_path: Path) -> None:
    person(land, "chen", worker="W1")
    with serving(land) as url, listening(url, session(land, "chen")) as events:
        file = tmp_path / "posts.csv"
        file.write_text(f"worker,area,duty,since,until\nW1,{CELLS[0]},worker,2025-01-01T00:00+00:00,{now().isoformat()}\n")
        import_register(land, Register.POSTS, file, now=now(), zone=ZoneInfo("UTC"), actor=OPERATOR)
        write(land, IN_CELL_1)
        assert take(events, 1) == []


def test_the_first_account_ends_the_streams_of_whoever_was_the_operator(land: Store) -> None:
    with serving(land) as url, listening(url, "") as events:
        person(land, "li", (Role.DISPATCHER, TOWN))
        write(land, IN_CELL_1)
        assert take(events, 1) == []


class Later(datetime):
    """The clock an hour and a minute from now."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + timedelta(minutes=61)


def test_a_stream_ends_at_the_beat_after_its_grant_has_run_out(land: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's clock is put on: so the grant holds for as long as the test takes to come to this, and not longer."""
    monkeypatch.setattr(live, "BEAT_SECONDS", 0.2)
    person(land, "li")
    grants.propose_grant(land, "li", Role.DISPATCHER, until=now() + timedelta(hours=1), actor=OPERATOR, now=now())
    with serving(land) as url, listening(url, session(land, "li")) as events:
        [heard] = write(land, IN_CELL_1)
        assert ids(take(events, 1)) == [heard]
        for module in (live, asker):
            monkeypatch.setattr(module, "datetime", Later)
        assert take(events, 1) == []


def test_a_stream_is_asked_anew_when_its_grant_or_its_session_has_run_out(land: Store) -> None:
    at = now()
    account = person(land, "li")
    grants.propose_grant(land, "li", Role.DISPATCHER, until=at + timedelta(hours=1), actor=OPERATOR, now=at)
    found = sign_in.who(land, session(land, "li"), now=now())
    assert found is not None
    asked: Any = SimpleNamespace(actor=found.actor, account=account, token=found.token)
    watcher = Watcher(asked, lambda: None)
    assert not watcher.concerned(TICK, at + timedelta(minutes=59))
    assert watcher.concerned(TICK, at + timedelta(minutes=61))
    assert watcher.concerned(Recall(1, "li"), at)
    assert watcher.concerned(Recall(1), at)
    assert not watcher.concerned(Recall(1, "wang"), at)
    asked.actor = replace(found.actor, grants=())
    assert watcher.concerned(TICK, at + timedelta(hours=3))  # two hours unused
