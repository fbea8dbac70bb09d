"""Many who ask at once share an act; nobody waits for company, and who cannot be answered fails alone."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from api.gathering import Crowded, Gathering
from gridmap.errors import Unavailable


class Acts:
    """An act that can be held, and what it was given each time. It doubles numbers, fails for a `poison`, and is away when told so."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.away = False

    def __call__(self, asked: Sequence[int]) -> list[int]:
        self.batches.append(list(asked))
        assert self.go_on.wait(60)
        if self.away:
            raise Unavailable
        if 13 in asked:
            raise ZeroDivisionError
        return [2 * one for one in asked]


async def asked(acts: Acts, numbers: Sequence[int], at_once: int = 100, most: int = 1000) -> list[int | BaseException]:
    """The first is asked alone and held; the others come while it is under way."""
    together = Gathering(acts, at_once=at_once, most=most)
    acts.go_on.clear()
    waiting = [asyncio.create_task(together.ask(numbers[0]))]
    while not acts.batches:
        await asyncio.sleep(0)
    waiting += [asyncio.create_task(together.ask(one)) for one in numbers[1:]]
    await asyncio.sleep(0.01)
    acts.go_on.set()
    return await asyncio.gather(*waiting, return_exceptions=True)


def test_who_comes_while_an_act_is_under_way_shares_the_next_one() -> None:
    acts = Acts()
    assert asyncio.run(asked(acts, range(8))) == [2 * n for n in range(8)]
    assert acts.batches == [[0], [1, 2, 3, 4, 5, 6, 7]]


def test_an_act_is_given_no_more_than_it_takes_at_once() -> None:
    acts = Acts()
    assert asyncio.run(asked(acts, range(8), at_once=3)) == [2 * n for n in range(8)]
    assert acts.batches == [[0], [1, 2, 3], [4, 5, 6], [7]]


def test_who_cannot_be_answered_fails_alone() -> None:
    acts = Acts()
    told = asyncio.run(asked(acts, [1, *range(10, 18)]))
    assert [type(each) if isinstance(each, BaseException) else each for each in told] == [2, 20, 22, 24, ZeroDivisionError, 28, 30, 32, 34]


def test_where_what_is_needed_is_away_all_are_told_at_once_and_it_is_tried_once() -> None:
    acts = Acts()
    acts.away = True
    told = asyncio.run(asked(acts, range(8)))
    assert {type(each) for each in told} == {Unavailable}
    assert [len(batch) for batch in acts.batches] == [1, 7]


def test_who_would_wait_too_long_is_told_so_at_once_and_the_others_are_answered() -> None:
    acts = Acts()
    told = asyncio.run(asked(acts, range(8), most=4))
    assert told[:5] == [0, 2, 4, 6, 8]
    assert {type(each) for each in told[5:]} == {Crowded}


def test_who_goes_away_takes_nobody_with_them() -> None:
    async def one_leaves(acts: Acts) -> list[int | BaseException]:
        together = Gathering(acts, at_once=100, most=100)
        waiting = [asyncio.create_task(together.ask(one)) for one in range(4)]
        await asyncio.sleep(0)
        waiting[2].cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    told = asyncio.run(one_leaves(Acts()))
    assert isinstance(told[2], asyncio.CancelledError)
    assert [told[at] for at in (0, 1, 3)] == [0, 2, 6]


@pytest.mark.parametrize("times", [1, 3])
def test_a_gathering_serves_one_loop_after_another(times: int) -> None:
    acts = Acts()
    together = Gathering(acts, at_once=2, most=9)
    assert [asyncio.run(together.ask(n)) for n in range(times)] == [2 * n for n in range(times)]
