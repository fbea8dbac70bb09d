"""Who may do what: the table says so or it is not so."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.access import (
    ALLOWED,
    ANONYMOUS,
    COUNTY_ONLY,
    GRANTABLE,
    Action,
    Actor,
    Forbidden,
    Grant,
    Reach,
    Role,
    SignInNeeded,
    allowed,
    may,
    operator,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOWN, OTHER_TOWN = "330100001", "330100002"
FOR_EVERYBODY = {
    Action.SERVICE_USE,
    Action.AREA_READ,
    Action.CATALOGUE_READ,
    Action.REPORT_SEND,
    Action.REPORT_FOLLOW,
    Action.REPORT_PHOTO,
    Action.PUBLIC_READ,
    Action.SIGN_IN,
}
areas = st.sampled_from([None, TOWN, OTHER_TOWN])
grants = st.builds(Grant, st.sampled_from(GRANTABLE), areas, st.sampled_from([None, "roads", "water"]))


def actor(*held: Grant, worker: str | None = None) -> Actor:
    return Actor("somebody", "account-1", worker, held)


def test_who_has_not_signed_in_may_do_what_is_for_everybody_and_nothing_else():
    assert {action for action in Action if may(ANONYMOUS, action)} == FOR_EVERYBODY
    with pytest.raises(SignInNeeded):
        allowed(ANONYMOUS, Action.INCIDENT_READ)


def test_an_account_without_grants_may_look_after_itself_and_how_the_service_does_and_nothing_else():
    own = {Action.SELF_READ, Action.SELF_CHANGE, Action.SERVICE_WATCH}
    assert {action for action in Action if may(actor(), action)} == FOR_EVERYBODY | own
    with pytest.raises(Forbidden) as refused:
        allowed(actor(), Action.INCIDENT_READ)
    assert not isinstance(refused.value, SignInNeeded)


def test_the_operator_may_do_everything_everywhere():
    assert all(allowed(operator(), action).everywhere for action in set(Action) - {Action.REPORT_FOLLOW})


def test_nobody_is_granted_what_comes_with_a_post_or_with_the_machine():
    assert {Role.OPERATOR, Role.RESIDENT, Role.WORKER, Role.LEADER}.isdisjoint(GRANTABLE)


@pytest.mark.parametrize("role", GRANTABLE)
def test_a_grant_for_an_area_never_reaches_further_than_its_area(role):
    for action in Action:
        if not may(actor(Grant(role, TOWN)), action):
            continue
        scope = allowed(actor(Grant(role, TOWN)), action)
        everywhere = {rule.action for rule in ALLOWED if rule.role in {role, Role.RESIDENT} and rule.reach is Reach.EVERYWHERE}
        assert scope.everywhere == (action in everywhere)
        assert scope.areas <= {TOWN}


@pytest.mark.parametrize("role", sorted(COUNTY_ONLY))
def test_auditors_and_administrators_of_one_area_would_have_no_use(role):
    assert {action for action in Action if may(actor(Grant(role, TOWN)), action)} == {a for a in Action if may(actor(), a)}
    assert may(actor(Grant(role)), Action.ACCOUNT_READ)


def test_no_role_but_the_operator_holds_both_the_incidents_and_the_accounts():
    """Whoever gives rights does not read what they protect, and the other way about."""
    for role in GRANTABLE:
        held = {rule.action for rule in ALLOWED if rule.role is role}
        assert not {Action.ACCOUNT_CHANGE, Action.GRANT_CHANGE} & held or Action.INCIDENT_READ not in held
    assert Action.CONTACT_READ not in {rule.action for rule in ALLOWED if rule.role in {Role.SUPERVISOR, Role.PLANNER, Role.AUDITOR}}


def test_a_workers_reach_is_the_own_cell_and_what_is_assigned():
    scope = allowed(actor(Grant(Role.WORKER, TOWN + "001001"), worker="w1"), Action.INCIDENT_READ)
    assert (scope.areas, scope.workers, scope.everywhere) == ({TOWN + "001001"}, {"w1"}, False)
    assert scope.holds((TOWN, TOWN + "001", TOWN + "001001"), None, (None, None))
    assert scope.holds((None, None, None), None, ("w9", "w1"))
    assert not scope.holds((TOWN, TOWN + "001", TOWN + "001002"), "roads", ("w2", None))


def test_what_has_no_place_no_office_and_no_worker_is_seen_from_the_whole_county_only():
    nowhere = ((None, None, None), None, (None, None))
    assert not allowed(actor(Grant(Role.DISPATCHER, TOWN)), Action.INCIDENT_READ).holds(*nowhere)
    assert allowed(actor(Grant(Role.DISPATCHER)), Action.INCIDENT_READ).holds(*nowhere)


def test_a_report_is_followed_by_its_id_alone():
    assert allowed(ANONYMOUS, Action.REPORT_FOLLOW, shown="r1").report == "r1"
    assert allowed(operator(), Action.INCIDENT_READ, shown="r1").report is None


@given(st.lists(grants, max_size=4), grants)
def test_one_more_grant_never_takes_anything_away(held, more):
    for action in Action:
        if may(actor(*held), action):
            before, after = allowed(actor(*held), action), allowed(actor(*held, more), action)
            assert after.everywhere or not before.everywhere
            assert before.areas <= after.areas
            assert before.offices <= after.offices


@given(st.lists(grants, max_size=3), st.sampled_from(list(Action)))
def test_a_scope_holds_what_its_parts_hold(held, action):
    """Two grants together reach what each reaches alone, and nothing between them."""
    if not may(actor(*held), action):
        return
    scope = allowed(actor(*held), action)
    alone = [allowed(actor(grant), action) for grant in held if may(actor(grant), action)]
    for path, office in product([(TOWN, None, None), (OTHER_TOWN, None, None), (None, None, None)], [None, "roads", "water"]):
        everybody = may(ANONYMOUS, action) and allowed(ANONYMOUS, action).holds(path, office, ())
        assert scope.holds(path, office, ()) == (everybody or any(one.holds(path, office, ()) for one in alone))


def test_a_grant_is_held_from_its_first_instant_until_before_its_last():
    grant = Grant(Role.DISPATCHER, since=NOON, until=NOON + timedelta(days=1))
    assert [grant.held_at(NOON + timedelta(seconds=s)) for s in (-1, 0, 86399, 86400)] == [False, True, True, False]


def test_every_rule_stands_once():
    assert len(set(ALLOWED)) == len(ALLOWED)
