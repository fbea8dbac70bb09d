"""A dispute is mediated where it arose, then a level higher each time that it fails; what it ends in is named, never written down."""

import pytest

from gridmap.access import Actor, Grant, Role, operator
from gridmap.duty import Office, OfficeKind
from gridmap.errors import IncidentMissing
from gridmap.flows.fitting import CentreMissing, CentreWrong
from gridmap.flows.step import AgreementWritten, steps_of
from gridmap.incidents import Incident, State
from gridmap.incidents.life import EvidenceMissing, LastTier, Step, StepImpossible, Template
from gridmap.store import Store, incidents, offices
from tests.builders import ALL
from tests.small_land import IN_EAST, settle
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


def test_it_climbs_to_the_next_centre_above_its_place_and_to_no_other_office(county: Store) -> None:
    far = Office("FAR", "河西镇综治中心", OfficeKind.CENTRE, "430102002", "0703", "Hexi centre")
    with county.begin(ALL) as tx:
        offices.put(tx, [far])
    one = begun(county)
    for office in ("ROADS", "WATER", "C0", "CW", "FAR"):
        with pytest.raises(CentreWrong, match=r"above where it is stands Hedong centre \(CT\)\.$"):
            go(county, one, Step.ELEVATE, VILLAGE, office=office)
    assert now_of(county, one.id) == one
    up = go(county, one, Step.ELEVATE, VILLAGE)
    assert (up.office, up.tier) == ("CT", 2)
    with pytest.raises(CentreWrong, match=r"stands County centre \(C0\)\.$"):
        go(county, go(county, up, Step.ACKNOWLEDGE, TOWNSHIP), Step.ELEVATE, TOWNSHIP, office="FAR")
    top = go(county, now_of(county, one.id), Step.ELEVATE, TOWNSHIP)
    assert (top.office, top.tier) == ("C0", 3)


def test_where_a_level_has_no_centre_it_climbs_past_it_and_at_the_county_it_stays(county: Store) -> None:
    east = take_in(county, issue="D02", lon=IN_EAST[0], lat=IN_EAST[1])
    assert east.office == "CT"  # its village has none
    up = go(county, go(county, east, Step.ACKNOWLEDGE, TOWNSHIP), Step.ELEVATE, TOWNSHIP)
    assert up.office == "C0"
    up = go(county, up, Step.ACKNOWLEDGE, CENTRE)
    for given in ({}, {"office": "CT"}):
        with pytest.raises(CentreMissing):
            go(county, up, Step.ELEVATE, CENTRE, **given)
    with pytest.raises(StepImpossible):
        go(county, take_in(county), Step.ELEVATE, operator("x"))


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
