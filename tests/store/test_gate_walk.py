"""The publish gate, walked through: for each check G1 to G13 a draft that fails this one honestly, told with ids and a place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import shapely
import shapely.affinity
from shapely import LineString, MultiPolygon, Polygon

from gridmap.duty import Duty, Post, Worker
from gridmap.errors import PublishRefused
from gridmap.flows.approve_draft import approve_draft
from gridmap.flows.cut_draft import cut_draft
from gridmap.flows.make_move import make_move
from gridmap.flows.publish import check_draft, publish
from gridmap.flows.start_draft import start_draft
from gridmap.grid import Area, Finding, Level, Severity
from gridmap.planning.locking import Lock
from gridmap.store import Store, drafts, history, land, people
from tests.builders import ALL
from tests.store.test_publish import DEGREE, EAST, LAND, NOW, PLANNER, WEST, fill, homes, settle

DRAFT = "spring"
Spoil = Callable[[Store], object]


@pytest.fixture
def county(store: Store) -> Store:
    """Two villages cut into cells, with a worker at each, in force; and a draft begun from them, with which nothing is wrong."""
    settle(store, homes())
    fill(store, *LAND, draft="first")
    cut = cut_draft(store, draft="first", villages=[WEST.code, EAST.code], now=NOW, actor=PLANNER)
    publish(store, "first", now=NOW, actor=PLANNER)
    with store.begin(ALL) as tx:
        people.put_workers(tx, [Worker(f"w{n}", f"员{n}") for n in range(len(cut.cells) + 1)])
        people.put_posts(tx, [Post(f"w{n}", cell.code, Duty.WORKER, NOW) for n, cell in enumerate(cut.cells)])
    start_draft(store, DRAFT, now=NOW, actor=PLANNER)
    assert told(store) == ()
    return store


def told(store: Store) -> tuple[Finding, ...]:
    return check_draft(store, DRAFT, actor=PLANNER, at=NOW)


def cells(store: Store) -> list[Area]:
    with store.read(ALL) as tx:
        return [area for area in drafts.areas(tx, DRAFT) if area.level is Level.CELL]


def put(store: Store, *areas: Area, gone: tuple[str, ...] = ()) -> None:
    with store.begin(ALL) as tx:
        drafts.put(tx, DRAFT, areas, at=NOW, gone=gone)


def reshaped(store: Store, shape: Callable[[Area], shapely.Geometry]) -> None:
    """The first cell on other land, as a file would bring it."""
    cell = cells(store)[0]
    put(store, replace(cell, shape=shape(cell)))


def neighbours(store: Store) -> tuple[Area, Area]:
    """Two cells of one village with a border of some metres."""
    pairs = ((a, b) for a in cells(store) for b in cells(store) if a.code < b.code and a.parent == b.parent)
    return next((a, b) for a, b in pairs if shapely.intersection(a.shape, b.shape).length > 10 * DEGREE)


def bow_tie(cell: Area) -> Polygon:
    west, south, east, north = cell.shape.bounds
    return Polygon([(west, south), (east, north), (east, south), (west, north)])


def halved(cell: Area) -> MultiPolygon:
    west, south, east, north = cell.shape.bounds
    gap = LineString([((west + east) / 2, south), ((west + east) / 2, north)]).buffer(2 * DEGREE)
    return MultiPolygon(list(cell.shape.difference(gap).geoms))


def moved_away(cell: Area) -> shapely.Geometry:
    return shapely.affinity.translate(cell.shape, -0.01)


def overlapping(store: Store) -> None:
    one, other = neighbours(store)
    wide = one.shape.buffer(15 * DEGREE).intersection(shapely.union(one.shape, other.shape))
    put(store, replace(one, shape=wide))


def a_border_drawn_twice(store: Store) -> None:
    """Two drawings of one border, some steps apart: narrow enough to pass, wide enough to be seen on paper."""
    one, other = neighbours(store)
    common = shapely.intersection(one.shape, other.shape)
    strip = common.buffer(2 * DEGREE, cap_style="flat").intersection(other.shape)
    put(store, replace(one, shape=shapely.union(one.shape, strip)))


def recounted(store: Store) -> None:
    cell = cells(store)[0]
    put(store, replace(cell, households=(cell.households or 0) + 1))


def crowded(store: Store) -> None:
    one, other = neighbours(store)
    whole = replace(one, shape=shapely.union(one.shape, other.shape), households=None)
    put(store, replace(whole, households=(one.households or 0) + (other.households or 0)), gone=(other.code,))


def a_river(store: Store) -> None:
    west, _, east, _ = WEST.shape.bounds
    lat = cells(store)[0].shape.centroid.y
    with store.begin(ALL) as tx:
        land.put_lines(tx, "barrier", [LineString([(west, lat), (east, lat)])], ["river"])


def unposted(store: Store) -> None:
    with store.begin(ALL) as tx:
        first = next(post for post in people.posts(tx, at=NOW) if post.area == cells(store)[0].code)
        people.put_posts(tx, [replace(first, until=NOW + timedelta(microseconds=1))])


def posted_twice(store: Store) -> None:
    with store.begin(ALL) as tx:
        people.put_posts(tx, [Post(f"w{len(cells(store))}", cells(store)[0].code, Duty.WORKER, NOW)])


def overloaded(store: Store) -> None:
    with store.begin(ALL) as tx:
        people.put_posts(tx, [Post(f"w{len(cells(store))}", cell.code, Duty.WORKER, NOW) for cell in cells(store)])


def locked_and_changed(store: Store) -> None:
    make_move(store, DRAFT, Lock(cells(store)[0].code), revision=None, now=NOW, actor=PLANNER)
    reshaped(store, halved)


def overtaken(store: Store) -> None:
    start_draft(store, "other", now=NOW, actor=PLANNER)
    publish(store, "other", now=NOW, actor=PLANNER)


E, W = Severity.ERROR, Severity.WARNING
WALK: dict[str, tuple[Spoil, str, Severity]] = {
    "G1 valid": (lambda store: reshaped(store, bow_tie), "shape_unusable", E),
    "G1 one part": (lambda store: reshaped(store, halved), "cell_in_parts", W),
    "G2 no overlap": (overlapping, "overlap", E),
    "G3 no gap": (lambda store: put(store, gone=(cells(store)[0].code,)), "gaps_narrow", W),
    "G4 every household in a cell": (lambda store: put(store, gone=(cells(store)[0].code,)), "households_nowhere", W),
    "G4 numbers conserved": (recounted, "cell_count_differs", W),
    "G5 within the band": (crowded, "cell_households", W),
    "G6 no barrier within a cell": (a_river, "cell_across_barrier", W),
    "G7 in its parent": (
        lambda store: reshaped(store, lambda cell: shapely.affinity.translate(cell.shape, -0.01)),
        "child_outside_parent",
        E,
    ),
    "G7 with a parent": (lambda store: put(store, replace(cells(store)[0], parent="420100100299")), "orphan_named", E),
    "G8 one worker": (unposted, "cells_unposted", W),
    "G8 not too many for one worker": (overloaded, "workers_overloaded", W),
    "G9 no dual assignment": (posted_twice, "cells_posted_twice", W),
    "G11 on the edition in force": (overtaken, "base_outdated", E),
    "G12 as printed": (a_border_drawn_twice, "print_overlap", W),
    "G13 locks": (locked_and_changed, "cell_locked_changed", E),
}


@pytest.mark.parametrize("name", WALK)
def test_each_check_is_failed_by_an_honest_draft_and_told_with_ids_and_a_place(county: Store, name: str) -> None:
    spoil, code, severity = WALK[name]
    spoil(county)
    findings = [finding for finding in check_draft(county, DRAFT, actor=PLANNER, at=NOW + timedelta(days=1)) if finding.code == code]
    assert findings, {finding.code for finding in told(county)}
    finding = findings[0]
    assert finding.severity is severity
    assert finding.text("zh") != finding.text("en")
    if code != "base_outdated":  # which is of the whole draft
        assert finding.area or finding.facts["codes"]
        assert finding.lon is not None
        assert finding.lat is not None
    if severity is Severity.ERROR:
        with pytest.raises(PublishRefused):
            publish(county, DRAFT, now=NOW, actor=PLANNER)
    else:
        assert publish(county, DRAFT, now=NOW, actor=PLANNER).number == 2


def test_a_worker_may_stand_for_as_many_households_as_the_county_says(county: Store) -> None:
    households = max(cell.households or 0 for cell in cells(county))

    def told_of(most: int) -> list[Finding]:
        found = check_draft(county, DRAFT, actor=PLANNER, at=NOW, most=most)
        return [finding for finding in found if finding.code == "workers_overloaded"]

    assert told_of(households) == told_of(0) == []
    [finding] = told_of(households - 1)
    assert f"({households})" in finding.text("en")


def test_whoever_approves_or_publishes_signs_for_the_cells_out_of_the_band(county: Store) -> None:
    crowded(county)
    signed = {cell.code: cell.households for cell in cells(county) if (cell.households or 0) > 80}
    assert len(signed) == 1
    assert approve_draft(county, DRAFT, revision=None, now=NOW, actor=PLANNER).exceptions == signed
    publish(county, DRAFT, now=NOW, actor=PLANNER)
    with county.read(ALL) as tx:
        rows = [row for row in history.rows(tx, limit=1000) if row.what in {"draft.approve", "edition.publish"}]
    assert [row.facts["exceptions"] for row in rows] == [{}, signed, signed]  # the edition before had none
