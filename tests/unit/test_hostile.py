"""Files that mean harm, a sample of them each time: refused with a sentence, or drawn anew with nothing beside the pixels."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import pytest

from gridmap.errors import BadInput
from gridmap.photos import Drawn, Workshop
from tests.hostile import hostile, wrong
from tests.hostile.made import Hostile

FILES = cache(hostile)
EACH = 9
DEAR = {"jpeg of 3,000 scans", "png of 64k × 64k in a hundred kilobytes", "heic of 2,000 boxes within each other"}


def outcome(workshop: Workshop, one: Hostile) -> Drawn | None:
    try:
        return workshop.draw(one.make())
    except BadInput:
        return None


def test_of_every_ninth_nothing_comes_but_a_picture_or_a_refusal() -> None:
    assert len(FILES()) > 600
    names = sorted({*list(FILES())[::EACH], *DEAR})
    workshop = Workshop(waiting=len(names))
    with ThreadPoolExecutor(2) as pool:
        told = dict(zip(names, pool.map(lambda name: wrong(FILES()[name], outcome(workshop, FILES()[name])), names), strict=True))
    assert {name: fault for name, fault in told.items() if fault} == {}


@pytest.mark.parametrize("seed", [b"", b"GIF89a", b"\xff\xd8\xff"])
def test_a_judge_that_sees_a_picture_where_none_may_be_says_so(seed: bytes) -> None:
    drawn = Workshop().draw(next(one for name, one in FILES().items() if name == "jpeg twice").make())
    assert wrong(Hostile(lambda: seed), drawn) is None
    assert wrong(Hostile(lambda: seed, refused=True), drawn) == "shown"
