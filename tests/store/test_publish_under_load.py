"""Editions follow each other while reports come in: every answer is one edition's, whole, and the land always has one owner."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from random import Random
from threading import Event
from typing import NamedTuple

import httpx2
import pytest
import shapely
from shapely import box

from gridmap.access import operator
from gridmap.flows.publish import publish
from gridmap.flows.start_draft import start_draft
from gridmap.grid import Area, Level
from gridmap.store import Store, drafts
from tests.builders import ALL
from tests.serving import serving
from tests.small_land import AREAS, CELLS, settle

PLANNER = operator("planner")
CLIENTS = 4


class Told(NamedTuple):
    """Which cell of which edition an answer named for a point."""

    edition: int
    cell: str
    lon: float
    lat: float


def divided(x: float, y: float) -> list[Area]:
    """The west village's four cells, which meet at (x, y)."""
    boxes = [box(113.0, 28.0, x, y), box(x, 28.0, 113.02, y), box(113.0, y, x, 28.02), box(x, y, 113.02, 28.02)]
    cells = [area for area in AREAS if area.level is Level.CELL]
    return [Area(cell.code, cell.level, cell.name, cell.parent, shape, cell.name_en) for cell, shape in zip(cells, boxes, strict=True)]


def reported(url: str, seed: int, ended: Event) -> Iterator[Told]:
    """Reports from anywhere in the west village, one after the other, until it has ended, and one after that."""
    dice = Random(seed)
    with httpx2.Client(base_url=url, timeout=60) as asking:
        last = False
        while not last:
            last = ended.is_set()
            lon, lat = dice.uniform(113.0001, 113.0199), dice.uniform(28.0001, 28.0199)
            report = {"issue": "E0113", "channel": "resident", "lon": lon, "lat": lat, "datum": "wgs84", "text": "坑"}
            answer = asking.post("/api/reports", json=report)
            assert answer.status_code == 201, answer.text
            yield Told(answer.json()["edition"], answer.json()["cell"]["code"], lon, lat)


@pytest.mark.parametrize("publications", [25, pytest.param(100, marks=pytest.mark.proof)])
def test_every_answer_is_of_one_edition_and_each_point_has_one_owner_in_each(store: Store, publications: int) -> None:
    settle(store)
    dice, ended = Random(publications), Event()
    meets = {1: (113.01, 28.01)}
    with ExitStack() as stack:
        url = stack.enter_context(serving(store))
        pool = stack.enter_context(ThreadPoolExecutor(CLIENTS))
        stack.callback(ended.set)
        asked = [pool.submit(lambda seed=seed: list(reported(url, seed, ended))) for seed in range(CLIENTS)]
        for nth in range(publications):
            draft, place = f"d{nth}", (dice.uniform(113.002, 113.018), dice.uniform(28.002, 28.018))
            start_draft(store, draft, now=datetime.now(UTC), actor=PLANNER)
            with store.begin(ALL) as tx:
                drafts.put(tx, draft, divided(*place), at=datetime.now(UTC))
            meets[publish(store, draft, now=datetime.now(UTC), actor=PLANNER).number] = place
        ended.set()
        told = [each.result() for each in asked]
    for own in told:
        editions = [each.edition for each in own]
        assert editions == sorted(editions), "who has heard of an edition hears of none before it"
        assert editions[-1] == publications + 1
        for edition, cell, lon, lat in own:  # the owner, from the place where the four cells of that edition meet
            x, y = meets[edition]
            assert cell == CELLS[(lon > x) + 2 * (lat > y)], (edition, lon, lat)
    assert len({each.edition for own in told for each in own}) > publications / 3
    points = [shapely.Point(dice.uniform(113, 113.02), dice.uniform(28, 28.02)) for _ in range(100)]
    with store.read(ALL) as tx:
        for number in meets:
            shapes = [cell.shape for cell in store.edition(tx, number).at(Level.CELL)]
            owners = shapely.STRtree(shapes).query(points, predicate="intersects")[0].tolist()
            assert owners == list(range(len(points))), number
