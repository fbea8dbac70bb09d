"""`gridmap users`, as it is typed."""

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gridmap.cli import door
from gridmap.flows.sign_in import accept_invitation
from gridmap.store import Store
from tests.signing import PASSWORD, light_passwords, outcome
from tests.small_land import TOWN, settle


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        return json.loads(self.out)


Typed = Callable[..., Said]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Typed]:
    """A terminal in a folder with a county in the embedded database; `given` is what standard input holds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRIDMAP_DATABASE_URL", raising=False)
    with Store.open("sqlite:///gridmap.db") as store:
        settle(store)

    def run(*arguments: str, given: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["gridmap", "users", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        try:
            code = door.run()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Said(code, *capsys.readouterr())

    with light_passwords():
        yield run


def test_nobody_is_another_login_by_saying_so(monkeypatch: pytest.MonkeyPatch) -> None:
    before = door.login()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    assert door.login() == before != "somebody-else"


def test_the_first_account_ends_the_open_mode_and_says_so(typed: Typed) -> None:
    assert "gridmap users add NAME --role administrator" in typed("list").out
    said = typed("add", "Wang", "--role", "administrator")
    assert (said.code, said.err) == (0, "")
    assert "from now on everybody signs in" in said.out
    assert "Nobody can administer" not in said.out
    (path,) = re.findall(r"/invitation/(gmi_\S+)", said.out)
    assert not re.search(r"password[ :]+\S*\d", said.out)
    with Store.open("sqlite:///gridmap.db") as store:
        now = door.now()
        assert accept_invitation(store, path, PASSWORD, now=now).name == "wang"
        assert outcome(store, "wang", PASSWORD, at=now) == "in"
    assert "from now on" not in typed("add", "li").out


def test_a_first_account_that_cannot_administer_is_made_with_a_warning(typed: Typed) -> None:
    said = typed("add", "li", "--role", "dispatcher", "--area", TOWN, "--json").answer
    assert (said["first"], said["grant"]["area"], said["name"]) == (True, TOWN, "li")
    assert said["invitation"].startswith("/invitation/gmi_")


def test_the_warning_tells_how_to_make_an_administrator(typed: Typed) -> None:
    assert "Nobody can administer yet. Make an administrator: gridmap users add NAME" in typed("add", "li").out


def test_the_address_of_an_invitation_is_whole_where_the_services_is_known(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDMAP_PUBLIC_URL", "https://grid.example")
    assert "  https://grid.example/invitation/gmi_" in typed("add", "li").out
    assert typed("invite", "li", "--json").answer["invitation"].startswith("https://grid.example/invitation/gmi_")


def test_an_invitation_without_a_known_address_says_what_is_missing(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "GRIDMAP_PUBLIC_URL" in typed("add", "li").out
    assert "last used" not in typed("sessions", "li").out
    monkeypatch.setenv("GRIDMAP_PUBLIC_URL", "https://grid.example")
    assert "GRIDMAP_PUBLIC_URL" not in typed("invite", "li").out


def test_a_password_comes_from_standard_input_and_is_judged_before_anything_is_made(typed: Typed) -> None:
    refused = typed("add", "li", "--password-stdin", given="12345678\n")
    assert refused.code == 1
    assert "first that somebody would guess" in refused.err
    assert typed("list", "--json").answer == {"accounts": []}
    said = typed("add", "li", "--password-stdin", "--json", given=f"{PASSWORD}\n").answer
    assert (said["invitation"], said["name"]) == (None, "li")
    assert PASSWORD not in json.dumps(said)


def test_what_is_refused_makes_nothing(typed: Typed) -> None:
    for arguments, sentence in [
        (("--role", "worker"), "comes with a post"),
        (("--role", "handler"), "names the office"),
        (("--role", "auditor", "--area", TOWN), "whole county"),
        (("--role", "planner", "--area", "999"), "has no area 999"),
        (("--worker", "W9"), "no worker W9"),
    ]:
        said = typed("add", "li", *arguments)
        assert (said.code, said.out) == (1, ""), arguments
        assert sentence in said.err
    assert typed("add", "li", "--area", TOWN).code == 2
    assert typed("list", "--json").answer == {"accounts": []}


def test_an_account_acts_with_its_own_rights_and_no_others(typed: Typed) -> None:
    typed("add", "wang", "--role", "administrator")
    typed("add", "li", "--role", "dispatcher", "--worker", "W1")
    assert typed("list", "--as", "li").code == 1
    assert typed("list", "--as", "nobody").code == 1
    said = typed("list", "--as", "wang").out
    assert "Dispatcher (the whole county)" in said
    assert "Grid worker" in said
    assert "not allowed" in typed("add", "x", "--as", "li").err


def test_an_administrators_grant_waits_and_one_login_cannot_be_both_people(typed: Typed) -> None:
    typed("add", "wang", "--role", "administrator")
    said = typed("add", "chen", "--role", "administrator", "--json").answer["grant"]
    assert said["waits"]
    refused = typed("confirm", said["id"], "--as", "wang")
    assert refused.code == 1
    assert "Another administrator has to confirm" in refused.err
    assert f"gridmap users confirm {said['id']}" in typed("show", "chen").out
    assert "until it is ended" in typed("show", "chen").out
    assert "chen  person  Administrator (the whole county, waits for a second administrator)" in typed("list").out
    assert typed("end", said["id"]).code == 0
    assert typed("end", said["id"]).code == 1
    assert "chen  person  no role" in typed("list").out
    again = typed("grant", "chen", "planner", "--area", TOWN, "--until", "2099-01-01T00:00", "--reason", "redraw", "--json").answer
    assert (again["waits"], again["area"], again["reason"]) == (False, TOWN, "redraw")


def test_sessions_are_listed_and_ended_and_accounts_disabled(typed: Typed) -> None:
    typed("add", "pump", "--system")
    assert "gmk_" in typed("key", "pump", "--label", "hotline").out
    (held,) = typed("sessions", "pump", "--json").answer["accounts"]
    (token,) = held["tokens"]
    assert (token["kind"], token["label"]) == ("key", "hotline")
    assert "hotline" in typed("sessions").out
    assert typed("end-session").code == 2
    assert typed("end-session", token["id"], "--json").answer == {"ended": 1}
    assert typed("end-session", "--all", "pump", "--json").answer == {"ended": 0}
    assert "Nobody is signed in" in typed("sessions").out
    typed("add", "li")
    assert typed("link", "li", "--issuer", "https://id.example", "--subject", "7").code == 0
    assert typed("disable", "li").code == 0
    assert typed("show", "li", "--json").answer["disabled_at"]
    assert typed("enable", "li").code == 0
    assert typed("show", "nobody").code == 1


def test_an_account_is_linked_to_the_sign_in_service_that_is_set_up_and_the_answer_says_what_is_missing(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed("add", "li")

    def link(issuer: str, *more: str) -> Said:
        return typed("link", "li", "--issuer", issuer, "--subject", "7", *more)

    for issuer in ("http://x", "x", "https://", "https://id.example/?a", "https://a@id.example"):
        said = link(issuer)
        assert (said.code, said.out) == (1, "")
        assert f"{issuer} cannot be a sign-in service" in said.err
    assert "once GRIDMAP_OIDC_ISSUER is set to that address" in link("http://127.0.0.1:9000/county").out
    assert link("https://id.example/county", "--json").answer["set_up"] is False
    for name, value in (("ISSUER", "https://id.example"), ("CLIENT_ID", "gridmap"), ("CLIENT_SECRET", "made-up")):
        monkeypatch.setenv(f"GRIDMAP_OIDC_{name}", value)
    said = link("https://id.example/")  # an issuer is compared letter by letter
    assert said.code == 1
    assert "Another sign-in service is set up here: https://id.example (GRIDMAP_OIDC_ISSUER). Link the account to that" in said.err
    assert link("https://id.example").out == "The account li can sign in through https://id.example.\n"
    assert link("https://id.example", "--json").answer["set_up"] is True


def test_every_command_says_who_acts_and_answers_programs() -> None:
    """That each has a help with an example, tests/test_docs.py sees to."""
    found = {str(each.name): each.callback for each in door.users_app.registered_commands}
    assert set(found) == {
        "add", "list", "show", "invite", "disable", "enable", "link", "grant", "confirm", "end", "sessions", "end-session", "key",
    }  # fmt: skip
    assert all({"actor", "json"} <= set(signature(call).parameters) for call in found.values() if call)
