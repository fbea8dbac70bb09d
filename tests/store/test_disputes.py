"""A dispute is mediated where it arose, then a level higher each time that it fails; what it ends in is named, never written down."""

import pytest

from gridmap.access import Actor, Grant, Role
from gridmap.errors import IncidentMissing
from gridmap.flows.step import AgreementWritten, steps_of
from gridmap.incidents import Incident, State
from gridmap.incidents.life import EvidenceMissing, LastTier, Step, StepImpossible, Template
from gridmap.store import Store, incidents
from tests.builders import ALL
from tests.small_land import settle
from tests.store.test_rematch import DESK, go, now_of, take_in

VILLAGE, TOWNSHIP, CENTRE = (Actor(code, f"account-{code}", None, (Grant(Role.HANDLER, None, code),)) for code in ("CW", "CT", "C0"))
WORKER = Actor("w1", "account-w1", "W1", (Grant(Role.WORKER, "430102001001001"),))


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def begun(store: Store) -> Incident:
    return go(store, take_in(store, issue="D02"), Step.ACKNOWLEDGE, VILLAGE)


def climbed(store: Store) -> Incident:
    """At the county, because neither village nor township brought them together."""
    one = begun(store)
    for below, office, mediator in ((VILLAGE, "CT", TOWNSHIP), (TOWNSHIP, "C0", CENTRE)):
        one = go(store, go(store, one, Step.ELEVATE, below, office=office), Step.ACKNOWLEDGE, mediator)
    return one


def test_mediation_climbs_from_village_to_township_to_county_and_not_higher(county: Store) -> None:
    one = begun(county)
    assert (one.template, one.office, one.tier) == (Template.DISPUTE, "CW", 1)
    higher = go(county, one, Step.ELEVATE, VILLAGE, office="CT")
    assert (higher.office, higher.tier, higher.state, higher.clock) == ("CT", 2, State.DISPATCHED, "acknowledge")
    with pytest.raises(IncidentMissing):
        go(county, higher, Step.ACKNOWLEDGE, VILLAGE)
    top = climbed(county)
    assert (top.office, top.tier, top.state, top.keeper) == ("C0", 3, State.ACKNOWLEDGED, "C0")
    with pytest.raises(LastTier):
        go(county, top, Step.ELEVATE, CENTRE, office="C0")
    assert Step.ELEVATE not in steps_of(CENTRE, top)


def test_at_the_top_it_ends_in_an_agreement_or_is_ended_with_a_reason(county: Store) -> None:
    agreed = go(county, climbed(county), Step.HANDLE, CENTRE, agreement="（2026）闽调17号")
    closed = go(county, go(county, agreed, Step.INSPECT, DESK), Step.CLOSE, DESK)
    assert closed.state is State.CLOSED
    failed = go(county, climbed(county), Step.VOID, DESK, reason="they went to court")
    assert failed.state is State.VOIDED


@pytest.mark.parametrize("agreement", ["2026-17", "sealed-17.pdf", "agreement.pdf", "（2026）闽调17号", "〔2026〕17"])
def test_handling_names_the_agreement(county: Store, agreement: str) -> None:
    handled = go(county, begun(county), Step.HANDLE, VILLAGE, agreement=agreement)
    assert handled.state is State.HANDLED
    with county.read(ALL) as tx:
        assert incidents.history(tx, handled.id)[-1].facts["agreement"] == agreement


@pytest.mark.parametrize("agreement", ["A pays B 500 yuan", "甲方赔偿乙方五百元", "甲方赔偿乙方500元，三日内付清", "x" * 61, "sealed"])
def test_what_was_agreed_is_never_written_down(county: Store, agreement: str) -> None:
    one = begun(county)
    with pytest.raises(AgreementWritten, match="named"):
        go(county, one, Step.HANDLE, VILLAGE, agreement=agreement)
    with pytest.raises(EvidenceMissing):
        go(county, one, Step.HANDLE, VILLAGE)
    assert now_of(county, one.id) == one


def test_nobody_settles_a_dispute_by_a_photo(county: Store) -> None:
    one = take_in(county, issue="D02")
    with pytest.raises(StepImpossible):
        go(county, one, Step.SETTLE, WORKER, photo="p.jpg")
    assert Step.SETTLE not in steps_of(WORKER, one)
    assert Step.SETTLE in steps_of(WORKER, take_in(county))
