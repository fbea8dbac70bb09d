"""Accounts are made, listed, linked and disabled; who may do so, and who may not become two people."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gridmap.access import Action, Forbidden, Role, SignInNeeded, allowed
from gridmap.account import AccountKind, TokenKind
from gridmap.flows.accounts import (
    AccountNameUnusable,
    AccountTaken,
    AdministratorGuarded,
    SubjectMissing,
    SubjectTaken,
    SystemWorker,
    WorkerMissing,
    WorkerTaken,
    add_account,
    disable_account,
    enable_account,
    invite,
    link_account,
    list_accounts,
)
from gridmap.flows.act import AccountMissing
from gridmap.flows.grants import confirm_grant, propose_grant
from gridmap.flows.sign_in import invited
from gridmap.flows.tokens import AccountDisabled, AccountSystem, add_key, end_all
from gridmap.store import Store, accounts
from tests.builders import ALL, OPERATOR
from tests.signing import enter, light_passwords, person, session
from tests.small_land import NOW, settle

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _light() -> Iterator[None]:
    with light_passwords():
        yield


def test_an_account_is_a_name_and_the_worker_behind_it(store: Store) -> None:
    settle(store)
    made = add_account(store, " Ｗang.Li ", worker="W1", actor=OPERATOR, now=NOW)
    assert (made.name, made.kind, made.worker) == ("wang.li", AccountKind.PERSON, "W1")
    with store.read(ALL) as tx:
        assert accounts.by_name(tx, "WANG.LI") == made
        assert accounts.password(tx, made.id) is None
    assert add_account(store, "网格员甲", actor=OPERATOR, now=NOW).name == "网格员甲"


def test_some_names_cannot_be_had(store: Store) -> None:
    for name in ("", " ", "a b", "a:b", "a(b)", "x" * 65, "Operator", "anonymous", "Service", "a\x00b", "<b>", "\ud800"):
        with pytest.raises(AccountNameUnusable) as refused:
            add_account(store, name, actor=OPERATOR, now=NOW)
        assert refused.value.text("zh")


def test_names_and_workers_are_had_once(store: Store) -> None:
    settle(store)
    add_account(store, "li", worker="W1", actor=OPERATOR, now=NOW)
    with pytest.raises(AccountTaken):
        add_account(store, "LI", actor=OPERATOR, now=NOW)
    with pytest.raises(WorkerTaken) as taken:
        add_account(store, "wang", worker="W1", actor=OPERATOR, now=NOW)
    assert taken.value.facts == {"worker": "W1", "account": "li"}
    with pytest.raises(WorkerMissing):
        add_account(store, "wang", worker="W9", actor=OPERATOR, now=NOW)
    with pytest.raises(SystemWorker):
        add_account(store, "wang", worker="W2", kind=AccountKind.SYSTEM, actor=OPERATOR, now=NOW)
    link_account(store, "li", "https://id.example", "7", actor=OPERATOR, now=NOW)
    link_account(store, "li", "https://id.example", "7", actor=OPERATOR, now=NOW)
    add_account(store, "wang", actor=OPERATOR, now=NOW)
    with pytest.raises(SubjectTaken):
        link_account(store, "wang", "https://id.example", "7", actor=OPERATOR, now=NOW)
    with pytest.raises(SubjectMissing):
        link_account(store, "wang", "https://id.example", " ", actor=OPERATOR, now=NOW)


def test_the_list_tells_everything_that_an_account_holds(store: Store) -> None:
    settle(store)
    person(store, "li", Role.DISPATCHER, worker="W1")
    person(store, "wang", Role.AUDITOR)
    enter(store, "li")
    li, wang = list_accounts(store, actor=session(store, "wang").actor, now=NOW)
    assert [each.role for each in li.grants] == [Role.DISPATCHER]
    assert [each.duty for each in li.posts] == ["worker"]
    assert {each.kind for each in li.tokens} == {TokenKind.SESSION, TokenKind.BROWSER}
    assert (wang.account.name, wang.posts) == ("wang", ())
    later = list_accounts(store, actor=OPERATOR, now=NOW + 3 * HOUR)
    assert {each.kind for each in later[0].tokens} == {TokenKind.BROWSER}


def test_nobody_manages_accounts_without_a_grant_for_it(store: Store) -> None:
    person(store, "li", Role.DISPATCHER)
    person(store, "wang", Role.AUDITOR)
    for name in ("li", "wang"):
        actor = session(store, name).actor
        for refused in (
            lambda actor=actor: add_account(store, "x", actor=actor, now=NOW),
            lambda actor=actor: invite(store, "li", actor=actor, now=NOW),
            lambda actor=actor: disable_account(store, "li", actor=actor, now=NOW),
            lambda actor=actor: enable_account(store, "li", actor=actor, now=NOW),
            lambda actor=actor: link_account(store, "li", "i", "s", actor=actor, now=NOW),
            lambda actor=actor: add_key(store, "li", "", actor=actor, now=NOW),
            lambda actor=actor: end_all(store, "li", actor=actor, now=NOW),
        ):
            with pytest.raises(Forbidden) as why:
                refused()
            assert not isinstance(why.value, SignInNeeded)
    with pytest.raises(Forbidden):
        list_accounts(store, actor=session(store, "li").actor)


def test_a_disabled_account_is_not_invited_linked_or_disabled_again(store: Store) -> None:
    add_account(store, "li", actor=OPERATOR, now=NOW)
    disable_account(store, "li", actor=OPERATOR, now=NOW)
    for refused in (
        lambda: invite(store, "li", actor=OPERATOR, now=NOW),
        lambda: link_account(store, "li", "i", "s", actor=OPERATOR, now=NOW),
        lambda: disable_account(store, "li", actor=OPERATOR, now=NOW),
    ):
        with pytest.raises(AccountDisabled):
            refused()
    enable_account(store, "li", actor=OPERATOR, now=NOW)
    enable_account(store, "li", actor=OPERATOR, now=NOW)
    invite(store, "li", actor=OPERATOR, now=NOW)
    with pytest.raises(AccountMissing):
        invite(store, "nobody", actor=OPERATOR, now=NOW)
    add_account(store, "pump", kind=AccountKind.SYSTEM, actor=OPERATOR, now=NOW)
    with pytest.raises(AccountSystem):
        link_account(store, "pump", "i", "s", actor=OPERATOR, now=NOW)


def test_no_administrator_takes_anothers_account_to_be_two_people(store: Store) -> None:
    person(store, "wang", Role.ADMINISTRATOR)
    person(store, "chen", Role.ADMINISTRATOR)  # proposed by the operator, and waits
    person(store, "li", Role.DISPATCHER)
    actor = session(store, "wang").actor
    assert allowed(actor, Action.ACCOUNT_CHANGE).everywhere
    for refused in (
        lambda: invite(store, "chen", actor=actor, now=NOW),
        lambda: link_account(store, "chen", "i", "s", actor=actor, now=NOW),
    ):
        with pytest.raises(AdministratorGuarded):
            refused()
    invite(store, "li", actor=actor, now=NOW)
    invite(store, "chen", actor=OPERATOR, now=NOW)
    kept = invite(store, "li", actor=actor, now=NOW)
    propose_grant(store, "li", Role.ADMINISTRATOR, actor=actor, now=NOW)
    assert invited(store, kept, now=NOW) is None  # made before, and kept for after
    add_account(store, "new", actor=actor, now=NOW)
    invite(store, "new", actor=actor, now=NOW)


def test_nobody_takes_the_account_of_an_administrator_who_never_signed_in_yet(store: Store) -> None:
    person(store, "wang", Role.ADMINISTRATOR)
    actor = session(store, "wang").actor
    add_account(store, "chen", actor=OPERATOR, now=NOW)
    waiting = propose_grant(store, "chen", Role.ADMINISTRATOR, actor=OPERATOR, now=NOW)
    invite(store, "chen", actor=actor, now=NOW)  # while it waits somebody has to
    sent = invite(store, "chen", actor=OPERATOR, now=NOW)
    confirm_grant(store, waiting.id, actor=actor, now=NOW)
    for refused in (
        lambda: invite(store, "chen", actor=actor, now=NOW),
        lambda: link_account(store, "chen", "i", "s", actor=actor, now=NOW),
    ):
        with pytest.raises(AdministratorGuarded):
            refused()
    assert invited(store, sent, now=NOW) is not None


def test_history_tells_who_did_what_to_which_account(store: Store) -> None:
    person(store, "wang", Role.ADMINISTRATOR)
    actor = session(store, "wang").actor
    add_account(store, "li", actor=actor, now=NOW)
    disable_account(store, "li", actor=actor, now=NOW)
    enable_account(store, "li", actor=actor, now=NOW)
    link_account(store, "li", "https://id.example", "7", actor=actor, now=NOW)
    with store.read(ALL) as tx:
        rows = tx.exec_driver_sql("SELECT actor, what, subject FROM history ORDER BY id").all()
    assert [tuple(row) for row in rows][-4:] == [("wang", f"account.{what}", "account:li") for what in ("add", "disable", "enable", "link")]
    told = [row[1] for row in rows]
    assert told[:4] == ["account.add", "grant.propose", "account.invite", "account.password"]
