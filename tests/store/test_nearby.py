"""What may be the same matter: beside it, of its type, at about its time, still open, and within the asker's reach."""

import math
from datetime import datetime, timedelta

import pytest

from gridmap.access import Action, Actor, Forbidden, Grant, Role, allowed, operator
from gridmap.errors import IncidentMissing
from gridmap.flows.intake import receive
from gridmap.flows.nearby import FARTHEST_M, LONGEST, NearbyTooWide, Spot, nearby, nearby_point
from gridmap.geometry.metres import Metres
from gridmap.incidents import Channel, Incident, Report
from gridmap.store import Store, incidents
from gridmap.store.nearby import open_in
from tests.builders import ALL
from tests.closing import close
from tests.small_land import CELLS, IN_CELL_1, NOW, TOWN, settle
from tests.store.test_walls import planned

ME = operator("test")
HOUR = timedelta(hours=1)
BORDER = (113.01, 28.005)  # of the first two cells


@pytest.fixture
def county(store: Store) -> Store:
    settle(store)
    return store


def sent(store: Store, east: float = 0, north: float = 0, *, about=IN_CELL_1, at: datetime = NOW, issue: str = "E0113") -> Incident:
    """What was seen so many metres from a point."""
    lon, lat = (float(value) for value in Metres(*about).lonlat(east, north))
    answer = receive(store, Report(issue=issue, channel=Channel.SYSTEM, lon=lon, lat=lat, datum="wgs84", at=at), now=NOW, actor=ME)
    with store.read(ALL) as tx:
        return incidents.get(tx, answer.incident)


def numbers(store: Store, one: Incident, actor: Actor = ME, **more: object) -> list[str]:
    return [each.incident.number for each in nearby(store, one.id, actor=actor, **more)]  # type: ignore[arg-type]


def test_the_open_ones_of_its_type_beside_it_come_nearest_first_with_distance_and_age(county: Store) -> None:
    one = sent(county)
    far, near, older = sent(county, 30, 40), sent(county, 0, -20), sent(county, 25, 0, at=NOW - 23 * HOUR)
    sent(county, 30, 40.2)  # 50.16 m
    sent(county, 10, issue="C0101")
    sent(county, 10, at=NOW - 25 * HOUR)
    close(county, sent(county, 5).id, "done", now=NOW, actor=ME)
    found = nearby(county, one.number, actor=ME, within_m=50.001)
    assert [each.incident for each in found] == [near, older, far]
    assert [round(each.distance_m, 2) for each in found] == [20, 25, 50]
    assert [each.age for each in found] == [timedelta(0), 23 * HOUR, timedelta(0)]
    assert {each.incident.number: each.age for each in nearby(county, older.id, actor=ME)}[one.number] == -23 * HOUR
    assert numbers(county, one, within_m=22.0) == [near.number]
    assert numbers(county, one, within=HOUR, within_m=50.001) == [near.number, far.number]


def test_a_spot_is_asked_before_there_is_an_incident(county: Store) -> None:
    one, (lon, lat) = sent(county, 10), IN_CELL_1
    for issue, wanted in (("E0113", [one]), ("C0101", [])):
        found = nearby_point(county, Spot(issue=issue, lon=lon, lat=lat, at=NOW), actor=ME)
        assert [each.incident for each in found] == wanted


def test_what_has_no_point_has_nothing_beside_it(county: Store) -> None:
    answer = receive(county, Report(issue="E0113", channel=Channel.SYSTEM, place="by the bridge"), now=NOW, actor=ME)
    assert nearby(county, answer.number, actor=ME) == ()


def test_beside_a_border_each_sees_what_is_theirs(county: Store) -> None:
    west, east = sent(county, -5, about=BORDER), sent(county, 5, about=BORDER)
    assert (west.cell, east.cell) == CELLS[:2]
    desk = Actor("desk", "d", None, (Grant(Role.DISPATCHER, TOWN),))
    assert numbers(county, west, desk) == [east.number]
    own = Actor("w1", "a", "W1", (Grant(Role.WORKER, CELLS[0]),))
    assert numbers(county, west, own) == []
    with pytest.raises(IncidentMissing):
        numbers(county, east, own)
    with pytest.raises(Forbidden):
        numbers(county, west, Actor())


def test_more_than_a_suggestion_is_refused(county: Store) -> None:
    one = sent(county)
    for more in ({"within_m": FARTHEST_M + 1}, {"within_m": -1.0}, {"within_m": math.nan}, {"within": LONGEST + HOUR}, {"within": -HOUR}):
        with pytest.raises(NearbyTooWide):
            numbers(county, one, **more)


def test_postgresql_finds_them_by_the_index_of_points(fresh_postgres: str) -> None:
    with Store.open(fresh_postgres) as store:
        settle(store)
        scope = allowed(ME, Action.INCIDENT_READ)
        plan = planned(store, scope, lambda tx: (
            tx.exec_driver_sql("SET LOCAL enable_seqscan = off"),  # so few are read quicker in a row
            open_in(tx, (113.0, 28.0, 113.001, 28.001), issue="E0113", since=NOW, until=NOW, most=9),
        ))  # fmt: skip
        assert "ix_incident_point" in plan or "ix_incident_lon_lat" in plan
