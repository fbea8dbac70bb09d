"""`gridmap incident`, as it is typed."""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest

from gridmap.access import operator
from gridmap.cli import door
from gridmap.cli.incidents import StateName, StepName
from gridmap.flows.intake import receive
from gridmap.flows.tick import tick
from gridmap.incidents import Channel, Report, State
from gridmap.incidents.life import HALVES, Step
from gridmap.store import Store
from tests.accounts import person
from tests.small_land import CELLS, IN_CELL_1, NOW, settle


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


Typed = Callable[..., Said]
ROAD = Report(issue="E0113", channel=Channel.HOTLINE, text="a hole \x1b[2J", lon=IN_CELL_1[0], lat=IN_CELL_1[1], datum="wgs84")


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """A terminal in a folder with a county in the embedded database and one incident in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDMAP_DATABASE_URL", raising=False)
    monkeypatch.setenv("LOGNAME", "root")
    with Store.open("sqlite:///gridmap.db") as store:
        settle(store)
        receive(store, ROAD, now=NOW, actor=operator("intake"))

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["gridmap", "incident", *arguments])
        try:
            code = door.run()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Said(code, *capsys.readouterr())

    return run


NUMBER = "2026-000001"


def test_the_names_that_commands_take_are_those_of_the_life() -> None:
    assert get_args(StateName) == tuple(State)
    assert get_args(StepName) == tuple(step for step in Step if step not in HALVES)


def test_the_list_and_the_incident_tell_where_it_stands_and_what_may_be_done(typed: Typed) -> None:
    where = rf"Cell 1 \({CELLS[0]}\)  Urban management \(ROADS\)"
    assert re.search(rf"^{NUMBER}  Dispatched  Damaged road  {where}  .*  overdue since 2026-03-02 20:00\+08:00$", typed("list").out)
    assert typed("list", "--state", "closed").out == "No incident.\n"
    assert [one["number"] for one in typed("list", "--area", CELLS[0], "--json").answer["incidents"]] == [NUMBER]
    shown = typed("show", NUMBER).out
    assert f"gridmap incident take {NUMBER} transfer --office … --reason …" in shown
    assert {"Worker: Worker A01 (W1)", f"Cell 1 ({CELLS[0]})"} <= set(shown.splitlines())
    assert "Acknowledge: overdue since 2026-03-02 20:00+08:00" in shown
    assert "\x1b" not in shown
    assert {"step": "settle", "needs": ["photo"]} in typed("show", NUMBER, "--json").answer["possible"]


def test_it_says_why_it_is_where_it_is(typed: Typed) -> None:
    why = typed("show", NUMBER, "--json").answer["reasons"]
    assert why
    assert "\n".join(["Why it is where it is:", *(f"  {each['text']}" for each in why), "Log:"]) in typed("show", NUMBER).out


def test_each_command_that_is_shown_can_be_run_as_it_is_shown(typed: Typed) -> None:
    given = {"office": "WATER", "until": "2099-01-01", "reason": "because", "photo": "p.jpg", "grade": "difficult"}
    begun = [
        "acknowledge",
        "start",
        "assist",
        "inform",
        "whistle",
        "arrive",
        "answer",
        "withdraw",
        "supervise",
        "release",
        "regrade",
        "handle",
    ]
    for wanted in begun:
        shown = typed("show", NUMBER).out
        commands = re.findall(r": gridmap incident take (\S+) (\S+)((?: --\w+ …)*)$", shown, re.MULTILINE)
        number, step, needed = next(each for each in commands if each[1] == wanted)
        owed = re.findall(r"^  (\d)  .*(?:awaited|on the spot)$", shown, re.MULTILINE)
        options = [word for name in re.findall(r"--(\w+)", needed) for word in (f"--{name}", given[name] if name != "task" else owed[-1])]
        said = typed("take", number, step, *options)
        assert (said.code, said.err) == (0, ""), step
    assert typed("show", NUMBER, "--json").answer["state"] == "handled"


def test_an_incident_shows_what_other_offices_were_asked_for_and_who_supervises(typed: Typed) -> None:
    until = ("--until", "2099-01-01", "--reason", "a main has burst")
    typed("take", NUMBER, "whistle", "--office", "WATER", *until)
    typed("take", NUMBER, "inform", "--office", "CW")
    assert re.search(rf"^{NUMBER}  .*  answers owed: 1$", typed("list", "--owed").out)
    assert typed("list", "--supervised").out == "No incident.\n"
    told = typed("take", NUMBER, "supervise", *until).out
    assert "Supervised by operator:root until 2099-01-01" in told
    assert re.search(r"^  1  come to the spot  Water company \(WATER\)  due 2099-01-01 .*  awaited$", told, re.MULTILINE)
    assert re.search(r"^  2  copy  West Village centre \(CW\)  told$", told, re.MULTILINE)
    facts = typed("take", NUMBER, "answer", "--task", "1", "--reason", "shut off", "--json").answer
    assert [(task["office"], task["answered"], task["owed"]) for task in facts["tasks"]] == [("WATER", True, False), ("CW", False, False)]
    assert typed("list", "--owed").out == "No incident.\n"
    assert [one["number"] for one in typed("list", "--supervised", "--json").answer["incidents"]] == [NUMBER]
    unfit = typed("take", NUMBER, "answer", "--task", "7", "--reason", "x")
    assert (unfit.code, "answer" in unfit.err.lower()) == (1, True)


def test_the_log_names_what_came_along_in_words(typed: Typed) -> None:
    with Store.open("sqlite:///gridmap.db") as store:
        tick(store, now=NOW + timedelta(days=9), holder="test", actor=operator("tick"))
    typed("take", NUMBER, "whistle", "--office", "WATER", "--until", "2099-01-01", "--reason", "a main has burst")
    log = typed("show", NUMBER).out.partition("Log:\n")[2]
    received, *escalated, asked = log.splitlines()
    assert re.search(r"report received  → Dispatched  office: Urban management \(ROADS\)  grade: Complex$", received)
    assert re.search(r"  escalated  Clock: Acknowledge  to the level of: village  Due: 2026-03-02 20:00\+08:00$", escalated[0])
    assert re.search(r"  office: Water company \(WATER\)  date: 2099-01-01 00:00\+08:00  “a main has burst”$", asked)
    assert not re.search(r"\w=|\+00:00|\.\d{6}", log)


def test_what_waits_for_a_person_says_why(typed: Typed) -> None:
    with Store.open("sqlite:///gridmap.db") as store:
        receive(store, replace(ROAD, issue="NOBODY\x1b[2J"), now=NOW, actor=operator("intake"))
    for said in (typed("list", "--state", "triage"), typed("show", "2026-000002")):
        assert "The catalogue has no issue type" in said.out
        assert "\x1b" not in said.out


def test_a_step_answers_with_the_incident_as_it_is_now_and_its_log(typed: Typed) -> None:
    told = typed("take", NUMBER, "suspend", "--json")
    assert (told.code, told.answer["key"]) == (1, "step_impossible")
    told = typed("take", NUMBER, "acknowledge", "--revision", "1", "--json").answer
    assert (told["state"], told["revision"], told["log"][-1]["what"]) == ("acknowledged", 2, "incident.acknowledge")
    late = typed("take", NUMBER, "return", "--reason", "not ours", "--revision", "1")
    assert (late.code, "it is at “Acknowledged” now (revision 2)" in late.err) == (1, True)
    parked = typed("take", NUMBER, "suspend", "--reason", "frost", "--until", "2099-03-01T08:00", "--json").answer
    assert parked["log"][-1]["facts"]["until"] == "2099-03-01T00:00:00+00:00"


def test_an_instant_in_a_refusal_is_told_in_the_countys_zone_to_the_minute(typed: Typed) -> None:
    over = typed("take", NUMBER, "supervise", "--until", "2020-01-01", "--reason", "x", "--json")
    assert over.err == "2020-01-01 00:00+08:00 is over already: name a date to come.\n"
    assert (over.answer["key"], over.answer["error"]) == ("until_past", over.err.strip())


def test_as_somebody_it_shows_and_does_what_their_role_may(typed: Typed) -> None:
    with Store.open("sqlite:///gridmap.db") as store:
        person(store, "ada", worker="W1")
        person(store, "bo", worker="W2")
    assert [each["step"] for each in typed("show", NUMBER, "--as", "ada", "--json").answer["possible"]] == ["settle"]
    assert "Handle incidents of one's office" in typed("take", NUMBER, "acknowledge", "--as", "ada").err
    assert typed("take", NUMBER, "settle", "--photo", "p.jpg", "--as", "bo").err == f"There is no incident {NUMBER}.\n"
    assert typed("take", NUMBER, "settle", "--photo", "p.jpg", "--as", "ada", "--json").answer["handled_by"].startswith("ada ")
