"""Grants are given and taken back; an administrator's needs two people, whoever hurries."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gridmap.access import Actor, Forbidden, Role
from gridmap.account import AccountKind, GrantRow
from gridmap.errors import AreaMissing, InstantUnreadable, NoEditionInForce, Refusal
from gridmap.flows import grants
from gridmap.flows.accounts import AccountTaken, AdministratorGuarded, add_account, disable_account, link_account, list_accounts
from gridmap.flows.act import AccountMissing, act_as
from gridmap.flows.grants import add_with_grant, confirm_grant, end_grant, propose_grant
from gridmap.store import Store, accounts, history
from tests.builders import ALL, OPERATOR
from tests.signing import light_passwords, person, session
from tests.small_land import NOW, TOWN, settle

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _light() -> Iterator[None]:
    with light_passwords():
        yield


def give(store: Store, name: str, role: Role, *, actor: Actor = OPERATOR, **facts: Any) -> GrantRow:
    return propose_grant(store, name, role, actor=actor, now=facts.pop("now", NOW), **facts)


def held(store: Store, name: str, *, now: Any = NOW) -> list[Role]:
    return [grant.role for grant in act_as(store, name, login="test", now=now).grants]


def second_administrator(store: Store) -> tuple[Actor, Actor]:
    """Two who administer: the first made by the operator, the second confirmed by the first."""
    person(store, "wang", Role.ADMINISTRATOR)
    person(store, "chen")
    waiting = give(store, "chen", Role.ADMINISTRATOR)
    confirm_grant(store, waiting.id, actor=session(store, "wang").actor, now=NOW)
    return session(store, "wang").actor, session(store, "chen").actor


REFUSED = [
    (grants.RoleByPost, Role.WORKER, {}),
    (grants.RoleByPost, Role.LEADER, {"area": TOWN}),
    (grants.RoleUngrantable, Role.RESIDENT, {}),
    (grants.RoleUngrantable, Role.OPERATOR, {}),
    (grants.GrantCountyOnly, Role.AUDITOR, {"area": TOWN}),
    (grants.GrantCountyOnly, Role.ADMINISTRATOR, {"area": TOWN}),
    (grants.GrantNeedsOffice, Role.HANDLER, {}),
    (grants.GrantAreaUseless, Role.HANDLER, {"office": "ROADS", "area": TOWN}),
    (grants.GrantOfficeUseless, Role.DISPATCHER, {"office": "ROADS"}),
    (grants.OfficeMissing, Role.HANDLER, {"office": "NONE"}),
    (AreaMissing, Role.PLANNER, {"area": "999"}),
    (grants.GrantTermUnusable, Role.PLANNER, {"until": NOW}),
    (InstantUnreadable, Role.PLANNER, {"until": datetime.max.replace(tzinfo=UTC)}),  # no zone to the east could show it
    (grants.GrantTermUnusable, Role.PLANNER, {"since": NOW + DAY, "until": NOW + DAY}),
]


def test_a_grant_that_would_be_no_use_is_refused_with_a_sentence(store: Store) -> None:
    settle(store)
    add_account(store, "li", actor=OPERATOR, now=NOW)
    add_account(store, "pump", kind=AccountKind.SYSTEM, actor=OPERATOR, now=NOW)
    for refusal, role, facts in REFUSED:
        with pytest.raises(refusal) as told:
            give(store, "li", role, **facts)
        assert told.value.text("en") != told.value.text("zh")
    with pytest.raises(grants.GrantNeedsPerson):
        give(store, "pump", Role.ADMINISTRATOR)
    with pytest.raises(AccountMissing):
        give(store, "nobody", Role.PLANNER)
    assert held(store, "li") == []


def test_before_the_first_edition_no_area_can_be_granted(store: Store) -> None:
    add_account(store, "li", actor=OPERATOR, now=NOW)
    with pytest.raises(NoEditionInForce):
        give(store, "li", Role.PLANNER, area=TOWN)


def test_a_grant_holds_at_once_until_it_ends(store: Store) -> None:
    settle(store)
    person(store, "li")
    assert held(store, "li") == []
    planner = give(store, "li", Role.PLANNER, area=TOWN, reason=" autumn redraw ")
    assert planner.reason == "autumn redraw"
    give(store, "li", Role.HANDLER, office="ROADS", until=NOW + DAY)
    give(store, "li", Role.SUPERVISOR, since=NOW + 2 * DAY)
    with pytest.raises(grants.GrantHeld):
        give(store, "li", Role.PLANNER, area=TOWN)
    assert set(held(store, "li")) == {Role.PLANNER, Role.HANDLER}
    assert held(store, "li", now=NOW + DAY) == [Role.PLANNER]
    assert held(store, "li", now=NOW + 2 * DAY) == [Role.PLANNER, Role.SUPERVISOR]
    assert give(store, "li", Role.DISPATCHER, since=NOW - DAY).since == NOW  # not for the past


def test_a_grant_that_is_taken_back_gives_nothing_at_any_instant_to_come(store: Store) -> None:
    person(store, "li")
    now, later = give(store, "li", Role.DISPATCHER), give(store, "li", Role.SUPERVISOR, since=NOW + DAY)
    for grant in (now, later):
        end_grant(store, grant.id, actor=OPERATOR, now=NOW)
        with pytest.raises(grants.GrantEnded):
            end_grant(store, grant.id, actor=OPERATOR, now=NOW)
    assert [held(store, "li", now=NOW + days * DAY) for days in (0, 1, 9)] == [[], [], []]
    give(store, "li", Role.DISPATCHER)
    for unknown in ("", "x", "\x00"):
        with pytest.raises(grants.GrantMissing) if unknown != "\x00" or store.dialect == "sqlite" else pytest.raises(Refusal):
            end_grant(store, unknown, actor=OPERATOR, now=NOW)


def test_the_first_administrator_is_made_by_the_operator_alone_and_the_next_needs_the_first(store: Store) -> None:
    person(store, "wang", Role.ADMINISTRATOR)
    assert held(store, "wang") == [Role.ADMINISTRATOR]
    person(store, "chen")
    waiting = give(store, "chen", Role.ADMINISTRATOR)
    assert (waiting.confirmed_by, held(store, "chen")) == (None, [])
    with pytest.raises(grants.SecondPersonNeeded):
        confirm_grant(store, waiting.id, actor=OPERATOR, now=NOW)
    done = confirm_grant(store, waiting.id, actor=session(store, "wang").actor, now=NOW)
    assert (done.confirmed_by, held(store, "chen")) == ("wang", [Role.ADMINISTRATOR])
    with pytest.raises(grants.GrantConfirmed):
        confirm_grant(store, waiting.id, actor=session(store, "wang").actor, now=NOW)


def test_neither_who_proposed_it_nor_who_gets_it_confirms(store: Store) -> None:
    wang, chen = second_administrator(store)
    add_account(store, "li", actor=OPERATOR, now=NOW)
    waiting = give(store, "li", Role.ADMINISTRATOR, actor=wang)
    own = give(store, "chen", Role.DISPATCHER, actor=wang)
    for actor in (wang, OPERATOR):
        with pytest.raises(grants.SecondPersonNeeded):
            confirm_grant(store, waiting.id, actor=actor, now=NOW)
    with pytest.raises(grants.GrantConfirmed):
        confirm_grant(store, own.id, actor=chen, now=NOW)
    assert confirm_grant(store, waiting.id, actor=chen, now=NOW).confirmed_by == "chen"
    end = next(grant for grant in list_accounts(store, actor=wang)[0].grants if grant.role is Role.ADMINISTRATOR)
    end_grant(store, end.id, actor=wang, now=NOW)
    again = give(store, "chen", Role.ADMINISTRATOR, actor=wang)
    with pytest.raises(Forbidden):  # who administers no more confirms nothing, their own least of all
        confirm_grant(store, again.id, actor=session(store, "chen").actor, now=NOW)


def test_a_new_administrator_keeps_no_link_that_another_one_may_have_made_for_themselves(store: Store) -> None:
    first, _ = second_administrator(store)
    for name, password in (("sun", True), ("zhao", False)):
        person(store, name) if password else add_account(store, name, actor=OPERATOR, now=NOW)
        link_account(store, name, "https://id.example", f"mine-{name}", actor=first, now=NOW)
        waiting = give(store, name, Role.ADMINISTRATOR, actor=OPERATOR)
        confirm_grant(store, waiting.id, actor=first, now=NOW)
    with store.read(ALL) as tx:
        sun, zhao = (accounts.by_name(tx, name) for name in ("sun", "zhao"))
        told = [(row.what, row.facts) for row in history.rows(tx, limit=1000, wanted=history.Wanted(subject="account:sun"))]
    assert sun is not None
    assert zhao is not None
    assert (sun.subject, zhao.subject) == (None, "mine-zhao")  # the only way in: whoever cannot use it tells
    assert ("account.unlink", {"issuer": "https://id.example"}) in told
    with pytest.raises(AdministratorGuarded):
        link_account(store, "sun", "https://id.example", "mine-sun", actor=first, now=NOW)
    link_account(store, "sun", "https://id.example", "sun", actor=OPERATOR, now=NOW)


def test_one_login_at_the_machine_is_one_person_whatever_accounts_it_uses(store: Store) -> None:
    wang, _ = second_administrator(store)
    add_account(store, "li", actor=OPERATOR, now=NOW)
    by = {name: act_as(store, name, login="root", now=NOW) for name in ("wang", "chen")}
    waiting = give(store, "li", Role.ADMINISTRATOR, actor=by["wang"])
    with pytest.raises(grants.SecondPersonNeeded):
        confirm_grant(store, waiting.id, actor=by["chen"], now=NOW)
    with pytest.raises(grants.SecondPersonNeeded):
        confirm_grant(store, waiting.id, actor=wang, now=NOW)
    other = act_as(store, "chen", login="alice", now=NOW)
    assert confirm_grant(store, waiting.id, actor=other, now=NOW).confirmed_by == "chen (operator:alice)"


def test_a_proposal_that_was_turned_down_is_never_confirmed(store: Store) -> None:
    wang, chen = second_administrator(store)
    add_account(store, "li", actor=OPERATOR, now=NOW)
    waiting = give(store, "li", Role.ADMINISTRATOR, actor=wang)
    end_grant(store, waiting.id, actor=chen, now=NOW)
    with pytest.raises(grants.GrantEnded):
        confirm_grant(store, waiting.id, actor=chen, now=NOW)
    assert held(store, "li") == []


def test_where_nobody_administers_any_more_the_operator_makes_a_first_one_again(store: Store) -> None:
    person(store, "wang", Role.ADMINISTRATOR)
    person(store, "li")
    disable_account(store, "wang", actor=OPERATOR, now=NOW)
    assert give(store, "li", Role.ADMINISTRATOR).confirmed_by == OPERATOR.name


def test_of_many_who_confirm_or_turn_down_at_once_one_decides(store: Store) -> None:
    wang, chen = second_administrator(store)
    with ThreadPoolExecutor(4) as pool:
        for turn in range(2):
            add_account(store, f"li{turn}", actor=OPERATOR, now=NOW)
            waiting = give(store, f"li{turn}", Role.ADMINISTRATOR, actor=wang)
            tried = [
                pool.submit(flow, store, waiting.id, actor=actor, now=NOW)
                for flow, actor in ((confirm_grant, chen), (confirm_grant, chen), (confirm_grant, wang), (end_grant, wang))
            ]
            told = [each.exception() for each in tried]
            with store.read(ALL) as tx:
                kept = accounts.grant(tx, waiting.id)
            assert kept is not None
            assert kept.until is not None
            assert kept.confirmed_by in {None, "chen"}
            confirmed = sum(why is None for why in told[:2])
            assert confirmed == (kept.confirmed_by is not None)
            assert isinstance(told[2], grants.SecondPersonNeeded | grants.GrantConfirmed | grants.GrantEnded)
            assert held(store, f"li{turn}") == []
            assert told[3] is None


def test_of_two_first_administrators_at_once_one_waits(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(add_with_grant, store, f"a{n}", Role.ADMINISTRATOR, actor=OPERATOR, now=NOW) for n in range(4)]
        assert sorted(each.result()[1].confirmed_by is None for each in made) == [False, True, True, True]


def test_an_account_and_its_grant_are_made_together_or_not_at_all(store: Store) -> None:
    settle(store)
    with pytest.raises(grants.GrantNeedsOffice):
        add_with_grant(store, "li", Role.HANDLER, actor=OPERATOR, now=NOW)
    assert list_accounts(store, actor=OPERATOR) == ()
    account, grant = add_with_grant(store, "li", Role.HANDLER, office="ROADS", actor=OPERATOR, now=NOW)
    assert (account.name, grant.office, held(store, "li")) == ("li", "ROADS", [Role.HANDLER])
    with pytest.raises(AccountTaken):
        add_with_grant(store, "li", Role.PLANNER, actor=OPERATOR, now=NOW)


def test_only_an_administrator_gives_and_takes(store: Store) -> None:
    person(store, "li", Role.DISPATCHER, Role.AUDITOR, Role.PLANNER)
    actor = session(store, "li").actor
    grant = give(store, "li", Role.SUPERVISOR)
    for refused in (
        lambda: give(store, "li", Role.SUPERVISOR, actor=actor),
        lambda: confirm_grant(store, grant.id, actor=actor, now=NOW),
        lambda: end_grant(store, grant.id, actor=actor, now=NOW),
        lambda: add_with_grant(store, "x", Role.PLANNER, actor=actor, now=NOW),
    ):
        with pytest.raises(Forbidden):
            refused()
